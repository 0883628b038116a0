# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole life on the simulator, in simulated time: the findings in each generation, and the replay of recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import drive, sender
from ansible_collections.wawp.cloud.plugins.module_utils._session.probe import (
    FORMAT,
    Pace,
    Recording,
    describe_me,
    life,
    naming_fields,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.probe_findings import (
    as_text,
    suggested_options,
    table,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Outcome
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.environment import Outage
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.generations import GENERATIONS
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    TOKEN,
    SimulatedRun,
    instance,
)

# Recordings that were sent in, each with the `generation` and `delays` of a simulator that behaves like it.
SENT_IN = sorted(Path(__file__).with_name("recordings").glob("*.json"))


def live(
    started: Instance, delays: Delays | None = None, pace: Pace | None = None, **world: Any
) -> tuple[SimulatedRun, Recording, Outcome]:
    sim = SimulatedRun(started, delays=delays or Delays(), **world)
    recording = Recording((TOKEN,))
    outcome = drive(life(recording, pace or Pace()), sender(sim, started.instance_id, TOKEN), sim)
    return sim, recording, outcome


def seen(recording: Recording, what: str) -> str:
    (found,) = [row["seen"] for row in table(recording) if row["what"].startswith(what)]
    return found


def changes(steps: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return phase and status of each reading that differs from the one before it."""
    read = [(step["phase"], step["status"]) for step in steps if step["call"] == "info" and step["status"]]
    return [entry for place, entry in enumerate(read) if place == 0 or entry != read[place - 1]]


def replay(recording: dict[str, Any], generation: str, delays: Delays) -> list[tuple[str, str | None]]:
    """Send a recording's calls at their times to a simulator. Returns the `changes` read there."""
    engine = Engine(clock := VirtualClock(), delays)
    engine.add(Instance("A1", TOKEN, generation=generation))
    steps = []
    for step in recording["steps"]:
        if step["call"] not in ("info", "stop", "start", "restart", "logout") or step["error"]:
            continue
        clock.now = max(clock.now, step["at"])
        request = engine.begin(step["call"], "POST", {"instance_id": "A1", "access_token": TOKEN})
        clock.now = max(clock.now, engine.due(request))
        steps.append({**step, "status": engine.finish(request).json()["status"]})
    return changes(steps)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_whole_life_in_each_generation(generation: str) -> None:
    sim, recording, outcome = live(instance(generation=generation))
    assert (outcome.changed, outcome.failed) == (True, False)
    assert sim.writes == ["stop", "start", "restart", "logout", "stop"]
    assert (sim.instance.status, sim.instance.credentials) == ("STOPPED", False)
    assert sim.linked == (generation == "K"), "which no API shows"
    assert suggested_options(recording) == {"trust_empty_account": generation == "B", "proof_timeout": 30.0}
    assert seen(recording, "STOPPED, paired") == ("account" if generation == "B" else "null")
    assert seen(recording, "Left alone, until FAILED") == "160 s"
    assert seen(recording, "STOPPED, unpaired") == "null"
    assert seen(recording, "The device in Linked devices").startswith("look at the phone")
    kept = json.loads(json.dumps(recording.as_file("1.0.0")))
    assert kept["format"] == FORMAT
    assert replay(kept, generation, Delays()) == changes(recording.steps)
    assert ("logged out", "SCAN_QR_CODE") in changes(recording.steps)


@pytest.mark.parametrize("path", SENT_IN, ids=lambda path: path.stem)
def test_a_recording_that_was_sent_in_replays(path: Path) -> None:
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["format"] == FORMAT
    assert replay(kept, kept["generation"], Delays(**kept["delays"])) == changes(kept["steps"])


@pytest.mark.parametrize(("seconds", "timeout"), [(0.6, 30.0), (9.0, 30.0), (11.5, 38.0), (25.0, 78.0)])
def test_a_slow_host_wants_a_longer_proof_timeout(seconds: float, timeout: float) -> None:
    """Three times what was seen, which is at most a reading more than it took."""
    dummy, recording, outcome = live(instance(), Delays(qr=seconds))
    assert not outcome.failed
    assert suggested_options(recording)["proof_timeout"] == timeout


def test_an_engine_that_hides_the_account_while_it_starts_is_not_trusted() -> None:
    """It may hide it in FAILED too, as WEBJS is reported to do."""
    dummy, recording, outcome = live(instance(engine="WEBJS"))
    assert not outcome.failed
    assert seen(recording, "STOPPED, paired") == "account"
    assert seen(recording, "STARTING, paired") == "null"
    assert suggested_options(recording)["trust_empty_account"] is False


def test_a_logout_in_an_outage_gives_no_proof_timeout() -> None:
    calm = live(instance())[1]
    began = calm.seen("logged out", "logout")[0]["at"] - 0.005
    sim, recording, outcome = live(instance(), pace=Pace(wait_timeout=60.0), outages=[Outage("silent", began, 900.0)])
    assert (sim.writes[-1], sim.linked) == ("logout", True)
    assert (outcome.failed, outcome.changed) == (True, True)
    assert outcome.message == "logout did not lead to SCAN_QR_CODE within 60 s; the session was left STARTING"
    assert suggested_options(recording) == {"trust_empty_account": True, "proof_timeout": None}


@pytest.mark.parametrize("status", ["STOPPED", "SCAN_QR_CODE", "FAILED", "SOMETHING_NEW"])
def test_a_life_begins_with_working(status: str) -> None:
    sim, dummy, outcome = live(instance(status))
    assert (outcome.failed, outcome.changed, sim.writes) == (True, False, [])
    assert f"this one is {status}" in outcome.message


def test_a_life_that_gets_stuck_says_where_and_logs_nobody_out() -> None:
    sim, recording, outcome = live(instance(starts_into="STARTING"))
    assert (outcome.failed, outcome.changed, sim.writes) == (True, True, ["stop", "start"])
    assert outcome.message == "start did not lead to WORKING within 120 s; the session was left STARTING"
    assert sim.instance.credentials
    assert suggested_options(recording) == {"trust_empty_account": True, "proof_timeout": None}


def test_nothing_seen_suggests_nothing() -> None:
    recording = Recording()
    assert suggested_options(recording) == {"trust_empty_account": None, "proof_timeout": None}
    lines = as_text(table(recording))
    assert lines[0].split() == ["what", "expected", "seen"]
    assert all(line.endswith(("not seen", "seen", "no API shows it")) for line in lines)


@pytest.mark.parametrize(
    ("body", "described", "named_by"),
    [
        ({}, "missing", []),
        ({"me": None}, "null", []),
        ({"me": {}}, "empty", []),
        ({"me": ""}, "empty", []),
        ({"me": {"id": "", "pushName": ""}}, "empty", []),
        ({"me": {"id": "201012345678@c.us", "pushName": "~", "lid": ""}}, "code", ["id", "pushName"]),
        ({"me": {"id": "201012345678@c.us", "pushName": "~", "lid": "1@lid"}}, "account", ["id", "lid", "pushName"]),
        ({"me": {"201012345678": "x"}}, "account", []),
        ({"me": {"phone": "201012345678"}}, "account", ["phone"]),
        ({"me": ["201012345678@c.us"]}, "account", ["a list"]),
        ({"me": "201012345678@c.us"}, "account", ["text"]),
        ({"me": 201012345678}, "account", ["a number"]),
    ],
)
def test_an_account_is_described_and_not_kept(body: dict[str, Any], described: str, named_by: list[str]) -> None:
    assert describe_me(body) == described
    assert naming_fields(body.get("me")) == named_by


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, None),
        ("WORKING", "WORKING"),
        ("invalid_session", "invalid_session"),
        ("201012345678", "other"),
        ("E1", "other"),
        ("two words", "other"),
        (TOKEN, "other"),
        ("opensesame", "other"),
        ("an_opensesame_", "other"),
        (7, "other"),
        ("x" * 41, "other"),
    ],
)
def test_only_plain_words_are_kept(text: Any, kept: str | None) -> None:
    assert Recording((TOKEN, "opensesame")).word(text) == kept
