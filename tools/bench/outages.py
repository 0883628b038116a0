# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log 400 sessions out, half of them cut off from WhatsApp, and hold what is claimed against the truth: outages.py.

All times, those of the simulator and those of the options, are a twentieth of the real ones. An outage that ends
within proof_timeout of a logout is not among them: no reading tells it from none, as docs/verdicts.md says.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
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

SCALE = 0.05
SIZE = 400
# Real seconds from the beginning of the run: before it, in its course, and one that ends in it.
SPANS = ((0.0, None), (20.0, None), (60.0, None), (0.0, 300.0))
# Those that unlink; K doesn't, ever, and no reading tells.
GENERATIONS = ("A", "B")
TIMES = {"proof_timeout": 30.0, "wait_sleep": 3.0, "start_timeout": 90.0, "wait_timeout": 120.0}


@dataclass
class Figures:
    """What came of one sort of sessions."""

    sessions: int = 0
    severed: int = 0
    false_claims: int = 0
    keys_burnt: int = 0
    needless: int = 0

    def count(self, verdict: str | None, instance: Instance) -> None:
        """One session: what was claimed of it, and what is true."""
        self.sessions += 1
        self.severed += verdict == "severed"
        self.false_claims += verdict in ("severed", "no_account") and instance.linked
        self.keys_burnt += instance.linked and not instance.credentials
        self.needless += verdict == "unproven" and not instance.linked

    def row(self, name: str) -> str:
        """The figures as a row of the table."""
        numbers = (self.sessions, self.severed, self.false_claims, self.keys_burnt, self.needless)
        return f"| {name} | {' | '.join(map(str, numbers))} |"


def populate(engine: Engine) -> dict[str, str]:
    """Add the sessions, half of them with an outage. Returns what each one's sort is."""
    sorts = {}
    for number in range(SIZE):
        instance_id = f"S{number}"
        kind = ("", OUTAGES[number // 2 % len(OUTAGES)])[number % 2]
        engine.add(Instance(instance_id, SANDBOX_TOKEN, generation=GENERATIONS[number % len(GENERATIONS)]))
        sorts[instance_id] = kind or "none"
        if kind:
            begin, end = SPANS[number // 2 // len(OUTAGES) % len(SPANS)]
            engine.add_outage(kind, begin * SCALE, None if end is None else end * SCALE, instance_id)
    return sorts


def run(url: str, ids: list[str], restart_first: bool) -> list[dict[str, Any]]:
    """Log them out as a runbook does. Returns their entries."""
    given = {
        "api_url": url,
        "access_token": SANDBOX_TOKEN,
        "instances": ids,
        "state": "logged_out",
        "on_unproven": "fail",
        "restart_first": restart_first,
        "calls_per_second": 200,
        "max_connections": 32,
        **{name: seconds * SCALE for name, seconds in TIMES.items()},
    }
    checked = ModuleArgumentSpecValidator(FLEET_SPEC).validate(given)
    if checked.error_messages:
        sys.exit("; ".join(checked.error_messages))
    entries: list[dict[str, Any]] = fleet_task(checked.validated_parameters, False).result["sessions"]
    return entries


def table() -> list[str]:
    """The figures, by the sort of outage, without and with restart_first."""
    lines = [
        "| outage | sessions | severed | false claims | keys burnt | needless `unproven` |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for restart_first in (False, True):
        figures = {name: Figures() for name in ("none", *OUTAGES)}
        engine = Engine(delays=Delays(scale=SCALE))
        with Server(engine) as server:
            sorts = populate(engine)
            for entry in run(server.url, list(sorts), restart_first):
                figures[sorts[entry["instance_id"]]].count(entry["verdict"], engine.look(entry["instance_id"]))
        suffix = ", `restart_first`" if restart_first else ""
        lines += [found.row(f"{name}{suffix}") for name, found in figures.items()]
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
