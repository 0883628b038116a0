# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other states of a session, and what stays unchanged."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    SimulatedRun,
    instance,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.stories import (
    SEEN,
    lie,
    play,
    summary,
)

# -- the other states


@pytest.mark.parametrize(
    ("state", "status", "calls"),
    [
        ("started", "WORKING", ["info=WORKING"]),
        ("started", "SCAN_QR_CODE", ["info=SCAN_QR_CODE"]),
        ("started", "PASSKEY_REQUIRED", ["info=PASSKEY_REQUIRED"]),
        ("started", "STARTING", ["info=STARTING"] * 3 + ["info=WORKING"]),
        ("started", "STOPPED", ["info=STOPPED"] * 2 + ["start"] + ["info=STARTING"] * 2 + ["info=WORKING"]),
        ("started", "FAILED", ["info=FAILED"] * 2 + ["restart"] + ["info=STARTING"] * 2 + ["info=WORKING"]),
        ("stopped", "STOPPED", ["info=STOPPED"] * 2),
        ("stopped", "WORKING", ["info=WORKING", "stop", "info=STOPPED"]),
        ("stopped", "FAILED", ["info=FAILED", "stop", "info=STOPPED"]),
        ("restarted", "WORKING", ["info=WORKING", "restart", *["info=STARTING"] * 2, "info=WORKING"]),
        ("restarted", "SCAN_QR_CODE", ["info=SCAN_QR_CODE", "restart", "info=STARTING", "info=SCAN_QR_CODE"]),
        ("absent", "WORKING", ["info=WORKING", "logout", *SEEN, "delete", "info!unknown_session"]),
        ("absent", "SCAN_QR_CODE", ["info=SCAN_QR_CODE", "delete", "info!unknown_session"]),
    ],
)
def test_the_other_states(state: str, status: str, calls: list[str]) -> None:
    sim, outcome = play(instance(status), Goal(state))
    assert sim.calls == calls
    assert not outcome.failed
    assert outcome.changed == bool(sim.writes)


def test_started_refuses_a_status_that_it_does_not_know() -> None:
    sim, outcome = play(instance("SOMETHING_NEW"), Goal("started"))
    assert sim.calls == ["info=SOMETHING_NEW"]
    assert outcome.failed


@pytest.mark.parametrize(("status", "me"), [("STOPPED", True), ("STOPPED", False), ("FAILED", True)])
def test_absent_keeps_the_only_key_to_a_link_that_may_stand(status: str, me: bool) -> None:
    sim, outcome = play(instance(status, generation="B" if me else "A"), Goal("absent"))
    assert not sim.writes
    assert outcome.failed
    assert "logout_first=false" in outcome.message + (outcome.advice or "")


def test_absent_keeps_the_key_after_a_logout_that_may_not_have_come_through() -> None:
    faults = (Fault("http", call="logout", http_status=502), lie("STARTING", skip=1))
    sim, outcome = play(instance(), Goal("absent", wait=False, wait_sleep=0.01), *faults)
    assert "delete" not in sim.writes or not sim.linked
    assert outcome.failed or outcome.verdict == "severed"


def test_absent_without_a_logout_deletes_and_says_that_the_link_may_stand() -> None:
    sim, outcome = play(instance(), Goal("absent", logout_first=False))
    assert sim.calls == ["info=WORKING", "delete", "info!unknown_session"]
    assert summary(outcome) == ("unproven", True, False)


def test_absent_and_gone_already_is_unchanged() -> None:
    sim = SimulatedRun(instance())
    sim.engine.ask("delete", sim.instance.instance_id)
    outcome = sim.run(Goal("absent"))
    assert sim.calls == ["info!unknown_session"] * 2
    assert summary(outcome) == (None, False, False)


def test_absent_without_a_logout_wants_to_know_whose_session_it_deletes() -> None:
    hidden = instance("STOPPED", generation="A")
    goal = Goal("absent", logout_first=False, expect_account=parse_account(OURS))
    sim, outcome = play(hidden, goal)
    assert not sim.writes
    assert "doesn't say whose it is" in outcome.message
