# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A plan: what would be done to which instance, and the phrase that confirms it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._evidence.hash_chain import digest
from .._evidence.report import checked_results
from .._evidence.request import checked_request
from .._identity import identity_of
from .._redact import one_line
from .._session.model import NO_ACCOUNT, PROVEN, UNPROVEN
from .options import Spec
from .report import REQUEST
from .result import TaskResult, counted, utc

PLAN_SPEC: Spec = {
    "sessions": {"type": "list", "elements": "dict", "required": True},
    "action": {"type": "str", "required": True},
    "delete": {"type": "bool", "default": False},
    "confirm": {"type": "str"},
    "confirm_delete": {"type": "str"},
    "gate": {"type": "bool", "default": False},
    "api_url": {"type": "str"},
    **REQUEST,
}
# As much of the fingerprint as a person types.
_TYPED = 8
# As many instances as a person reads.
_READABLE = 60
# What can't be undone about each call, in the words for a person who decides.
_FINAL: Mapping[str, str] = {
    "logout": "Logging out can't be undone: to connect again, somebody has to scan a QR code with the phone.",
    "delete": "Deleting can't be undone: the instance and its settings are gone.",
    "temp_link_revoke": "A revoked temporary link doesn't come back; a new one can be made.",
}


def plan_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Work a plan out of predictions and, at the gate, hold it against what was confirmed.

    Raises:
        OptionError: a value can't be used, or the terms of the request aren't kept.
    """
    checked_results(params, ["sessions"])
    sessions = params["sessions"]
    request = checked_request(params)
    entries = [_entry(session) for session in sessions]
    _refuse_strangers(request["accept_unproven"], entries)
    # A phrase approves of these too, so that an API or an accepted instance isn't put in once the plan is approved.
    terms = {"api_url": params["api_url"], "accepted": sorted(request["accept_unproven"])}
    phrases = {"confirm": _phrase(params["action"], entries, terms)}
    if params["delete"]:
        phrases["confirm_delete"] = _phrase("delete", entries, terms)
    missing = [name for name, phrase in phrases.items() if _words(params[name]) != _words(phrase)]
    plan = {
        "changed": False,
        "action": params["action"],
        "count": len(entries),
        "entries": entries,
        "effects": dict(sorted(Counter(call for entry in entries for call in entry["calls"]).items())),
        "irreversible": _irreversible(entries, params["delete"]),
        "unprovable": [entry["instance_id"] for entry in entries if entry["expected"] == UNPROVEN],
        "blocked": [entry["instance_id"] for entry in entries if entry["blocked"]],
        "fingerprint": _fingerprint(params["action"], entries, terms),
        "time": utc(),
        **phrases,
        "confirmed": not missing,
    }
    plan["lines"] = _lines(plan, request, phrases)
    refusal = _refusal(plan, missing, params, phrases) if params["gate"] else None
    if refusal:
        short = {
            name: plan[name] for name in ("changed", "action", "count", "fingerprint", "time", "confirmed", *phrases)
        }
        return TaskResult({**short, "failed": True, "msg": f"Nothing was sent: {refusal}"})
    return TaskResult(plan)


def _refusal(
    plan: Mapping[str, Any], missing: Sequence[str], params: Mapping[str, Any], phrases: Mapping[str, str]
) -> str | None:
    """Why the gate stays closed, None if it opens."""
    if len(set(plan["blocked"]) - set(params["accept_unproven"])) == plan["count"]:
        return "something stands in the way of every instance. Read the plan."
    if not missing:
        return None
    wrong = [name for name in missing if _words(params[name])]
    why = f"{' and '.join(wrong)} belongs to another plan" if wrong else f"{' and '.join(missing)} is not given"
    return f"{why}. Read the plan; to carry it out, run again with {_options(phrases)}"


def _options(phrases: Mapping[str, str]) -> str:
    """The phrases as they are given on a command line: without blanks, at which ansible-playbook would cut them off."""
    return " ".join(f"-e wawp_{name}={phrase}" for name, phrase in phrases.items())


def _words(phrase: str | None) -> list[str]:
    return re.findall(r"[^\s-]+", phrase or "")


def _refuse_strangers(accepted: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> None:
    unknown = sorted(set(accepted) - {entry["instance_id"] for entry in entries})
    if unknown:
        raise OptionError("accept_unproven", f"{', '.join(unknown)} isn't in the plan")


def _entry(session: Mapping[str, Any]) -> dict[str, Any]:
    """What is expected of one instance, from the prediction of its run."""
    actions = session.get("actions") or []
    calls = [str(action["action"]) for action in actions]
    verdict = session.get("verdict")
    return {
        **identity_of(session).fields,
        "state": session.get("state"),
        # What the first call would rest on: the very first reading can be a passing one.
        "status": actions[0]["status"] if actions else session.get("previous_status"),
        "account": session.get("account"),
        "calls": calls,
        "expected": verdict,
        "blocked": session.get("msg") if session.get("failed") and verdict not in PROVEN else None,
    }


def _fingerprint(action: str, entries: Sequence[Mapping[str, Any]], terms: Mapping[str, Any]) -> str:
    """What makes a plan this plan: nothing that changes by itself, as times do, and sessions that aren't paired."""
    return digest({"action": action, **terms, "entries": sorted(map(fingerprint_fields, entries))})


def fingerprint_fields(entry: Mapping[str, Any]) -> list[Any]:
    settled = entry["expected"] == NO_ACCOUNT
    facts = ("instance_id", "state", "account", "expected")
    return [
        *(str(entry[name] or "") for name in facts),
        "unpaired" if settled else str(entry["status"] or ""),
        [] if settled else [call for call in entry["calls"] if call != "stop"],
        bool(entry["blocked"]),
    ]


def _phrase(action: str, entries: Sequence[Mapping[str, Any]], terms: Mapping[str, Any]) -> str:
    return "-".join([*_words(action), str(len(entries)), _fingerprint(action, entries, terms)[:_TYPED]])


def _irreversible(entries: Sequence[Mapping[str, Any]], delete: bool) -> list[str]:
    calls = {call for entry in entries for call in entry["calls"]} | ({"delete"} if delete else set())
    return [words for call, words in _FINAL.items() if call in calls]


def _lines(plan: Mapping[str, Any], request: Mapping[str, Any], phrases: Mapping[str, str]) -> list[str]:
    """The plan as a person reads it before deciding."""
    lines = [f"Plan: {plan['action']} {counted(plan['count'])}"]
    lines += [f"  {_told(entry, request)}" for entry in plan["entries"][:_READABLE]]
    if plan["count"] > _READABLE:
        lines.append(f"  and {plan['count'] - _READABLE} more, all in the result of this task")
    effects = ", ".join(f"{count} x {call}" for call, count in plan["effects"].items())
    lines.append(f"Would be sent: {effects or 'nothing'}")
    lines += plan["irreversible"]
    if plan["unprovable"]:
        lines.append(f"Can't be proven, or not reached: {', '.join(plan['unprovable'])}")
    return [*lines, f"To confirm: {_options(phrases)}"]


def _told(entry: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    who = f", {entry['account']}" if entry["account"] else ""
    accepted = ", accepted" if entry["instance_id"] in request["accept_unproven"] else ""
    what = f"blocked: {one_line(entry['blocked'], 160)}" if entry["blocked"] else ", ".join(entry["calls"]) or "nothing"
    expected = f" -> {(entry['expected'] or 'no verdict').replace('_', ' ')}{accepted}"
    return f"{identity_of(entry)}: {entry['status'] or 'not there'}{who}: {what}{expected}"
