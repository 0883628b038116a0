# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a journal's events tell about each instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._errors import WawpError
from .._session.model import NO_ACCOUNT, SCAN_QR_CODE, SEVERED, UNPROVEN, WORKING
from .._session.run import SENT
from .journal_lines import Event


class Known(NamedTuple):
    """What earlier runs have left about one instance.

    Attributes:
        verdict: a verdict, or SENT for a logout from WORKING whose end no run has seen.
        proven_at: when a run saw the proof, in UTC as results have it.
        proof_seconds: how long after the logout's reply that was.
    """

    verdict: str
    proven_at: str | None = None
    proof_seconds: float | None = None


def replay(events: Iterable[Event]) -> dict[str, Known]:
    """What is known from earlier runs, by instance id.

    A logout while STARTING may have burnt the key without unlinking; no later run can see that it didn't. Nor can it
    see what put a logout from WORKING in doubt.
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
    if event["event"] == "closed":  # a person has seen on the phone that the device is gone
        return None
    return _apply_outcome(event, known) if event["event"] == "outcome" else known


def _apply_sending(event: Event, known: Known | None) -> Known | None:
    if event.get("action") == "logout":
        sure = event.get("status") == WORKING and not event.get("in_doubt")
        return Known(SENT if sure and not _is(known, UNPROVEN) else UNPROVEN)
    # A session that awaits a scan after a logout from WORKING is severed; deleted, it can't be looked at any more.
    return Known(SEVERED) if _is(known, SENT) and event.get("status") == SCAN_QR_CODE else known


def _apply_outcome(event: Event, known: Known | None) -> Known | None:
    verdict, actions = event.get("verdict"), event.get("actions") or ()
    before = known
    for action in actions:  # the lines that told of these beforehand may be lost
        known = _apply_sending(action, known) if action.get("action") == "logout" else known
    if verdict == SEVERED or (verdict == NO_ACCOUNT and (known is None or _is(known, SENT))):
        proof = before if before and verdict == before.verdict and not event.get("proven_at") else None
        return proof or Known(str(verdict), event.get("proven_at"), event.get("proof_seconds"))
    burnt_before = _is(before, UNPROVEN) and event.get("earlier", UNPROVEN) == UNPROVEN
    if _is(known, SENT, UNPROVEN) and not burnt_before and _refused(actions):
        return None
    # A session that was severed and is unproven now has been paired again since: it is to be judged anew.
    if verdict == UNPROVEN and _is(known, SEVERED, NO_ACCOUNT):
        return None
    return Known(UNPROVEN) if _is(known, SENT) and event.get("in_doubt") else known


def _is(known: Known | None, *verdicts: str) -> bool:
    return known is not None and known.verdict in verdicts


def _refused(actions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether logouts were sent, and none of them can have taken effect."""
    ends = [str(action.get("outcome")) for action in actions if action.get("action") == "logout"]
    return bool(ends) and not any(end == "ok" or WawpError(end, "").ambiguous for end in ends)
