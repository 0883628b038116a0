# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions of phones and hosts, impossible descriptions, and invariants under any sequence of events."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.generations import GENERATIONS
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    FAILED,
    OUTAGES,
    SANDBOX_TOKEN,
    SCAN_QR_CODE,
    STARTING,
    STATUSES,
    STOPPED,
    WORKING,
    Delays,
    ImpossibleError,
    Instance,
)
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.transitions import LIFECYCLE
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.world import ACTIONS
from hypothesis import given, settings
from hypothesis import strategies as st

ID = "3EB0BCB2E3D4"


def build(**fields: t.Any) -> tuple[Engine, VirtualClock, Instance]:
    clock = VirtualClock()
    engine = Engine(clock)
    return engine, clock, engine.add(Instance(ID, **fields))


def test_a_scan_links_anew() -> None:
    engine, dummy, instance = build(status=SCAN_QR_CODE)
    engine.world("scan", ID, account="999000000001@c.us", push_name="New")
    assert (instance.status, instance.credentials, instance.linked) == (WORKING, True, True)
    assert engine.ask("info", ID).json()["me"]["id"] == "999000000001@c.us"


def test_a_scan_over_a_burnt_key_leaves_an_orphan() -> None:
    engine, dummy, instance = build(status=SCAN_QR_CODE, linked=True, account="999000000001@c.us")
    engine.world("scan", ID, account="999000000002@c.us")
    assert (instance.account, instance.orphans) == ("999000000002@c.us", ["999000000001@c.us"])
    engine.ask("logout", ID)
    assert not instance.linked
    assert instance.orphans == ["999000000001@c.us"]
    engine.world("unlink_on_phone", ID)
    assert instance.orphans == []


@pytest.mark.parametrize("status", [STOPPED, STARTING, WORKING, FAILED])
def test_there_is_nothing_to_scan_elsewhere(status: str) -> None:
    engine, dummy, instance = build(status=status)
    before = instance.facts()
    with pytest.raises(ImpossibleError):
        engine.world("scan", ID)
    assert instance.facts() == before


def test_an_outsider_scans_over_a_live_link_only() -> None:
    engine, clock, instance = build(status=SCAN_QR_CODE)
    with pytest.raises(ImpossibleError):
        engine.world("scan", ID, via_link=True)
    engine.ask("temp_link", ID)
    clock.advance(100)
    engine.world("scan", ID, via_link=True)
    assert instance.linked


def test_unlinked_on_the_phone_it_cannot_be_revived() -> None:
    engine, clock, instance = build()
    engine.world("unlink_on_phone", ID)
    assert (instance.status, instance.credentials, instance.linked) == (FAILED, True, False)
    engine.ask("restart", ID)
    assert instance.status == STARTING
    clock.advance(10)
    assert engine.look(ID).status == FAILED


def test_a_dropped_connection_comes_back() -> None:
    engine, clock, instance = build()
    engine.world("drop_connection", ID)
    assert engine.ask("info", ID).json()["status"] == STARTING
    clock.advance(5)
    assert engine.look(ID).status == WORKING
    assert instance.linked


@pytest.mark.parametrize(("action", "status"), [("crash", FAILED), ("hibernate", STOPPED)])
def test_hosts_fail_without_touching_the_pairing(action: str, status: str) -> None:
    engine, dummy, instance = build()
    engine.world(action, ID)
    assert (instance.status, instance.credentials, instance.linked) == (status, True, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": WORKING, "credentials": False},
        {"status": WORKING, "linked": False},
        {"status": SCAN_QR_CODE, "credentials": True},
        {"engine": "OTHER"},
        {"status": ""},
        {"instance_id": ""},
        {"instance_id": "A/B"},
        {"instance_id": "\ud800"},
        {"status": SCAN_QR_CODE, "account": "999000000001@c.us"},
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, t.Any]) -> None:
    with pytest.raises(ImpossibleError):
        Instance(**{"instance_id": ID, **fields})


def test_a_change_that_cannot_be_changes_nothing() -> None:
    engine, dummy, instance = build()
    before = instance.facts()
    with pytest.raises(ImpossibleError):
        engine.change(ID, {"push_name": "X", "credentials": False})
    assert instance.facts() == before
    engine.change(ID, {"status": STOPPED, "credentials": False, "linked": False})
    assert (instance.status, instance.account) == (STOPPED, "")


def test_an_id_is_taken_once() -> None:
    engine, dummy, dummy_instance = build()
    with pytest.raises(ImpossibleError):
        engine.add(Instance(ID))


@pytest.mark.parametrize("field", ["scale", "qr", "hibernate"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_delays_are_seconds(field: str, value: float) -> None:
    fields: dict[str, t.Any] = {field: value}
    with pytest.raises(ImpossibleError):
        Delays(**fields)


# --- invariants under any sequence of events ---------------------------------------------------------------------
EVENTS = st.one_of(
    st.tuples(st.sampled_from(["call", "begin"]), st.sampled_from(LIFECYCLE)),
    st.tuples(st.just("call"), st.sampled_from(["info", "temp_link", "qr", "request_code", "me"])),
    st.tuples(st.just("world"), st.sampled_from(list(ACTIONS))),
    st.tuples(st.just("fault"), st.sampled_from(["swallow", "http", "late", "drop", "lie"])),
    st.tuples(st.just("outage"), st.sampled_from([*OUTAGES, "end"])),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 4.0, 40.0, 170.0])),
)
INSTANCES = st.tuples(
    st.sampled_from([*STATUSES, "PASSKEY_REQUIRED"]),
    st.sampled_from([(True, True), (True, False), (False, True), (False, False)]),
    st.sampled_from(list(GENERATIONS)),
    st.sampled_from([None, STARTING, FAILED, SCAN_QR_CODE, WORKING, "PASSKEY_REQUIRED"]),
)


def check(instance: Instance) -> None:
    instance.check()
    assert not (instance.status == WORKING and instance.live and not instance.linked)
    assert bool(instance.account) == (instance.linked or instance.credentials)


def happen(engine: Engine, clock: VirtualClock, kind: str, name: t.Any) -> None:
    """Let one event happen, if it can."""
    if kind == "wait":
        clock.advance(name)
    elif kind == "fault":
        engine.add_fault(Fault(name, call="logout" if name != "lie" else "info", seconds=3.0))
    elif kind == "begin":
        params = {"instance_id": ID, "access_token": SANDBOX_TOKEN}
        engine.begin(name, "DELETE" if name == "delete" else "POST", params)
    elif kind == "call":
        reply = engine.ask(name, ID, phone_number="999000000001")
        assert reply.status in (0, 200, 201, 400, 404, 422, 500, 504)
    elif name == "end":
        engine.end_outages()
    elif kind == "outage":
        engine.add_outage(name, 0.0, 60.0)
    else:
        before = engine.look(ID).facts()
        try:
            engine.world(name, ID)
        except ImpossibleError:
            assert engine.look(ID).facts() == before


@pytest.mark.no_cover
@settings(max_examples=200, deadline=None)
@given(INSTANCES, st.lists(EVENTS, max_size=25), st.sampled_from([0.0, 1.0]))
def test_nothing_breaks_the_truth(
    start: tuple[str, tuple[bool, bool], str, str | None], events: list[tuple[str, t.Any]], scale: float
) -> None:
    status, (credentials, linked), generation, forced = start
    clock = VirtualClock()
    engine = Engine(clock, Delays(scale=scale, hibernate=100))
    try:
        instance = Instance(ID, status=status, credentials=credentials, linked=linked, generation=generation)
    except ImpossibleError:
        return
    instance.starts_into = forced
    engine.add(instance)
    check(engine.look(ID))
    logouts = 0
    for kind, name in events:
        was_linked, outage = engine.look(ID).linked, bool(engine.outages())
        logouts += kind in ("call", "begin") and name in ("logout", "delete")
        happen(engine, clock, kind, name)
        engine.look(ID)
        check(instance)
        if was_linked and not instance.linked and name != "unlink_on_phone":
            assert logouts, "nothing else unlinks"
            assert generation != "K", "it never unlinks"
            assert not outage or kind == "wait", "WhatsApp can't be reached"
        if instance.linked and not was_linked:
            assert (kind, name) == ("world", "scan")
