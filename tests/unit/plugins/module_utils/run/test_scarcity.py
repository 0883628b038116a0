# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet on a machine that has hardly any memory left: slower, never wrong."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import UNREADABLE
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import Reply, WallClock, execute
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Call
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.fleet import fleet_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import crashed
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.simulated_fleet import ForkServer
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.fleet_options import assert_true, options

IDS = [f"A{number}" for number in range(40)]


@pytest.fixture(scope="module")
def nursery() -> Iterator[ForkServer]:
    with ForkServer() as nursery:
        yield nursery


def test_no_memory_for_a_reply_is_an_answer() -> None:
    def send(dummy: str) -> Reply:
        raise MemoryError

    answer = execute(Call("logout"), send, WallClock())
    assert answer.error is not None
    assert answer.error.kind == UNREADABLE
    assert "no memory" in str(answer.error)


def test_no_memory_is_no_defect_of_the_collection() -> None:
    told = crashed(MemoryError(), {}).result["msg"]
    assert "memory" in told
    assert "defect" not in told


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux to see how much memory is in use")
@pytest.mark.parametrize("memory", [0, 512, 2048, 3072])
def test_with_hardly_any_memory_nothing_wrong_is_said(
    nursery: ForkServer, server: Server, engine: Engine, tmp_path: Path, memory: int
) -> None:
    """With so many KiB more than it begins with."""
    for name in IDS:
        engine.add(Instance(name))
    journal = tmp_path / "journal"
    nursery.start(options(server.url, IDS, journal=str(journal), max_connections=8), memory=memory * 1024)
    ended = nursery.end()
    lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
    noted = {event.get("instance_id") for event in map(json.loads, lines) if event.get("action") == "logout"}
    assert {entry.instance_id for entry in engine.calls(name="logout")} <= noted
    if ended and ended["result"]:
        assert_true(engine, ended["result"]["sessions"])


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
