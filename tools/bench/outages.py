# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log 400 sessions out, half of them cut off from WhatsApp, and compare the verdicts with the truth: outages.py.

It runs twice: with wawp_fleet's defaults, and with the runbooks' restart_first. All times of the simulator and the
options are a fifth of the real ones; outages.py 1 uses the real ones. No outage ends within proof_timeout of a logout,
since no reading can tell that from no outage, as docs/verdicts.md says.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".work" / "tree"))

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator  # noqa: E402 - behind the path
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.fleet import fleet_task  # noqa: E402
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import FLEET_SPEC  # noqa: E402
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine  # noqa: E402
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (  # noqa: E402
    OUTAGES,
    SANDBOX_TOKEN,
    Delays,
    Instance,
)
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server  # noqa: E402

SCALE = float(sys.argv[1]) if len(sys.argv) > 1 else 0.2
SIZE = 400
# Real seconds: an outage begins this long before the run, or around the session's turn: from a minute before it, for
# which a lost connection may still show as WORKING, to half a minute after.
LEAD, BEFORE, AFTER = 180.0, 60.0, 30.0
PACE = 20.0  # calls a second
# The generations that unlink; K never does, and no reading shows that.
GENERATIONS = ("A", "B")
TIMES = {"proof_timeout": 30.0, "wait_sleep": 3.0, "start_timeout": 90.0, "wait_timeout": 120.0, "confirm_after": 5.0}
NONE = ("none", "")
AGES = ("lasts for over a minute", "lasts for less than a minute", "begins afterwards")
SORTS = (NONE, *((kind, age) for kind in OUTAGES for age in AGES))


@dataclass
class Figures:
    """The results of one sort of sessions."""

    sessions: int = 0
    severed: int = 0
    false_claims: int = 0
    keys_burnt: int = 0
    needless: int = 0
    seconds: list[float] = field(default_factory=list)
    calls: int = 0

    def count(self, entry: dict[str, Any], instance: Instance, calls: int) -> None:
        """Count one session: its verdict, the truth, and its cost."""
        verdict = entry["verdict"]
        self.sessions += 1
        self.severed += verdict == "severed"
        self.false_claims += verdict in ("severed", "no_account") and instance.linked
        self.keys_burnt += instance.linked and not instance.credentials
        self.needless += verdict == "unproven" and not instance.linked
        self.seconds.append(entry["duration"] / SCALE)
        self.calls += calls

    def cells(self) -> list[int]:
        """Return the figures in the order of the table."""
        return [self.sessions, self.severed, self.false_claims, self.keys_burnt, self.needless]

    def cost(self) -> str:
        """Return the cost of a session."""
        return f"{self.calls / self.sessions:.1f} calls, {statistics.median(self.seconds):.1f} s"


def populate(engine: Engine, calls: int) -> dict[str, tuple[str, float]]:
    """Add the sessions, half of them with an outage.

    Args:
        engine: the engine to add them to.
        calls: the approximate number of calls per session, from which its turn is computed.

    Returns:
        The kind of each session's outage, and when it begins.
    """
    outages = {}
    dice = random.Random(13)  # noqa: S311 - the same outages in each run
    for number in range(SIZE):
        instance_id = f"S{number}"
        engine.add(Instance(instance_id, SANDBOX_TOKEN, generation=GENERATIONS[number // 2 % len(GENERATIONS)]))
        if number % 2:
            kind = OUTAGES[number // 4 % len(OUTAGES)]
            turn = LEAD + number * calls / PACE
            begin = dice.choice((0.0, turn - dice.uniform(0.0, BEFORE), turn + dice.uniform(0.0, AFTER)))
            engine.add_outage(kind, begin * SCALE, None, instance_id)
            outages[instance_id] = (kind, engine.clock() + begin * SCALE)
    return outages


def sort_of(engine: Engine, instance_id: str, outages: dict[str, tuple[str, float]]) -> tuple[str, str]:
    """Return the outage that a session met, and for how long it had lasted at the run's first reading."""
    if instance_id not in outages:
        return NONE
    kind, begin = outages[instance_id]
    age = (engine.calls(instance_id, "info")[0].time - begin) / SCALE
    return kind, AGES[0 if age > BEFORE else 1 if age > 0 else 2]


def run(url: str, ids: list[str], restart_first: bool) -> list[dict[str, Any]]:
    """Log them out as a runbook does. Returns their entries."""
    given = {
        "api_url": url,
        "access_token": SANDBOX_TOKEN,
        "instances": ids,
        "state": "logged_out",
        "start_if_stopped": True,
        "on_unproven": "fail",
        "restart_first": restart_first,
        "calls_per_second": PACE / SCALE,
        "max_connections": 32,
        **{name: seconds * SCALE for name, seconds in TIMES.items()},
    }
    checked = ModuleArgumentSpecValidator(FLEET_SPEC).validate(given)
    if checked.error_messages:
        sys.exit("; ".join(checked.error_messages))
    entries: list[dict[str, Any]] = fleet_task(checked.validated_parameters, False).result["sessions"]
    return entries


def measured(restart_first: bool) -> dict[tuple[str, str], Figures]:
    """Run once. Returns the figures of each sort of sessions."""
    figures = {sort: Figures() for sort in SORTS}
    engine = Engine(delays=Delays(scale=SCALE))
    with Server(engine) as server:
        outages = populate(engine, 6 if restart_first else 3)
        time.sleep(LEAD * SCALE)
        for entry in run(server.url, [f"S{number}" for number in range(SIZE)], restart_first):
            name = entry["instance_id"]
            sort = sort_of(engine, name, outages)
            figures[sort].count(entry, engine.look(name), len(engine.calls(name)))
    return figures


def table() -> list[str]:
    """Return the figures of both runs, by sort of outage, and the cost of a session without one."""
    alone, runbook = measured(False), measured(True)
    lines = [
        "| outage | when its turn comes | sessions | severed | false claims | keys burnt | needless `unproven` |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for sort in SORTS:
        pairs = zip(alone[sort].cells(), runbook[sort].cells(), strict=True)
        lines.append(f"| {' | '.join(sort)} | {' | '.join(f'{one} / {other}' for one, other in pairs)} |")
    return [*lines, "", f"A session without an outage: {alone[NONE].cost()} / {runbook[NONE].cost()}."]


if __name__ == "__main__":
    print("\n".join(table()))
