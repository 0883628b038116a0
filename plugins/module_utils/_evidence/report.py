# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Evidence: for each instance, a record of what was done to it and what that proves."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._errors import OptionError
from .._identity import identity_of
from .._session.model import PROVEN, STOPPED_STATUSES, UNPROVEN
from .._version import VERSION
from .advice import ADVICE_LOST, ADVICE_PAIRED_AGAIN, needs_human, reached
from .hash_chain import ALGORITHM, chained, neutral
from .outcomes import (
    ACCEPTED,
    AUDIT,
    CLOSE,
    CLOSED,
    FAILED,
    GOOD,
    LEFT_ALONE,
    LINKED,
    MISSING,
    NOT_RUN,
    OUTCOMES,
    RELINK,
    SHIFT,
    UNKNOWN,
    UNLINKED,
    UNREADABLE,
)
from .times import parse_time, time_span

FORMAT = "wawp.cloud/report/1"
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """The input of a report; wawp_report documents the options of the same names.

    Args:
        links: the journal, the previous report and interrupted runs.
        clock_set_by: seconds by which the clock was set during the run, None if it wasn't or isn't known.
        journal_read: whether a journal shows what was sent; without one, runs without a result stay unknown.
        closing: who closed instances, when, and what was seen; None if nobody did.
    """

    runbook: str
    purpose: str
    title: str
    began: str
    ended: str
    request: Entry
    environment: Entry
    plan: Entry | None = None
    input: Entry | None = None
    links: Entry | None = None
    abort_reason: str | None = None
    clock_set_by: float | None = None
    journal_read: bool = False
    instances: Sequence[Entry] = ()
    planned: Sequence[Entry] = ()
    sessions: Sequence[Entry] = ()
    linked: Sequence[Entry] = ()
    after: Sequence[Entry] = ()
    deleted: Sequence[Entry] = ()
    history: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    drift: Sequence[Entry] = ()
    closing: Entry | None = None


@dataclass(frozen=True)
class _Results:
    """The results of one instance, None for those missing."""

    listed: Entry | None
    planned: Entry | None
    session: Entry | None
    linked: Entry | None
    deleted: Entry | None
    after: Entry | None

    @property
    def done(self) -> list[Entry]:
        return [entry for entry in (self.session, self.linked, self.deleted) if entry]

    @property
    def first(self) -> Entry:
        return self.session or self.planned or self.linked or self.after or {}

    @property
    def account_before(self) -> str | None:
        """The account before another one was linked."""
        entries = (self.session, self.planned, self.deleted, None if self.linked else self.after)
        return next((entry["account"] for entry in entries if entry and entry.get("account")), None)

    @property
    def main(self) -> Entry:
        return self.session or self.linked or {}


def build(evidence: Evidence) -> dict[str, Any]:
    """Build the whole report, as docs/schema/report-1.json describes it."""
    header = _header(evidence)
    names = ("instances", "planned", "sessions", "linked", "deleted", "after")
    runs = [{str(entry["instance_id"]): entry for entry in getattr(evidence, name)} for name in names]
    ids = list(dict.fromkeys(instance_id for run in runs for instance_id in run))
    drifted = {str(entry["instance_id"]): entry["what"] for entry in evidence.drift}
    shared = _shared(evidence)
    bare: deque[dict[str, Any]] = deque()
    for number, instance_id in enumerate(ids, start=1):
        results = _Results(*(run.get(instance_id) for run in runs))
        record = {**_record(number, instance_id, evidence, results), **shared}
        record["drift"] = drifted.get(instance_id)
        record["needs_human"] = needs_human(record, evidence.purpose)
        bare.append(record)
    header["summary"] = _summary(bare, evidence)
    header = neutral(header)
    # Each is freed as it is chained: ten thousand of them take dozens of MiB.
    records, head = chained(header, (neutral(bare.popleft()) for dummy in ids))
    return {**header, "records": records, "chain": {"algorithm": ALGORITHM, "head": head}}


def as_json(report: Entry) -> Iterator[bytes]:
    """Yield the report as a file, piece by piece, with one line per record for grep and diff."""
    header = json.dumps(header_of(report), indent=1, ensure_ascii=True)
    yield f'{header[:-2]},\n "records": ['.encode("ascii")
    separator = "\n"
    for record in report["records"]:
        yield f"{separator}  {json.dumps(record, ensure_ascii=True)}".encode("ascii")
        separator = ",\n"
    yield f'\n ],\n "chain": {json.dumps(report["chain"], ensure_ascii=True)}\n}}\n'.encode("ascii")


def header_of(report: Entry) -> dict[str, Any]:
    """Return the part before the records, from which their chain starts."""
    return {key: value for key, value in report.items() if key not in ("records", "chain")}


def _summary(records: Collection[Entry], evidence: Evidence) -> dict[str, Any]:
    """Return the report in numbers."""
    outcomes = Counter(record["outcome"] for record in records)
    done = all(reached(record, evidence.purpose) for record in records)
    return {
        "total": len(records),
        "outcomes": {name: outcomes[name] for name in OUTCOMES},
        "needs_human": sum(record["needs_human"] is not None for record in records),
        "drifted": sum(record["drift"] is not None for record in records),
        "calls": sum(len(record["calls"]) for record in records),
        "reads": sum(record["reads"] for record in records),
        "complete": bool(records) and done and evidence.abort_reason is None,
    }


def _header(evidence: Evidence) -> dict[str, Any]:
    entries = [*evidence.sessions, *evidence.linked, *evidence.deleted]
    return {
        "format": FORMAT,
        "runbook": evidence.runbook,
        "purpose": evidence.purpose,
        "title": evidence.title,
        "began": evidence.began,
        "ended": evidence.ended,
        "clock_set_by": evidence.clock_set_by,
        "prediction": any(entry.get("prediction") for entry in entries),
        "request": dict(evidence.request),
        "environment": dict(evidence.environment),
        "input": dict(evidence.input) if evidence.input else None,
        "plan": dict(evidence.plan) if evidence.plan else None,
        "links": dict(evidence.links) if evidence.links else None,
        "phases": _phases(evidence),
        "abort_reason": evidence.abort_reason,
        "closing": dict(evidence.closing) if evidence.closing else None,
        "drift": [dict(entry) for entry in evidence.drift],
    }


def _record(number: int, instance_id: str, evidence: Evidence, results: _Results) -> dict[str, Any]:
    main, done, first = results.main, results.done, results.first
    outcome, verdict = _judge(evidence, results, instance_id)
    before = results.account_before or evidence.accounts.get(instance_id)
    running = _not_seen_stopped(results)
    return {
        "number": number,
        **identity_of({"instance_id": instance_id}, results.listed, first, results.after).fields,
        "outcome": outcome,
        "verdict": verdict,
        "key": main.get("key"),
        "proven_at": main.get("proven_at"),
        "proof_seconds": main.get("proof_seconds"),
        "advice": _advice(outcome, verdict, results),
        "message": _message(results, outcome, evidence) or running,
        "failed": running is not None or any(entry.get("failed") or entry.get("left_alone") for entry in done),
        "what": {"runbook": evidence.runbook, "state": main.get("state") or (results.planned or {}).get("state")},
        "when": _when(evidence, done, outcome),
        "account": (results.linked or {}).get("account") or before,
        "before": {"status": first.get("previous_status") or first.get("status"), "account": before},
        "calls": [dict(action) for entry in done for action in entry.get("actions") or []],
        "reads": sum(int(entry.get("reads") or 0) for entry in (results.planned, *done, results.after) if entry),
        "after": _after(results),
        "earlier": main.get("earlier"),
        "history": [dict(event) for event in evidence.history.get(instance_id, ())],
        "open_ends": [what for entry in done for what in entry.get("open_ends") or []],
        "warnings": [what for entry in done for what in entry.get("warnings") or []],
        "error": main.get("error") or (results.after or {}).get("error"),
        "deleted": _deleted(results),
    }


def _shared(evidence: Evidence) -> dict[str, Any]:
    """Return the fields that all records share."""
    return {
        "who": {name: evidence.request.get(name) for name in ("operator", "requester", "approver")},
        "where": {name: evidence.environment.get(name) for name in ("api_url", "controller")},
        "source": evidence.environment.get("source"),
        "ticket": evidence.request.get("ticket"),
        "versions": dict(evidence.environment.get("versions") or {}),
    }


def _when(evidence: Evidence, done: Sequence[Entry], outcome: str) -> dict[str, Any]:
    began, ended = time_span(done) or (evidence.began, evidence.ended)
    deadline = evidence.request.get("deadline")
    good = outcome in GOOD[evidence.purpose]
    # Unknown if the clock was set: either time may be wrong.
    known = deadline and evidence.clock_set_by is None
    met = good and parse_time(ended) <= parse_time(str(deadline)) if known else None
    return {"began": began, "ended": ended, "deadline": deadline, "deadline_met": met}


def _advice(outcome: str, verdict: str | None, results: _Results) -> str | None:
    if verdict == UNPROVEN and results.main.get("verdict") in PROVEN:
        return ADVICE_PAIRED_AGAIN
    if outcome == FAILED and results.linked is not None and not results.linked.get("failed"):
        return ADVICE_LOST
    advice = results.main.get("advice")
    return str(advice) if advice else None


def _deleted(results: _Results) -> bool | None:
    """Whether it was deleted, None if that wasn't requested."""
    if results.deleted is None:
        return None
    gone = results.after is not None and results.after.get("exists") is False
    return gone or (not results.deleted.get("failed") and not results.deleted.get("left_alone"))


def _not_seen_stopped(results: _Results) -> str | None:
    """Return the problem of a session whose stop was to be verified when all are read again; None if none."""
    session, seen = results.session, results.after
    if session is None or session.get("failed") or results.deleted is not None:
        return None
    stopped = any(action["action"] == "stop" for action in session.get("actions") or [])
    if not stopped or session.get("state") != "decommissioned" or session.get("status") in STOPPED_STATUSES:
        return None
    if seen is None or seen.get("exists") is None:
        return "A stop was sent and not refused, but the session could not be read again: look whether it is STOPPED."
    if not seen["exists"] or seen.get("status") in STOPPED_STATUSES:
        return None
    return f"A stop was sent and not refused, but the session is {seen['status']}: whoever sees its QR code can link."


def checked_results(params: Entry, names: Iterable[str]) -> None:
    """Raise OptionError for anything but lists of results of wawp_fleet, wawp_session_info or wawp_pairing."""
    for name in names:
        for number, entry in enumerate(params[name], start=1):
            actions = entry.get("actions") or []
            if not entry.get("instance_id") or not isinstance(actions, list) or not all(map(_is_action, actions)):
                raise OptionError(
                    name, f"entry {number} is not one of the sessions that a module of wawp.cloud returns"
                )


def _is_action(action: Any) -> bool:
    return isinstance(action, Mapping) and {"action", "time", "status", "outcome"} <= set(action)


def _message(results: _Results, outcome: str, evidence: Evidence) -> str | None:
    for entry in (results.session, results.linked, results.deleted, results.after):
        if entry and entry.get("failed") and entry.get("msg"):
            return str(entry["msg"])
        if entry and (entry.get("left_alone") or entry.get("error")):
            return str(entry.get("msg") or entry["error"]["message"])
    if results.session is None and outcome == UNPROVEN and not evidence.journal_read:
        return "No result of its run came back, and no journal was read: what was sent to it isn't known."
    return None


def _judge(evidence: Evidence, results: _Results, instance_id: str) -> tuple[str, str | None]:
    """Return an instance's outcome, and the verdict on its link after all were read again."""
    if evidence.purpose == CLOSE:
        return CLOSED, UNPROVEN
    if evidence.purpose == AUDIT:
        return _read_only(results.after), None
    verdict = results.session.get("verdict") if results.session else None
    if evidence.purpose == RELINK or (evidence.purpose == SHIFT and results.linked is not None):
        return _judge_link(results), verdict
    return _judge_unlink(evidence, results, instance_id)


def _judge_link(results: _Results) -> str:
    there = results.after is None or results.after.get("paired") is not False
    if results.linked is not None and not results.linked.get("failed") and there:
        return LINKED
    return FAILED if results.session or results.linked else NOT_RUN


def _judge_unlink(evidence: Evidence, results: _Results, instance_id: str) -> tuple[str, str | None]:
    session, seen = results.session, results.after
    if session is None:
        return (NOT_RUN, None) if evidence.journal_read else (UNPROVEN, UNPROVEN)
    if session.get("left_alone"):
        return LEFT_ALONE, None
    verdict = session.get("verdict")
    if verdict in PROVEN and seen is not None and seen.get("paired"):
        verdict = UNPROVEN
    if verdict == UNPROVEN and instance_id in evidence.request.get("accept_unproven", ()):
        return ACCEPTED, verdict
    return (verdict or FAILED), verdict


def _read_only(seen: Entry | None) -> str:
    if seen is None or seen.get("exists") is None:
        return UNREADABLE
    if not seen["exists"]:
        return MISSING
    return {True: LINKED, False: UNLINKED}.get(seen.get("paired"), UNKNOWN)  # type: ignore[arg-type]


def _after(results: _Results) -> dict[str, Any]:
    """Return an instance's state: as read again, or else as its run last saw it."""
    seen, run = results.after, results.linked or results.session
    if seen is not None and seen.get("exists") is not None:
        facts = {name: seen.get(name) for name in ("status", "paired", "account", "exists")}
        return {**facts, "read_again": True}
    status = run.get("status") if run else None
    return {"status": status, "paired": None, "account": None, "exists": None, "read_again": False}


def _phases(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the phases of the run that left traces."""
    named = [
        ("Preflight", evidence.planned),
        ("Execution", evidence.sessions),
        ("Linking", evidence.linked),
        ("Deletion", evidence.deleted),
    ]
    phases = []
    for name, entries in named:
        span = time_span(entries)
        if span:
            phases.append({"name": name, "began": span[0], "ended": span[1]})
    if evidence.after:
        began = min(phases[-1]["ended"], evidence.ended) if phases else evidence.began
        phases.append({"name": "Reading again" if phases else "Reading", "began": began, "ended": evidence.ended})
    return phases


def versions(ansible: str | None, python: str) -> dict[str, Any]:
    """Return the versions that a report names."""
    return {"wawp.cloud": VERSION, "ansible-core": ansible, "python": python}
