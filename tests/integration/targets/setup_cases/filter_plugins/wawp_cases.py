# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares whole results of wawp_session with the tables of cases; tasks/main.yml defines a case."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

ACCOUNT = "201012345678"
PUSH_NAME = "Nour Example"
REDACTED = "********"

# Fields that Ansible adds to a result, and those compared separately.
_NOT_WHOLE = {"ansible_loop_var", "ansible_parsed", "deprecations", "diff", "exception", "invocation", "msg"}
_NOT_WHOLE |= {"session", "warnings"}

Cases = Sequence[Mapping[str, Any]]
Loop = Mapping[str, Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def sim(cases: Cases, instances: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the simulator's instances, one for each case with a starting state."""
    there = [(case, instances[case["start"]]) for case in cases if case["start"] != "nowhere"]
    return [
        {**start, "instance_id": case["name"], "faults": [*start.get("faults", []), *case.get("faults", [])]}
        for case, start in there
    ]


def flat(tables: Mapping[str, Cases]) -> list[dict[str, Any]]:
    """Return the cases of tables by state, with the state in their names."""
    return [{**case, "state": state, "name": f"{state}-{case['name']}"} for state in tables for case in tables[state]]


def one_of_each(cases: Cases) -> list[Mapping[str, Any]]:
    """Return the first case of each kind of result."""
    kept: dict[Any, Mapping[str, Any]] = {}
    for case in cases:
        calls = bool(case.get("actions"))
        kind = (case.get("verdict"), bool(case.get("fails")), bool(case.get("error")), case.get("warns"), calls)
        kept.setdefault(kind, case)
    return list(kept.values())


def told_by(phase: str, case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the case expects of a phase, with defaults filled in."""
    unsaid: dict[str, Any] = {"actions": [], "verdict": None, "advice": "", "fails": "", "error": None, "masked": True}
    run = {**unsaid, **case}
    if phase == "check":
        return {**run, **case.get("check", {})}
    if phase == "again":
        own = {"before": case["after"], "after": case["after"], "masked": run["masked"]}
        return {**unsaid, **own, **case.get("again", {})}
    return run


def differences(result: Mapping[str, Any], case: Mapping[str, Any], phase: str, loop: Loop) -> list[str]:
    """Return the differences of a loop's result from the case's expectation for this phase."""
    said = told_by(phase, case)
    found = _unequal(_expected(said, phase), _whole(result))
    found += _unequal({"session": _expected_session(said)}, {"session": _session(result.get("session"))})
    diff = result.get("diff", {})
    found += _unequal({side: said[side] for side in ("before", "after")}, dict(diff))
    for name, text in (("advice", result.get("advice")), ("fails", result.get("msg"))):
        if not re.search(said[name] or "^$", text or "", re.DOTALL):
            found.append(f"{name}: {text!r} doesn't match {said[name]!r}")
    # Before ansible-core 2.19 the loop has the warnings instead of its items; `miscounted` checks those.
    warned = bool(result.get("warnings")) if any("warnings" in item for item in loop["results"]) else _warns(said)
    if warned != _warns(said):
        found.append(f"warnings: an unproven end is said aloud, and little else is: {result.get('warnings')}")
    own = {name: value for name, value in result.items() if name != "invocation" and not name.startswith("setup_")}
    text = json.dumps(own)
    error = result.get("error") or {}
    found += _unequal({name: said.get(name) for name in ("code", "http_status")}, error) if said["error"] else []
    found += [f"it lasted {result['duration']} s only"] if result["duration"] < said.get("lasts", 0) else []
    found += [f"{secret} is shown" for secret in (ACCOUNT, PUSH_NAME) if said["masked"] and secret in text]
    return found


def _warns(said: Mapping[str, Any]) -> bool:
    warns: bool = said.get("warns", said["verdict"] == "unproven" and not said["fails"])
    return warns


def miscounted(loop: Loop, cases: Cases, phase: str) -> list[str]:
    """Return a problem if a loop over the cases didn't warn as often as expected."""
    shown = [str(text) for result in (loop, *loop["results"]) for text in result.get("warnings", [])]
    # Some versions show them twice, for the loop and for the item.
    ours = [text for text in shown if "could not be proven" in text or "settings changed" in text]
    wanted = sum(_warns(told_by(phase, case)) for case in cases)
    return [] if len(ours) in (wanted, 2 * wanted) else [f"{len(ours)} warnings instead of {wanted}: {shown}"]


def _whole(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with parts that differ between runs replaced by whether they are well-formed."""
    whole = {name: value for name, value in result.items() if name not in _NOT_WHOLE and not name.startswith("setup_")}
    actions = result.get("actions") or []
    return {
        **whole,
        "failed": result.get("failed", False),
        "duration": isinstance(result.get("duration"), float),
        "began": bool(_TIME.fullmatch(result.get("began") or "")),
        "reads": result.get("reads", 0) > 0,
        "proven_at": bool(_TIME.fullmatch(result.get("proven_at") or "")),
        "proof_seconds": result.get("proof_seconds") is not None,
        "open_ends": len(result.get("open_ends", "missing")),
        "advice": result.get("advice") is not None,
        "error": (result.get("error") or {}).get("kind"),
        "actions": [action["action"] for action in actions],
        "outcomes": [action["outcome"] for action in actions],
        "replies": [action["http_status"] for action in actions],
        "well_formed": all(_is_well_formed(action) for action in actions),
    }


def _is_well_formed(action: Mapping[str, Any]) -> bool:
    keys = {"action", "time", "duration", "status", "outcome", "http_status"}
    return (
        set(action) == keys
        and bool(_TIME.fullmatch(action["time"]))
        and action["duration"] >= 0
        and isinstance(action["status"], str)
    )


def _expected(said: Mapping[str, Any], phase: str) -> dict[str, Any]:
    count = len(said["actions"])
    planned = phase == "check"
    account = said["before"].get("account") or said["after"].get("account")
    proven = said["verdict"] == "severed" and not planned
    answered = [200 if name == "delete" else 201 for name in said["actions"]]
    return {
        "key": said.get("key", _usual_key(said)),
        "proven_at": proven,
        "proof_seconds": proven,
        "reads": True,
        "changed": said.get("changed", count > 0),
        "status": said["after"].get("status"),
        "previous_status": said["before"].get("status"),
        "verdict": said["verdict"],
        "advice": bool(said["advice"]),
        "account": said.get("account", account),
        "actions": said["actions"],
        "outcomes": ["planned"] * count if planned else said.get("outcomes", ["ok"] * count),
        "replies": [None] * count if planned else said.get("replies", answered),
        "well_formed": True,
        "prediction": planned and count > 0,
        "duration": True,
        "began": True,
        "open_ends": said.get("open_ends", 0),
        "error": said["error"],
        "failed": bool(said["fails"]),
    }


def _usual_key(said: Mapping[str, Any]) -> str | None:
    """Return what is known of the key, by the last reading."""
    if said["verdict"] is None:
        return None
    if said["after"].get("account"):
        return "there"
    if said["verdict"] != "unproven" or "logout" in said["actions"] or said["after"].get("status") == "SCAN_QR_CODE":
        return "gone"
    return "gone" if said["before"] and not said["after"] else "unknown"


def _expected_session(said: Mapping[str, Any]) -> dict[str, Any] | None:
    after = said["after"]
    return {**after, "settings": said.get("settings", {"webhooks": {}, "proxy": None})} if after else None


def _session(session: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a session in the terms of the cases. A QR code that isn't hidden makes it differ."""
    if session is None:
        return None
    shown = {
        "status": session["status"],
        "account": (session.get("me") or {}).get("id"),
        "settings": session["config"],
    }
    unknown = set(session) - {"name", "status", "config", "me", "qr"}
    return {**shown, "unknown": sorted(unknown)} if unknown or session.get("qr", REDACTED) != REDACTED else shown


def complaints(cases: Cases, phases: Mapping[str, Loop]) -> list[str]:
    """Return the differences of the loops' results, one for each phase, from the cases."""
    found = []
    for phase, loop in phases.items():
        found += [f"{phase}: {complaint}" for complaint in miscounted(loop, cases, phase)]
        for case, result in zip(cases, loop["results"]):
            different = differences(result, case, phase, loop)
            found += [f"{case['name']}, {phase}: {complaint}" for complaint in different]
            found += [f"{case['name']}, {phase}: {json.dumps(result)}"] if different else []
    return found


def unlike_truth(cases: Cases, instances: Cases, calls: Cases, after_again: Cases | None = None) -> list[str]:
    """Return the differences of the cases, with which the results agree, from the truth.

    Args:
        cases: the table.
        instances: the simulator's instances after the run.
        calls: all calls outside check mode.
        after_again: its instances after the second run, if there was one.
    """
    found = []
    truths = {truth["instance_id"]: truth for truth in instances}
    later = {truth["instance_id"]: truth for truth in after_again or []}
    for case in cases:
        name = case["name"]
        own = [call for call in calls if call["instance_id"] == name]
        different = _untrue(case, truths[name], later.get(name)) if name in truths else []
        different += _unsent(case, own, after_again is not None)
        found += [f"{name}: {complaint}" for complaint in different]
    return found


def _untrue(case: Mapping[str, Any], truth: Mapping[str, Any], later: Mapping[str, Any] | None) -> list[str]:
    said = told_by("run", case)
    found = _unequal({"linked": case["linked"]}, dict(truth))
    if said["before"]:
        found += _unequal({"removed": not said["after"]}, dict(truth))
    if said["after"]:
        found += _unequal({"status": said["after"]["status"]}, dict(truth))
    if said["verdict"] == "severed" and truth["linked"]:
        found.append("a verdict says severed, but the phone still lists the device")
    if later and not told_by("again", case)["actions"]:
        found += _unequal({"linked": truth["linked"], "status": truth["status"]}, dict(later))
    return found


def _unsent(case: Mapping[str, Any], calls: Cases, twice: bool) -> list[str]:
    said = told_by("run", case)["actions"] + (told_by("again", case)["actions"] if twice else [])
    found = _unequal({"sent": said}, {"sent": [call["call"] for call in calls if call["write"]]})
    blind = [c["before"] for c in calls if c["call"] == "logout" and c["before"] not in ("WORKING", "STARTING")]
    return found + [f"a logout was sent in {status}" for status in blind]


def _unequal(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Return the differences; keys only on the actual side count, except for a truth, which has many."""
    names = set(expected) | (set(actual) if "prediction" in expected else set())
    missing = object()
    return [
        f"{name}: {actual.get(name, 'missing')!r} instead of {expected.get(name, 'nothing')!r}"
        for name in sorted(names)
        if expected.get(name, missing) != actual.get(name, missing)
    ]


class FilterModule:
    """The filters for tables of cases."""

    def filters(self) -> dict[str, Any]:
        return {
            "wawp_complaints": complaints,
            "wawp_flat": flat,
            "wawp_one_of_each": one_of_each,
            "wawp_scene": sim,
            "wawp_unlike_truth": unlike_truth,
        }
