# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API: configuring the simulator from another process, and reading the truth."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import control, fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    SANDBOX_TOKEN,
    SCAN_QR_CODE,
    STATUSES,
    WORKING,
    ImpossibleError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Sandbox

ID = "3EB0BCB2E3D4"


def test_instances_are_made_seen_changed_and_taken_away(sandbox: Sandbox) -> None:
    made = sandbox.control("POST", "instances", {"instance_id": ID, "status": "STOPPED", "linked": False})
    assert made.json() == {"added": [ID]}
    sandbox.control("POST", "instances", [{"instance_id": "B"}, {"instance_id": "C", "status": SCAN_QR_CODE}])
    shown = sandbox.control("GET", f"instances/{ID}").json()
    assert (shown["status"], shown["credentials"], shown["linked"]) == ("STOPPED", True, False)
    listed = sandbox.control("GET", "instances").json()
    assert [item["instance_id"] for item in listed["instances"]] == [ID, "B", "C"]
    paged = sandbox.control("GET", "instances?offset=1&limit=1").json()
    assert ([item["instance_id"] for item in paged["instances"]], paged["total"]) == (["B"], 3)
    assert sandbox.control("GET", "instances?status=WORKING").json()["total"] == 1
    changed = sandbox.control("PATCH", f"instances/{ID}", {"status": WORKING, "linked": True}).json()
    assert (changed["status"], changed["linked"]) == (WORKING, True)
    assert sandbox.call("info", ID).json()["status"] == WORKING
    assert sandbox.control("DELETE", f"instances/{ID}").status == 200
    assert sandbox.control("GET", f"instances/{ID}").status == 404


def test_the_truth_of_a_deleted_session_can_be_seen(sandbox: Sandbox) -> None:
    sandbox.control("POST", "instances", {"instance_id": ID, "status": "STOPPED"})
    sandbox.call("delete", ID)
    shown = sandbox.control("GET", f"instances/{ID}").json()
    assert (shown["removed"], shown["status"], shown["linked"]) == (True, "DELETED", True)
    assert sandbox.control("POST", f"instances/{ID}/scan").status == 409
    assert sandbox.control("PATCH", f"instances/{ID}", {"paid": True}).status == 409
    assert not sandbox.control("POST", f"instances/{ID}/unlink_on_phone").json()["linked"]


def test_no_token_is_shown(sandbox: Sandbox) -> None:
    sandbox.control("POST", "instances", {"instance_id": ID, "access_token": "s3cret-token-of-mine"})
    data = {"instance_id": ID, "access_token": "s3cret-token-of-mine"}
    assert sandbox.ask("POST", "/v2/session/info", data).status == 201
    for path in ("", "instances", f"instances/{ID}", "calls", "faults", "delays"):
        assert b"s3cret" not in sandbox.control("GET", path).body


def test_world_actions(sandbox: Sandbox) -> None:
    sandbox.control("POST", "instances", {"instance_id": ID, "status": SCAN_QR_CODE})
    scanned = sandbox.control("POST", f"instances/{ID}/scan", {"account": "999000000009@c.us"}).json()
    assert (scanned["status"], scanned["account"]) == (WORKING, "999000000009@c.us")
    assert sandbox.control("POST", f"instances/{ID}/scan").status == 409
    assert sandbox.control("POST", f"instances/{ID}/drop_connection").json()["status"] == WORKING
    assert sandbox.control("POST", f"instances/{ID}/crash").json()["status"] == "FAILED"
    assert sandbox.control("POST", f"instances/{ID}/hibernate").json()["status"] == "STOPPED"
    assert sandbox.control("POST", f"instances/{ID}/unlink_on_phone").json()["linked"] is False


def test_faults_are_scripted_seen_and_cleared(sandbox: Sandbox) -> None:
    sandbox.control("POST", "instances", {"instance_id": ID})
    fault = {"kind": "http", "call": "info", "instance_id": ID, "http_status": 503, "times": None}
    assert sandbox.control("POST", "faults", [fault, {"kind": "drop"}]).json() == {"added": 2}
    assert sandbox.call("info", ID).status == 503
    assert [item["kind"] for item in sandbox.control("GET", "faults").json()["faults"]] == ["http", "drop"]
    sandbox.control("DELETE", f"faults/{ID}")
    sandbox.control("DELETE", "faults")
    assert sandbox.call("info", ID).status == 201


def test_calls_are_listed(sandbox: Sandbox) -> None:
    sandbox.control("POST", "instances", [{"instance_id": ID}, {"instance_id": "B"}])
    for name, instance_id in (("info", ID), ("logout", ID), ("info", "B")):
        sandbox.call(name, instance_id)
    everything = sandbox.control("GET", "calls").json()
    assert everything["total"] == 3
    assert everything["calls"][1]["call"] == "logout"
    assert everything["calls"][1]["write"] is True
    assert everything["calls"][1]["linked"] is False
    assert [item["sequence"] for item in sandbox.control("GET", f"calls/{ID}?call=info").json()["calls"]] == [1]
    assert [item["sequence"] for item in sandbox.control("GET", "calls?since=1&limit=1").json()["calls"]] == [2]
    sandbox.control("DELETE", "calls")
    assert sandbox.control("GET", "calls").json() == {"calls": [], "total": 0}


def test_delays_are_set(sandbox: Sandbox) -> None:
    shown = sandbox.control("PATCH", "delays", {"scale": 0.5, "pace": {"GOWS": 9}, "hibernate": 60}).json()
    assert (shown["scale"], shown["pace"]["GOWS"], shown["pace"]["WEBJS"], shown["hibernate"]) == (0.5, 9, 4.0, 60)
    assert sandbox.engine.delays.scale == 0.5
    assert sandbox.control("GET", "delays").json() == shown


def test_reset_and_built_in_fleets(sandbox: Sandbox) -> None:
    sandbox.control("POST", "instances", {"instance_id": ID})
    assert len(sandbox.control("POST", "reset", {"fleet": "mixed:25"}).json()["added"]) == 25
    about = sandbox.control("GET", "").json()
    assert (about["instances"], about["simulator"]) == (25, "wawp.cloud")
    assert about["connections"]["accepted"] == 3
    assert sandbox.control("POST", "reset").json() == {"added": []}
    assert sandbox.control("GET", "instances").json()["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("GET", "nothing", None, 404),
        ("PUT", "instances", None, 405),
        ("POST", "instances", None, 400),
        ("POST", "instances", b"{", 400),
        ("POST", "instances", 7, 400),
        ("POST", "instances", {}, 200),
        ("POST", "instances", [7], 400),
        ("POST", "instances", [{}], 400),
        ("POST", "instances", {"instance_id": 7}, 400),
        ("POST", "instances", {"instance_id": ID, "colour": 1}, 400),
        ("POST", "instances", {"instance_id": ID, "next": None}, 400),
        ("POST", "instances", {"instance_id": ID, "paid": 1}, 400),
        ("POST", "instances", {"instance_id": ID, "starts_into": [1]}, 400),
        ("POST", "instances", {"instance_id": ID, "linked": False}, 400),
        ("POST", "instances", [{"instance_id": ID}, {"instance_id": ID}], 400),
        ("POST", "instances", {"instances": [{"instance_id": ID, "faults": [1]}]}, 400),
        ("POST", "instances", {"instances": [{"instance_id": ID, "faults": 1}]}, 400),
        ("POST", "instances", {"fleet": "mixed:0"}, 400),
        ("POST", "instances", {"fleet": 3}, 400),
        ("GET", "instances/UNKNOWN", None, 404),
        ("GET", "instances?limit=x", None, 400),
        ("GET", "instances?offset=-1", None, 400),
        ("PATCH", "instances/UNKNOWN", {}, 404),
        ("PATCH", "instances/HERE", {"instance_id": "X"}, 400),
        ("PATCH", "instances/HERE", {"credentials": False}, 400),
        ("PATCH", "instances", {}, 404),
        ("DELETE", "instances/UNKNOWN", None, 404),
        ("POST", "instances/HERE/explode", None, 404),
        ("POST", "instances/HERE/scan", {"colour": 1}, 400),
        ("POST", "instances/HERE/crash", {"account": "x"}, 400),
        ("POST", "instances/UNKNOWN/crash", None, 404),
        ("POST", "faults", None, 400),
        ("POST", "faults", {}, 400),
        ("POST", "faults", {"kind": "nonsense"}, 400),
        ("POST", "faults", {"kind": "http", "http_status": "500"}, 400),
        ("POST", "faults", {"kind": "patch", "remove": [1]}, 400),
        ("GET", "calls?since=%C2%B2", None, 400),
        ("PATCH", "delays", {"scale": -1}, 400),
        ("PATCH", "delays", {"pace": {"WEBJS": "long"}}, 400),
        ("PATCH", "delays", {"pace": {"WEBJS": None}}, 400),
        ("PATCH", "delays", [], 400),
        ("POST", "reset", {"fleet": "nonsense"}, 400),
    ],
)
def test_what_is_refused_changes_nothing(sandbox: Sandbox, method: str, path: str, data: t.Any, status: int) -> None:
    sandbox.control("POST", "instances", {"instance_id": "HERE"})
    answer = sandbox.control(method, path, data)
    assert answer.status == status
    assert status == 200 or answer.json()["message"]
    assert list(sandbox.engine.instances) == ["HERE"]
    assert sandbox.engine.look("HERE").linked
    assert sandbox.engine.faults() == []
    assert sandbox.engine.delays.scale == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**6) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*fleet.INSTANCE_FIELDS, *fleet.FAULT_FIELDS, *fleet.DELAY_FIELDS]), inner)
    ),
    max_leaves=12,
)
PATHS = st.sampled_from(["instances", "instances/HERE", "instances/HERE/scan", "faults", "calls", "delays", "reset"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["GET", "POST", "PATCH", "DELETE"]), PATHS, JSON)
def test_any_json_gets_an_answer(method: str, path: str, data: t.Any) -> None:
    engine = Engine(VirtualClock())
    fleet.load(engine, [{"instance_id": "HERE", "status": SCAN_QR_CODE}])
    status, dummy = control.respond(engine, method, path, {}, data)
    assert status in (200, 400, 404, 405, 409)
    for instance in engine.instances.values():
        instance.check()


# --- fleets ------------------------------------------------------------------------------------------------------
def test_the_demo_has_one_session_of_each_kind() -> None:
    engine = Engine(VirtualClock())
    made = fleet.load(engine, fleet.built_in("demo"))
    assert len(made) == len(fleet.KINDS)
    assert made[0].instance_id == "8C7D82CD4106"  # as docs/simulator.md says
    assert {item.status for item in made} == {*STATUSES, "PASSKEY_REQUIRED"}
    assert {fault.kind for fault in engine.faults()} == {"swallow", "http", "lie"}


def test_mixed_fleets_are_the_same_every_time_and_grow_at_the_end() -> None:
    small, large = fleet.built_in("mixed:25"), fleet.built_in("mixed:2500")
    assert large[:25] == small
    assert small == fleet.built_in("mixed:25")
    ids = {item["instance_id"] for item in large}
    assert len(ids) == 2500
    assert all(len(name) == 12 and set(name) <= set("0123456789ABCDEF") for name in ids)
    made = fleet.load(Engine(VirtualClock()), large)
    assert len({item.account for item in made if item.account}) > 2000
    assert all(item.account.startswith("999") for item in made if item.account)
    assert all(item.access_token == SANDBOX_TOKEN for item in made)


def test_a_fleet_of_one_kind() -> None:
    made = fleet.load(Engine(VirtualClock()), fleet.built_in("working_gows:3"))
    assert [(item.status, item.engine) for item in made] == [(WORKING, "GOWS")] * 3


@pytest.mark.parametrize("name", ["", "mixed", "mixed:", "mixed:-1", "mixed:1e3", "mixed:1000000", "demo:3", "x:3"])
def test_what_is_no_fleet(name: str) -> None:
    with pytest.raises(ImpossibleError):
        fleet.built_in(name)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("str", "x", True),
        ("str", None, False),
        ("int", True, False),
        ("float", 1, True),
        ("float | None", None, True),
        ("list[str]", ["x"], True),
        ("list[str]", [1], False),
        ("str | list[str | None] | None", ["x", None], True),
        ("str | list[str | None] | None", [1], False),
        ("str | list[str | None] | None", None, True),
        ("dict[str, t.Any]", {}, True),
    ],
)
def test_types(kind: str, value: t.Any, expected: bool) -> None:
    assert fleet.fits(kind, value) is expected
