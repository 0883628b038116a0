# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known limits: what can't be known, and so isn't prevented. Each docstring says why the limit stays."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Known
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.environment import Outage
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    Event,
    SimulatedRun,
    instance,
)

LOGGED_OUT = Goal("logged_out")


# -- the limits that docs/verdicts.md names


@pytest.mark.parametrize("kind", ["refused", "silent"])
@pytest.mark.parametrize("generation", ["A", "B"])
def test_limit_an_outage_that_is_over_before_proof_timeout_looks_severed(kind: str, generation: str) -> None:
    """WORKING is still shown, the logout burns the key, and the outage ends so soon that SCAN_QR_CODE comes in time."""
    sim = SimulatedRun(instance(generation=generation), outages=[Outage(kind, 0.0, 20.0)])
    outcome = sim.run(LOGGED_OUT)
    assert sim.fooled
    assert (outcome.verdict, sim.linked) == ("severed", True)


@pytest.mark.parametrize("kind", ["refused", "silent"])
@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_restart_first_sees_through_such_an_outage(kind: str, generation: str) -> None:
    sim = SimulatedRun(instance(generation=generation), outages=[Outage(kind, 0.0, 20.0)])
    outcome = sim.run(Goal("logged_out", restart_first=True))
    assert sim.writes == ["restart", "logout"]
    assert (outcome.verdict, sim.linked) == ("severed", False)


def test_limit_an_engine_that_never_unlinks_looks_severed() -> None:
    """Before 2024.10.9 it wiped its key and sent the phone nothing; the API looks as after a good logout."""
    sim = SimulatedRun(instance(generation="K"))
    outcome = sim.run(LOGGED_OUT)
    assert (outcome.verdict, sim.linked) == ("severed", True)


def test_limit_a_key_that_somebody_else_has_burnt_is_not_seen() -> None:
    """A proper logout also ends in SCAN_QR_CODE. That is why the verdict is no_account, and not severed."""
    sim = SimulatedRun(instance("STARTING", starts_into=["STARTING"]))
    goal = Goal("logged_out", start_timeout=6)
    first = sim.run(goal)
    second = sim.run(goal)
    assert (first.verdict, second.verdict, sim.linked) == ("unproven", "no_account", True)
    third = sim.run(Goal("logged_out", previous=Known("unproven")))
    assert (third.verdict, third.key) == ("unproven", "gone")


def test_limit_a_session_that_was_paired_anew_and_stopped_since_its_proof_looks_severed() -> None:
    """An engine that hides the account at rest shows the same as after the proof. Others show the account."""
    proven = Known("severed", "2026-11-22T01:30:08.410Z", 1.034)
    for generation, ends in (("A", ("severed", True)), ("B", ("unproven", True))):
        sim = SimulatedRun(instance("STOPPED", generation=generation))
        outcome = sim.run(Goal("logged_out", previous=proven))
        assert (outcome.verdict, sim.linked) == ends


# -- moments of the same kind as an outage that is over at once


def test_limit_an_unpair_that_the_engine_swallows_looks_severed() -> None:
    """The engine answers 2xx, wipes its key and continues as after a real logout: nothing in the API differs."""
    sim = SimulatedRun(instance(), [Fault("swallow", call="logout")])
    outcome = sim.run(LOGGED_OUT)
    assert (outcome.verdict, sim.linked) == ("severed", True)


def test_limit_a_connection_that_drops_between_reading_and_logout_looks_severed() -> None:
    """WORKING is read, STARTING is what the logout meets. The reading is fresh enough, which is all we can do."""
    sim = SimulatedRun(instance(), events=[Event("logout", "drop_connection")])
    outcome = sim.run(LOGGED_OUT)
    assert sim.calls[:2] == ["info=WORKING", "logout"]
    assert (outcome.verdict, sim.linked) == ("severed", True)


def test_limit_a_restart_by_somebody_else_in_the_moment_before_the_logout_looks_severed() -> None:
    """The engine carries the logout out after the restart, when the session is STARTING."""
    sim = SimulatedRun(instance(), events=[Event("logout", "restart")])
    outcome = sim.run(LOGGED_OUT)
    assert sim.calls[:2] == ["info=WORKING", "logout"]
    assert (outcome.verdict, sim.linked) == ("severed", True)


def test_limit_a_scan_just_before_a_stop_or_deletion_is_hidden_by_it() -> None:
    """The reading is fresh enough. A newer engine still shows the account of a stopped session, no other does."""
    stopped = SimulatedRun(instance("SCAN_QR_CODE", generation="A"), events=[Event("stop", "scan")])
    deleted = SimulatedRun(instance("SCAN_QR_CODE"), events=[Event("delete", "scan")])
    for sim, state in ((stopped, "decommissioned"), (deleted, "absent")):
        outcome = sim.run(Goal(state))
        assert (outcome.verdict, outcome.failed) == ("no_account", False)
        # A deletion over a live connection also unlinks; a stop doesn't.
        assert sim.linked == (state == "decommissioned")


def test_limit_an_orphan_of_an_earlier_pairing_survives_a_proper_logout() -> None:
    """A burnt key and a new scan leave two devices on phones. A logout severs the one whose key is there."""
    sim = SimulatedRun(instance("SCAN_QR_CODE", linked=True), events=[Event(1.0, "scan")])
    sim.sleep(2)
    outcome = sim.run(LOGGED_OUT)
    assert outcome.verdict == "severed"
    assert sim.instance.orphans
    assert not sim.instance.linked


def test_limit_a_logout_that_strikes_after_its_run_may_burn_the_key_unseen() -> None:
    """The gateway holds both tries back for longer than any run waits, and by then the host is asleep."""
    late = Fault("late", call="logout", seconds=400, times=2)
    sim = SimulatedRun(instance(), [late], events=[Event(300.0, "hibernate")])
    first = sim.run(LOGGED_OUT)
    sim.sleep(600)
    second = sim.run(Goal("logged_out", start_if_stopped=True))
    assert (first.verdict, first.failed) == ("unproven", True)
    assert (second.verdict, sim.linked) == ("no_account", True)


# -- the cost of honesty: a verdict, a call or a start that was not needed


def test_limit_without_wait_a_second_run_meets_starting_and_logs_out_again() -> None:
    """STARTING without `wait` is logged out. Just after a proper logout that burns nothing."""
    goal = Goal("logged_out", wait=False, wait_sleep=1.0)
    sim = SimulatedRun(instance(), delays=Delays(qr=20.0))
    first = sim.run(goal)
    second = sim.run(goal)
    assert sim.writes == ["logout"]
    assert (first.verdict, second.verdict) == ("unproven", "unproven")
    assert not sim.linked


def test_limit_an_engine_that_hangs_after_a_proper_logout_is_unproven_and_logged_out_again() -> None:
    """Neither run can tell it from a logout that met an outage."""
    sim = SimulatedRun(instance(starts_into=["STARTING"]))
    goal = Goal("logged_out", start_timeout=6)
    assert sim.run(goal).verdict == "unproven"
    again = sim.run(goal)
    assert sim.writes == ["logout"]
    assert (again.verdict, sim.linked) == ("unproven", False)


@pytest.mark.parametrize("generation", ["A", "B"])
def test_limit_a_session_that_sleeps_is_started_again_to_look(generation: str) -> None:
    """STOPPED with an empty account is undecidable: start_if_stopped wakes a session that was properly logged out."""
    sim = SimulatedRun(instance(generation=generation), delays=Delays(hibernate=600))
    goal = Goal("logged_out", start_if_stopped=True)
    assert sim.run(goal).verdict == "severed"
    sim.sleep(3000)
    again = sim.run(goal)
    assert sim.writes == ["start"]
    assert (again.verdict, again.changed) == ("no_account", True)


def test_limit_a_session_that_cannot_be_revived_is_restarted_in_each_run() -> None:
    """FAILED with an account may come back at any time; only a restart shows that. One per run, and it is unproven."""
    sim = SimulatedRun(instance("FAILED", linked=False))
    goal = Goal("logged_out", start_if_stopped=True)
    for dummy in range(2):
        assert sim.run(goal).verdict == "unproven"
        assert sim.writes == ["restart"]


def test_limit_doubt_about_a_repeated_start_costs_a_verdict_that_may_be_true() -> None:
    """A restart that got no answer and was repeated could strike during the logout; here it was lost, not late."""
    lost = Fault("http", call="restart", http_status=502)
    sim = SimulatedRun(instance("FAILED"), [lost])
    outcome = sim.run(Goal("logged_out", start_if_stopped=True))
    assert (outcome.verdict, sim.linked) == ("unproven", False)
    assert "Linked devices" in (outcome.advice or "")
    careful = SimulatedRun(instance("FAILED"), [Fault("http", call="restart", http_status=502)])
    outcome = careful.run(Goal("logged_out", start_if_stopped=True, on_unproven="fail"))
    assert (outcome.verdict, outcome.key, careful.writes) == ("unproven", "there", ["restart", "restart"])


def test_limit_a_slow_host_needs_a_longer_proof_timeout() -> None:
    """It looks like an outage that is over; the advice names both numbers."""
    sim = SimulatedRun(instance(), delays=Delays(qr=45.0))
    outcome = sim.run(LOGGED_OUT)
    assert (outcome.verdict, sim.linked) == ("unproven", False)
    assert "SCAN_QR_CODE came 47.2 s after the logout's reply, and proof_timeout is 30 s" in (outcome.advice or "")
    assert outcome.proof_seconds == pytest.approx(47.2, abs=0.1)
    patient = SimulatedRun(instance(), delays=Delays(qr=45.0))
    assert patient.run(Goal("logged_out", proof_timeout=60.0)).verdict == "severed"
