# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of logged_out on a simulated engine, one line each."""

from __future__ import annotations

from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    SimulatedRun,
)

# Readings after a logout that reached the phone: a second later, and wait_sleep after that.
SEEN = ("info=STARTING", "info=SCAN_QR_CODE")

# After an unclear reply it is also read at once.
SEEN_AT_ONCE = ("info=STARTING", *SEEN)


def logged_out(**options: Any) -> Goal:
    return Goal("logged_out", **options)


def play(started: Instance, goal: Goal, *faults: Fault, delays: Delays | None = None) -> tuple[SimulatedRun, Any]:
    sim = SimulatedRun(started, faults, delays=delays or Delays(settle=5.0, qr=3.0))
    outcome = sim.run(goal)
    assert sim.linked is False or outcome.verdict != "severed"
    return sim, outcome


def lie(status: str, skip: int = 0) -> Fault:
    return Fault("lie", call="info", status=status, skip=skip)


def summary(outcome: Any) -> tuple[str | None, bool, bool]:
    return outcome.verdict, outcome.changed, outcome.failed
