# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Who, where and on what terms: the facts around the records on a report's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .markup import NONE, bidi_isolate, text
from .outcomes import AUDIT
from .times import date_and_time


def first_facts(report: Mapping[str, Any]) -> str:
    """Return what a reader asks first, in one line: the ticket, who, where, and the hash."""
    request, environment = report["request"], report["environment"]
    named = (
        ("Ticket", request.get("ticket")),
        ("Run by", request.get("operator")),
        ("Requested by", request.get("requester")),
        ("Approved by", request.get("approver")),
        ("API", environment.get("api_url")),
    )
    shown = [f"<span>{name} <b>{bidi_isolate(value)}</b></span>" for name, value in named if value]
    return "".join([*shown, f"<span>Last hash <code>{text(report['chain']['head'])}</code></span>"])


def facts(report: Mapping[str, Any]) -> str:
    """Return all facts, as terms and descriptions."""
    request, environment, plan = report["request"], report["environment"], report["plan"] or {}
    eyes = " (four eyes required)" if request.get("require_four_eyes") else ""
    versions = ", ".join(f"{name} {version}" for name, version in environment.get("versions", {}).items() if version)
    rows = [
        ("Runbook", f"<code>{text(report['runbook'])}</code>"),
        ("Ticket", bidi_isolate(request.get("ticket"))),
        ("Requested by", bidi_isolate(request.get("requester"))),
        ("Approved by", bidi_isolate(request.get("approver")) + eyes),
        ("Run by", bidi_isolate(request.get("operator"))),
        ("Deadline", _deadline(report)),
        ("Instances from", bidi_isolate(environment.get("source"))),
        ("The list", _input(report)),
        ("Not in the list", "not known: the API can't list instances"),
        ("API", bidi_isolate(environment.get("api_url"))),
        ("Controller", bidi_isolate(environment.get("controller"))),
        ("Plan", f"<code>{text(plan.get('confirm'))}</code>" if plan.get("confirm") else NONE),
        ("Hash of the plan", f"<code>{text(plan.get('fingerprint'))}</code>" if plan.get("fingerprint") else NONE),
        ("Accepted as unproven", text(", ".join(request.get("accept_unproven") or [])) or NONE),
        *_links(report),
        *_closing(report),
        ("Began", text(date_and_time(report["began"]))),
        ("Ended", text(date_and_time(report["ended"]))),
        ("Versions", text(versions)),
    ]
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)


def _deadline(report: Mapping[str, Any]) -> str:
    deadline = report["request"].get("deadline")
    if not deadline:
        return NONE
    met = [record["when"]["deadline_met"] for record in report["records"]]
    missed = f"missed by {met.count(False)}" if False in met else ""
    kept = missed or ("met by all" if all(met) else "open, since the clock was set")
    return f"{text(date_and_time(deadline))}, {kept}"


def _input(report: Mapping[str, Any]) -> str:
    given = report["input"]
    if not given:
        return NONE
    of = "the file" if given.get("hashed") == "file" else "its sorted ids"
    return f"{text(given.get('count'))} instances; SHA-256 of {of} <code>{text(given.get('sha256'))}</code>"


def _links(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the journal, the previous report on it, and interrupted runs between the two."""
    links = report["links"]
    if not links:
        unknown = "no journal was read: runs before this one aren't known"
        return [] if report["purpose"] == AUDIT else [("Journal", unknown)]
    before, broken = links.get("previous"), links.get("interrupted")
    rows = [("Journal", bidi_isolate(links.get("journal")))]
    if before:
        earlier = f"{bidi_isolate(before.get('file'))}, last hash <code>{text(before.get('head'))}</code>"
        rows.append(("Report before this one", earlier))
    else:
        rows.append(("Report before this one", "none on this journal"))
    if broken:
        span = f"{date_and_time(broken['began'])} to {date_and_time(broken['ended'])}"
        ends = f"{broken['instances']} instances, {broken['without_end']} without an end"
        rows.append(("Runs without a report since", f"{text(span)}: {ends}"))
    return rows


def _closing(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    closing = report["closing"]
    if not closing:
        return []
    closed = f"{bidi_isolate(closing.get('file'))}, last hash <code>{text(closing.get('head'))}</code>"
    return [
        ("Closed by", bidi_isolate(closing.get("by"))),
        ("Seen at", text(date_and_time(closing["at"]))),
        ("What was seen", bidi_isolate(closing.get("seen"))),
        ("Closes records of", closed),
    ]
