# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The history of each instance, from a journal's events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._errors import WawpError
from .._session.model import NO_ACCOUNT, PROVEN, SEVERED, THERE, UNPROVEN, WORKING
from .._session.run import SENT, Known
from .journal_lines import Event


def replay(events: Iterable[Event]) -> dict[str, Known]:
    """Return what earlier runs found out, by instance id.

    A logout that was not proven may have burnt the key without unlinking; no later run can rule that out.
    """
    known: dict[str, Known] = {}
    for event in events:
        instance_id = str(event["instance_id"])
        now = _apply(event, known.pop(instance_id, None))
        if now:
            known[instance_id] = now
    return known


def _apply(event: Event, known: Known | None) -> Known | None:
    if event["event"] == "sending":
        return _apply_sending(event, known)
    if event["event"] == "closed":  # a person saw on the phone that the device is gone
        return None
    return _apply_outcome(event, known) if event["event"] == "outcome" else known


def _apply_sending(event: Event, known: Known | None) -> Known | None:
    if event.get("action") == "logout":
        sure = event.get("status") == WORKING and not event.get("in_doubt")
        return Known(SENT if sure and not _is(known, UNPROVEN) else UNPROVEN)
    # A deleted session can't be read any more: the run's verdict by then is all that will ever be known.
    return _proof_in(event) or known


def _apply_outcome(event: Event, known: Known | None) -> Known | None:
    verdict, actions = event.get("verdict"), event.get("actions") or ()
    before = known
    for action in actions:  # their write-ahead lines may be lost
        known = _apply_sending(action, known) if action.get("action") == "logout" else known
    if verdict == SEVERED or (verdict == NO_ACCOUNT and (known is None or _is(known, SENT))):
        proof = before if before and verdict == before.verdict and not event.get("proven_at") else None
        return proof or _proof_in(event)
    burnt_before = _is(before, UNPROVEN) and event.get("earlier", UNPROVEN) == UNPROVEN
    if _is(known, SENT, UNPROVEN) and not burnt_before and _refused(actions):
        return None
    # A severed session that shows an account now has been paired again since, so it must be judged anew.
    if verdict == UNPROVEN and _is(known, SEVERED, NO_ACCOUNT) and event.get("key") == THERE:
        return None
    return Known(UNPROVEN) if _is(known, SENT) and event.get("in_doubt") else known


def _proof_in(event: Mapping[str, Any]) -> Known | None:
    """Return an event's verdict with the time of its proof, if the verdict rests on a reading."""
    if event.get("verdict") not in PROVEN:
        return None
    return Known(str(event["verdict"]), event.get("proven_at"), event.get("proof_seconds"))


def _is(known: Known | None, *verdicts: str) -> bool:
    return known is not None and known.verdict in verdicts


def _refused(actions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether logouts were sent and none of them can have taken effect."""
    ends = [str(action.get("outcome")) for action in actions if action.get("action") == "logout"]
    return bool(ends) and not any(end == "ok" or WawpError(end, "").ambiguous for end in ends)
