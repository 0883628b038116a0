# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet's scheduling of calls: order, limits, brake, and no hang whatever goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import EXPIRED, RATE_LIMITED, WawpError
from ansible_collections.wawp.cloud.plugins.module_utils._run import fleet as fleets
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import WallClock
from ansible_collections.wawp.cloud.plugins.module_utils._run.job import Job
from ansible_collections.wawp.cloud.plugins.module_utils._run.pace import Pace
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Call, Outcome, Wait
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.fake_caller import (
    PATIENCE,
    FakeFleet,
    with_deadline,
    workers,
)
from hypothesis import given, settings
from hypothesis import strategies as st

READ, LOGOUT = Call("info"), Call("logout")
STEPS = st.lists(st.sampled_from([READ, LOGOUT, Wait(0)]), max_size=5)


class Bug(Exception):  # noqa: N818 - what it stands for
    """An unexpected error."""


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    """Check that workers end with their fleet, however it ends."""
    yield
    deadline = time.monotonic() + PATIENCE
    while workers() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert workers() == []


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, max_size=12), st.integers(1, 5))
def test_every_session_takes_its_steps_in_order_and_ends_once(plans: list[list[Call | Wait]], connections: int) -> None:
    fleet = with_deadline(FakeFleet(plans, max_connections=connections).run)
    assert fleet.started == list(range(len(plans)))
    assert sorted(fleet.ended) == fleet.started
    for index, plan in enumerate(plans):
        calls = [step.name for step in plan if isinstance(step, Call)]
        assert [name for number, name in fleet.sending if number == index] == calls
        assert [name for number, name in fleet.sent if number == index] == calls
        assert len(fleet.heard[index]) == len(plan)
    assert fleet.fleet.calls == len(fleet.sent)
    assert fleet.peak <= connections


def test_a_session_on_its_way_goes_before_one_that_is_not() -> None:
    for first in ([], [Wait(0)]):
        fleet = with_deadline(FakeFleet([[*first, READ, LOGOUT, READ]] * 3, max_connections=1).run)
        assert fleet.sent == [(index, name) for index in range(3) for name in ("info", "logout", "info")]


def test_what_must_be_sent_while_it_is_fresh_goes_first() -> None:
    """Behind hundreds of readings a logout would expire, be read again, and expire again."""
    fresh = Call("logout", expires=PATIENCE)
    fleet = with_deadline(
        FakeFleet([[Wait(0.01), READ, READ]] * 20 + [[Wait(0.01), READ, fresh]], max_connections=1).run
    )
    mine = [position for position, (index, dummy) in enumerate(fleet.sent) if index == 20]
    assert mine[1] == mine[0] + 1


def test_what_sees_a_logout_done_goes_before_other_logouts() -> None:
    """Killed in between, a run leaves a logout that can never be proven."""
    fresh, verifying = Call("logout", expires=PATIENCE), Call("info", verifies=True)
    fleet = with_deadline(FakeFleet([[READ, Wait(0.01), fresh, verifying]] * 20, max_connections=1).run)
    for index in range(20):
        mine = [position for position, (number, dummy) in enumerate(fleet.sent) if number == index]
        assert mine[2] == mine[1] + 1


def test_a_call_that_is_no_longer_fresh_is_not_sent() -> None:
    late = Call("logout", expires=-1.0)
    fleet = with_deadline(FakeFleet([[READ, late, READ]]).run)
    assert fleet.sent == fleet.sending == [(0, "info"), (0, "info")]
    assert [answer.error.kind if answer.error else None for answer in fleet.heard[0]] == [None, EXPIRED, None]
    assert fleet.fleet.calls == 2


def test_no_more_calls_under_way_than_connections() -> None:
    barrier = threading.Barrier(8)
    fleet = with_deadline(FakeFleet([[READ]] * 64, lambda index, name: barrier.wait(PATIENCE), max_connections=8).run)
    assert fleet.peak == 8
    assert len(fleet.ended) == 64


def test_few_sessions_need_few_workers() -> None:
    counts = []
    with_deadline(FakeFleet([[READ]] * 3, lambda index, name: counts.append(len(workers())), max_connections=500).run)
    assert max(counts) <= 3


def test_one_after_the_other_needs_one_worker() -> None:
    counts = []
    with_deadline(FakeFleet([[READ] * 20], lambda index, name: counts.append(len(workers())), max_connections=16).run)
    assert counts == [1] * 20


def test_a_session_that_waits_holds_no_thread_and_no_connection() -> None:
    """A thousand sessions wait together, over two connections: one after the other they would take minutes."""
    waiting = [[READ, Wait(1.0), READ]] * 1000
    counts: list[int] = []
    began = time.monotonic()
    with_deadline(FakeFleet(waiting, lambda index, name: counts.append(len(workers())), max_connections=2).run)
    assert time.monotonic() - began < PATIENCE
    assert max(counts) <= 2


def test_waits_end_in_the_order_of_their_moments() -> None:
    fleet = with_deadline(FakeFleet([[Wait(0.3), READ], [Wait(0.1), READ], [Wait(0.2), READ]], max_connections=1).run)
    assert [index for index, dummy in fleet.sent] == [1, 2, 0]


def test_a_wait_lasts_at_least_as_long_as_it_should() -> None:
    fleet = with_deadline(FakeFleet([[READ, Wait(0.2)]]).run)
    read, waited = fleet.heard[0]
    assert waited.at - read.at >= 0.2


def test_the_brake_leaves_the_rest_alone_and_lets_those_under_way_end() -> None:
    """Four are under way when the first one fails; they end normally, and no other starts."""
    all_under_way, braked, ended = threading.Barrier(4), threading.Event(), []

    def send(index: int, name: str) -> None:
        if name == "info":
            all_under_way.wait(PATIENCE)
            assert index == 0 or braked.wait(PATIENCE)

    def finished(job: Job, outcome: Outcome) -> bool:
        ended.append(job.index)
        braked.set()
        return False

    plans: list[list[object]] = [[READ], *[[READ, Wait(0.05), LOGOUT]] * 99]
    fleet = with_deadline(FakeFleet(plans, send, finished=finished, max_connections=4).run)
    assert fleet.started == [0, 1, 2, 3]
    assert sorted(ended) == [0, 1, 2, 3]
    assert [name for dummy, name in fleet.sent].count("logout") == 3


def test_the_brake_once_pulled_stays_pulled() -> None:
    both = threading.Barrier(2)
    verdicts = iter([False, True])  # of the two that are under way together
    fleet = with_deadline(
        FakeFleet(
            [[READ]] * 10,
            lambda index, name: both.wait(PATIENCE),
            finished=lambda job, outcome: next(verdicts),
            max_connections=2,
        ).run
    )
    assert len(fleet.started) == 2


@pytest.mark.parametrize("size", [0, 1])
def test_the_smallest_fleets(size: int) -> None:
    assert len(with_deadline(FakeFleet([[]] * size).run).ended) == size


def test_sessions_that_need_no_call_need_no_worker() -> None:
    fleet = with_deadline(FakeFleet([[]] * 5000).run)
    assert len(fleet.ended) == 5000
    assert fleet.sent == []


def fails(index: int, name: str) -> None:
    if index == 7:
        raise Bug("send")


def test_a_bug_in_send_ends_the_run() -> None:
    with pytest.raises(Bug, match="send"):
        with_deadline(FakeFleet([[READ]] * 100, fails).run)


def test_a_bug_in_a_lifecycle_ends_the_run() -> None:
    no_step = None
    with pytest.raises(TypeError, match="wants nothing"):
        with_deadline(FakeFleet([[READ, READ], [READ, no_step]] * 10).run)


@pytest.mark.parametrize("where", ["start", "sending", "finished", "tick"])
def test_a_bug_in_what_the_fleet_is_given_ends_the_run(where: str) -> None:
    def bug(*dummy: object) -> bool:
        raise Bug(where)

    options: dict[str, Any] = {where: bug}
    with pytest.raises(Bug, match=where):
        with_deadline(FakeFleet([[READ]] * 20 + [[Wait(2)]], **options).run)


def test_an_interruption_in_the_main_thread_ends_the_run_while_calls_hang() -> None:
    """As Ctrl-C and a task's timeout do. A call that hangs doesn't keep the run from ending."""
    released = threading.Event()
    seen = threading.Event()

    def hang(index: int, name: str) -> None:
        seen.set()
        released.wait(PATIENCE)

    def tick() -> None:
        if seen.is_set():
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            with_deadline(FakeFleet([[READ]] * 50, hang, tick=tick).run)
    finally:
        released.set()


def test_errors_of_the_api_are_answers_not_bugs() -> None:
    def refuse(index: int, name: str) -> None:
        raise WawpError(RATE_LIMITED, "too many calls")

    fleet = with_deadline(FakeFleet([[READ]] * 2, refuse).run)
    assert [heard[0].error.kind for heard in fleet.heard.values()] == [RATE_LIMITED] * 2


def test_a_429_of_one_session_holds_all_others_back() -> None:
    moments: list[float] = []

    def send(index: int, name: str) -> None:
        moments.append(time.monotonic())
        if index == 0:
            raise WawpError(RATE_LIMITED, "too many calls", retry_after=0.5)

    with_deadline(FakeFleet([[READ]] * 3, send, max_connections=1).run)
    assert moments[1] - moments[0] >= 0.5


def test_the_rate_bounds_the_whole_fleet() -> None:
    moments: list[float] = []
    with_deadline(FakeFleet([[READ]] * 30, lambda index, name: moments.append(time.monotonic()), pace=Pace(100)).run)
    assert max(moments) - min(moments) >= 27 / 100


def test_the_pace_of_one_session_is_not_the_wait_of_another() -> None:
    """While a worker watches the time for a session that waits long, another session's next call may be due sooner."""
    fleet = with_deadline(FakeFleet([[Wait(4), READ], [READ] * 5], pace=Pace(20), max_connections=2).run)
    assert fleet.sent == [*[(1, "info")] * 5, (0, "info")]


def test_a_fleet_that_only_waits_still_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleets, "POLL_INTERVAL", 0.1)
    ticks: list[float] = []
    with_deadline(FakeFleet([[Wait(1)]], tick=lambda: ticks.append(time.monotonic())).run)
    assert len(ticks) >= 2


class Imagined(WallClock):
    """A clock of check mode: no wait is real."""

    def skip(self, seconds: float) -> bool:
        return True


def test_what_is_imagined_takes_no_call_no_pace_and_no_time() -> None:
    def start(index: int) -> Job:
        job = fleet.start(index)
        job.is_simulated = lambda name: name == "logout"
        return job

    plans = [[READ, LOGOUT, Wait(1000), LOGOUT]] * 10
    fleet = FakeFleet(plans, clock=Imagined, start=start, pace=Pace(1000))
    with_deadline(fleet.run)
    assert sorted(fleet.sending) == [(index, "info") for index in range(10)]
    assert fleet.fleet.calls == 10
    assert len(fleet.ended) == 10


@pytest.mark.no_cover
def test_ten_thousand_jobs() -> None:
    fleet = with_deadline(FakeFleet([[READ, Wait(0), LOGOUT]] * 10_000, max_connections=16).run)
    assert len(fleet.ended) == 10_000
    assert fleet.fleet.calls == 20_000
