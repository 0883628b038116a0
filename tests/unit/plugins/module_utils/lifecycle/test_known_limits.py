# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can't be known, and so is not prevented. Each test shows a limit as it is; the docstring says why it stays."""

from __future__ import annotations

from ansible_collections.wawp.cloud.plugins.module_utils._steps import Goal
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.lifecycle.scene import Event, Scene, instance

LOGGED_OUT = Goal("logged_out")


def test_limit_an_unpair_that_the_engine_swallows_looks_severed() -> None:
    """The engine answers 2xx, wipes its key and goes on as after a real logout: nothing in the API differs."""
    scene = Scene(instance(), [Fault("swallow", call="logout")])
    outcome = scene.run(LOGGED_OUT)
    assert (outcome.verdict, scene.linked) == ("severed", True)


def test_limit_a_connection_that_drops_between_reading_and_logout_looks_severed() -> None:
    """WORKING is read, STARTING is what the logout meets. The reading is at most FRESH old, which is all we can do."""
    scene = Scene(instance(), events=[Event(4.0, "drop_connection")])
    outcome = scene.run(LOGGED_OUT)
    assert scene.calls[:2] == ["info=WORKING", "logout"]
    assert (outcome.verdict, scene.linked) == ("severed", True)


def test_limit_a_key_that_was_burnt_before_is_not_seen() -> None:
    """An unproven run ends in SCAN_QR_CODE. The next one sees that, and it is what a proper logout looks like, too."""
    scene = Scene(instance("STARTING", starts_into=["STARTING"]))
    goal = Goal("logged_out", start_timeout=6)
    first = scene.run(goal)
    second = scene.run(goal)
    assert (first.verdict, second.verdict, scene.linked) == ("unproven", "already_severed", True)
    assert first.advice


def test_limit_an_orphan_of_an_earlier_pairing_survives_a_proper_logout() -> None:
    """A burnt key and a new scan leave two devices on phones. A logout severs the one whose key is there."""
    scene = Scene(instance("SCAN_QR_CODE", linked=True), events=[Event(1.0, "scan")])
    scene.sleep(2)
    outcome = scene.run(LOGGED_OUT)
    assert outcome.verdict == "severed"
    assert scene.instance.orphans
    assert not scene.instance.linked


def test_limit_without_wait_a_second_run_meets_starting_and_logs_out_again() -> None:
    """The table of design.md: STARTING without `wait` is logged out. Just after a proper logout that burns nothing."""
    goal = Goal("logged_out", wait=False, wait_sleep=1.0)
    scene = Scene(instance())
    first = scene.run(goal)
    second = scene.run(goal)
    assert scene.writes == ["logout"]
    assert (first.verdict, second.verdict) == ("severed", "unproven")
    assert not scene.linked


def test_limit_an_engine_that_hangs_after_a_proper_logout_is_logged_out_again() -> None:
    """A STARTING that lasts is logged out, as design.md's table says; whether it has a key left doesn't show there."""
    scene = Scene(instance(starts_into=["STARTING"]))
    goal = Goal("logged_out", start_timeout=6)
    assert scene.run(goal).verdict == "severed"
    again = scene.run(goal)
    assert scene.writes == ["logout"]
    assert (again.verdict, scene.linked) == ("unproven", False)


def test_limit_an_older_engine_that_sleeps_is_started_again_to_look() -> None:
    """STOPPED without `me` is undecidable there: start_if_stopped wakes a session that was properly logged out."""
    scene = Scene(instance(shows_me_when_stopped=False), delays=Delays(hibernate=600))
    goal = Goal("logged_out", start_if_stopped=True)
    assert scene.run(goal).verdict == "severed"
    scene.sleep(3000)
    again = scene.run(goal)
    assert scene.writes == ["start"]
    assert (again.verdict, again.changed) == ("already_severed", True)


def test_limit_a_session_that_cannot_be_revived_is_restarted_in_each_run() -> None:
    """FAILED with an account may come back at any time; only a restart tells. One in each run, and it is unproven."""
    scene = Scene(instance("FAILED", linked=False))
    goal = Goal("logged_out", start_if_stopped=True)
    for dummy in range(2):
        assert scene.run(goal).verdict == "unproven"
        assert scene.writes == ["restart"]


def test_limit_doubt_about_a_repeated_start_costs_a_verdict_that_may_be_true() -> None:
    """A restart that got no answer and was repeated could strike during the logout; here it was lost, not late."""
    scene = Scene(instance("FAILED"), [Fault("http", call="restart", http_status=502)])
    outcome = scene.run(Goal("logged_out", start_if_stopped=True))
    assert (outcome.verdict, scene.linked) == ("unproven", False)
    assert "Linked devices" in (outcome.advice or "")


def test_limit_what_a_journal_proved_is_believed_of_starting_without_wait() -> None:
    """Without `wait` the alternative is to log out what was just logged out. With it the session is seen to settle."""
    scene = Scene(instance("STARTING"))
    hasty = scene.run(Goal("logged_out", wait=False, earlier="severed"))
    assert (hasty.verdict, scene.writes, scene.linked) == ("severed", [], True)
    careful = scene.run(Goal("logged_out", earlier="severed"))
    assert (careful.verdict, scene.writes, scene.linked) == ("severed", ["logout"], False)


def test_limit_a_scan_just_before_a_stop_or_deletion_is_hidden_by_it() -> None:
    """The reading is at most FRESH old. A newer engine still shows the account of a stopped session, no other does."""
    stopped = Scene(instance("SCAN_QR_CODE", shows_me_when_stopped=False), events=[Event(0.3, "scan")])
    deleted = Scene(instance("SCAN_QR_CODE"), events=[Event(0.3, "scan")])
    for scene, state in ((stopped, "decommissioned"), (deleted, "absent")):
        outcome = scene.run(Goal(state))
        assert (outcome.verdict, outcome.failed) == ("already_severed", False)
        assert scene.instance.account


def test_limit_a_logout_that_strikes_after_its_run_may_burn_the_key_unseen() -> None:
    """The gateway holds both tries back for longer than any run waits, and by then the host is asleep."""
    late = Fault("late", call="logout", seconds=400, times=2)
    scene = Scene(instance(), [late], events=[Event(300.0, "hibernate")])
    first = scene.run(LOGGED_OUT)
    scene.sleep(600)
    second = scene.run(LOGGED_OUT)
    assert (first.verdict, first.failed) == ("unproven", True)
    assert (second.verdict, scene.linked) == ("already_severed", True)
