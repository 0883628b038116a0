# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode's predictions, and the driver with calls that expire."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import EXPIRED, WawpError
from ansible_collections.wawp.cloud.plugins.module_utils._run.clock import steady
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import (
    ReadBefore,
    Reading,
    Reply,
    drive,
    execute,
    sender,
)
from ansible_collections.wawp.cloud.plugins.module_utils._run.dry_run import predict
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import parse_session
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import (
    MAX_READING_AGE,
    Answer,
    Call,
    Goal,
    Outcome,
    Wait,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.states import lifecycle
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    TOKEN,
    Event,
    SimulatedRun,
    check_rules,
    instance,
)

NAMED: dict[str, Any] = {"me": {"id": "201012345678@c.us", "pushName": "x"}}
NULL: dict[str, Any] = {"me": None}


@pytest.mark.parametrize(
    ("call", "status", "me", "after"),
    [
        ("stop", "WORKING", NAMED, "STOPPED"),
        ("logout", "WORKING", NAMED, "SCAN_QR_CODE"),
        ("logout", "STARTING", NULL, "STARTING"),
        ("start", "STOPPED", NAMED, "WORKING"),
        ("start", "STOPPED", NULL, "WORKING"),
        ("start", "STOPPED", {}, "WORKING"),
        ("restart", "FAILED", NAMED, "WORKING"),
        ("restart", "FAILED", NULL, "SCAN_QR_CODE"),
        ("restart", "FAILED", {}, "FAILED"),
        ("restart", "WORKING", {}, "WORKING"),
        ("restart", "STARTING", NULL, "WORKING"),
        ("restart", "STARTING", {}, "WORKING"),
        ("restart", "SCAN_QR_CODE", NULL, "SCAN_QR_CODE"),
    ],
)
def test_what_a_call_is_expected_to_lead_to(call: str, status: str, me: dict[str, Any], after: str) -> None:
    session = predict(call, parse_session({"status": status, **me}))
    assert session is not None
    assert session.status == after
    assert (session.account is None) == (me.get("me") is None or call == "logout")


def test_a_deleted_session_is_gone() -> None:
    assert predict("delete", parse_session({"status": "WORKING"})) is None
    assert predict("start", None) is None


@pytest.mark.parametrize("call", ["stop", "logout", "restart"])
@pytest.mark.parametrize(
    "other",
    [{"connected": True}, {"is_logged_in": True}, {"engine": {"state": "CONNECTED"}}, {"data": {"status": "WORKING"}}],
)
def test_what_is_predicted_contradicts_nothing(call: str, other: dict[str, Any]) -> None:
    """A reply may say in several fields that the session is connected; none of them stays once it wouldn't be."""
    account = {"id": "201012345678@c.us"}
    session = predict(call, parse_session({"status": "WORKING", "me": account, **other, "name": "desk"}))
    assert session is not None
    assert parse_session(session.body) == session
    assert session.body["name"] == "desk"
    assert session.awaits_scan is (call == "logout")


def test_a_rehearsal_reads_until_the_first_write_and_imagines_from_there() -> None:
    sim = SimulatedRun(instance("STOPPED"))
    outcome = sim.run(Goal("logged_out", start_if_stopped=True), check=True)
    assert sim.calls == ["info=STOPPED", "info=STOPPED"]
    assert [(action.name, action.outcome) for action in outcome.actions] == [
        ("start", "planned"),
        ("logout", "planned"),
    ]
    assert (outcome.predicted, outcome.verdict, outcome.changed) == (True, "severed", True)
    assert sim.instance.status == "STOPPED"


def test_a_rehearsal_of_nothing_to_do_is_no_prediction() -> None:
    outcome = SimulatedRun(instance("SCAN_QR_CODE")).run(Goal("logged_out"), check=True)
    assert not outcome.predicted


def test_a_rehearsal_waits_in_real_time_while_it_reads_and_in_no_time_while_it_imagines() -> None:
    sim = SimulatedRun(instance("STARTING"))
    outcome = sim.run(Goal("logged_out"), check=True)
    assert outcome.duration == pytest.approx(sim.now())
    assert sim.now() >= 5
    sim = SimulatedRun(instance("FAILED", generation="A"))
    sim.instance.account, sim.instance.credentials, sim.instance.linked = "", False, False
    sim.run(Goal("started", start_timeout=1000), check=True)
    assert sim.now() < 10


def test_a_rehearsed_deletion_ends_in_no_session() -> None:
    sim = SimulatedRun(instance("SCAN_QR_CODE"))
    outcome = sim.run(Goal("absent"), check=True)
    assert outcome.gone
    assert not sim.instance.removed


def steps(*given: Call | Wait) -> Generator[Call | Wait, Answer, Any]:
    answers = []
    for step in given:
        answers.append((yield step))
    return answers


class Ticking:
    """A clock that only waits advance."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def skip(self, seconds: float) -> bool:
        return False

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_a_call_is_sent_until_it_expires_and_not_after() -> None:
    sent: list[str] = []

    def send(name: str) -> Reply:
        sent.append(name)
        return Reply(200)

    got: Any = drive(steps(Wait(5), Call("logout", expires=5), Wait(0.1), Call("logout", expires=5)), send, Ticking())
    assert sent == ["logout"]
    assert [answer.at for answer in got] == [5, 5, 5.1, 5.1]
    assert got[1].error is None
    assert got[3].error.kind == EXPIRED


def test_an_error_is_an_answer() -> None:
    def send(name: str) -> Reply:
        raise WawpError("gateway", "down", 502)

    got: Any = drive(steps(Call("info")), send, Ticking())
    assert got[0].error.http_status == 502


def test_a_reading_from_before_the_run_is_taken_once_and_dated_back() -> None:
    sim = SimulatedRun(instance())
    dummy, body = sim.call("info", sim.instance.instance_id, TOKEN)
    send = sender(sim, sim.instance.instance_id, TOKEN)
    known = ReadBefore(send, Reading(parse_session(body), steady() - 4.0))
    sim.sent.clear()
    outcome = drive(lifecycle(Goal("logged_out")), known, sim)
    assert sim.calls == ["logout", "info=STARTING", "info=SCAN_QR_CODE"]
    assert (outcome.verdict, outcome.reads) == ("severed", 2)
    answer = execute(Call("info"), ReadBefore(send, Reading(parse_session(body), steady() - 4.0)), sim)
    assert answer.reused
    assert answer.sent_at == pytest.approx(sim.now() - 4.0, abs=1.0)


def test_a_run_that_a_reading_from_before_it_ends_takes_no_time_and_not_less() -> None:
    sim = SimulatedRun(instance())
    dummy, body = sim.call("info", sim.instance.instance_id, TOKEN)
    known = ReadBefore(sender(sim, sim.instance.instance_id, TOKEN), Reading(parse_session(body), steady() - 4.0))
    outcome = drive(lifecycle(Goal("logged_out", expect_account="4915901234567")), known, sim)
    assert outcome.failed
    assert outcome.duration == 0


@pytest.mark.parametrize(("age", "first"), [(MAX_READING_AGE + 1, "info"), (0.0, "temp_link_get")])
def test_a_reading_from_before_the_run_that_is_old_or_has_been_passed_by_is_made_again(age: float, first: str) -> None:
    sim = SimulatedRun(instance())
    dummy, body = sim.call("info", sim.instance.instance_id, TOKEN)
    send = ReadBefore(sender(sim, sim.instance.instance_id, TOKEN), Reading(parse_session(body), steady() - age))
    send(first)
    assert send("info").age is None


class Paced(SimulatedRun):
    """A simulated run in which calls wait for their turn, as in a fleet: one call expires a few times."""

    late = 1
    held_up = "logout"

    def run(self, goal: Goal, check: bool = False) -> Outcome:
        run = lifecycle(goal)
        outcome = drive(self._delayed(run), self._answered, self)
        check_rules(self, goal, outcome)
        return outcome

    def _answered(self, name: str) -> Reply:
        status, body = self.call(name, self.instance.instance_id, TOKEN)
        return Reply(status, parse_session(body) if name == "info" else None)

    def _delayed(self, run: Any) -> Generator[Call | Wait, Answer, Any]:
        step = run.send(None)
        while True:
            if isinstance(step, Call) and step.name == self.held_up and self.late > 0:
                self.late -= 1
                self.sleep(MAX_READING_AGE + 1)
            got = yield step
            try:
                step = run.send(got)
            except StopIteration as end:
                return end.value


def test_a_logout_whose_turn_came_too_late_is_not_sent_before_another_reading() -> None:
    sim = Paced(instance())
    outcome = sim.run(Goal("logged_out"))
    assert sim.calls == [
        "info=WORKING",
        "info=WORKING",
        "logout",
        "info=STARTING",
        "info=SCAN_QR_CODE",
    ]
    assert [action.name for action in outcome.actions] == ["logout"]
    assert outcome.verdict == "severed"


def test_a_session_that_left_working_meanwhile_gets_its_time_to_settle() -> None:
    """It was STARTING before too; that one has had its time, this one is new and must not be logged out blindly."""
    sim = Paced(instance("STARTING"))
    engine, sleep = sim.engine, sim.sleep

    def drop_while_waiting(seconds: float) -> None:
        sleep(seconds)
        if seconds > MAX_READING_AGE:
            engine.world("drop_connection", sim.instance.instance_id)

    sim.sleep = drop_while_waiting  # type: ignore[method-assign]
    outcome = sim.run(Goal("logged_out"))
    assert [str(sent) for sent in sim.sent if sent.name == "logout"] == ["logout"]
    assert next(sent.seen for sent in sim.sent if sent.name == "logout") == "WORKING"
    assert (outcome.verdict, sim.linked) == ("severed", False)


def test_a_turn_that_always_comes_too_late_ends_the_run() -> None:
    sim = Paced(instance())
    sim.late = 1000
    outcome = sim.run(Goal("logged_out"))
    assert not sim.writes
    assert outcome.failed
    assert outcome.verdict == "unproven"


@pytest.mark.parametrize(("state", "write"), [("decommissioned", "stop"), ("absent", "delete"), ("stopped", "stop")])
def test_what_hides_a_session_and_came_too_late_is_sent_after_another_reading(state: str, write: str) -> None:
    sim = Paced(instance())
    sim.held_up = write
    outcome = sim.run(Goal(state))
    assert sim.writes.count(write) == 1
    assert not outcome.failed


@pytest.mark.parametrize(("state", "write"), [("decommissioned", "stop"), ("absent", "delete")])
@pytest.mark.parametrize("shown", [True, False])
def test_a_session_paired_while_its_stop_or_deletion_waited_stays_in_sight(state: str, write: str, shown: bool) -> None:
    sim = Paced(instance("SCAN_QR_CODE", generation="B" if shown else "A"), events=[Event(5, "scan")])
    sim.held_up = write
    outcome = sim.run(Goal(state))
    assert sim.linked
    assert sim.writes == []
    assert outcome.failed
    assert "paired again" in outcome.message
    assert outcome.verdict == "unproven"


@pytest.mark.parametrize(("state", "write"), [("decommissioned", "stop"), ("absent", "delete")])
def test_a_stop_or_deletion_that_always_comes_too_late_ends_the_run(state: str, write: str) -> None:
    sim = Paced(instance("SCAN_QR_CODE"))
    sim.late, sim.held_up = 1000, write
    outcome = sim.run(Goal(state))
    assert not sim.writes
    assert outcome.failed
    assert "too late" in outcome.message
    assert outcome.error is None


@pytest.mark.parametrize("state", ["logged_out", "decommissioned", "absent"])
def test_an_account_that_shows_only_after_a_start_is_no_reason_to_foretell_a_failure(state: str) -> None:
    goal = Goal(state, start_if_stopped=True, expect_account=parse_account(OURS))
    hidden = instance("STOPPED", generation="A")
    foretold = SimulatedRun(hidden).run(goal, check=True)
    real = SimulatedRun(instance("STOPPED", generation="A")).run(goal)
    assert (foretold.verdict, foretold.failed) == (real.verdict, real.failed) == ("severed", False)
    assert [action.name for action in foretold.actions] == [action.name for action in real.actions]
    assert "expect_account can't be checked beforehand" in "".join(foretold.warnings)
