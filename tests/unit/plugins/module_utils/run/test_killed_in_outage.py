# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that is killed at any of its calls while WhatsApp can't be reached, and finished when it can be again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import read_events
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import NO_ACCOUNT, PROVEN, SEVERED, UNPROVEN
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import REFUSED, SILENT
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.simulated_fleet import ForkServer
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.test_killed import (
    DeadlyEngine,
    logouts_from_working,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.fleet_options import assert_true, options, run

pytestmark = pytest.mark.no_cover

CONNECTIONS = 3
KINDS = ["working", "working_older", "stopped", "failed", "starting", "waiting_for_scan", "stopped_logged_out"]
FLEET = [{"instance_id": f"{kind}-{number}", **fleet.KINDS[kind]} for number, kind in enumerate([*KINDS, "working"])]
IDS = [str(instance["instance_id"]) for instance in FLEET]
UNPAIRED = {name for name in IDS if name.startswith(("waiting", "stopped_logged_out"))}
GIVEN: dict[str, Any] = {
    "start_if_stopped": True,
    "restart_first": True,
    "on_unproven": "fail",
    "max_connections": CONNECTIONS,
    "wait_timeout": 1,
    "proof_timeout": 10,
}


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    with ForkServer() as forks:
        yield forks


def burnt(engine: DeadlyEngine) -> set[str]:
    """Return the instances that the phone still lists and no key can end."""
    return {name for name in IDS if engine.look(name).linked and not engine.look(name).credentials}


def left_behind(engine: DeadlyEngine, journal: Path) -> set[str]:
    """Compare the journal of a killed run with the truth.

    Returns:
        The instances whose logout it noted and sent, and whose end it didn't see.
    """
    left = list(read_events(str(journal)))
    for event in left:
        assert event.get("verdict") not in PROVEN or not engine.look(event["instance_id"]).linked, event
    concluded = {event["instance_id"] for event in left if event.get("verdict") in PROVEN}
    noted = {event["instance_id"] for event in left if event.get("action") == "logout"} - concluded
    return {name for name in noted if logouts_from_working(engine, name)}


# During the outage a run takes some hundred calls, of which the first sixty differ.
@pytest.mark.parametrize("deadly", [*range(1, 25, 3), 31, 42, 59])
@pytest.mark.parametrize("begins", ["before the run", "with the deadly call"])
@pytest.mark.usefixtures("no_time")
def test_killed_at_any_call_in_an_outage(forks: ForkServer, tmp_path: Path, deadly: int, begins: str) -> None:
    kind, given = (REFUSED, SILENT)[deadly % 2], {**GIVEN, "journal": str(tmp_path / "journal")}
    before = begins == "before the run"
    engine = DeadlyEngine(deadly, deadly % 4 < 2, FLEET, "" if before else kind)
    if before:
        engine.add_outage(kind)
    with Server(engine) as server:
        engine.victim = forks.start(options(server.url, IDS, **given))
        engine.known.set()
        assert (forks.end() is None) == engine.struck
        lost, unseen = burnt(engine), left_behind(engine, tmp_path / "journal")
        # An outage that begins before WORKING is read costs no key; a later one costs at most those under way.
        assert len(lost) <= (0 if before else CONNECTIONS)
        assert lost <= unseen, "a key was burnt of which the journal doesn't tell"
        engine.end_outages()
        results = [run(server.url, IDS, **given).result for dummy in range(2)]
    for result in results:
        assert_true(engine, result["sessions"])
    assert burnt(engine) == lost
    for name, *entries in zip(IDS, *(result["sessions"] for result in results)):
        expected = UNPROVEN if name in unseen else NO_ACCOUNT if name in UNPAIRED else SEVERED
        assert [entry["verdict"] for entry in entries] == [expected] * 2, name
