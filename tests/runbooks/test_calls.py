# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The number of calls of a runbook, by the simulator's log."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays

from .conftest import World

PLAN = ["POST info"]
# The gate's reading, on which the first write rests; and one at the end, which verifies the stop.
UNLINK = ["POST logout", "POST info"]
RESTART = ["POST restart", "POST info", "POST info"]


@pytest.mark.parametrize(("restart_first", "scale"), [(False, 0.0), (False, 1.0), (True, 1.0)])
def test_a_working_session_takes_seven_calls_for_plan_and_run_and_three_more_for_a_restart(
    world: World, restart_first: bool, scale: float
) -> None:
    names = ("A1", "A2", "A3")
    for name in names:
        world.add(name)
    world.engine.delays = Delays(scale=scale)
    given = {"wawp_confirm_after": 5, "wawp_wait_sleep": 3} if scale else {}
    ran = world.decommission(*names, wawp_restart_first=restart_first, **given)
    assert ran.code == 0, ran.output
    assert ran.outcomes() == dict.fromkeys(names, "severed")
    run = ["POST info", "GET temp_link", *(RESTART if restart_first else []), *UNLINK, "POST stop", "POST info"]
    for name in names:
        calls = [f"{entry.method} {entry.call}" for entry in world.engine.calls(name)]
        assert calls == [*PLAN, *run], name
        assert not world.linked(name)
        assert world.engine.look(name).status == "STOPPED"
    reads = len([call for call in run if call in ("POST info", "GET temp_link")])
    assert [record["reads"] for record in ran.report["records"]] == [reads] * len(names)
    assert {record["after"]["status"] for record in ran.report["records"]} == {"STOPPED"}
