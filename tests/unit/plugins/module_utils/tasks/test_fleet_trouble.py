# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_fleet's task when something goes wrong: limits, journals, storms and outages."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import (
    SEVERED,
    UNPROVEN,
)
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.replies import Reply
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.simulated_fleet import ForkServer
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.fleet_options import assert_true, options, run
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.fleet_sessions import (
    PHONE,
    assert_summed_up,
    by_kind,
    load,
    verdicts,
)

# -- the brake


def strangers(engine: Engine) -> list[str]:
    return [engine.add(Instance(f"no-{number}", status="SOMETHING_NEW")).instance_id for number in range(20)]


@pytest.mark.parametrize(("limit", "failed"), [("0", 1), ("3", 4), ("10%", 3), ("0%", 1), ("14.9%", 3)])
def test_the_brake(server: Server, engine: Engine, limit: str, failed: int) -> None:
    """Twenty sessions in an unknown status, over one connection: each fails with its first call."""
    report = run(server.url, strangers(engine), max_failures=limit, max_connections=1)
    assert len(engine.log) == failed
    assert_summed_up(engine, {**report.result, "summary": {**report.result["summary"]}})
    assert report.result["summary"]["left_alone"] == 20 - failed
    assert f"{20 - failed} were left alone: more than" in report.result["msg"]
    assert report.failed


@pytest.mark.parametrize("limit", [None, "20", "100%", "250%"])
def test_no_brake(server: Server, engine: Engine, limit: str | None) -> None:
    report = run(server.url, strangers(engine), max_failures=limit)
    assert report.result["summary"]["left_alone"] == 0
    assert "left alone" not in report.result["msg"]
    assert len(engine.log) == 20


def test_what_a_journal_knows_of_a_session_left_alone_is_told(server: Server, engine: Engine, tmp_path: Path) -> None:
    (name,) = by_kind(engine, "working")
    journal = str(tmp_path / "journal")
    run(server.url, [name], journal=journal)
    report = run(server.url, [strangers(engine)[0], name], journal=journal, max_failures=0, max_connections=1)
    entry = report.result["sessions"][1]
    assert (entry["left_alone"], entry["earlier"], entry["verdict"]) == (True, SEVERED, None)


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        # Repeated without an answer, it may have come through late and have taken the session out of WORKING.
        ("failed", [Fault("http", call="restart", http_status=502)]),
        # It had left WORKING with its link in place before the logout took effect.
        (
            "working",
            [
                Fault("http", call="logout", http_status=502, when="after"),
                Fault("patch", call="info", skip=1, replace={"status": "FAILED", "me": {"id": f"{PHONE}@c.us"}}),
            ],
        ),
    ],
)
def test_a_logout_that_proves_nothing_proves_nothing_to_the_next_run_either(
    server: Server, engine: Engine, tmp_path: Path, kind: str, faults: list[Fault]
) -> None:
    (name,) = by_kind(engine, kind)
    for fault in faults:
        engine.add_fault(fault)
    given: dict[str, Any] = {"journal": str(tmp_path / "journal"), "start_if_stopped": True}
    first = run(server.url, [name], **given)
    second = run(server.url, [name], **given)
    assert engine.writes(name).count("logout") == 1
    assert engine.look(name).status == "SCAN_QR_CODE"
    assert [verdicts(report.result["sessions"])[name] for report in (first, second)] == [UNPROVEN, UNPROVEN]


def test_a_journal_that_cannot_be_written_any_more_stops_the_fleet(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    """Sessions under way are finished and in the result; the others are left alone."""
    ids = load(engine, "working:40")
    params = options(server.url, ids, journal=str(tmp_path / "journal"), max_connections=2)
    with ForkServer() as forks:
        forks.start(params, file_size=6000)
        ended = forks.end()
    assert ended is not None
    result = ended["result"]
    assert result["failed"]
    assert "the journal can't be written: File too large" in result["msg"]
    done = [entry for entry in result["sessions"] if not entry["left_alone"]]
    assert 0 < len(done) < 40
    severed = {entry["instance_id"] for entry in done if entry["verdict"] == SEVERED}
    assert {name for name in ids if not engine.look(name).linked} == severed
    assert all("so logout was not sent" in entry["msg"] for entry in done if entry["verdict"] != SEVERED)


# -- trouble on the way


def test_what_cannot_be_noted_is_not_sent(server: Server, engine: Engine, tmp_path: Path) -> None:
    """A logout without a journal entry may burn a key that nobody knows of later."""
    params = options(server.url, load(engine, "working:40"), journal=str(tmp_path / "journal"), max_connections=2)
    with ForkServer() as forks:
        forks.start(params, file_size=10)
        ended = forks.end()
    assert ended is not None
    refused = [entry for entry in ended["result"]["sessions"] if not entry["left_alone"]]
    assert 0 < len(refused) < 40
    assert all("so logout was not sent" in entry["msg"] for entry in refused)
    assert all((entry["actions"], entry["verdict"]) == ([], UNPROVEN) for entry in refused)
    assert engine.writes() == []


def test_an_empty_journal_is_a_mistake(server: Server, engine: Engine) -> None:
    with pytest.raises(OptionError, match="journal: is empty"):
        run(server.url, load(engine, "working:1"), journal="")
    assert engine.calls() == []


@pytest.mark.usefixtures("impatient")
def test_a_storm_of_429(server: Server, engine: Engine) -> None:
    ids = load(engine, "working:30")
    engine.add_fault(Fault("http", http_status=429, times=5))
    report = run(server.url, ids)
    assert verdicts(report.result["sessions"]) == dict.fromkeys(ids, SEVERED)
    assert_true(engine, report.result["sessions"])
    assert_summed_up(engine, report.result)


def test_the_server_restarts_in_the_middle(server: Server, engine: Engine) -> None:
    """Connections break, and new ones are refused for a moment."""
    engine.delays = Delays(scale=0.01)
    ids = load(engine, "working_gows:120")
    second = Server(engine, port=server.port)
    enough = threading.Event()

    class Telling(Engine):
        def finish(self, *args: Any, **kwargs: Any) -> Reply:
            if len(self.log) > 100:
                enough.set()
            return super().finish(*args, **kwargs)

    engine.__class__ = Telling

    def restart() -> None:
        enough.wait(60)
        server.stop()
        second.start()

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        report = run(server.url, ids)
        thread.join()
    finally:
        second.stop()
    assert enough.is_set()
    assert_true(engine, report.result["sessions"])
    assert verdicts(report.result["sessions"]) == dict.fromkeys(ids, SEVERED)


def test_an_outage_fails_all_sessions_with_a_reason_each(server: Server, engine: Engine) -> None:
    ids = load(engine, "working:3")
    engine.add_fault(Fault("http", http_status=401, times=None))
    report = run(server.url, ids)
    assert [entry["error"]["kind"] for entry in report.result["sessions"]] == ["bad_token"] * 3
    assert report.failed
