# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks from end to end: simulator, webhook, the real ansible-rulebook, playbook, the simulator's truth.

Starting ansible-rulebook takes seconds of a core, so one process serves many tests.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN
from ansible_collections.wawp.cloud.tests.eda.station import BIN, NEEDED, PATIENCE, Station, simulated
from ansible_collections.wawp.cloud.tests.eda.support import KEY, ROOT, crowd, free_port, genuine, leave_trace, webhook

pytestmark = NEEDED


RULEBOOKS = ("lost_link", "watch_decommissioned", "reset_on_failure")


class Stations(NamedTuple):
    """All rulebooks in one file, each with its own port."""

    station: Station
    ports: dict[str, int]


def rulebook(ports: dict[str, int]) -> str:
    """Return all rulebooks as one. Only lost_link polls, or each would react to the polled events."""
    rulesets = []
    for name in RULEBOOKS:
        (ruleset,) = yaml.safe_load((ROOT / f"extensions/eda/rulebooks/{name}.yml").read_text())
        webhooks, polling = ruleset["sources"]
        webhooks["wawp.cloud.session_status"]["port"] = ports[name]
        if name != "lost_link":
            polling["wawp.cloud.session_poll"]["instances"] = []
        rulesets.append(ruleset)
    text: str = yaml.safe_dump(rulesets)
    return text


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stations]:
    """Run all rulebooks with webhooks, polling for lost links, and a user's playbook."""
    with simulated(tmp_path_factory.mktemp("rulebooks")) as station:
        mine = station.folder / "mine.yml"
        note = leave_trace(f"{station.folder}/")
        mine.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [note]}]))
        ports = {name: station.port if name == "lost_link" else free_port() for name in RULEBOOKS}
        path = station.folder / "rulebook.yml"
        path.write_text(rulebook(ports))
        retired = station.add("RETIRED", port=ports["watch_decommissioned"])
        station.engine.change(retired, {"status": "STOPPED", "credentials": False, "linked": False})
        variables = {
            "wawp_on_lost_link": str(mine),
            "wawp_poll_instances": [station.add("POLLED", hooked=False)],
            "wawp_poll_interval": 0.5,
            "wawp_decommissioned": [retired],
            "wawp_decommission_again": True,
            "wawp_reset_after": 1,
        }
        with station.running(path, variables=variables):
            yield Stations(station, ports)
            assert SANDBOX_TOKEN not in station.log.read_text()
            assert KEY not in station.log.read_text()


@pytest.fixture
def lost_link(stations: Stations) -> Station:
    """Return the station of the rulebook lost_link, which test_rulebooks_attacked.py runs by its full name."""
    return stations.station


def test_a_lost_link_is_told_once_and_a_storm_starts_one_run(lost_link: Station) -> None:
    station, one, other = lost_link, lost_link.add("STORM1"), lost_link.add("STORM2")
    station.engine.world("unlink_on_phone", one)
    for dummy in range(5):
        station.engine.change(one, {"status": "WORKING", "credentials": True, "linked": True})
        station.engine.world("unlink_on_phone", one)
    station.wait(lambda: station.subjects(one))
    station.engine.world("unlink_on_phone", other)
    station.wait(lambda: station.subjects(other))
    subjects = station.subjects("STORM")
    assert [subject.split(",")[0] for subject in subjects] == [f"{one} is FAILED", f"{other} is FAILED"]
    assert (station.folder / one).exists()


def test_without_webhooks_polling_does(lost_link: Station) -> None:
    station = lost_link
    station.wait(lambda: len(station.engine.calls("POLLED")) > 1)
    station.engine.world("unlink_on_phone", "POLLED")
    station.wait(lambda: station.subjects("POLLED"))
    assert station.subjects("POLLED")[0].startswith("POLLED is FAILED")


def test_the_set_up_keeps_other_webhooks_and_proves_itself(lost_link: Station) -> None:
    station = lost_link
    other = {"url": "https://example.com/mine", "events": ["message"], "is_active": True}
    names = [station.add("SETUP1", hooked=False), station.add("SETUP2", hooked=False)]
    for name in names:
        station.engine.change(name, {"webhooks": [other]})
    variables = {
        "wawp_instances": names,
        "wawp_receiver_url": station.url("").rstrip("/"),
        "wawp_reread_pause": 0,
    }
    outcome = subprocess.run(
        [BIN / "ansible-playbook", "wawp.cloud.event_setup", "-e", json.dumps(variables)],
        cwd=station.folder,
        env={**os.environ, **station.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "2 webhooks are set. An event of SETUP1 arrived: 20" in outcome.stdout
    for name in names:
        hook = {"url": station.url(name), "events": ["session.status"], "is_active": True}
        assert station.engine.look(name).webhooks == [other, hook]


HOSTILE: list[dict[str, Any]] = [
    {"metadata": {"big": 10**40, "deep": json.loads("[" * 50 + "]" * 50), "\udfff": "\ud800"}},
    {"me": {"id": "\ud800@c.us"}, "payload": {"status": "FAILED\ud800", "reason": "{{ lookup('pipe', 'id') }}"}},
    {"payload": {"status": "FAILED", "statuses": [{"status": "X" * 1000, "timestamp": 1}] * 200}},
    {"session": "events.event", "payload": {"status": "FAILED", "name": None}},
    {"metadata": {"events.event.kind": "lost", "$": 1, "": 2, "meta": {"uuid": 7}, "__ansible": 1}},
]


def test_an_attack_ends_neither_the_rulebook_nor_the_service(lost_link: Station) -> None:
    """Hundreds of silent connections, forged and hostile webhooks, and in the middle of it a link is lost."""
    station, attacked = lost_link, lost_link.add("ATTACKED")
    before = station.log.stat().st_size
    with crowd(station.port) as attackers:
        attackers.add(300)
        for body in HOSTILE:
            assert genuine(station.url("HOSTILE"), webhook(**body)) == 200
        statuses = [genuine(station.url("FORGED"), webhook(), key="a guess") for dummy in range(100)]
        assert statuses == [401] * 100
        station.engine.world("unlink_on_phone", attacked)
        station.wait(lambda: station.subjects(attacked))
    assert not station.subjects("FORGED")
    assert station.process.poll() is None
    said = station.log.read_bytes()[before:].decode()
    assert "Traceback" not in said
    assert said.count("was refused") <= 3
    assert "a guess" not in said


def test_a_decommissioned_instance_that_comes_alive_is_closed_again(stations: Stations) -> None:
    station, ports = stations
    stranger = station.add("STRANGER", port=ports["watch_decommissioned"])
    station.engine.ask("start", "RETIRED")
    station.engine.world("scan", "RETIRED")
    station.engine.world("drop_connection", stranger)  # not on the list
    assert station.engine.look("RETIRED").linked
    station.wait(lambda: not station.engine.look("RETIRED").linked)
    station.wait(lambda: any("again: severed" in subject for subject in station.subjects("RETIRED")))
    assert station.subjects("RETIRED")[0].startswith("ALARM: RETIRED was decommissioned but is WORKING")
    assert station.engine.look("RETIRED").status == "STOPPED"
    assert station.engine.writes(stranger) == []


def test_a_failed_session_is_restarted_and_the_restart_is_no_loop(stations: Stations) -> None:
    station, ports = stations
    for name in ("RESET1", "RESET2"):
        station.add(name, port=ports["reset_on_failure"])
    station.engine.world("crash", "RESET1")
    station.wait(lambda: station.engine.look("RESET1").status == "WORKING" and station.subjects("RESET1"))
    station.engine.world("crash", "RESET1")
    station.engine.world("crash", "RESET2")
    station.wait(lambda: station.subjects("RESET2"))
    assert station.engine.writes("RESET1") == ["restart"]
    assert station.engine.writes("RESET2") == ["restart"]
    assert station.engine.look("RESET2").status == "WORKING"
