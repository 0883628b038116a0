# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways around the gate: variables of a role given from outside, typos, and partial runs of a runbook."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.wawp.cloud.tests.forked import ansible_playbook

from .conftest import ANSIBLE_PLAYBOOK, World, play


@pytest.mark.parametrize(
    "given",
    [
        {"__wawp_run": {"executed": True, "lines": []}},
        {"wawp_require_four_eye": True},
        {"fail_on_drfit": True},
        {"wawp_instances": '["A1"]'},
    ],
)
def test_what_is_no_variable_of_a_runbook_is_refused_by_name(world: World, given: dict[str, Any]) -> None:
    world.add("A1")
    ran = world.run("decommission", **{"wawp_instances": ["A1"], **given})
    assert ran.code != 0
    assert f"{next(iter(given))}: " in ran.output
    assert world.engine.calls() == []


@pytest.mark.parametrize(
    "option", [["--start-at-task", "Write the report"], ["--tags", "nothing"], ["--skip-tags", "always"], ["--step"]]
)
def test_a_part_of_a_runbook_does_not_end_well(world: World, option: list[str]) -> None:
    ran = world.run("decommission", *option, wawp_instances=["A1"])
    assert ran.code != 0
    assert f"{option[0]}: a runbook runs as a whole" in ran.output


@pytest.mark.parametrize("beside", [{"__wawp_roster": {"instances": ["A2"]}}, {"wawp_confrim": "x"}])
def test_a_role_takes_no_variable_of_its_own_from_who_includes_it(world: World, beside: dict[str, Any]) -> None:
    world.add("A2")
    include = {"ansible.builtin.include_role": {"name": "wawp.cloud.decommission"}}
    playbook = play(world.folder, {**include, "vars": {"wawp_instances": ["A1"], **beside}})
    done = ansible_playbook([ANSIBLE_PLAYBOOK, str(playbook)], world.folder, world.environment)
    assert done.returncode != 0
    assert f"Nothing was sent: {next(iter(beside))}: " in done.stdout
    assert world.engine.calls() == []


@pytest.mark.parametrize("before", ["fact", "file"])
def test_what_a_runbook_keeps_for_itself_is_refused_from_an_earlier_task(world: World, before: str) -> None:
    """Facts and included files win over the variables of a block."""
    world.add("A1")
    name, value = ("__wawp_purpose", "audit") if before == "fact" else ("__wawp_arrivals", [{"instance_id": "A1"}])
    (world.folder / "vars.yml").write_text(json.dumps({name: value}))
    task = {"set_fact": {name: value}} if before == "fact" else {"include_vars": {"file": "vars.yml"}}
    confirmed = world.phrases("decommission", {"wawp_instances": ["A1"]})
    include = {"include_role": {"name": "wawp.cloud.decommission"}, "vars": {"wawp_instances": ["A1"], **confirmed}}
    playbook = play(world.folder, task, include)
    calls = len(world.engine.calls())
    done = ansible_playbook([ANSIBLE_PLAYBOOK, str(playbook)], world.folder, world.environment)
    assert done.returncode != 0
    assert f"Nothing was sent: {name}: this variable is internal to the runbooks" in done.stdout
    assert len(world.engine.calls()) == calls


@pytest.mark.parametrize("word", ["y", "t", "yes", "On ", "1"])
def test_words_for_true_are_true(world: World, word: str) -> None:
    ran = world.run("audit", wawp_fail_on_drift=word, wawp_instances=["A1"])
    assert "wawp_fail_on_drift needs wawp_baseline" in ran.output
