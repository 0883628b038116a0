# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each row of the rule of ``state: logged_out``, and what the other states do, as the exact calls they send."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Known
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    THEIRS,
    Event,
    SimulatedRun,
    instance,
)

# What is read after a logout that reached the phone: a second later, and wait_sleep after that.
SEEN = ("info=STARTING", "info=SCAN_QR_CODE")
# After a reply that isn't clear it is read at once, too.
SEEN_AT_ONCE = ("info=STARTING", *SEEN)


def logged_out(**options: Any) -> Goal:
    return Goal("logged_out", **options)


def play(started: Instance, goal: Goal, *faults: Fault, delays: Delays | None = None) -> tuple[SimulatedRun, Any]:
    sim = SimulatedRun(started, faults, delays=delays or Delays(settle=5.0, qr=3.0))
    outcome = sim.run(goal)
    assert sim.linked is False or outcome.verdict != "severed"
    return sim, outcome


def lie(status: str, skip: int = 0) -> Fault:
    return Fault("lie", call="info", status=status, skip=skip)


def told(outcome: Any) -> tuple[str | None, bool, bool]:
    return outcome.verdict, outcome.changed, outcome.failed


# -- WORKING


@pytest.mark.parametrize("engine", ["WEBJS", "NOWEB", "GOWS"])
def test_working_is_logged_out_and_seen_without_an_account(engine: str) -> None:
    sim, outcome = play(instance(engine=engine), logged_out())
    waits = {"NOWEB": 2, "GOWS": 2, "WEBJS": 5}[engine]
    assert sim.calls == ["info=WORKING", "logout", *["info=STARTING"] * (waits - 1), "info=SCAN_QR_CODE"]
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


@pytest.mark.parametrize(
    ("fault", "scale", "soonest", "latest"),
    [
        ((), 1.0, 1.0, 1.1),  # a second later an engine shows what a logout that took seconds came to
        ((), 0.1, 0.0, 0.1),  # and one that was quick at once
        # Without a clear answer it may not have been carried out, so that there is nothing to wait for.
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
    assert told(outcome) == ("unproven", True, False)
    assert outcome.key == "gone"


def test_a_logout_without_wait_is_severed_where_the_qr_code_is_on_show_at_once() -> None:
    sim, outcome = play(instance(), logged_out(wait=False), delays=Delays(qr=0.0))
    assert sim.calls == ["info=WORKING", "logout", "info=SCAN_QR_CODE"]
    assert told(outcome) == ("severed", True, False)


def test_accepted_but_never_seen_fails_in_the_end() -> None:
    still_working = Fault(
        "patch", call="info", times=None, skip=1, replace={"status": "WORKING", "me": {"id": OURS, "pushName": "x"}}
    )
    sim, outcome = play(instance(), logged_out(wait_timeout=9, proof_timeout=6), still_working)
    assert sim.calls == ["info=WORKING", "logout", *["info=WORKING"] * 5]
    assert told(outcome) == ("unproven", True, True)
    assert "logout was accepted, but after 9 s the session is WORKING" in outcome.message
    assert outcome.key == "there"


def test_accepted_but_not_seen_without_wait_is_unproven() -> None:
    still_working = Fault("patch", call="info", skip=1, replace={"status": "WORKING", "me": {"id": OURS}})
    sim, outcome = play(instance(), logged_out(wait=False), still_working)
    assert sim.calls == ["info=WORKING", "logout", "info=WORKING"]
    assert told(outcome) == ("unproven", True, False)
    assert outcome.key == "unknown"
    assert "run again" in outcome.advice


def test_a_status_that_nobody_knows_is_never_read_as_logged_out() -> None:
    unknown = Fault("patch", call="info", times=None, skip=1, replace={"status": "RESTING", "me": None})
    dummy, outcome = play(instance(), logged_out(wait_timeout=6), unknown)
    assert told(outcome) == ("unproven", True, True)
    assert "RESTING" in outcome.message


# -- STARTING


def test_starting_is_given_time_and_logged_out_from_working() -> None:
    sim, outcome = play(instance("STARTING"), logged_out())
    assert sim.calls == ["info=STARTING"] * 3 + ["info=WORKING", "logout", *SEEN]
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


def test_starting_that_leads_to_a_qr_code_is_done() -> None:
    sim, outcome = play(instance("STARTING", credentials=False, linked=False), logged_out())
    assert sim.calls == ["info=STARTING", "info=STARTING", "info=SCAN_QR_CODE"]
    assert told(outcome) == ("no_account", False, False)


def test_starting_that_hangs_is_logged_out_blindly_and_unproven() -> None:
    sim, outcome = play(instance("STARTING", starts_into=["STARTING"]), logged_out(start_timeout=9))
    assert sim.calls == ["info=STARTING"] * 5 + ["logout", "info=STARTING", "info=SCAN_QR_CODE"]
    assert told(outcome) == ("unproven", True, False)
    assert "Linked devices" in outcome.advice
    assert sim.linked, "the simulator's engine left the link, as engines do"


def test_starting_without_wait_is_logged_out_if_it_lasts_and_unproven() -> None:
    sim, outcome = play(instance("STARTING", starts_into="STARTING"), logged_out(wait=False))
    assert sim.calls == ["info=STARTING", "info=STARTING", "logout", "info=STARTING"]
    assert told(outcome) == ("unproven", True, False)


# -- SCAN_QR_CODE


@pytest.mark.parametrize("options", [{}, {"start_if_stopped": True}, {"wait": False}])
def test_a_qr_code_on_show_is_done(options: dict[str, bool]) -> None:
    sim, outcome = play(instance("SCAN_QR_CODE"), logged_out(**options))
    assert sim.calls == ["info=SCAN_QR_CODE"]
    assert told(outcome) == ("no_account", False, False)


def test_a_pairing_code_that_waits_to_be_entered_is_no_account() -> None:
    sim = SimulatedRun(instance("SCAN_QR_CODE"))
    sim.engine.ask("request_code", sim.instance.instance_id, phone_number="201012345678")
    outcome = sim.run(logged_out(expect_account=parse_account(THEIRS)))
    assert sim.calls == ["info=SCAN_QR_CODE"]
    assert told(outcome) == ("no_account", False, False)


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
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


def test_stopped_is_read_twice_and_left_alone_unless_told() -> None:
    sim, outcome = play(instance("STOPPED"), logged_out())
    assert sim.calls == ["info=STOPPED", "info=STOPPED"]
    assert told(outcome) == ("unproven", False, True)
    assert "still paired" in outcome.message
    assert "start_if_stopped=true" in outcome.advice
    assert sim.linked


def test_stopped_on_an_older_engine_says_nothing_and_is_unproven() -> None:
    sim, outcome = play(instance("STOPPED", generation="A"), logged_out())
    assert sim.calls == ["info=STOPPED", "info=STOPPED"]
    assert told(outcome) == ("unproven", False, False)
    assert outcome.warnings
    assert "start_if_stopped=true" in outcome.advice


def test_stopped_on_an_older_engine_fails_where_unproven_is_no_end() -> None:
    dummy, outcome = play(instance("STOPPED", generation="A"), logged_out(on_unproven="fail"))
    assert told(outcome) == ("unproven", False, True)
    assert outcome.message
    assert not outcome.warnings


def test_stopped_on_an_older_engine_is_started_and_severed() -> None:
    started = instance("STOPPED", generation="A")
    sim, outcome = play(started, logged_out(start_if_stopped=True))
    assert sim.writes == ["start", "logout"]
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


def test_stopped_and_unpaired_on_an_older_engine_is_started_to_see_that() -> None:
    started = instance("STOPPED", generation="A", credentials=False, linked=False)
    sim, outcome = play(started, logged_out(start_if_stopped=True))
    assert sim.calls == [*["info=STOPPED"] * 2, "start", "info=STARTING", "info=SCAN_QR_CODE"]
    assert told(outcome) == ("no_account", True, False)


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_an_empty_account_at_rest_proves_nothing(status: str) -> None:
    sim, outcome = play(instance(status, credentials=False, linked=False), logged_out())
    assert sim.calls == [f"info={status}"] * 2
    assert told(outcome) == ("unproven", False, False)
    assert outcome.key == "unknown"
    assert "start_if_stopped=true" in outcome.advice


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
@pytest.mark.parametrize("start", [True, False])
def test_an_empty_account_at_rest_is_trusted_on_request(status: str, start: bool) -> None:
    goal = logged_out(start_if_stopped=start, trust_empty_account=True)
    sim, outcome = play(instance(status, credentials=False, linked=False), goal)
    assert sim.calls == [f"info={status}"] * 2
    assert told(outcome) == ("no_account", False, False)


def test_trust_in_an_empty_account_is_no_trust_in_a_missing_one() -> None:
    hidden = Fault("patch", call="info", times=None, remove=["me"])
    dummy, outcome = play(instance("STOPPED"), logged_out(trust_empty_account=True), hidden)
    assert told(outcome) == ("unproven", False, False)


@pytest.mark.parametrize(("status", "write"), [("STOPPED", "start"), ("FAILED", "restart")])
def test_at_rest_without_an_account_it_is_started_to_look(status: str, write: str) -> None:
    goal = logged_out(start_if_stopped=True)
    sim, outcome = play(instance(status, credentials=False, linked=False), goal)
    assert sim.writes == [write]
    assert sim.calls[-1] == "info=SCAN_QR_CODE"
    assert told(outcome) == ("no_account", True, False)


def test_failed_is_restarted_once_and_logged_out_from_working() -> None:
    sim, outcome = play(instance("FAILED"), logged_out(start_if_stopped=True))
    assert sim.writes == ["restart", "logout"]
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


def test_failed_that_cannot_be_revived_is_restarted_once_and_unproven() -> None:
    sim, outcome = play(instance("FAILED", linked=False), logged_out(start_if_stopped=True))
    assert sim.calls == [*["info=FAILED"] * 2, "restart", *["info=STARTING"] * 2, *["info=FAILED"] * 3]
    assert told(outcome) == ("unproven", True, False)
    assert "probably removed on the phone" in outcome.advice


def test_failed_and_still_paired_fails_unless_told_to_restart() -> None:
    sim, outcome = play(instance("FAILED"), logged_out())
    assert sim.calls == ["info=FAILED", "info=FAILED"]
    assert told(outcome) == ("unproven", False, True)


def test_stopped_that_fails_to_start_is_restarted_once_and_then_left() -> None:
    started = instance("STOPPED", starts_into=["FAILED", "FAILED"])
    sim, outcome = play(started, logged_out(start_if_stopped=True))
    assert sim.writes == ["start", "restart"]
    assert told(outcome) == ("unproven", True, False)


def test_a_start_that_hangs_ends_in_a_blind_logout() -> None:
    started = instance("STOPPED", starts_into=["STARTING"])
    sim, outcome = play(started, logged_out(start_if_stopped=True, start_timeout=6))
    assert sim.writes == ["start", "logout"]
    assert told(outcome) == ("unproven", True, False)


# -- everything else


@pytest.mark.parametrize("status", ["PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED", "SOMETHING_NEW"])
@pytest.mark.parametrize("start", [True, False])
def test_any_other_status_is_named_and_left_alone(status: str, start: bool) -> None:
    sim, outcome = play(instance(status), logged_out(start_if_stopped=start))
    assert sim.calls == [f"info={status}"]
    assert told(outcome) == ("unproven", False, True)
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
    assert told(outcome) == ("unproven", False, True)
    assert "nothing was sent" in outcome.message


def test_the_expected_account_changes_nothing() -> None:
    sim, outcome = play(instance(), logged_out(expect_account=parse_account(OURS)))
    assert sim.calls == ["info=WORKING", "logout", *SEEN]
    assert told(outcome) == ("severed", True, False)


def test_an_expected_account_that_starting_hides_is_waited_for_and_never_guessed() -> None:
    hanging = instance("STARTING", engine="WEBJS", starts_into=["STARTING"])
    goal = logged_out(expect_account=parse_account(OURS), start_timeout=6, wait_timeout=6)
    sim, outcome = play(hanging, goal)
    assert not sim.writes
    assert told(outcome) == ("unproven", False, True)
    assert "doesn't say whose it is" in outcome.message


# -- lies: one reading is wrong, the truth is WORKING


@pytest.mark.parametrize("status", ["STARTING", "STOPPED", "FAILED"])
@pytest.mark.parametrize("start", [True, False])
def test_one_lie_before_the_logout_is_not_believed(status: str, start: bool) -> None:
    sim, outcome = play(instance(), logged_out(start_if_stopped=start), lie(status))
    assert sim.calls == [f"info={status}", "info=WORKING", "logout", *SEEN]
    assert told(outcome) == ("severed", True, False)


def test_one_lie_without_wait_is_not_believed_either() -> None:
    sim, dummy = play(instance(), logged_out(wait=False), lie("STARTING"))
    assert sim.calls == ["info=STARTING", "info=WORKING", "logout", "info=STARTING"]
    assert sim.sent[2].seen == "WORKING"


def test_one_lie_while_the_engine_settles_is_not_believed() -> None:
    sim, outcome = play(instance("STOPPED"), logged_out(start_if_stopped=True), lie("STOPPED", skip=3))
    assert sim.writes == ["start", "logout"]
    assert told(outcome) == ("severed", True, False)


# -- drift: what became of a proper logout, seen by a second run


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
    assert told(outcome) == ("severed", True, False)
    sim.sleep(later)
    again = sim.run(logged_out())
    assert sim.calls == reads
    assert told(again) == (verdict, False, False)


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
    assert told(again) == ("severed", False, False)
    assert (again.proven_at, again.proof_seconds) == known[1:]


# -- ambiguous and refused writes


def test_a_gateway_error_after_the_effect_is_read_and_not_repeated() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=502, when="after"))
    assert sim.calls == ["info=WORKING", "logout!gateway", *SEEN_AT_ONCE]
    assert told(outcome) == ("severed", True, False)


def test_a_gateway_error_before_the_effect_is_read_twice_and_repeated_once() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=502))
    assert sim.calls == ["info=WORKING", "logout!gateway", *["info=WORKING"] * 4, "logout", *SEEN]
    assert told(outcome) == ("severed", True, False)


def test_two_gateway_errors_end_the_run() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=502, times=9))
    assert sim.writes == ["logout", "logout"]
    assert told(outcome) == ("unproven", True, True)
    assert "sent twice" in outcome.message
    assert sim.linked


def test_a_logout_that_takes_effect_late_is_still_judged_rightly() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("late", call="logout", seconds=5))
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_a_refused_logout_fails_with_the_status_read_once_more(status: int) -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=status))
    assert sim.writes == ["logout"]
    assert sim.calls[2] == "info=WORKING"
    assert told(outcome) == ("unproven", False, True)
    assert outcome.error.http_status == status


@pytest.mark.parametrize("status", ["WORKING", "STARTING"])
def test_a_rate_limit_is_waited_for_and_the_rule_asked_again(status: str) -> None:
    hanging = instance(status, starts_into=["STARTING"] if status == "STARTING" else None)
    limit = Fault("http", call="logout", http_status=429, retry_after=20)
    sim, outcome = play(hanging, logged_out(start_timeout=6), limit)
    first, second = [sent.at for sent in sim.sent if sent.name == "logout"]
    assert second - first >= 20
    assert told(outcome) == ("severed" if status == "WORKING" else "unproven", True, False)


def test_a_rate_limit_without_end_fails_as_what_it_is() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=429, times=None))
    assert told(outcome) == ("unproven", False, True)
    assert outcome.error.kind == "rate_limited"
    assert len(sim.writes) <= 5


def test_a_qr_code_after_a_logout_that_was_put_off_is_not_our_doing() -> None:
    qr_code = Fault("patch", call="info", skip=1, times=None, replace={"status": "SCAN_QR_CODE", "me": None})
    dummy, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=429), qr_code)
    assert told(outcome) == ("unproven", False, False)


def test_a_session_that_is_gone_after_the_logout_leaves_only_the_phone_to_look_at() -> None:
    gone = Fault("http", call="info", http_status=404, skip=1, times=None)
    sim, outcome = play(instance(), logged_out(), gone)
    assert sim.calls == ["info=WORKING", "logout", *["info!unknown_session"] * 2]
    assert told(outcome) == ("unproven", True, True)
    assert outcome.key == "gone"
    assert "Linked devices" in outcome.advice


@pytest.mark.parametrize("http_status", [None, 500])
def test_after_a_refusal_not_even_a_qr_code_proves_anything(http_status: int | None) -> None:
    """The key may have been wiped without reaching the phone."""
    fault = Fault("patch", call="logout", replace={"success": False})
    if http_status:
        fault = Fault("http", call="logout", http_status=http_status, when="after")
    sim, outcome = play(instance(), logged_out(), fault)
    assert sim.calls == ["info=WORKING", "logout!refused", *SEEN_AT_ONCE]
    assert told(outcome) == ("unproven", True, False)
    assert (outcome.key, outcome.proven_at) == ("gone", None)
    assert "said that the logout failed" in outcome.advice


def test_a_refused_logout_that_left_the_session_working_is_not_repeated() -> None:
    fault = Fault("patch", call="logout", when="before", replace={"success": False})
    sim, outcome = play(instance(), logged_out(), fault)
    assert sim.writes == ["logout"]
    assert told(outcome) == ("unproven", False, True)
    assert (outcome.key, outcome.error.kind) == ("there", "refused")


@pytest.mark.parametrize("status", [409, 423])
def test_a_session_that_another_call_holds_is_tried_again(status: int) -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=status))
    assert sim.writes == ["logout", "logout"]
    assert told(outcome) == ("severed", True, False)


@pytest.mark.parametrize("status", [408, 425, 460, 499])
def test_a_gateway_that_gave_up_is_read_first(status: int) -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=status, when="after"))
    assert sim.calls == ["info=WORKING", "logout!gateway", *SEEN_AT_ONCE]
    assert told(outcome) == ("severed", True, False)


@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize("wait_sleep", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("options", [{}, {"trust_empty_account": True}, {"start_if_stopped": True}])
def test_a_restart_that_somebody_else_sends_is_outlasted(
    generation: str, wait_sleep: float, options: dict[str, bool]
) -> None:
    sim = SimulatedRun(instance(generation=generation), events=[Event("info", "restart")], delays=Delays())
    outcome = sim.run(logged_out(wait_sleep=wait_sleep, **options))
    assert sim.writes == ["logout"]
    assert told(outcome) == ("severed", True, False)
    assert not sim.linked


@pytest.mark.parametrize(
    "contradiction", [{"engine": {"engine": "NOWEB", "state": "CONNECTED"}}, {"me": {"id": OURS, "pushName": "x"}}]
)
def test_a_qr_code_with_somebody_logged_in_is_no_proof(contradiction: dict[str, Any]) -> None:
    contradicts = Fault("patch", call="info", skip=2, times=None, replace=contradiction)
    dummy, outcome = play(instance(), logged_out(), contradicts)
    assert outcome.verdict == "unproven"
    assert outcome.proven_at is None
    dummy, outcome = play(instance("SCAN_QR_CODE"), logged_out(), Fault(**{**vars(contradicts), "skip": 0}))
    assert told(outcome) == ("unproven", False, True)


def test_one_starting_after_the_reply_is_no_proof() -> None:
    """200, a single STARTING, and WORKING for ever."""
    ineffective = Fault("patch", call="logout", when="before", replace={"status": "STARTING", "me": None})
    sim, outcome = play(instance(), logged_out(), ineffective, lie("STARTING", skip=1))
    assert sim.linked
    assert told(outcome) == ("unproven", True, True)
    assert outcome.key == "there"


# -- somebody scans the QR code between two readings


def scanned(started: Instance, goal: Goal, at: float, account: str, *faults: Fault) -> tuple[SimulatedRun, Any]:
    sim = SimulatedRun(started, faults, [Event(at, "scan", (("account", account),))])
    return sim, sim.run(goal)


def test_a_logout_is_not_repeated_to_the_person_who_paired_the_session_anew() -> None:
    goal = logged_out(expect_account=parse_account(OURS), wait_sleep=10)
    unclear = Fault("http", call="logout", http_status=502, when="after")
    sim, outcome = scanned(instance(), goal, 13, THEIRS, unclear)
    assert sim.calls == ["info=WORKING", "logout!gateway", *SEEN_AT_ONCE[:2], "info=WORKING", "info=WORKING"]
    assert told(outcome) == ("unproven", True, True)
    assert "expect_account" in outcome.message


def test_a_blind_logout_that_may_have_come_through_keeps_a_later_one_from_proving_anything() -> None:
    goal = logged_out(start_timeout=30, wait_sleep=20)
    unclear = Fault("http", call="logout", http_status=502, when="after")
    sim, outcome = scanned(instance("STARTING", starts_into=["STARTING"]), goal, 45, OURS, unclear)
    assert sim.writes == ["logout", "logout"]
    assert sim.instance.orphans
    assert told(outcome) == ("unproven", True, False)


@pytest.mark.parametrize(("state", "write"), [("decommissioned", "stop"), ("absent", "delete")])
@pytest.mark.parametrize("expected", [None, parse_account(OURS)])
@pytest.mark.parametrize("account", [OURS, THEIRS])
@pytest.mark.parametrize("shown", [True, False])
def test_what_was_paired_again_after_the_logout_stays_in_sight(
    state: str, write: str, expected: str | None, account: str, shown: bool
) -> None:
    """A rate limit holds the second write up for so long that somebody scans. Stopped or deleted, nobody would see."""
    started = instance(generation="B" if shown else "A")
    limit = Fault("http", call=write, http_status=429, retry_after=20)
    sim, outcome = scanned(started, Goal(state, expect_account=expected), 20, account, limit)
    assert sim.linked
    assert sim.calls[-2:] == ["info=WORKING", "info=WORKING"]
    assert told(outcome) == ("unproven", True, True)
    assert ("expect_account" if expected and account == THEIRS else "was paired again") in outcome.message
    assert outcome.advice


def test_a_session_that_is_stopped_and_then_seen_paired_is_not_called_severed() -> None:
    sim, outcome = scanned(instance("SCAN_QR_CODE"), Goal("decommissioned"), 0.04, THEIRS)
    assert sim.linked
    assert sim.calls[-2:] == ["stop", "info=STOPPED"]
    assert told(outcome)[0] == "unproven"
    assert "Somebody has linked an account" in outcome.advice


# -- one reading lies about the account


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
@pytest.mark.parametrize("state", ["logged_out", "absent", "decommissioned"])
@pytest.mark.parametrize("skip", [0, 1])
def test_one_reading_without_the_account_is_not_believed(status: str, state: str, skip: int) -> None:
    sim = SimulatedRun(instance(status), [Fault("lie", call="info", skip=skip, status=status)])
    outcome = sim.run(Goal(state))
    assert (outcome.verdict == "severed") == (not sim.linked)
    assert outcome.verdict != "no_account"
    assert not sim.instance.removed


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
@pytest.mark.parametrize("state", ["logged_out", "absent", "decommissioned"])
@pytest.mark.parametrize("earlier", ["severed", "no_account"])
def test_one_reading_does_not_bear_out_what_was_proven_earlier(status: str, state: str, earlier: str) -> None:
    """Somebody has paired it again since."""
    sim, outcome = play(instance(), Goal(state, previous=Known(earlier)), lie(status))
    assert "logout" in sim.writes
    assert told(outcome) == ("severed", True, False)


@pytest.mark.parametrize("status", ["STARTING", "STOPPED", "FAILED"])
def test_working_after_an_accepted_logout_is_not_outweighed_by_one_reading(status: str) -> None:
    ineffective = Fault("patch", call="logout", when="before", replace={"status": "STARTING", "me": None})
    sim, outcome = play(instance(), logged_out(wait_timeout=30), ineffective, lie(status, skip=2))
    assert sim.calls[:5] == ["info=WORKING", "logout", "info=WORKING", f"info={status}", "info=WORKING"]
    assert sim.linked
    assert told(outcome) == ("unproven", True, True)


def test_working_after_a_logout_that_takes_its_time_is_waited_out() -> None:
    """The logout is accepted before it is carried out."""
    sim, outcome = play(instance(), logged_out(), lie("WORKING", skip=1))
    assert sim.calls == ["info=WORKING", "logout", "info=WORKING", *SEEN[1:]]
    assert told(outcome) == ("severed", True, False)


@pytest.mark.parametrize(("event", "ends"), [("crash", "SCAN_QR_CODE"), ("hibernate", "STOPPED")])
def test_a_late_logout_that_met_a_session_at_rest_proves_nothing(event: str, ends: str) -> None:
    """It was seen at rest with its account after the logout was sent; then the logout wiped that."""
    late = Fault("late", call="logout", seconds=20.0)
    sim = SimulatedRun(instance(), [late], [Event(3, event)])
    outcome = sim.run(logged_out())
    assert sim.linked
    assert sim.calls[-1] == f"info={ends}"
    assert told(outcome) == ("unproven", True, False)
    assert outcome.unlink_uncertain
    assert "Linked devices" in (outcome.advice or "")


@pytest.mark.parametrize("on_unproven", ["warn", "fail"])
def test_a_session_that_is_gone_with_a_burnt_key_is_looked_for_on_the_phone(on_unproven: str) -> None:
    sim = SimulatedRun(instance())
    sim.engine.ask("delete", sim.instance.instance_id)
    outcome = sim.run(Goal("absent", previous=Known("unproven"), on_unproven=on_unproven))
    assert told(outcome) == ("unproven", False, on_unproven == "fail")
    assert "Linked devices" in " ".join([outcome.message, *outcome.warnings])


def test_a_burnt_key_stays_known_when_the_session_is_deleted_at_once() -> None:
    sim = SimulatedRun(instance("SCAN_QR_CODE", linked=True))
    outcome = sim.run(Goal("absent", logout_first=False, previous=Known("unproven")))
    assert sim.writes == ["delete"]
    assert told(outcome)[0] == "unproven"


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
    assert told(outcome) == ("unproven", True, False)


def test_absent_and_gone_already_is_unchanged() -> None:
    sim = SimulatedRun(instance())
    sim.engine.ask("delete", sim.instance.instance_id)
    outcome = sim.run(Goal("absent"))
    assert sim.calls == ["info!unknown_session"] * 2
    assert told(outcome) == (None, False, False)


def test_absent_without_a_logout_wants_to_know_whose_session_it_deletes() -> None:
    hidden = instance("STOPPED", generation="A")
    goal = Goal("absent", logout_first=False, expect_account=parse_account(OURS))
    sim, outcome = play(hidden, goal)
    assert not sim.writes
    assert "doesn't say whose it is" in outcome.message
