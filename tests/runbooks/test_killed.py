# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet whose controller is killed or whose terminal is closed starts nothing new, ends what it began, and exits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import read_events
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

from .conftest import ANSIBLE_PLAYBOOK, World, play

CONNECTIONS, PATIENCE = 8, 60.0
IDS = [f"S{number}" for number in range(200)]


@pytest.fixture(autouse=True)
def hangups() -> Iterator[None]:
    """Let a closed terminal end what is started here, also where nohup, whose effect is inherited, runs these tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def slow_world(tmp_path: Path) -> Iterator[World]:
    """Run a simulator whose logouts take a fraction of a second."""
    engine = Engine(delays=Delays(scale=0.1))
    with Server(engine) as server:
        yield World(engine, server.url, tmp_path)


def until(condition: Any, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended, before or while its file was read
        return False


def start(world: World, journal: Path, in_process: bool) -> subprocess.Popen[bytes]:
    for instance_id in IDS:
        world.add(instance_id)
    options = {"instances": IDS, "state": "logged_out", "journal": str(journal), "max_connections": CONNECTIONS}
    task = {"wawp.cloud.wawp_fleet": {**options, "wait_sleep": 0.2, "calls_per_second": 60, "progress": 0.5}}
    playbook = play(world.folder, task, vars={"wawp_in_process": in_process})
    with (world.folder / "stderr").open("wb") as shown:
        return subprocess.Popen(
            [ANSIBLE_PLAYBOOK, str(playbook)],
            env=world.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=shown,
            start_new_session=True,
        )


@contextmanager
def killed_at_last(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def count(journal: Path, event: str) -> int:
    return sum(each["event"] == event for each in read_events(str(journal)))


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGKILL, False), (signal.SIGTERM, False), (signal.SIGHUP, True), (signal.SIGINT, True)],
)
def test_nothing_is_begun_after_the_controller_is_gone(
    slow_world: World, tmp_path: Path, number: signal.Signals, whole_group: bool, in_process: bool
) -> None:
    journal = tmp_path / "j.jsonl"
    with start(slow_world, journal, in_process) as controller, killed_at_last(controller):
        until(lambda: count(journal, "outcome") > 10, "the run has begun")
        worker = json.loads(journal.read_text().splitlines()[0])["pid"]
        (os.killpg if whole_group else os.kill)(controller.pid, number)
        at_kill = count(journal, "sending")
        controller.wait(PATIENCE)
        until(lambda: not is_running(worker), "the worker ends")
    events = list(read_events(str(journal)))
    sent = {event["instance_id"] for event in events if event["event"] == "sending"}
    verdicts = {event["instance_id"]: event["verdict"] for event in events if event["event"] == "outcome"}
    # It may take a second to be seen.
    assert len(sent) <= at_kill + 60, "it went on"
    assert sent <= set(verdicts), "what was under way was not brought to its end"
    assert Counter(verdicts[name] for name in sent) == {"severed": len(sent)}
    for name in IDS:
        assert slow_world.linked(name) == (name not in sent), name
    shown = slow_world.folder / "stderr"
    # Ansible's worker says it, and may outlive both its controller and a module.
    if number in (signal.SIGINT, signal.SIGTERM):
        until(lambda: "Run it again with the same journal" in shown.read_text(), "it says what to do next")
    output = shown.read_text()
    if in_process:
        assert (
            f"Of 200, {len(sent)} were sent a logout or a deletion; {len(sent)} severed; nothing is unknown" in output
        )
    if in_process or number in (signal.SIGINT, signal.SIGTERM):
        assert output.count("Run it again with the same journal") == 1


def test_a_wait_for_a_scan_ends_with_the_controller_and_leaves_no_code_behind(world: World, tmp_path: Path) -> None:
    world.add("A1", "SCAN_QR_CODE")
    code = tmp_path / "code.png"
    task = {"wawp.cloud.wawp_pairing": {"instance_id": "A1", "qr_path": str(code), "wait_timeout": 600}}
    playbook = play(world.folder, task)
    command = [ANSIBLE_PLAYBOOK, str(playbook)]
    silence = subprocess.DEVNULL
    with (
        subprocess.Popen(command, env=world.environment, stdin=silence, stdout=silence, stderr=silence) as controller,
        killed_at_last(controller),
    ):
        until(code.exists, "the code is shown")
        controller.kill()
        until(lambda: not code.exists(), "the code is gone")
