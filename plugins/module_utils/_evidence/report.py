# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Evidence: one record an instance of what was done to it and what that proves."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from .._errors import OptionError
from .._session.model import (
    NO_ACCOUNT,
    PROVEN,
    SEVERED,
    UNPROVEN,
)
from .._version import VERSION
from .hash_chain import ALGORITHM, chained

FORMAT = "wawp.cloud/report/1"

# What became of an instance. The first three are verdicts.
ACCEPTED = "accepted_unproven"
FAILED = "failed"
LEFT_ALONE = "left_alone"
NOT_RUN = "not_run"
LINKED = "linked"
UNLINKED = "unlinked"
UNKNOWN = "unknown"
MISSING = "missing"
UNREADABLE = "unreadable"
# In this order on the page: what needs a human first.
OUTCOMES = (
    *(UNPROVEN, FAILED, UNREADABLE, LEFT_ALONE, NOT_RUN, ACCEPTED, UNKNOWN, MISSING),
    *(UNLINKED, LINKED, NO_ACCOUNT, SEVERED),
)

# What a runbook is to reach.
SEVER, RELINK, SHIFT, LOOK = "sever", "relink", "shift", "look"
_GOOD: Mapping[str, frozenset[str]] = {
    SEVER: PROVEN | {ACCEPTED},
    RELINK: frozenset({LINKED}),
    SHIFT: PROVEN | {ACCEPTED, LINKED},
    LOOK: frozenset({LINKED, UNLINKED, UNKNOWN, MISSING}),
}

_ADVICE_PAIRED_AGAIN = (
    "It was logged out, but when it was read again it was paired: somebody has linked it since. Find out who, revoke "
    "its temporary link, and run again."
)
_ADVICE_LOST = (
    "Somebody linked an account, but when it was read again none was there. Look at the session, and link again."
)


@dataclass(frozen=True)
class Evidence:
    """What a report is made from; see the options of wawp_report for what each holds."""

    runbook: str
    purpose: str
    title: str
    began: str
    ended: str
    request: Mapping[str, Any]
    place: Mapping[str, Any]
    plan: Mapping[str, Any] | None = None
    trouble: str | None = None
    planned: Sequence[Mapping[str, Any]] = ()
    sessions: Sequence[Mapping[str, Any]] = ()
    linked: Sequence[Mapping[str, Any]] = ()
    after: Sequence[Mapping[str, Any]] = ()
    deleted: Sequence[Mapping[str, Any]] = ()
    history: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    drift: Sequence[Mapping[str, Any]] = ()


def build(evidence: Evidence) -> dict[str, Any]:
    """The whole report, as docs/schema/report-1.json describes it."""
    header = _header(evidence)
    runs = [_by_id(entries) for entries in (evidence.planned, evidence.sessions, evidence.linked, evidence.deleted)]
    seen = _by_id(evidence.after)
    ids = list(dict.fromkeys(instance_id for run in (*runs, seen) for instance_id in run))
    drifted = {str(entry["instance_id"]): entry["what"] for entry in evidence.drift}
    bare = [
        _record(number, instance_id, evidence, [run.get(instance_id) for run in runs], seen.get(instance_id))
        for number, instance_id in enumerate(ids, start=1)
    ]
    for record in bare:
        record["drift"] = drifted.get(record["instance_id"])
        record["needs_human"] = _needs_human(record, evidence.purpose)
    header["summary"] = summary(bare, evidence)
    records, head = chained(header, bare)
    return {**header, "records": records, "chain": {"algorithm": ALGORITHM, "head": head}}


def header_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """What stands before the records, which their chain starts from."""
    return {key: value for key, value in report.items() if key not in ("records", "chain")}


def summary(records: Sequence[Mapping[str, Any]], evidence: Evidence) -> dict[str, Any]:
    """The report in numbers."""
    outcomes = Counter(record["outcome"] for record in records)
    done = all(_reached(record, evidence.purpose) for record in records)
    return {
        "total": len(records),
        "outcomes": {name: outcomes[name] for name in OUTCOMES},
        "needs_human": sum(record["needs_human"] is not None for record in records),
        "drifted": sum(record["drift"] is not None for record in records),
        "calls": sum(len(record["calls"]) for record in records),
        "complete": bool(records) and done and evidence.trouble is None,
    }


def _header(evidence: Evidence) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "runbook": evidence.runbook,
        "purpose": evidence.purpose,
        "title": evidence.title,
        "began": evidence.began,
        "ended": evidence.ended,
        "request": dict(evidence.request),
        "place": dict(evidence.place),
        "plan": dict(evidence.plan) if evidence.plan else None,
        "phases": _phases(evidence),
        "trouble": evidence.trouble,
        "drift": [dict(entry) for entry in evidence.drift],
    }


def _by_id(entries: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(entry["instance_id"]): entry for entry in entries}


def _record(
    number: int,
    instance_id: str,
    evidence: Evidence,
    runs: Sequence[Mapping[str, Any] | None],
    seen: Mapping[str, Any] | None,
) -> dict[str, Any]:
    planned, session, linked, deleted = runs
    told = session or linked or {}
    done = [entry for entry in (session, linked, deleted) if entry]
    first = session or planned or linked or seen or {}
    outcome, verdict = _judge(evidence, session, linked, seen, instance_id)
    again = verdict == UNPROVEN and told.get("verdict") in PROVEN
    lost = outcome == FAILED and linked is not None and not linked.get("failed")
    began, ended = _span(done) or (evidence.began, evidence.ended)
    deadline = evidence.request.get("deadline")
    return {
        "number": number,
        "instance_id": instance_id,
        "name": first.get("name"),
        "outcome": outcome,
        "verdict": verdict,
        "advice": _ADVICE_PAIRED_AGAIN if again else _ADVICE_LOST if lost else told.get("advice"),
        "message": _message(session, linked, deleted, seen),
        "failed": any(entry.get("failed") or entry.get("left_alone") for entry in done),
        "who": {name: evidence.request.get(name) for name in ("operator", "requester", "approver")},
        "what": {"runbook": evidence.runbook, "state": told.get("state") or (planned or {}).get("state")},
        "when": {
            "began": began,
            "ended": ended,
            "deadline": deadline,
            "deadline_met": _met(deadline, ended, outcome in _GOOD[evidence.purpose]),
        },
        "where": {name: evidence.place.get(name) for name in ("api_url", "controller")},
        "source": evidence.place.get("source"),
        "ticket": evidence.request.get("ticket"),
        "account": next((entry["account"] for entry in (*done, first) if entry.get("account")), None),
        "before": {"status": first.get("previous_status") or first.get("status")},
        "calls": [dict(action) for entry in done for action in entry.get("actions") or []],
        "after": _after(seen, linked or session),
        "earlier": told.get("earlier"),
        "history": [dict(event) for event in evidence.history.get(instance_id, ())],
        "open_ends": [what for entry in done for what in entry.get("open_ends") or []],
        "warnings": [what for entry in done for what in entry.get("warnings") or []],
        "error": told.get("error") or (seen or {}).get("error"),
        "deleted": None if deleted is None else not deleted.get("failed") and not deleted.get("left_alone"),
        "versions": dict(evidence.place.get("versions") or {}),
    }


def checked_results(params: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse what is no list of results of wawp_fleet, wawp_session_info or wawp_pairing. Raises OptionError."""
    for name in names:
        for number, entry in enumerate(params[name], start=1):
            actions = entry.get("actions") or []
            if not entry.get("instance_id") or not isinstance(actions, list) or not all(map(_is_action, actions)):
                raise OptionError(name, f"entry {number} is none of the sessions that a module of wawp.cloud returns")


def _is_action(action: Any) -> bool:
    return isinstance(action, Mapping) and {"action", "time", "status", "outcome"} <= set(action)


def _message(*entries: Mapping[str, Any] | None) -> str | None:
    for entry in entries:
        if entry and entry.get("failed") and entry.get("msg"):
            return str(entry["msg"])
        if entry and (entry.get("left_alone") or entry.get("error")):
            return str(entry.get("msg") or entry["error"]["message"])
    return None


def _judge(
    evidence: Evidence,
    session: Mapping[str, Any] | None,
    linked: Mapping[str, Any] | None,
    seen: Mapping[str, Any] | None,
    instance_id: str,
) -> tuple[str, str | None]:
    """What became of the instance, and the verdict on its link as it stands after all was read again."""
    if evidence.purpose == LOOK:
        return _looked(seen), None
    verdict = session.get("verdict") if session else None
    if evidence.purpose == RELINK or (evidence.purpose == SHIFT and linked is not None):
        there = seen is None or seen.get("paired") is not False
        paired = linked is not None and not linked.get("failed") and there
        return (LINKED if paired else FAILED if session or linked else NOT_RUN), verdict
    if session is None:
        return NOT_RUN, None
    if session.get("left_alone"):
        return LEFT_ALONE, None
    if verdict in PROVEN and seen is not None and seen.get("paired"):
        verdict = UNPROVEN
    if verdict == UNPROVEN and instance_id in evidence.request.get("accept_unproven", ()):
        return ACCEPTED, verdict
    return (verdict or FAILED), verdict


def _looked(seen: Mapping[str, Any] | None) -> str:
    if seen is None or seen.get("exists") is None:
        return UNREADABLE
    if not seen["exists"]:
        return MISSING
    return {True: LINKED, False: UNLINKED}.get(seen.get("paired"), UNKNOWN)  # type: ignore[arg-type]


def _after(seen: Mapping[str, Any] | None, run: Mapping[str, Any] | None) -> dict[str, Any]:
    """How the instance stands: as it was read again, or else as its run saw it last."""
    if seen is not None and seen.get("exists") is not None:
        facts = {name: seen.get(name) for name in ("status", "paired", "account", "exists")}
        return {**facts, "read_again": True}
    status = run.get("status") if run else None
    return {"status": status, "paired": None, "account": None, "exists": None, "read_again": False}


def _reached(record: Mapping[str, Any], purpose: str) -> bool:
    """Whether it came to all that was wanted. A link that was accepted as unproven fails its run all the same."""
    if record["outcome"] == ACCEPTED:
        return record["deleted"] is not False
    return record["outcome"] in _GOOD[purpose] and not record["failed"]


def _needs_human(record: Mapping[str, Any], purpose: str) -> str | None:
    """What somebody has to do or to know about an instance, None if there is nothing."""
    if not _reached(record, purpose):
        return next(
            (str(text) for text in (record["drift"], record["advice"], record["message"]) if text), _plain(record)
        )
    return record["drift"] or (" ".join(record["open_ends"]) or None)


def _plain(record: Mapping[str, Any]) -> str:
    return {NOT_RUN: "Nothing was sent to it.", UNREADABLE: "It could not be read."}.get(
        record["outcome"], "It did not reach what was wanted."
    )


def _met(deadline: str | None, ended: str, good: bool) -> bool | None:
    return None if not deadline else good and parse_time(ended) <= parse_time(deadline)


def _span(runs: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """From the begin of the first of these runs to the end of the last."""
    spans = [(entry["began"], _end(entry)) for entry in runs if entry.get("began") and not entry.get("left_alone")]
    return (min(began for began, dummy in spans), max(ended for dummy, ended in spans)) if spans else None


def _end(entry: Mapping[str, Any]) -> str:
    ended = parse_time(str(entry["began"])) + timedelta(seconds=float(entry.get("duration") or 0))
    return ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _phases(evidence: Evidence) -> list[dict[str, Any]]:
    """The run in phases, those that left traces."""
    named = [
        ("Preflight", evidence.planned),
        ("Execution", evidence.sessions),
        ("Linking", evidence.linked),
        ("Deletion", evidence.deleted),
    ]
    phases = []
    for name, entries in named:
        span = _span(entries)
        if span:
            phases.append({"name": name, "began": span[0], "ended": span[1]})
    if evidence.after:
        began = phases[-1]["ended"] if phases else evidence.began
        phases.append({"name": "Reading again" if phases else "Reading", "began": began, "ended": evidence.ended})
    return phases


def parse_time(text: str) -> datetime:
    """A point in time from its ISO 8601 writing. Raises ValueError; a time without an offset is refused."""
    parsed = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
    if parsed.tzinfo is None:
        raise ValueError("it has no offset from UTC")
    return parsed.astimezone(timezone.utc)


def checked_request(params: Mapping[str, Any]) -> dict[str, Any]:
    """Who asked for a run and on what terms.

    Raises:
        OptionError: the deadline can't be read, or the terms aren't kept: four eyes are required but two aren't there.
    """
    request = {
        name: _stripped(params.get(name)) for name in ("operator", "ticket", "requester", "approver", "deadline")
    }
    if request["deadline"]:
        try:
            parse_time(request["deadline"])
        except ValueError as error:
            raise OptionError("deadline", f"{error}; write it like 2026-11-30T18:00:00+01:00") from None
    if params.get("require_four_eyes"):
        requester, approver = (request[name] for name in ("requester", "approver"))
        if not requester or not approver:
            raise OptionError("require_four_eyes", "name both requester and approver")
        if _person(requester) == _person(approver):
            raise OptionError("require_four_eyes", "the approver must be another person than the requester")
    return {
        **request,
        "require_four_eyes": bool(params.get("require_four_eyes")),
        "accept_unproven": list(params.get("accept_unproven") or ()),
    }


def _person(name: str) -> str:
    """A person's name without what only its writing has: case, blanks, signs that can't be seen, forms of letters."""
    seen = (each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return " ".join("".join(seen).casefold().split())


def _stripped(text: Any) -> str | None:
    return (str(text).strip() or None) if text is not None else None


def versions(ansible: str | None, python: str) -> dict[str, Any]:
    """The versions that a report names."""
    return {"wawp.cloud": VERSION, "ansible-core": ansible, "python": python}


def drift(records: Sequence[Mapping[str, Any]], seen: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What has changed since an earlier report, by instance.

    Args:
        records: of the earlier report.
        seen: what has been read now.
    """
    found = []
    now = _by_id(seen)
    for record in records:
        what = _drifted(record, now.get(record["instance_id"]))
        if what:
            found.append({"instance_id": record["instance_id"], "what": what})
    return found


def _drifted(record: Mapping[str, Any], seen: Mapping[str, Any] | None) -> str | None:
    if seen is None or seen.get("exists") is None:
        return None if seen is not None else "It stands in the earlier report, but was not read now."
    account, before = seen.get("account"), record["after"].get("account")
    unlinked = record["outcome"] in (*PROVEN, ACCEPTED, UNLINKED) or record.get("verdict") == UNPROVEN
    if unlinked and seen.get("paired") and record["after"].get("paired") is not True:
        whose = account or "an account that it does not show"
        return f"It is paired again, with {whose}; the earlier report says {record['outcome']}."
    if before and account and before != account:
        return f"It belongs to {account} now, to {before} in the earlier report."
    if record["outcome"] == LINKED and seen.get("paired") is False:
        return "It was linked in the earlier report and isn't any more."
    return _came_or_went(record, seen["exists"])


def _came_or_went(record: Mapping[str, Any], exists: bool) -> str | None:
    if record["outcome"] == MISSING:
        return "It didn't exist in the earlier report and does now." if exists else None
    went = not exists and record["outcome"] != UNREADABLE and not record.get("deleted")
    return "It existed in the earlier report and doesn't any more." if went else None
