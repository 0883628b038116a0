# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator against the real engine: 118 recorded cases, replayed one by one.

Each line of engine_traces.jsonl is one call on one state: the statuses that were read (with seconds since the call and
whether `me` named an account), the reply, the webhooks, and the key and the link before and after. Order is compared
exactly, times within `FACTOR` or `SLACK`, whichever is more.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.delivery import Watch
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance

pytestmark = pytest.mark.no_cover

ID = "3EB0BCB2E3D4"
FACTOR = 1.3  # between a time that was measured and the simulator's
SLACK = 0.65  # seconds; the readings were 0.1 to 0.4 s apart, and some came late
GLIMPSE = 0.3  # seconds; what lasted less may have fallen between two readings of the recording
STEP = 0.05  # seconds between two readings here
HOOK = {"url": "http://127.0.0.1:9/", "events": ["session.status"], "is_active": True}

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("engine_traces.jsonl").read_text(encoding="utf-8").splitlines()
]

# The origin of each state: fields of the instance, the outage, and how long it had lasted when the call came.
STATES: dict[str, tuple[dict[str, Any], str, float]] = {
    "stopped_paired": ({"status": "STOPPED"}, "", 0.0),
    "stopped_unpaired": ({"status": "STOPPED", "credentials": False, "linked": False}, "", 0.0),
    "starting_refused": ({"status": "STARTING"}, "refused", 9.0),
    "starting_hang": ({"status": "STARTING"}, "silent", 9.0),
    "starting_hshang": ({"status": "STARTING"}, "stalled", 9.0),
    "scan": ({"status": "SCAN_QR_CODE"}, "", 5.0),
    "failed_qr": ({"status": "SCAN_QR_CODE"}, "", 165.0),
    "working": ({}, "", 5.0),
    "failed_phone": ({"status": "FAILED", "linked": False}, "", 5.0),
    "dropped": ({}, "refused", 0.0),
    "hung": ({}, "silent", 1.0),
}
NAMES = {"null": None, "absent": "absent"}


class Replay:
    """One case, with readings every `STEP` seconds until the recording ends."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock, wall=self.clock)
        fields, outage, lasted = STATES[case["state"]]
        self.instance = self.engine.add(Instance(ID, generation=case["engine"], webhooks=[HOOK], **fields))
        if outage:
            self.engine.add_outage(outage)
        self.clock.advance(lasted)
        self.watch = Watch(self.engine)
        self.watch.news()
        self.before = self.read()
        self.truth_before = self.truth()
        self.seen: list[tuple[float, tuple[str, str]]] = []
        self.webhooks: list[tuple[float, str]] = []
        self.replied = 0.0
        times = [case["seconds"], *(entry[0] for entry in [*case["seen"], *case["webhooks"]])]
        self.run(case["call"], max(times) + SLACK)

    def run(self, call: str, length: float) -> None:
        began = self.clock.now
        method = "GET" if call == "info" else "DELETE" if call == "delete" else "POST"
        token = {"instance_id": ID, "access_token": self.instance.access_token}
        request = self.engine.begin(call, method, token)
        reply = None
        while self.clock.now < began + length:
            if reply is None and self.engine.due(request) <= self.clock.now:
                reply, self.replied = self.engine.finish(request), self.clock.now - began
            reading = self.read()
            if not self.seen or self.seen[-1][1] != reading:
                self.seen.append((self.clock.now - began, reading))
            posted = [json.loads(item.body)["payload"]["statuses"][-1] for item in self.watch.news()]
            self.webhooks += [(item["timestamp"] / 1000 - began, item["status"]) for item in posted]
            self.clock.advance(STEP)
        assert reply is not None, "no reply"
        self.reply = reply

    def read(self) -> tuple[str, str]:
        reply = self.engine.ask("info", ID)
        if reply.status not in (200, 201):
            return f"HTTP {reply.status}", "null"
        data = reply.json()
        return data["status"], named(data)

    def truth(self) -> tuple[bool, str]:
        instance = self.engine.look(ID)
        return instance.linked, "me" if instance.credentials else "none"


def named(data: dict[str, Any]) -> str:
    """Return a recording's word for `me`."""
    if "me" not in data:
        return "absent"
    return "null" if data["me"] is None else "account"


def near(measured: float, simulated: float) -> bool:
    return abs(measured - simulated) <= max(SLACK, (FACTOR - 1) * measured)


def case_id(case: dict[str, Any]) -> str:
    return f"{case['engine']} {case['state']} {case['call']}"


def test_there_is_every_case() -> None:
    assert len(CASES) == 118
    assert len({case_id(case) for case in CASES}) == 118
    assert {case["state"] for case in CASES} == set(STATES)


def test_the_recordings_name_nobody() -> None:
    text = Path(__file__).with_name("engine_traces.jsonl").read_text(encoding="utf-8")
    assert not re.findall(r"[0-9]{5}|@|https?:|token", text)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_the_simulator_does_what_the_engine_did(case: dict[str, Any]) -> None:
    replay = Replay(case)
    assert replay.before == (case["before"]["status"], case["before"]["me"])
    linked, key = replay.truth_before
    assert key == case["key_before"]
    assert case["linked_before"] in (None, linked)

    assert replay.reply.status == case["http"]
    assert near(case["seconds"], replay.replied)
    check_reply(case, replay)
    check_seen(case, replay)
    assert [status for dummy, status in replay.webhooks] == [status for dummy, status in case["webhooks"]]
    for (measured, dummy), (simulated, dummy2) in zip(case["webhooks"], replay.webhooks):
        assert near(measured, simulated)

    linked, key = replay.truth()
    assert key == case["key_after"]
    assert case["linked_after"] in (None, linked)


def check_reply(case: dict[str, Any], replay: Replay) -> None:
    expected = case["reply"]
    data = replay.reply.json()
    if expected is None:
        assert data is None
    else:
        assert data.get("status") == expected["status"]
        assert named(data) == expected["me"]


def check_seen(case: dict[str, Any], replay: Replay) -> None:
    """Check the recording's order, except for the state before the call, which it may have missed, and glimpses."""
    recorded = [(at, (status, me)) for at, status, me in case["seen"]]
    if recorded[0][1] != replay.before:
        recorded.insert(0, (0.0, replay.before))
    simulated = [(0.0, replay.before), *replay.seen[replay.seen[0][1] == replay.before :]]
    ends = [at for at, dummy in simulated[1:]] + [float("inf")]
    for (at, reading), end in zip(simulated, ends):
        if recorded and recorded[0][1] == reading:
            assert near(recorded.pop(0)[0], at), f"{reading} at {at}"
        else:
            assert end - at < GLIMPSE, f"{reading} at {at}, not {recorded[:1]}"
    assert not recorded
