# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A report in a few sentences that don't make it look better than it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._session.model import NO_ACCOUNT, SEVERED
from .outcomes import ACCEPTED, AUDIT, CLOSE, CLOSED, FAILED, LINKED, NOT_RUN, RELINK, SHIFT
from .times import date_and_time, length, seconds_between


class Headline(NamedTuple):
    """The top of a page: a statement, a tone (good, calm, warn, bad), its sign, and more sentences."""

    statement: str
    tone: str
    sign: str
    lead: str


def headline(report: Mapping[str, Any]) -> Headline:
    """Return the whole report at a glance. Only complete proof gets a tick."""
    tone, sign = _tone(report)
    return Headline(_statement(report), tone, sign, _lead(report))


def _tone(report: Mapping[str, Any]) -> tuple[str, str]:
    numbers = report["summary"]
    if not numbers["complete"]:
        return "bad", "!"
    if numbers["needs_human"] or numbers["drifted"] or numbers["outcomes"][ACCEPTED]:
        return "warn", "!"
    if report["prediction"] or report["purpose"] in (AUDIT, CLOSE):
        return "calm", "i"
    return "good", "✓"


def _statement(report: Mapping[str, Any]) -> str:
    numbers, purpose = report["summary"], report["purpose"]
    total, outcomes = numbers["total"], numbers["outcomes"]
    if not total:
        return "No instance was looked at."
    if outcomes[NOT_RUN] == total:
        return f"Nothing was sent to any of the {total} sessions."
    sentences = {
        AUDIT: f"{outcomes[LINKED]} of {total} sessions are linked.",
        RELINK: f"{outcomes[LINKED]} of {total} sessions are linked as requested.",
        CLOSE: f"{outcomes[CLOSED]} unproven {_plural(outcomes[CLOSED], 'link')} closed by a person, on what was seen.",
    }
    parts = [sentences[purpose]] if purpose in sentences else _unlinking(report)
    if outcomes[NO_ACCOUNT]:
        parts.append(f"{outcomes[NO_ACCOUNT]} had no account when first looked at.")
    if purpose == SHIFT and outcomes[LINKED]:
        parts.append(f"{outcomes[LINKED]} took over.")
    if numbers["drifted"]:
        parts.append(f"{numbers['drifted']} changed since the earlier report.")
    needs = numbers["needs_human"]
    if needs:
        parts.append(f"{needs} {'needs' if needs == 1 else 'need'} a human.")
    return " ".join(parts)


def _unlinking(report: Mapping[str, Any]) -> list[str]:
    """Say how many links are proven severed; at a shift's end, of all who left, whoever came then."""
    outcomes, total = report["summary"]["outcomes"], report["summary"]["total"]
    if report["purpose"] != SHIFT:
        return [_severed(outcomes[SEVERED], total, report["prediction"])]
    left = [each["verdict"] for each in report["records"] if each["verdict"] or each["outcome"] not in (LINKED, FAILED)]
    severed = sum(verdict == SEVERED for verdict in left)
    missing = outcomes[FAILED]
    return [
        *([_severed(severed, len(left), report["prediction"])] if left else []),
        *([f"{missing} {'is' if missing == 1 else 'are'} not linked as requested."] if missing else []),
    ]


def _plural(count: int, word: str) -> str:
    return f"{word} was" if count == 1 else f"{word}s were"


def _severed(severed: int, total: int, predicted: bool) -> str:
    if predicted:
        return f"Prediction, nothing was sent: {severed} of {total} links would be severed."
    if severed < total or not total:
        return f"{severed} of {total} links {'is' if severed == 1 else 'are'} proven severed."
    return f"All {total} links are proven severed." if total > 1 else "The link is proven severed."


def clock_was_set(report: Mapping[str, Any]) -> str:
    """Say by how much the clock was set, and what that means for the report's times."""
    told = f"The machine's clock was set by {report['clock_set_by']:+.0f} s during the run"
    still_open = " Whether the deadline was met is left open." if report["request"].get("deadline") else ""
    return f"{told}; times are counted from its beginning.{still_open}"


def _lead(report: Mapping[str, Any]) -> str:
    numbers = report["summary"]
    accepted = numbers["outcomes"][ACCEPTED]
    parts = []
    if accepted:
        was = "was" if accepted == 1 else "were"
        parts.append(f"{accepted} {was} accepted as unproven beforehand: the phone may still list the device.")
    if report["purpose"] == AUDIT:
        parts.append("Read only, nothing was sent. The API can't list instances: those outside the list aren't known.")
    if report["clock_set_by"] is not None:
        parts.append(clock_was_set(report))
    took = length(seconds_between(report["began"], report["ended"]))
    parts.append(
        f"{numbers['calls']} calls that change something and {numbers['reads']} reads in {took}, "
        f"ended {date_and_time(report['ended'])}."
    )
    return " ".join(parts)
