# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A path option means one file, however the module runs and wherever ansible-playbook was called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.wawp.cloud.tests.forked import ansible_playbook

from .conftest import ANSIBLE_PLAYBOOK, World, play

WAYS: dict[str, dict[str, Any]] = {
    "in process": {},
    "as a module": {"vars": {"wawp_in_process": False}},
    "with environment": {"environment": {"LANG": "C.UTF-8"}},
    # Ansible takes a job for lost if it starts later, as on a busy machine.
    "with async": {"async": 60, "poll": 5},
}


def run(world: World, playbook: Path, cwd: Path, **environment: str) -> None:
    done = ansible_playbook([ANSIBLE_PLAYBOOK, str(playbook)], cwd, {**world.environment, **environment})
    assert done.returncode == 0, done.stdout


def test_a_relative_path_begins_beside_the_playbook(world: World, tmp_path: Path) -> None:
    ops, elsewhere = tmp_path / "ops", tmp_path / "elsewhere"
    for folder in (ops, elsewhere):
        folder.mkdir()
    report = {"directory": "reports", "began": "2026-01-01T00:00:00Z"}
    tasks = [{"wawp.cloud.wawp_report": {**report, "runbook": way.split()[-1]}, **how} for way, how in WAYS.items()]
    run(world, play(ops, *tasks), elsewhere, PWD="/")
    written = {path.name.split("-")[0] for path in (ops / "reports").glob("*.json")}
    assert written == {way.split()[-1] for way in WAYS}
    assert not list(elsewhere.iterdir())


def test_a_home_is_the_same_home_in_all_ways(world: World, tmp_path: Path) -> None:
    ways = [way for way in WAYS if way != "with async"]  # its files go to a home other than $HOME
    report = {"directory": "~/reports", "began": "2026-01-01T00:00:00Z"}
    tasks = [{"wawp.cloud.wawp_report": {**report, "runbook": way.split()[-1]}, **WAYS[way]} for way in ways]
    run(world, play(tmp_path, *tasks), tmp_path, HOME=str(tmp_path))
    assert len(list((tmp_path / "reports").glob("*.json"))) == len(ways)
