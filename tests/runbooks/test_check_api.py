# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbook check_api as an operator calls it. Its findings: module_utils/session/test_probe.py."""

from __future__ import annotations

import json

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.generations import GENERATIONS

from .conftest import World


def test_it_looks_and_changes_nothing(world: World) -> None:
    world.add("A1")
    ran = world.run("check_api", wawp_instance_id="A1")
    assert ran.code == 0, ran.output
    assert world.engine.writes() == []
    assert '"trust_empty_account": null' in ran.output
    assert "HTTP 401, bad_token" in ran.output


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_whole_life_tells_the_options(world: World, generation: str) -> None:
    world.add("A1", generation=generation)
    confirmed = {"wawp_check_confirm": "lose A1", "wawp_check_drift": 0, "wawp_check_interval": 0.05}
    ran = world.run("check_api", wawp_instance_id="A1", **confirmed)
    assert ran.code == 0, ran.output
    assert world.engine.writes() == ["stop", "start", "restart", "logout", "stop"]
    assert f'"trust_empty_account": {"true" if generation == "B" else "false"}' in ran.output
    assert '"proof_timeout": 30.0' in ran.output
    kept = json.loads((world.folder / "wawp_check_api.json").read_text(encoding="utf-8"))
    assert [step["call"] for step in kept["steps"] if step["call"] in world.engine.writes()] == world.engine.writes()


def test_a_check_that_ends_early_shows_what_it_saw_and_fails(world: World) -> None:
    world.add("A1", "SCAN_QR_CODE")
    ran = world.run("check_api", wawp_instance_id="A1", wawp_check_confirm="lose A1")
    assert ran.code != 0
    assert "HTTP 201, SCAN_QR_CODE, me: null" in ran.output
    assert "a whole life begins with a WORKING session" in ran.output
    assert world.engine.writes() == []


def test_another_phrase_is_refused(world: World) -> None:
    world.add("A1")
    ran = world.run("check_api", wawp_instance_id="A1", wawp_check_confirm="yes")
    assert ran.code != 0
    assert "exactly: lose A1" in ran.output
    assert world.engine.calls() == []
