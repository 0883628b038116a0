# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A plan: the actions for each instance, and the phrase that confirms them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .._errors import UNKNOWN_SESSION, OptionError
from .._identity import identity_of
from .._redact import one_line
from .._session.model import GONE, NO_ACCOUNT, PROVEN, SCAN_QR_CODE, UNPROVEN
from .hash_chain import digest

FORMAT = "wawp.cloud/plan/1"
# Expected of an instance to which the requested account is already linked.
LINKED_ALREADY = "linked_already"
# Hexadecimal digits in a phrase, 80 bits, in groups that a person can compare.
_DIGITS, _GROUP = 20, 4
# Instances that a person reads.
_READABLE = 60
_IRREVERSIBLE = ("logout", "delete")
# The irreversible effect of each call, in words for the person who decides.
_FINAL: Mapping[str, str] = {
    "logout": "Logging out can't be undone: to connect again, somebody has to scan a QR code with the phone.",
    "delete": "Deleting can't be undone: the instance and its settings are gone.",
    "temp_link_revoke": "Temporary links are revoked where there are any, and don't come back; new ones can be made.",
}
_PORTS = {"http": 80, "https": 443}


def normalized_url(url: str) -> str:
    """Normalize the API's address: however it is written, the same address makes the same plan."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".")
    port = f":{parts.port}" if parts.port and parts.port != _PORTS.get(parts.scheme.lower()) else ""
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    return f"{parts.scheme.lower()}://{f'[{host}]' if ':' in host else host}{port}{path}"


def plan_entry(session: Mapping[str, Any], account_digest: str) -> dict[str, Any]:
    """Return what is expected of one instance.

    Args:
        session: the prediction of its run, as wawp_fleet returns it in check mode.
        account_digest: a digest of the whole account, empty if none was seen.
    """
    actions = session.get("actions") or []
    verdict = session.get("verdict")
    calls = [str(action["action"]) for action in actions]
    fails = bool(session.get("failed")) and verdict not in PROVEN
    status = actions[0]["status"] if actions else session.get("previous_status")
    # A session with a burnt key doesn't count as blocked: it can be read, and only the phone can do more.
    burnt = bool(status) and session.get("key") == GONE
    return {
        **identity_of(session).fields,
        "state": session.get("state"),
        # The status that the first call rests on: the very first reading may show a passing one.
        "status": status,
        "exists": True if status else _exists_unread(session),
        "account": session.get("account"),
        "account_digest": account_digest,
        "calls": calls,
        "expected": verdict,
        "fails": fails,
        "blocked": session.get("msg") if fails and not calls and not burnt else None,
        "advice": session.get("advice"),
    }


def _exists_unread(session: Mapping[str, Any]) -> bool | None:
    """Return False for a session that doesn't exist, None for one that could not be read."""
    error = session.get("error")
    return None if error and error["kind"] != UNKNOWN_SESSION else False


def linked_already(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of an instance that already has the requested account, so nothing is sent to it."""
    return {**entry, "calls": [], "expected": LINKED_ALREADY, "fails": False, "blocked": None, "advice": None}


def make_plan(terms: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], time: str) -> dict[str, Any]:
    """Put a plan together.

    Args:
        terms: ``action``, ``api_url``, ``delete``, ``accepted`` and ``arriving``, which the phrase covers too, so that
            none of them can be added after the plan is approved.
        entries: see plan_entry.
        time: when the sessions were read.

    Raises:
        OptionError: an accepted instance isn't in the plan.
    """
    unknown = sorted(set(terms["accepted"]) - {str(entry["instance_id"]) for entry in entries})
    if unknown:
        raise OptionError("accept_unproven", f"{', '.join(unknown)} isn't in the plan")
    plan = {"format": FORMAT, "time": time, **terms, "entries": [dict(entry) for entry in entries]}
    return {**plan, **seal(plan)}


def seal(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return the fingerprint of a plan, and the phrases that confirm it.

    The phrases cover instances, accounts and irreversible calls, but not statuses and times, which change on their own.
    """
    terms = {name: plan[name] for name in ("api_url", "delete", "accepted", "arriving")}
    entries = sorted(map(_fingerprint_fields, plan["entries"]))

    def fingerprint(action: str) -> str:
        return digest({"action": action, **terms, "entries": entries})

    def phrase(action: str) -> str:
        digits = fingerprint(action)[:_DIGITS]
        groups = [digits[start : start + _GROUP] for start in range(0, _DIGITS, _GROUP)]
        return "-".join([*words(action), str(len(entries)), *groups])

    sealed = {"fingerprint": fingerprint(plan["action"]), "confirm": phrase(plan["action"])}
    return {**sealed, "confirm_delete": phrase("delete")} if plan["delete"] else sealed


def _fingerprint_fields(entry: Mapping[str, Any]) -> list[Any]:
    return [str(entry[name] or "") for name in ("instance_id", "state", "account_digest")] + [irreversible(entry)]


def irreversible(entry: Mapping[str, Any]) -> list[str]:
    """Return the irreversible calls that an instance would get, and whether they would prove anything."""
    unproven = " unproven" if entry["expected"] == UNPROVEN else ""
    return sorted({f"{call}{unproven}" for call in entry["calls"] if call in _IRREVERSIBLE})


def words(phrase: str | None) -> list[str]:
    """Split a phrase into words, ignoring what a person may type differently: blanks for dashes, capitals."""
    return re.findall(r"[^\s-]+", (phrase or "").lower())


def differences(approved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the reasons why an approved plan doesn't cover what would be done now, one a line; empty if it does.

    A session may have drifted, or been dealt with, since. A different account, or a further irreversible call, makes a
    different plan.
    """
    found = [f"{name}: {now[name]}, approved was {approved[name]}" for name in _TERMS if approved[name] != now[name]]
    if approved["arriving"] != now["arriving"]:
        found.append("arriving: other instances or accounts than approved")
    before = {entry["instance_id"]: entry for entry in approved["entries"]}
    after = {entry["instance_id"]: entry for entry in now["entries"]}
    found += [f"{name}: approved, and not in this run" for name in sorted(set(before) - set(after))]
    for name, entry in after.items():
        change = _change(before[name], entry) if name in before else "not in the approved plan"
        if change:
            found.append(f"{name}: {change}")
    return found


_TERMS = ("action", "api_url", "delete", "accepted")


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    if before["state"] != after["state"]:
        return f"to be {after['state']}, approved was {before['state']}"
    if after["expected"] == LINKED_ALREADY:  # the arriving account was approved, and nothing is sent
        return None
    # Engines hide the account at rest: approving a logout there approves it for any account.
    hidden = not before["account_digest"] and "logout" in before["calls"] and before["status"] != SCAN_QR_CODE
    if after["account_digest"] not in ("", before["account_digest"]) and not hidden:
        return f"account {after['account']}, approved was {before['account'] or 'none'}"
    more = sorted(set(irreversible(after)) - set(irreversible(before)))
    return f"{', '.join(more)} would be sent, which was not approved" if more else None


def unready(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries that are expected to fail and aren't accepted."""
    return [entry for entry in plan["entries"] if entry["fails"] and not _accepted(entry, plan)]


def unread(plan: Mapping[str, Any]) -> bool:
    """Whether no session could be read, so the plan says nothing about them."""
    return all(entry["exists"] is None for entry in plan["entries"])


def hopeless(plan: Mapping[str, Any]) -> bool:
    """Whether every instance is blocked."""
    return all(entry["blocked"] and not _accepted(entry, plan) for entry in plan["entries"])


def _accepted(entry: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    return entry["instance_id"] in plan["accepted"]


def options(plan: Mapping[str, Any]) -> str:
    """Return the phrases as command line options, without blanks, at which ansible-playbook would cut them off."""
    names = [name for name in ("confirm", "confirm_delete") if name in plan]
    return " ".join(f"-e wawp_{name}={plan[name]}" for name in names)


def effects(plan: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of each call that would be sent."""
    return dict(sorted(Counter(call for entry in plan["entries"] for call in entry["calls"]).items()))


def finality(plan: Mapping[str, Any]) -> list[str]:
    """Describe what can't be undone, in words."""
    calls = {*effects(plan), *(["delete"] if plan["delete"] else [])}
    # A plan doesn't look for links: one may appear at any time, and revoking it loses nothing.
    if any(entry["calls"] and entry["state"] == "decommissioned" for entry in plan["entries"]):
        calls.add("temp_link_revoke")
    return [said for call, said in _FINAL.items() if call in calls]


def lines(plan: Mapping[str, Any], head: Sequence[str]) -> list[str]:
    """Return the plan as a person reads it before deciding: blocked instances first, the phrase last."""
    entries = sorted(plan["entries"], key=lambda entry: _urgency(entry, plan))
    sent = ", ".join(f"{count} x {call}" for call, count in effects(plan).items())
    expected = Counter(_expectation(entry, plan) for entry in entries)
    shown = [f"Plan: {plan['action']} {len(entries)} instance{'' if len(entries) == 1 else 's'}", *head]
    shown.append(f"Expected: {', '.join(f'{count} {what}' for what, count in expected.items())}")
    shown += [f"  {_told(entry, plan)}" for entry in entries[:_READABLE]]
    if len(entries) > _READABLE:
        shown.append(f"  and {len(entries) - _READABLE} more, all in the plan's file and in the result of this task")
    shown += [f"Would be sent: {sent or 'nothing'}", *finality(plan)]
    if unread(plan):
        return [*shown, "None of them could be read, so there is nothing to confirm yet"]
    return [*shown, f"To confirm: {options(plan)}"]


def _urgency(entry: Mapping[str, Any], plan: Mapping[str, Any]) -> int:
    order = ("blocked", "accepted", "would stay unproven")
    expectation = _expectation(entry, plan)
    return next((place for place, word in enumerate(order) if expectation.startswith(word)), len(order))


def _expectation(entry: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    if entry["blocked"]:
        return "accepted, though blocked" if _accepted(entry, plan) else "blocked"
    if entry["expected"] == UNPROVEN:
        return "accepted unproven" if _accepted(entry, plan) else "would stay unproven"
    return {NO_ACCOUNT: "without an account already", LINKED_ALREADY: "linked already"}.get(
        entry["expected"], f"would be {entry['expected'] or entry['state']}"
    )


def _told(entry: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    who = f", {entry['account']}" if entry["account"] else ""
    arrives = next((each for each in plan["arriving"] if each["instance_id"] == entry["instance_id"]), None)
    comes = f"; then {arrives['account'] or 'whoever scans'} links" if arrives else ""
    absent = "not read" if entry["exists"] is None else "not there"
    said = f"{identity_of(entry)}: {entry['status'] or absent}{who}"
    return f"{said} -> {_expectation(entry, plan)}: {_what(entry)}{comes}"


def _what(entry: Mapping[str, Any]) -> str:
    """Describe what would be sent to an instance, or why nothing would."""
    if entry["calls"]:
        return ", ".join(entry["calls"])
    why = entry["blocked"] or (entry["advice"] if entry["expected"] == UNPROVEN else None)
    return one_line(why) if why else "nothing"
