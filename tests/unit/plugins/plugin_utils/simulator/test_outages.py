# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outages: a session's status while WhatsApp can't be reached, the effect of calls then, and the recovery."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import control, fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.generations import GENERATIONS
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    FAILED,
    OUTAGES,
    SCAN_QR_CODE,
    STARTING,
    STOPPED,
    WORKING,
    Delays,
    ImpossibleError,
    Instance,
)

ID = "3EB0BCB2E3D4"


class World:
    """One session and a virtual clock."""

    def __init__(self, scale: float = 1.0, **fields: t.Any) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock, Delays(scale=scale))
        self.instance = self.engine.add(Instance(ID, **fields))

    def at(self, seconds: float) -> str:
        """Return the status at that time."""
        self.clock.now = seconds
        return str(self.engine.ask("info", ID).json()["status"])

    def first(self, status: str, until: float, step: float = 0.1) -> float:
        """Return when it first shows `status`."""
        while self.clock.now < until:
            if self.at(self.clock.now) == status:
                return self.clock.now
            self.clock.advance(step)
        raise AssertionError(f"{status} was never shown; it is {self.instance.status}")


def test_a_refused_connection_looks_alive_for_two_seconds() -> None:
    world = World()
    world.engine.add_outage("refused", 10, 60)
    assert [world.at(moment) for moment in (9, 11.9, 12, 59)] == [WORKING, WORKING, STARTING, STARTING]
    assert world.engine.ask("info", ID).json()["me"]["id"] == world.instance.account
    assert 61 <= world.first(WORKING, 70) <= 62
    assert (world.instance.linked, world.instance.credentials) == (True, True)


@pytest.mark.parametrize("kind", ["silent", "stalled"])
def test_a_silent_outage_goes_unnoticed_for_most_of_a_minute(kind: str) -> None:
    found = set()
    for name in ("A1", "B2", "C3", "D4"):
        engine = Engine(clock := VirtualClock())
        engine.add(Instance(name))
        engine.add_outage(kind, 0, 600)
        while engine.ask("info", name).json()["status"] == WORKING:
            clock.advance(0.5)
        found.add(clock.now)
    assert len(found) > 1
    assert all(36 <= seconds <= 60 for seconds in found)


def test_a_silent_outage_that_is_over_unnoticed_did_nothing() -> None:
    world = World()
    world.engine.add_outage("silent", 0, 20)
    assert world.at(10) == WORKING
    assert not world.instance.live
    assert world.at(21) == WORKING
    assert world.instance.live
    world.engine.ask("logout", ID)
    assert not world.instance.linked


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("kind", OUTAGES)
def test_a_logout_in_an_outage_answers_as_a_good_one_and_burns_the_key(kind: str, generation: str) -> None:
    good, bad = World(generation=generation), World(generation=generation)
    bad.engine.add_outage(kind, 0, 100)
    answers = []
    for world in (good, bad):
        world.clock.now = 1.0
        seconds = world.engine.delay("logout", ID)
        reply = world.engine.ask("logout", ID)
        answers.append((seconds, reply.status, reply.json()))
    assert answers[0] == answers[1]
    assert (good.instance.linked, good.instance.credentials) == (generation == "K", False)
    assert (bad.instance.linked, bad.instance.credentials) == (True, False)
    assert good.at(2) == SCAN_QR_CODE
    assert [bad.at(moment) for moment in (2, 30, 99)] == [STARTING] * 3
    assert bad.engine.ask("info", ID).json()["me"] is None
    assert 101 <= bad.first(SCAN_QR_CODE, 110) <= 102


@pytest.mark.parametrize("kind", OUTAGES)
def test_starting_comes_back_by_itself_or_by_a_restart_with_its_key(kind: str) -> None:
    for call in ("", "restart"):
        world = World(status=STARTING)
        world.engine.add_outage(kind, 0, 60)
        if call:
            world.clock.now = 20
            world.engine.ask(call, ID)
        assert world.at(59) == STARTING
        assert world.first(WORKING, 70) <= 62
        assert world.instance.credentials


@pytest.mark.parametrize(("kind", "seconds"), [("refused", 125), ("silent", 1320), ("stalled", 1320)])
def test_starting_gives_up(kind: str, seconds: int) -> None:
    world = World(status=STARTING)
    world.engine.add_outage(kind)
    assert [world.at(seconds - 1), world.at(seconds)] == [STARTING, FAILED]
    assert world.engine.ask("info", ID).json()["me"]["id"] == world.instance.account
    world.engine.end_outages()
    assert world.at(seconds + 100) == FAILED
    world.engine.ask("restart", ID)
    assert world.at(seconds + 102) == WORKING


def test_a_restart_on_a_dead_upstream_stays_starting_and_on_a_live_one_works_again() -> None:
    for outage, expected in (("silent", STARTING), ("", WORKING)):
        world = World()
        if outage:
            world.engine.add_outage(outage, 0, 100)
        world.clock.now = 1
        world.engine.ask("restart", ID)
        assert world.at(10) == expected
        assert world.instance.credentials


def test_a_qr_code_is_lost_with_the_connection() -> None:
    world = World(status=SCAN_QR_CODE)
    world.engine.add_outage("refused", 0, 30)
    assert [world.at(1), world.at(3)] == [SCAN_QR_CODE, STARTING]
    assert world.first(SCAN_QR_CODE, 40) <= 32


def test_nothing_is_scanned_and_no_removal_is_noticed_in_an_outage() -> None:
    world = World(status=SCAN_QR_CODE)
    world.engine.add_outage("silent", 0, 30)
    with pytest.raises(ImpossibleError):
        world.engine.world("scan", ID)
    paired = World()
    paired.engine.add_outage("silent", 0, 30)
    paired.engine.world("unlink_on_phone", ID)
    assert (paired.at(20), paired.at(31)) == (WORKING, FAILED)


def test_an_outage_may_concern_one_session() -> None:
    world = World()
    world.engine.add(Instance("OTHER"))
    world.engine.add_outage("refused", instance_id="OTHER")
    assert world.at(5) == WORKING
    assert world.engine.look("OTHER").status == STARTING
    world.engine.end_outages("OTHER")
    world.clock.advance(5)
    assert world.engine.look("OTHER").status == WORKING
    assert world.engine.outages() == []


def test_without_delays_an_outage_is_never_noticed_but_works() -> None:
    world = World(scale=0)
    world.engine.add(Instance("STARTS", status=STOPPED))
    world.engine.add_outage("refused", 0, 60)
    world.engine.ask("start", "STARTS")
    assert [world.at(59), world.engine.look("STARTS").status] == [WORKING, STARTING]
    world.engine.ask("logout", ID)
    assert (world.at(59), world.instance.linked, world.instance.credentials) == (STARTING, True, False)
    assert [world.at(60), world.engine.look("STARTS").status] == [SCAN_QR_CODE, WORKING]


# --- one call at a time ------------------------------------------------------------------------------------------
def begin(world: World, call: str) -> t.Any:
    params = {"instance_id": ID, "access_token": world.instance.access_token}
    return world.engine.begin(call, "DELETE" if call == "delete" else "POST", params)


def test_a_second_call_waits_for_the_first() -> None:
    world = World()
    first, second = begin(world, "logout"), begin(world, "stop")
    assert world.engine.due(second) == 5.0
    world.clock.now = world.engine.due(first)
    assert world.engine.finish(first).json()["status"] == STARTING
    world.clock.now = world.engine.due(second)
    assert 3.0 < world.clock.now < 3.2
    assert world.engine.finish(second).json()["status"] == STOPPED
    assert [entry.call for entry in world.engine.log] == ["logout", "stop"]


def test_a_call_that_waited_five_seconds_is_not_carried_out() -> None:
    """Closing an engine whose packets are lost takes ten."""
    world = World(status=STARTING)
    world.engine.add_outage("silent")
    world.clock.now = 1.0
    stop, logout = begin(world, "stop"), begin(world, "logout")
    world.clock.now = world.engine.due(logout)
    assert world.clock.now == 6.0
    reply = world.engine.finish(logout)
    assert reply.status == 500
    assert "timed out" in reply.json()["exception"]["message"]
    assert "\n    at " in reply.json()["exception"]["stack"]
    world.clock.now = world.engine.due(stop)
    assert 12.0 <= world.clock.now <= 12.1
    assert world.engine.finish(stop).json()["status"] == STOPPED
    assert world.instance.credentials


def test_a_call_that_waited_for_a_delete_finds_nobody() -> None:
    world = World()
    delete, stop, logout = begin(world, "delete"), begin(world, "stop"), begin(world, "logout")
    world.clock.now = 3.0
    assert [world.engine.finish(request).status for request in (delete, stop, logout)] == [200, 201, 404]


def test_others_read_what_a_call_has_done_so_far() -> None:
    world = World(generation="A")
    begin(world, "restart")
    assert [world.at(moment) for moment in (0.1, 2.9, 3.0, 3.7)] == [STOPPED, STOPPED, STARTING, WORKING]


@pytest.mark.parametrize(("generation", "seconds"), [("A", 3.0), ("B", 1.0)])
def test_somebody_else_restarts_it(generation: str, seconds: float) -> None:
    world = World(generation=generation)
    world.engine.world("restart", ID)
    assert [world.at(0), world.at(seconds - 0.1), world.at(seconds)] == [STOPPED, STOPPED, STARTING]
    assert list(world.engine.calls(name="restart")) == []


# --- set from outside --------------------------------------------------------------------------------------------
def test_the_control_api_sets_shows_and_ends_outages() -> None:
    clock = VirtualClock(100.0)
    engine = Engine(clock)
    engine.add(Instance(ID))
    described = [{"kind": "silent", "from": 5, "to": 60.5, "instance_id": ID}, {"kind": "refused"}]
    assert control.respond(engine, "POST", "outages", {}, described) == (200, {"added": 2})
    clock.advance(1)
    shown = control.respond(engine, "GET", "outages", {}, None)[1]["outages"]
    assert shown == [
        {"kind": "silent", "from": 4.0, "to": 59.5, "instance_id": ID},
        {"kind": "refused", "from": -1.0, "to": None, "instance_id": "*"},
    ]
    control.respond(engine, "DELETE", f"outages/{ID}", {}, None)
    assert [outage.kind for outage in engine.outages()] == ["refused"]
    control.respond(engine, "DELETE", "outages", {}, None)
    assert engine.outages() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "loud"},
        {"kind": "silent", "to": 0},
        {"kind": "silent", "from": -1},
        {"kind": "silent", "from": 9, "to": 9},
        {"kind": "silent", "from": "now"},
        {"kind": "silent", "till": 9},
        None,
    ],
)
def test_what_is_no_outage(wrong: t.Any) -> None:
    engine = Engine(VirtualClock())
    assert control.respond(engine, "POST", "outages", {}, wrong)[0] == 400
    assert engine.outages() == []


def test_a_fleet_may_come_with_outages() -> None:
    engine = Engine(clock := VirtualClock())
    cut = [{"kind": "silent", "to": 90}]
    described = {"instances": [{"instance_id": "A1", "outages": cut}, {"instance_id": "B2"}]}
    fleet.load(engine, {**described, "outages": [{"kind": "refused", "from": 50, "to": 60}]})
    clock.advance(1)
    assert [engine.look(name).live for name in ("A1", "B2")] == [False, True]
    clock.advance(50)
    assert [engine.look(name).live for name in ("A1", "B2")] == [False, False]
