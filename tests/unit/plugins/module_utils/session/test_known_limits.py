# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can't be known, and so is not prevented. Each test shows a limit as it is; the docstring says why it stays."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    Event,
    SimulatedRun,
    instance,
)

# The engine sends `me: null` where it hides an account, and a logout acts when it arrives, not when it is answered.
HANDED_OVER = pytest.mark.xfail(strict=True, reason="issue 13: to be settled by the new rule")

LOGGED_OUT = Goal("logged_out")


def test_limit_an_unpair_that_the_engine_swallows_looks_severed() -> None:
    """The engine answers 2xx, wipes its key and goes on as after a real logout: nothing in the API differs."""
    sim = SimulatedRun(instance(), [Fault("swallow", call="logout")])
    outcome = sim.run(LOGGED_OUT)
    assert (outcome.verdict, sim.linked) == ("severed", True)


@HANDED_OVER
def test_limit_a_connection_that_drops_between_reading_and_logout_looks_severed() -> None:
    """WORKING is read, STARTING is what the logout meets. The reading is fresh enough, which is all we can do."""
    sim = SimulatedRun(instance(), events=[Event(4.0, "drop_connection")])
    outcome = sim.run(LOGGED_OUT)
    assert sim.calls[:2] == ["info=WORKING", "logout"]
    assert (outcome.verdict, sim.linked) == ("severed", True)


def test_limit_a_key_that_was_burnt_before_is_not_seen() -> None:
    """An unproven run ends in SCAN_QR_CODE. The next one sees that, and it is what a proper logout looks like, too."""
    sim = SimulatedRun(instance("STARTING", starts_into=["STARTING"]))
    goal = Goal("logged_out", start_timeout=6)
    first = sim.run(goal)
    second = sim.run(goal)
    assert (first.verdict, second.verdict, sim.linked) == ("unproven", "no_account", True)
    assert first.advice


def test_limit_an_orphan_of_an_earlier_pairing_survives_a_proper_logout() -> None:
    """A burnt key and a new scan leave two devices on phones. A logout severs the one whose key is there."""
    sim = SimulatedRun(instance("SCAN_QR_CODE", linked=True), events=[Event(1.0, "scan")])
    sim.sleep(2)
    outcome = sim.run(LOGGED_OUT)
    assert outcome.verdict == "severed"
    assert sim.instance.orphans
    assert not sim.instance.linked


def test_limit_without_wait_a_second_run_meets_starting_and_logs_out_again() -> None:
    """The table of design.md: STARTING without `wait` is logged out. Just after a proper logout that burns nothing."""
    goal = Goal("logged_out", wait=False, wait_sleep=1.0)
    sim = SimulatedRun(instance())
    first = sim.run(goal)
    second = sim.run(goal)
    assert sim.writes == ["logout"]
    assert (first.verdict, second.verdict) == ("severed", "unproven")
    assert not sim.linked


def test_limit_an_engine_that_hangs_after_a_proper_logout_is_logged_out_again() -> None:
    """A STARTING that lasts is logged out, as design.md's table says; whether it has a key left doesn't show there."""
    sim = SimulatedRun(instance(starts_into=["STARTING"]))
    goal = Goal("logged_out", start_timeout=6)
    assert sim.run(goal).verdict == "severed"
    again = sim.run(goal)
    assert sim.writes == ["logout"]
    assert (again.verdict, sim.linked) == ("unproven", False)


@HANDED_OVER
def test_limit_an_older_engine_that_sleeps_is_started_again_to_look() -> None:
    """STOPPED without `me` is undecidable there: start_if_stopped wakes a session that was properly logged out."""
    sim = SimulatedRun(instance(generation="A"), delays=Delays(settle=5.0, qr=3.0, hibernate=600))
    goal = Goal("logged_out", start_if_stopped=True)
    assert sim.run(goal).verdict == "severed"
    sim.sleep(3000)
    again = sim.run(goal)
    assert sim.writes == ["start"]
    assert (again.verdict, again.changed) == ("no_account", True)


def test_limit_a_session_that_cannot_be_revived_is_restarted_in_each_run() -> None:
    """FAILED with an account may come back at any time; only a restart tells. One in each run, and it is unproven."""
    sim = SimulatedRun(instance("FAILED", linked=False))
    goal = Goal("logged_out", start_if_stopped=True)
    for dummy in range(2):
        assert sim.run(goal).verdict == "unproven"
        assert sim.writes == ["restart"]


def test_limit_doubt_about_a_repeated_start_costs_a_verdict_that_may_be_true() -> None:
    """A restart that got no answer and was repeated could strike during the logout; here it was lost, not late."""
    sim = SimulatedRun(instance("FAILED"), [Fault("http", call="restart", http_status=502)])
    outcome = sim.run(Goal("logged_out", start_if_stopped=True))
    assert (outcome.verdict, sim.linked) == ("unproven", False)
    assert "Linked devices" in (outcome.advice or "")


@HANDED_OVER
def test_limit_what_a_journal_proved_is_believed_of_starting_without_wait() -> None:
    """Without `wait` the alternative is to log out what was just logged out. With it the session is seen to settle."""
    sim = SimulatedRun(instance("STARTING"))
    hasty = sim.run(Goal("logged_out", wait=False, previous_verdict="severed"))
    assert (hasty.verdict, sim.writes, sim.linked) == ("severed", [], True)
    careful = sim.run(Goal("logged_out", previous_verdict="severed"))
    assert (careful.verdict, sim.writes, sim.linked) == ("severed", ["logout"], False)


@HANDED_OVER
def test_limit_a_scan_just_before_a_stop_or_deletion_is_hidden_by_it() -> None:
    """The reading is fresh enough. A newer engine still shows the account of a stopped session, no other does."""
    stopped = SimulatedRun(instance("SCAN_QR_CODE", generation="A"), events=[Event(0.3, "scan")])
    deleted = SimulatedRun(instance("SCAN_QR_CODE"), events=[Event(0.3, "scan")])
    for sim, state in ((stopped, "decommissioned"), (deleted, "absent")):
        outcome = sim.run(Goal(state))
        assert (outcome.verdict, outcome.failed) == ("no_account", False)
        assert sim.instance.account


def test_limit_a_logout_that_strikes_after_its_run_may_burn_the_key_unseen() -> None:
    """The gateway holds both tries back for longer than any run waits, and by then the host is asleep."""
    late = Fault("late", call="logout", seconds=400, times=2)
    sim = SimulatedRun(instance(), [late], events=[Event(300.0, "hibernate")])
    first = sim.run(LOGGED_OUT)
    sim.sleep(600)
    second = sim.run(LOGGED_OUT)
    assert (first.verdict, first.failed) == ("unproven", True)
    assert (second.verdict, sim.linked) == ("no_account", True)
