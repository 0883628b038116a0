# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No memory left at any line of the rule: the run ends, and claims no more than it saw."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import drive
from ansible_collections.wawp.cloud.plugins.module_utils._session import states
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import THERE
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Outcome
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.environment import Outage
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import REFUSED
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    SimulatedRun,
    check_rules,
    instance,
    severed_claims_hold,
)

pytestmark = pytest.mark.no_cover  # coverage traces lines too

FOLDER = Path(str(states.__file__)).parent
# Files that only read a reply; an answer for which there is no memory is tested elsewhere.
READING = ("model.py", "account.py")
CASES: dict[str, tuple[Callable[[], SimulatedRun], Goal]] = {
    "logged out": (lambda: SimulatedRun(instance()), Goal("logged_out")),
    "restarted first": (lambda: SimulatedRun(instance()), Goal("logged_out", restart_first=True, on_unproven="fail")),
    "decommissioned": (lambda: SimulatedRun(instance("STOPPED")), Goal("decommissioned", start_if_stopped=True)),
    "in an outage": (
        lambda: SimulatedRun(instance(), outages=[Outage(REFUSED, 0.5, 100.0)]),
        Goal("logged_out", wait_timeout=6.0, proof_timeout=5.0),
    ),
    "without an answer": (
        lambda: SimulatedRun(instance(), faults=[Fault("timeout", "logout", when="after")]),
        Goal("logged_out", wait_timeout=6.0, proof_timeout=5.0),
    ),
}
# A run takes hundreds of lines, many of them again and again.
STRIDE = 3


class Shortage:
    """A lack of memory at a line of the rule, counted from 0."""

    def __init__(self, line: int) -> None:
        self._left = line
        self.struck = False

    def __enter__(self) -> Shortage:
        self._others = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *dummy: object) -> None:
        sys.settrace(self._others)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        path = Path(frame.f_code.co_filename)
        return self._line if path.parent.name == FOLDER.name and path.name not in READING else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self._left -= 1
            if self._left < 0 and not self.struck:
                self.struck = True
                raise MemoryError
        return self._line


def run_short_of_memory(sim: SimulatedRun, goal: Goal, line: int) -> tuple[Outcome | None, bool]:
    """Return the run's outcome, None if there was no memory even for that; and whether memory ran short."""
    shortage = Shortage(line)
    try:
        with shortage:
            return drive(states.lifecycle(goal), sim.send, sim), shortage.struck
    except MemoryError:
        return None, True


@pytest.mark.parametrize("case", CASES)
def test_without_memory_a_run_ends_and_claims_no_more_than_it_saw(case: str) -> None:
    make, goal = CASES[case]
    line, struck, ends = 0, True, 0
    while struck:
        sim = make()
        outcome, struck = run_short_of_memory(sim, goal, line)
        line += STRIDE
        if outcome is None:
            continue
        ends += 1
        check_rules(sim, goal, outcome)
        assert severed_claims_hold(sim, outcome), (line, outcome)
        assert outcome.key != THERE or sim.instance.credentials, (line, outcome)
        assert set(sim.writes) <= {action.name for action in outcome.actions}, (line, outcome)
    assert line > 100
    assert ends > line / STRIDE * 0.9
