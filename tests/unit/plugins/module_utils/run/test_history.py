# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replay of a journal's events for each instance, and queries about a journal."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run.history import replay
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import NO_ACCOUNT, SEVERED, UNPROVEN, VERDICTS
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import SENT
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.journals import (
    ID,
    TIME,
)
from hypothesis import given
from hypothesis import strategies as st

# -- facts from earlier runs


def known_after(events: list[dict[str, Any]]) -> str | None:
    known = replay(events).get(ID)
    return known.verdict if known else None


def sending(status: str, action: str = "logout", instance_id: str = ID) -> dict[str, Any]:
    return {"event": "sending", "instance_id": instance_id, "action": action, "status": status}


def outcome(verdict: str | None, *logouts: str, instance_id: str = ID) -> dict[str, Any]:
    actions = [{"action": "logout", "outcome": end, "status": "WORKING"} for end in logouts]
    return {"event": "outcome", "instance_id": instance_id, "verdict": verdict, "actions": actions}


WORKING, STARTING, SCAN = sending("WORKING"), sending("STARTING"), sending("SCAN_QR_CODE", "delete")


@pytest.mark.parametrize(
    ("events", "known"),
    [
        ([], None),
        ([WORKING], SENT),
        ([STARTING], UNPROVEN),
        ([WORKING, outcome(SEVERED, "ok")], SEVERED),
        ([outcome(NO_ACCOUNT)], NO_ACCOUNT),
        # Nothing was sent, so a later run is free to see for itself.
        ([outcome(UNPROVEN)], None),
        ([outcome(None)], None),
        # The end of a logout that may have been carried out was not seen.
        ([WORKING, outcome(UNPROVEN, "timeout")], SENT),
        ([WORKING, outcome(UNPROVEN, "gateway", "bad_token")], SENT),
        ([WORKING, outcome(UNPROVEN)], SENT),
        # A logout that was refused severs nothing, whoever logs the session out afterwards.
        ([WORKING, outcome(UNPROVEN, "bad_token")], None),
        ([WORKING, outcome(UNPROVEN, "rate_limited", "forbidden")], None),
        # The key was burnt while STARTING: for good.
        ([STARTING, outcome(NO_ACCOUNT)], UNPROVEN),
        ([STARTING, WORKING], UNPROVEN),
        ([WORKING, STARTING], UNPROVEN),
        ([outcome(SEVERED, "ok"), STARTING], UNPROVEN),
        # So it is where something put a logout from WORKING in doubt.
        ([{**WORKING, "in_doubt": True}, outcome(UNPROVEN, "ok")], UNPROVEN),
        ([{**WORKING, "in_doubt": True}], UNPROVEN),
        ([{**WORKING, "in_doubt": False}], SENT),
        ([WORKING, {**outcome(UNPROVEN, "timeout"), "in_doubt": True}], UNPROVEN),
        ([{**outcome(UNPROVEN), "in_doubt": True}], None),
        # A logout while STARTING that was refused burnt nothing; one before it may have.
        ([STARTING, {**outcome(UNPROVEN, "rate_limited"), "earlier": None}], None),
        ([STARTING, {**outcome(UNPROVEN, "rate_limited", "timeout"), "earlier": None}], UNPROVEN),
        ([STARTING, STARTING, {**outcome(UNPROVEN, "wrong_status"), "earlier": UNPROVEN}], UNPROVEN),
        ([STARTING, {**outcome(UNPROVEN), "earlier": None}], UNPROVEN),
        # Severed, and later looked at again.
        ([outcome(SEVERED, "ok"), outcome(NO_ACCOUNT)], SEVERED),
        ([WORKING, outcome(NO_ACCOUNT)], NO_ACCOUNT),
        # Severed, paired again, and not yet severed again.
        ([outcome(SEVERED, "ok"), {**outcome(UNPROVEN), "key": "there"}], None),
        # Severed, and for a moment nothing could be seen: the proof stands.
        ([outcome(SEVERED, "ok"), {**outcome(UNPROVEN), "key": "unknown"}], SEVERED),
        ([outcome(SEVERED, "ok"), WORKING], SENT),
        # Deleted, it can't be looked at any more: what the run had seen by then is what counts.
        ([WORKING, {**SCAN, "verdict": SEVERED}], SEVERED),
        ([WORKING, SCAN], SENT),
        ([SCAN], None),
        ([STARTING, SCAN], UNPROVEN),
        ([WORKING, sending("STARTING", "delete")], SENT),
        # Events that this version doesn't know.
        ([WORKING, {"event": "note", "instance_id": ID}], SENT),
    ],
)
def test_what_is_known_after_these_events(events: list[dict[str, Any]], known: str | None) -> None:
    assert known_after(events) == known


EVENTS = st.lists(
    st.one_of(
        st.builds(
            sending, st.sampled_from(["WORKING", "STARTING", "SCAN_QR_CODE"]), st.sampled_from(["logout", "delete"])
        ),
        st.builds(outcome, st.sampled_from([*VERDICTS, None]), st.sampled_from(["ok", "timeout", "bad_token"])),
    ),
    max_size=8,
)


@given(EVENTS)
def test_severed_is_known_only_if_a_run_saw_it(events: list[dict[str, Any]]) -> None:
    known = known_after(events)
    said = {event.get("verdict") for event in events}
    if known == SEVERED:
        assert SEVERED in said
    if known == NO_ACCOUNT:
        assert NO_ACCOUNT in said


@given(EVENTS)
def test_a_burnt_key_stays_burnt_until_a_run_has_severed_it(events: list[dict[str, Any]]) -> None:
    later = [event for event in events if event.get("verdict") != SEVERED]
    assert known_after([STARTING, *later]) == UNPROVEN


@given(EVENTS, EVENTS)
def test_sessions_do_not_mix(mine: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    strangers = [{**event, "instance_id": "other"} for event in others]
    mixed = [event for pair in zip(mine, strangers) for event in pair]
    rest = [*mine[len(strangers) :], *strangers[len(mine) :]]
    assert known_after([*mixed, *rest]) == known_after(mine)


def test_a_proof_keeps_its_time_through_later_looks() -> None:
    proven = {**outcome(SEVERED, "ok"), "proven_at": TIME, "proof_seconds": 1.5}
    for later in ([], [outcome(SEVERED)], [outcome(NO_ACCOUNT)]):
        known = replay([proven, *later])[ID]
        assert (known.verdict, known.proven_at, known.proof_seconds) == (SEVERED, TIME, 1.5)
    assert replay([proven, WORKING])[ID].proven_at is None
