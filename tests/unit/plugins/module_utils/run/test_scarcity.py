# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet on a machine with hardly any memory left: slower, never wrong."""

from __future__ import annotations

import inspect
import itertools
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import UNREADABLE
from ansible_collections.wawp.cloud.plugins.module_utils._run import fleet
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import Reply, WallClock, execute
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import read_events
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Call
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.fleet import FleetRun, fleet_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.journaling import RunJournal
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import crashed
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.simulated_fleet import ForkServer
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.fleet_options import assert_true, options

IDS = [f"A{number}" for number in range(40)]


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


def test_no_memory_for_a_reply_is_an_answer() -> None:
    def send(dummy: str) -> Reply:
        raise MemoryError

    answer = execute(Call("logout"), send, WallClock())
    assert answer.error is not None
    assert answer.error.kind == UNREADABLE
    assert "no memory" in str(answer.error)


def test_no_memory_is_no_defect_of_the_collection() -> None:
    message = crashed(MemoryError(), {}).result["msg"]
    assert "memory" in message
    assert "defect" not in message


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux to see how much memory is in use")
@pytest.mark.parametrize("memory", [0, 512, 2048, 3072])
def test_with_hardly_any_memory_nothing_wrong_is_said(
    forks: ForkServer, server: Server, engine: Engine, tmp_path: Path, memory: int
) -> None:
    """With this many KiB more than it starts with."""
    for name in IDS:
        engine.add(Instance(name))
    journal = tmp_path / "journal"
    forks.start(options(server.url, IDS, journal=str(journal), max_connections=8), memory=memory * 1024)
    ended = forks.end()
    lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
    noted = {event.get("instance_id") for event in map(json.loads, lines) if event.get("action") == "logout"}
    assert {entry.instance_id for entry in engine.calls(name="logout")} <= noted
    if ended and ended["result"]:
        assert_true(engine, ended["result"]["sessions"])


class Shortage:
    """A lack of memory for the frames of every nth call of the collection's functions in a fleet's workers."""

    def __init__(self, every: int) -> None:
        self._numbers, self._every = itertools.count(1), every
        self.strikes = 0

    def during(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that frames find no memory once it has begun. Python stops tracing when that raises."""

        def traced(*arguments: Any) -> Any:
            sys.settrace(self._enter)
            return real(*arguments)

        return traced

    def _enter(self, frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        # A resumed generator already has its frame.
        allocates = "/module_utils/_" in code.co_filename and not code.co_flags & inspect.CO_GENERATOR
        if allocates and next(self._numbers) % self._every == 0:
            self.strikes += 1
            raise MemoryError


@pytest.mark.no_cover  # coverage traces calls too
@pytest.mark.parametrize("every", [311, 499])
def test_without_memory_for_a_frame_now_and_then_all_come_to_their_end(
    server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, every: int
) -> None:
    for name in IDS:
        engine.add(Instance(name))
    monkeypatch.setattr(fleet, "RETRY_DELAY", 0)
    checked = options(server.url, IDS, max_connections=4, max_failures="100%", journal=str(tmp_path / "journal"))
    shortage = Shortage(every)
    monkeypatch.setattr(fleet.Fleet, "_next", shortage.during(fleet.Fleet._next))
    result = fleet_task(checked, False).result
    assert shortage.strikes > 5
    assert len(result["sessions"]) == len(IDS)
    assert not any(entry["left_alone"] for entry in result["sessions"])
    assert_true(engine, result["sessions"])
    noted = {event["instance_id"] for event in read_events(str(tmp_path / "journal")) if event["event"] == "sending"}
    assert {entry.instance_id for entry in engine.calls(name="logout")} <= noted


@pytest.mark.parametrize("every", [3, 7])
def test_replies_without_memory_are_no_proof_and_end_no_run(
    server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    few = IDS[:12]
    for name in few:
        engine.add(Instance(name))
    real, lock, calls = json.loads, threading.Lock(), [0]

    def loads(*args: Any, **kwargs: Any) -> Any:
        with lock:
            calls[0] += 1
            if calls[0] % every == 0:
                raise MemoryError
        return real(*args, **kwargs)

    checked = options(server.url, few, max_connections=8)
    monkeypatch.setattr(json, "loads", loads)
    result = fleet_task(checked, False).result
    assert len(result["sessions"]) == len(few)
    assert_true(engine, result["sessions"])
    assert calls[0] > len(few)


def raising(real: Callable[..., Any], when: Callable[[int], bool]) -> Callable[..., Any]:
    """Wrap a function so that its calls with these numbers find no memory."""
    numbers = itertools.count(1)

    def short_of_memory(*args: Any, **kwargs: Any) -> Any:
        if when(next(numbers)):
            raise MemoryError
        return real(*args, **kwargs)

    return short_of_memory


def test_a_session_for_which_there_is_no_memory_waits_until_another_has_ended(
    server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in IDS:
        engine.add(Instance(name))
    monkeypatch.setattr(FleetRun, "_start", raising(FleetRun._start, lambda number: number > 2 and number % 2 == 0))
    result = fleet_task(options(server.url, IDS, max_connections=8), False).result
    assert {entry["verdict"] for entry in result["sessions"]} == {"severed"}
    assert_true(engine, result["sessions"])


def test_where_memory_is_left_for_none_the_rest_is_left_alone(
    server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in IDS:
        engine.add(Instance(name))
    monkeypatch.setattr(fleet, "RETRY_DELAY", 0)
    monkeypatch.setattr(FleetRun, "_start", raising(FleetRun._start, lambda number: number > 5))
    result = fleet_task(options(server.url, IDS), False).result
    assert [entry["verdict"] for entry in result["sessions"]] == ["severed"] * 5 + [None] * 35
    assert "left alone: this machine has no memory left; run it again with the same journal" in result["msg"]
    assert len(engine.calls(name="logout")) == 5


def test_what_there_is_no_memory_to_note_is_not_sent_and_the_rest_goes_on(
    server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in IDS:
        engine.add(Instance(name))
    monkeypatch.setattr(RunJournal, "sending", raising(RunJournal.sending, lambda number: number == 3))
    checked = options(server.url, IDS, journal=str(tmp_path / "journal"), max_failures="100%")
    result = fleet_task(checked, False).result
    assert sum(entry["failed"] for entry in result["sessions"]) == 1
    assert "had no memory left, so logout was not sent" in result["msg"]
    assert len(engine.calls(name="logout")) == len(IDS) - 1
    assert_true(engine, result["sessions"])
