# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that is killed at any of its calls, and finished by a second run with the same journal."""

from __future__ import annotations

import copy
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import NO_ACCOUNT, SEVERED, UNPROVEN
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.calls import Request
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.simulated_fleet import ForkServer
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.fleet_options import assert_true, options, run

pytestmark = pytest.mark.no_cover

PATIENCE = 60.0
# It hangs until it is logged out, which burns the key; then it awaits a scan, as if it had been unlinked.
BURNING: dict[str, Any] = {**fleet.KINDS["starting_hangs"], "starts_into": ["STARTING", None]}
KINDS = ["working", "stopped", "failed", "burning", "stopped_logged_out", "waiting_for_scan", "working"]
GOING = ["working", "stopped"]
FLEET = [
    {"instance_id": f"{kind}-{number}", **(BURNING if kind == "burning" else fleet.KINDS[kind])}
    for number, kind in enumerate([*KINDS, *GOING])
]
IDS = [str(instance["instance_id"]) for instance in FLEET]
ENTRIES: list[Any] = [*IDS[: len(KINDS)], *({"instance_id": name, "state": "absent"} for name in IDS[len(KINDS) :])]
PAIRED = {name for name in IDS if name.startswith(("working", "stopped-", "failed"))}
BURNT = {name for name in IDS if name.startswith("burning")}


class DeadlyEngine(Engine):
    """An engine that kills a process at the call of that number, just before or after it takes effect.

    An outage may begin with that call.
    """

    def __init__(self, deadly: int, spares: bool, instances: Any = FLEET, outage: str = "") -> None:
        super().__init__(delays=Delays(scale=0))
        self._left, self._spares, self._outage = deadly, spares, outage
        self.victim = 0
        self.struck = False
        self.known = threading.Event()
        fleet.load(self, copy.deepcopy(instances))

    def begin(self, *args: Any, **kwargs: Any) -> Request:
        self._left -= 1
        if not self._left:
            assert self.known.wait(PATIENCE)
            self.struck = True
            os.kill(self.victim, signal.SIGKILL)
            if self._outage:
                self.add_outage(self._outage)
            if self._spares:
                self.add_fault(Fault("drop"))
        return super().begin(*args, **kwargs)


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    with ForkServer() as forks:
        yield forks


def events(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text("utf-8").splitlines()] if journal.exists() else []


def logouts_from_working(engine: Engine, instance_id: str) -> int:
    return sum(entry.before == "WORKING" and not entry.fault for entry in engine.calls(instance_id, "logout"))


def run_again(
    engine: Engine, url: str, given: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Run the fleet in this process. Returns the entries, and the names of this run's calls."""
    before = {name: len(engine.calls(name)) for name in IDS}
    report = run(url, ENTRIES, **given)
    assert_true(engine, report.result["sessions"])
    calls = {name: [entry.call for entry in engine.calls(name)[before[name] :]] for name in IDS}
    return {entry["instance_id"]: entry for entry in report.result["sessions"]}, calls


# A whole run takes some fifty calls; the last number may not be reached, and then nobody is killed.
@pytest.mark.parametrize(("deadly", "spares"), [(number, number % 2 == 0) for number in range(1, 50, 3)])
@pytest.mark.usefixtures("no_time")
def test_killed_at_any_call(forks: ForkServer, tmp_path: Path, deadly: int, spares: bool) -> None:
    journal = tmp_path / "journal"
    given: dict[str, Any] = {
        "journal": str(journal),
        "start_if_stopped": True,
        "max_connections": 3,
        "start_timeout": 0.1,
    }
    engine = DeadlyEngine(deadly, spares)
    with Server(engine) as server:
        engine.victim = forks.start(options(server.url, ENTRIES, **given))
        engine.known.set()
        assert (forks.end() is None) == engine.struck
        left = events(journal)
        known = {event["instance_id"]: event["verdict"] for event in left if event.get("verdict")}
        # Logouts whose end no run has seen: the time of SCAN_QR_CODE is lost.
        unseen = {event["instance_id"] for event in left if event.get("action") == "logout"} - set(known)
        unseen = {name for name in unseen if logouts_from_working(engine, name)}
        second, calls = run_again(engine, server.url, given)
        third, calls_of_third = run_again(engine, server.url, given)
    for name in IDS:
        assert logouts_from_working(engine, name) <= 1, name
        if known.get(name) in (SEVERED, NO_ACCOUNT):
            assert second[name]["verdict"] == known[name], name
            assert set(calls[name]) <= {"info", "delete"}, name
        ends = SEVERED if name in PAIRED else NO_ACCOUNT
        expected = UNPROVEN if name in BURNT | unseen else ends
        assert second[name]["verdict"] == third[name]["verdict"] == expected, name
        # An instance that may still be linked is not deleted.
        assert engine.look(name).removed == (name in IDS[len(KINDS) :] and expected != UNPROVEN)
        assert second[name]["failed"] == (name in IDS[len(KINDS) :] and expected == UNPROVEN), second[name]
        assert set(calls_of_third[name]) == {"info"}, name
