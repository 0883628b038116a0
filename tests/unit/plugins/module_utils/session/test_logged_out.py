# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each row of the rule of ``state: logged_out``, and the other states, as the exact calls they send."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Known
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    THEIRS,
    SimulatedRun,
    instance,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.stories import (
    SEEN,
    lie,
    logged_out,
    play,
    summary,
)

# -- WORKING


@pytest.mark.parametrize("engine", ["WEBJS", "NOWEB", "GOWS"])
def test_working_is_logged_out_and_seen_without_an_account(engine: str) -> None:
    sim, outcome = play(instance(engine=engine), logged_out())
    waits = {"NOWEB": 2, "GOWS": 2, "WEBJS": 5}[engine]
    assert sim.calls == ["info=WORKING", "logout", *["info=STARTING"] * (waits - 1), "info=SCAN_QR_CODE"]
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


@pytest.mark.parametrize(
    ("fault", "scale", "soonest", "latest"),
    [
        ((), 1.0, 1.0, 1.1),  # a second later an engine shows the effect of a logout that took seconds
        ((), 0.1, 0.0, 0.1),  # and one that was quick at once
        # Without a clear answer it may not have been carried out, so there is nothing to wait for.
        ((Fault("http", call="logout", http_status=504, when="after"),), 1.0, 0.0, 0.1),
    ],
)
def test_the_first_verifying_read_comes_soon(
    fault: tuple[Fault, ...], scale: float, soonest: float, latest: float
) -> None:
    sim, dummy = play(instance(), logged_out(), *fault, delays=Delays(scale=scale))
    assert soonest <= sim.sent[2].at - sim.sent[1].at < latest


def test_a_logout_without_wait_is_read_once_and_unproven() -> None:
    sim, outcome = play(instance(), logged_out(wait=False))
    assert sim.calls == ["info=WORKING", "logout", "info=STARTING"]
    assert summary(outcome) == ("unproven", True, False)
    assert outcome.key == "gone"


def test_a_logout_without_wait_is_severed_where_the_qr_code_is_on_show_at_once() -> None:
    sim, outcome = play(instance(), logged_out(wait=False), delays=Delays(qr=0.0))
    assert sim.calls == ["info=WORKING", "logout", "info=SCAN_QR_CODE"]
    assert summary(outcome) == ("severed", True, False)


def test_accepted_but_never_seen_fails_in_the_end() -> None:
    still_working = Fault(
        "patch", call="info", times=None, skip=1, replace={"status": "WORKING", "me": {"id": OURS, "pushName": "x"}}
    )
    sim, outcome = play(instance(), logged_out(wait_timeout=9, proof_timeout=6), still_working)
    assert sim.calls == ["info=WORKING", "logout", *["info=WORKING"] * 5]
    assert summary(outcome) == ("unproven", True, True)
    assert "logout was accepted, but after 9 s the session is WORKING" in outcome.message
    assert outcome.key == "there"


def test_accepted_but_not_seen_without_wait_is_unproven() -> None:
    still_working = Fault("patch", call="info", skip=1, replace={"status": "WORKING", "me": {"id": OURS}})
    sim, outcome = play(instance(), logged_out(wait=False), still_working)
    assert sim.calls == ["info=WORKING", "logout", "info=WORKING"]
    assert summary(outcome) == ("unproven", True, False)
    assert outcome.key == "unknown"
    assert "run again" in outcome.advice


def test_a_status_that_nobody_knows_is_never_read_as_logged_out() -> None:
    unknown = Fault("patch", call="info", times=None, skip=1, replace={"status": "RESTING", "me": None})
    dummy, outcome = play(instance(), logged_out(wait_timeout=6), unknown)
    assert summary(outcome) == ("unproven", True, True)
    assert "RESTING" in outcome.message


# -- STARTING


def test_starting_is_given_time_and_logged_out_from_working() -> None:
    sim, outcome = play(instance("STARTING"), logged_out())
    assert sim.calls == ["info=STARTING"] * 3 + ["info=WORKING", "logout", *SEEN]
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


def test_starting_that_leads_to_a_qr_code_is_done() -> None:
    sim, outcome = play(instance("STARTING", credentials=False, linked=False), logged_out())
    assert sim.calls == ["info=STARTING", "info=STARTING", "info=SCAN_QR_CODE"]
    assert summary(outcome) == ("no_account", False, False)


def test_starting_that_hangs_is_logged_out_blindly_and_unproven() -> None:
    sim, outcome = play(instance("STARTING", starts_into=["STARTING"]), logged_out(start_timeout=9))
    assert sim.calls == ["info=STARTING"] * 5 + ["logout", "info=STARTING", "info=SCAN_QR_CODE"]
    assert summary(outcome) == ("unproven", True, False)
    assert "Linked devices" in outcome.advice
    assert sim.linked, "the simulator's engine left the link, as engines do"


def test_starting_without_wait_is_logged_out_if_it_lasts_and_unproven() -> None:
    sim, outcome = play(instance("STARTING", starts_into="STARTING"), logged_out(wait=False))
    assert sim.calls == ["info=STARTING", "info=STARTING", "logout", "info=STARTING"]
    assert summary(outcome) == ("unproven", True, False)


# -- SCAN_QR_CODE


@pytest.mark.parametrize("options", [{}, {"start_if_stopped": True}, {"wait": False}])
def test_a_qr_code_on_show_is_done(options: dict[str, bool]) -> None:
    sim, outcome = play(instance("SCAN_QR_CODE"), logged_out(**options))
    assert sim.calls == ["info=SCAN_QR_CODE"]
    assert summary(outcome) == ("no_account", False, False)


def test_a_pairing_code_that_waits_to_be_entered_is_no_account() -> None:
    sim = SimulatedRun(instance("SCAN_QR_CODE"))
    sim.engine.ask("request_code", sim.instance.instance_id, phone_number="201012345678")
    outcome = sim.run(logged_out(expect_account=parse_account(THEIRS)))
    assert sim.calls == ["info=SCAN_QR_CODE"]
    assert summary(outcome) == ("no_account", False, False)


# -- STOPPED and FAILED


def test_stopped_is_started_and_logged_out_from_working() -> None:
    sim, outcome = play(instance("STOPPED"), logged_out(start_if_stopped=True))
    assert sim.calls == [
        *["info=STOPPED"] * 2,
        "start",
        *["info=STARTING"] * 2,
        "info=WORKING",
        "logout",
        *SEEN,
    ]
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


def test_stopped_is_read_twice_and_left_alone_unless_told() -> None:
    sim, outcome = play(instance("STOPPED"), logged_out())
    assert sim.calls == ["info=STOPPED", "info=STOPPED"]
    assert summary(outcome) == ("unproven", False, True)
    assert "still paired" in outcome.message
    assert "start_if_stopped=true" in outcome.advice
    assert sim.linked


def test_stopped_on_an_older_engine_says_nothing_and_is_unproven() -> None:
    sim, outcome = play(instance("STOPPED", generation="A"), logged_out())
    assert sim.calls == ["info=STOPPED", "info=STOPPED"]
    assert summary(outcome) == ("unproven", False, False)
    assert outcome.warnings
    assert "start_if_stopped=true" in outcome.advice


def test_stopped_on_an_older_engine_fails_where_unproven_is_no_end() -> None:
    dummy, outcome = play(instance("STOPPED", generation="A"), logged_out(on_unproven="fail"))
    assert summary(outcome) == ("unproven", False, True)
    assert outcome.message
    assert not outcome.warnings


def test_stopped_on_an_older_engine_is_started_and_severed() -> None:
    started = instance("STOPPED", generation="A")
    sim, outcome = play(started, logged_out(start_if_stopped=True))
    assert sim.writes == ["start", "logout"]
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


def test_stopped_and_unpaired_on_an_older_engine_is_started_to_see_that() -> None:
    started = instance("STOPPED", generation="A", credentials=False, linked=False)
    sim, outcome = play(started, logged_out(start_if_stopped=True))
    assert sim.calls == [*["info=STOPPED"] * 2, "start", "info=STARTING", "info=SCAN_QR_CODE"]
    assert summary(outcome) == ("no_account", True, False)


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_an_empty_account_at_rest_proves_nothing(status: str) -> None:
    sim, outcome = play(instance(status, credentials=False, linked=False), logged_out())
    assert sim.calls == [f"info={status}"] * 2
    assert summary(outcome) == ("unproven", False, False)
    assert outcome.key == "unknown"
    assert "start_if_stopped=true" in outcome.advice


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
@pytest.mark.parametrize("start", [True, False])
def test_an_empty_account_at_rest_is_trusted_on_request(status: str, start: bool) -> None:
    goal = logged_out(start_if_stopped=start, trust_empty_account=True)
    sim, outcome = play(instance(status, credentials=False, linked=False), goal)
    assert sim.calls == [f"info={status}"] * 2
    assert summary(outcome) == ("no_account", False, False)


def test_trust_in_an_empty_account_is_no_trust_in_a_missing_one() -> None:
    hidden = Fault("patch", call="info", times=None, remove=["me"])
    dummy, outcome = play(instance("STOPPED"), logged_out(trust_empty_account=True), hidden)
    assert summary(outcome) == ("unproven", False, False)


@pytest.mark.parametrize(("status", "write"), [("STOPPED", "start"), ("FAILED", "restart")])
def test_at_rest_without_an_account_it_is_started_to_look(status: str, write: str) -> None:
    goal = logged_out(start_if_stopped=True)
    sim, outcome = play(instance(status, credentials=False, linked=False), goal)
    assert sim.writes == [write]
    assert sim.calls[-1] == "info=SCAN_QR_CODE"
    assert summary(outcome) == ("no_account", True, False)


def test_failed_is_restarted_once_and_logged_out_from_working() -> None:
    sim, outcome = play(instance("FAILED"), logged_out(start_if_stopped=True))
    assert sim.writes == ["restart", "logout"]
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


def test_failed_that_cannot_be_revived_is_restarted_once_and_unproven() -> None:
    sim, outcome = play(instance("FAILED", linked=False), logged_out(start_if_stopped=True))
    assert sim.calls == [*["info=FAILED"] * 2, "restart", *["info=STARTING"] * 2, *["info=FAILED"] * 3]
    assert summary(outcome) == ("unproven", True, False)
    assert "probably removed on the phone" in outcome.advice


def test_failed_and_still_paired_fails_unless_told_to_restart() -> None:
    sim, outcome = play(instance("FAILED"), logged_out())
    assert sim.calls == ["info=FAILED", "info=FAILED"]
    assert summary(outcome) == ("unproven", False, True)


def test_stopped_that_fails_to_start_is_restarted_once_and_then_left() -> None:
    started = instance("STOPPED", starts_into=["FAILED", "FAILED"])
    sim, outcome = play(started, logged_out(start_if_stopped=True))
    assert sim.writes == ["start", "restart"]
    assert summary(outcome) == ("unproven", True, False)


def test_a_start_that_hangs_ends_in_a_blind_logout() -> None:
    started = instance("STOPPED", starts_into=["STARTING"])
    sim, outcome = play(started, logged_out(start_if_stopped=True, start_timeout=6))
    assert sim.writes == ["start", "logout"]
    assert summary(outcome) == ("unproven", True, False)


# -- everything else


@pytest.mark.parametrize("status", ["PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED", "SOMETHING_NEW"])
@pytest.mark.parametrize("start", [True, False])
def test_any_other_status_is_named_and_left_alone(status: str, start: bool) -> None:
    sim, outcome = play(instance(status), logged_out(start_if_stopped=start))
    assert sim.calls == [f"info={status}"]
    assert summary(outcome) == ("unproven", False, True)
    assert status in outcome.message


def test_no_such_session_fails() -> None:
    sim = SimulatedRun(instance())
    sim.engine.ask("delete", sim.instance.instance_id)
    outcome = sim.run(logged_out())
    assert sim.calls == ["info!unknown_session"] * 2
    assert outcome.failed
    assert "doesn't exist" in outcome.message


def test_another_account_stops_the_run_before_anything_is_sent() -> None:
    sim, outcome = play(instance(), logged_out(expect_account=parse_account(THEIRS)))
    assert sim.calls == ["info=WORKING"]
    assert summary(outcome) == ("unproven", False, True)
    assert "nothing was sent" in outcome.message


def test_the_expected_account_changes_nothing() -> None:
    sim, outcome = play(instance(), logged_out(expect_account=parse_account(OURS)))
    assert sim.calls == ["info=WORKING", "logout", *SEEN]
    assert summary(outcome) == ("severed", True, False)


def test_an_expected_account_that_starting_hides_is_waited_for_and_never_guessed() -> None:
    hanging = instance("STARTING", engine="WEBJS", starts_into=["STARTING"])
    goal = logged_out(expect_account=parse_account(OURS), start_timeout=6, wait_timeout=6)
    sim, outcome = play(hanging, goal)
    assert not sim.writes
    assert summary(outcome) == ("unproven", False, True)
    assert "doesn't say whose it is" in outcome.message


# -- lies: one reading is wrong, the truth is WORKING


@pytest.mark.parametrize("status", ["STARTING", "STOPPED", "FAILED"])
@pytest.mark.parametrize("start", [True, False])
def test_one_lie_before_the_logout_is_not_believed(status: str, start: bool) -> None:
    sim, outcome = play(instance(), logged_out(start_if_stopped=start), lie(status))
    assert sim.calls == [f"info={status}", "info=WORKING", "logout", *SEEN]
    assert summary(outcome) == ("severed", True, False)


def test_one_lie_without_wait_is_not_believed_either() -> None:
    sim, dummy = play(instance(), logged_out(wait=False), lie("STARTING"))
    assert sim.calls == ["info=STARTING", "info=WORKING", "logout", "info=STARTING"]
    assert sim.sent[2].seen == "WORKING"


def test_one_lie_while_the_engine_settles_is_not_believed() -> None:
    sim, outcome = play(instance("STOPPED"), logged_out(start_if_stopped=True), lie("STOPPED", skip=3))
    assert sim.writes == ["start", "logout"]
    assert summary(outcome) == ("severed", True, False)


# -- drift: the state after a proper logout, seen by a second run


@pytest.mark.parametrize(
    ("later", "reads", "verdict"),
    [
        (1, ["info=SCAN_QR_CODE"], "no_account"),
        (60, ["info=SCAN_QR_CODE"], "no_account"),
        (300, ["info=FAILED"] * 2, "unproven"),
        (3000, ["info=STOPPED"] * 2, "unproven"),
    ],
)
def test_a_second_run_sends_nothing_wherever_the_session_has_drifted(
    later: float, reads: list[str], verdict: str
) -> None:
    sim, outcome = play(instance(), logged_out(), delays=Delays(hibernate=600))
    assert summary(outcome) == ("severed", True, False)
    sim.sleep(later)
    again = sim.run(logged_out())
    assert sim.calls == reads
    assert summary(again) == (verdict, False, False)


@pytest.mark.parametrize("later", [1, 60, 300, 3000])
@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("generation", ["A", "B"])
def test_what_a_journal_has_proven_is_only_looked_at(later: float, start: bool, generation: str) -> None:
    goal = logged_out(start_if_stopped=start)
    sim, dummy = play(instance(generation=generation), goal, delays=Delays(hibernate=600))
    sim.sleep(later)
    known = Known("severed", "2026-11-22T01:30:08.410Z", 1.034)
    again = sim.run(logged_out(start_if_stopped=start, previous=known))
    assert not sim.writes
    assert summary(again) == ("severed", False, False)
    assert (again.proven_at, again.proof_seconds) == known[1:]
