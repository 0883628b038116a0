# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interruption of a run: its causes, and what the fleet still does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run import clock, interrupt
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import WallClock
from ansible_collections.wawp.cloud.plugins.module_utils._run.interrupt import Interruption
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Call, RunStopped, Wait
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.fake_caller import (
    PATIENCE,
    FakeFleet,
    with_deadline,
)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_a_reason_and_takes_its_usual_effect_afterwards(number: signal.Signals) -> None:
    seen: list[int] = []
    before = signal.signal(number, lambda received, frame: seen.append(received))
    try:
        with Interruption(lambda: False) as interruption:
            assert interruption.reason is None
            signal.raise_signal(number)
            assert interruption.reason
            assert not seen
        interruption.pass_on()
        assert seen == [number]
    finally:
        signal.signal(number, before)


def test_a_second_ctrl_c_ends_the_run_at_once() -> None:
    # A shell makes background processes ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Interruption(lambda: False):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)  # from Ansible, when it is interrupted
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_many_threads_may_ask_at_once_whether_somebody_reads() -> None:
    """The fleet's workers and the thread that waits for them do."""
    is_abandoned = interrupt.abandoned_by_reader()
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(lambda dummy: is_abandoned(), range(20_000)))


def test_nohup_is_heeded() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption(lambda: False) as interruption:
            signal.raise_signal(signal.SIGHUP)
            assert interruption.reason is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_uninterrupted_run_passes_nothing_on() -> None:
    with Interruption(lambda: False) as interruption:
        pass
    interruption.pass_on()


def test_who_was_abandoned_once_stays_so() -> None:
    said = iter([False, True, False])
    interruption = Interruption(lambda: next(said))
    assert [interruption.reason, interruption.reason, interruption.reason] == [None, interrupt.GONE, interrupt.GONE]


def test_a_module_sees_that_nobody_reads_its_output() -> None:
    code = (
        "import sys, time\n"
        "from ansible_collections.wawp.cloud.plugins.module_utils._run.interrupt import abandoned_by_reader\n"
        "is_abandoned = abandoned_by_reader()\n"
        "print(is_abandoned(), flush=True)\n"
        "while not is_abandoned():\n    time.sleep(0.01)\n"
        "print('seen', file=sys.stderr)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"False\n"
        process.stdout.close()
        assert b"seen" in process.stderr.read()


def test_an_interrupted_fleet_starts_nothing_and_waits_for_nothing() -> None:
    """Those that had logged out read on; the others end at their next call, also those that would wait for an hour."""
    calling = threading.Event()
    refusal = RunStopped("ended")
    plans: list[list[Any]] = [
        [Call("logout"), Call("info")],
        [Call("info"), Wait(3600), Call("logout")],
        *([[Call("info")]] * 5000),
    ]

    def send(index: int, name: str) -> None:
        if (index, name) == (0, "logout"):
            calling.set()
            time.sleep(1.5)
        elif index > 1:
            time.sleep(0.01)

    def sending(job: Any, call: Call) -> RunStopped | None:
        return refusal if calling.is_set() and job.index and call.name == "logout" else None

    fleet = FakeFleet(plans, send, max_connections=2, sending=sending, interrupted=calling.is_set)
    with_deadline(fleet.run)
    assert fleet.sent.count((0, "info")) == 1
    assert fleet.ended[1].message == "ended"
    assert (1, "logout") not in fleet.sent
    assert len(fleet.started) < len(plans)


@pytest.mark.parametrize("given", [0, 1, 3])
def test_with_fewer_threads_than_wanted_the_work_is_done(given: int, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def scarce(thread: threading.Thread) -> None:
        if thread.name == "wawp" and len(started) == given:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    fleet = FakeFleet([[Call("info"), Wait(0.01), Call("info")]] * 20, max_connections=8)
    fleet.run()
    assert len(fleet.ended) == 20
    assert fleet.peak <= max(given, 1)


class TestClock:
    def test_what_was_read_before_the_machine_slept_is_not_fresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """CLOCK_BOOTTIME keeps counting, CLOCK_MONOTONIC doesn't."""
        if not hasattr(time, "CLOCK_BOOTTIME"):
            pytest.skip("only Linux has two clocks")
        assert clock._STEADY == time.CLOCK_BOOTTIME
        wall, slept = WallClock(), 0.0
        real = time.clock_gettime
        monkeypatch.setattr(time, "clock_gettime", lambda which: real(which) + slept)
        before = wall.now()
        slept = 3600.0
        assert wall.now() - before >= 3600

    @pytest.mark.parametrize("jump", [-7200, 7200])
    def test_a_clock_that_is_set_changes_no_time_of_the_run(self, jump: int, monkeypatch: pytest.MonkeyPatch) -> None:
        run = clock.RunTime()
        before = run.now()

        class Jumped(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
                return datetime.fromtimestamp(time.time() + jump, timezone.utc)

        monkeypatch.setattr(clock, "datetime", Jumped)
        assert 0 <= (run.now() - before).total_seconds() < PATIENCE
        assert abs((run.clock_set_by() or 0) - jump) < PATIENCE
