# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table "call on -> status" of the API, every row and column, with each truth that a status can hide."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import transitions
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.generations import GENERATIONS
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    ENGINES,
    FAILED,
    SCAN_QR_CODE,
    STARTING,
    STOPPED,
    WORKING,
    Delays,
    Instance,
)

pytestmark = pytest.mark.no_cover

ID = "3EB0BCB2E3D4"
OTHER = "PASSKEY_REQUIRED"

# (credentials, linked) that each status can hide
BOTH, KEY_ONLY, BURNT, NEITHER = (True, True), (True, False), (False, True), (False, False)
ANY = (BOTH, KEY_ONLY, BURNT, NEITHER)
TRUTHS = {
    STOPPED: ANY,
    STARTING: ANY,
    SCAN_QR_CODE: (BURNT, NEITHER),
    WORKING: (BOTH,),
    FAILED: ANY,
    OTHER: ANY,
}

SAME = "same"
GONE = "DELETED"
# call -> status before -> status at the end of the call; STARTING then settles by the truth
AT_ONCE = {
    "start": {**dict.fromkeys(TRUTHS, SAME), STOPPED: STARTING},
    "stop": dict.fromkeys(TRUTHS, STOPPED),
    "restart": dict.fromkeys(TRUTHS, STARTING),
    "logout": {**dict.fromkeys(TRUTHS, STARTING), STOPPED: SAME},
    "delete": dict.fromkeys(TRUTHS, GONE),
}
CASES = [
    (call, status, truth, generation)
    for call in AT_ONCE
    for status, truths in TRUTHS.items()
    for truth in truths
    for generation in GENERATIONS
]


def settled(credentials: bool, linked: bool) -> str:
    if not credentials:
        return SCAN_QR_CODE
    return WORKING if linked else FAILED


def build(status: str, truth: tuple[bool, bool], generation: str, scale: float) -> tuple[Engine, VirtualClock]:
    clock = VirtualClock()
    engine = Engine(clock, Delays(scale=scale))
    engine.add(
        Instance(
            ID,
            status=status,
            credentials=truth[0],
            linked=truth[1],
            generation=generation,
            starts_into=STARTING if status == STARTING else None,
        )
    )
    engine.instances[ID].starts_into = None
    return engine, clock


def expected_http(call: str, status: str, generation: str) -> int:
    if call == "start" and status != STOPPED and generation != "B":
        return 422
    return 200 if call == "delete" else 201


def test_no_call_is_forgotten() -> None:
    assert {call for call, dummy in transitions.SCRIPTS} == set(AT_ONCE)
    assert {status for dummy, status in transitions.SCRIPTS} == {STOPPED, "other"}
    words = {word for script in transitions.SCRIPTS.values() for word in script}
    assert words == {*transitions.EFFECTS, *transitions.PAUSES}


@pytest.mark.parametrize(("call", "status", "truth", "generation"), CASES)
def test_call_on_status(call: str, status: str, truth: tuple[bool, bool], generation: str) -> None:
    engine, clock = build(status, truth, generation, scale=1.0)
    assert engine.ask(call, ID).status == expected_http(call, status, generation)

    instance = engine.look(ID)
    credentials, linked = truth
    if call in ("logout", "delete"):
        credentials = False
    if status == WORKING and call in ("logout", "delete") and generation != "K":
        linked = False
    expected = AT_ONCE[call][status]
    entry = engine.log[-1]
    assert (entry.before, entry.after, entry.linked) == (status, status if expected == SAME else expected, linked)
    assert (instance.credentials, instance.linked) == (credentials, linked)
    assert bool(instance.account) == (credentials or linked)

    # A transition that was begun settles by the truth, and takes the truth along.
    clock.advance(30)
    after = engine.look(ID)
    assert (after.credentials, after.linked) == (credentials, linked)
    if expected == STARTING:
        assert after.status == settled(credentials, linked)
    elif expected != GONE:
        assert after.status == (status if expected == SAME else expected)


@pytest.mark.parametrize(("call", "status", "truth", "generation"), CASES)
def test_without_delays_it_settles_at_once_and_stays(
    call: str, status: str, truth: tuple[bool, bool], generation: str
) -> None:
    engine, clock = build(status, truth, generation, scale=0.0)
    engine.ask(call, ID)
    instance = engine.look(ID)
    expected = AT_ONCE[call][status]
    if expected == STARTING:
        expected = settled(instance.credentials, instance.linked)
    assert engine.log[-1].after == (status if expected == SAME else expected)
    before = instance.facts()
    clock.advance(10**6)
    assert engine.look(ID).facts() == before


@pytest.mark.parametrize("status", [WORKING, STARTING])
def test_a_logout_drifts(status: str) -> None:
    clock = VirtualClock()
    engine = Engine(clock, Delays(hibernate=600))
    engine.add(Instance(ID, status=status, credentials=True, linked=True))
    assert engine.ask("logout", ID).json()["status"] == STARTING
    seen: list[tuple[float, str]] = []
    for dummy in range(1000):
        now = engine.ask("info", ID).json()
        assert now["me"] is None
        if not seen or seen[-1][1] != now["status"]:
            seen.append((clock.now, now["status"]))
        clock.advance(1)
    assert seen == [(0, STARTING), (1, SCAN_QR_CODE), (161, FAILED), (761, STOPPED)]
    assert engine.instances[ID].linked == (status == STARTING)


def test_a_start_on_working_may_conflict() -> None:
    engine = Engine(VirtualClock())
    engine.add(Instance(ID, start_conflicts=True))
    engine.ask("start", ID)
    instance = engine.instances[ID]
    assert (instance.status, instance.credentials, instance.linked) == (FAILED, True, True)


@pytest.mark.parametrize(
    ("starts_into", "expected"),
    [
        (None, [WORKING, WORKING]),
        (STARTING, [STARTING, STARTING]),
        (FAILED, [FAILED, FAILED]),
        ("PASSKEY_REQUIRED", ["PASSKEY_REQUIRED", "PASSKEY_REQUIRED"]),
        ([STARTING, None], [STARTING, WORKING]),
        ([FAILED], [FAILED, WORKING]),
    ],
)
def test_what_starting_settles_into_can_be_scripted(
    starts_into: str | list[str | None] | None, expected: list[str]
) -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance(ID, status=STOPPED, starts_into=starts_into))
    seen = []
    for call in ("start", "restart"):
        engine.ask(call, ID)
        clock.advance(1000)
        seen.append(engine.look(ID).status)
    assert seen == expected


def test_working_is_not_forced_on_an_unpaired_session() -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance(ID, status=STOPPED, credentials=False, linked=False, starts_into=WORKING))
    engine.ask("start", ID)
    clock.advance(10)
    assert engine.look(ID).status == SCAN_QR_CODE


def test_working_is_not_forced_on_a_session_that_was_unlinked_while_it_started() -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance(ID, status=STOPPED, starts_into=WORKING))
    engine.ask("start", ID)
    engine.world("unlink_on_phone", ID)
    clock.advance(10)
    assert engine.look(ID).status == FAILED


def test_a_forced_qr_code_burns_the_key() -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance(ID, status=STOPPED, starts_into=SCAN_QR_CODE))
    engine.ask("start", ID)
    clock.advance(10)
    instance = engine.look(ID)
    assert (instance.status, instance.credentials, instance.linked) == (SCAN_QR_CODE, False, True)


@pytest.mark.parametrize(
    ("status", "hidden_by"),
    [
        (WORKING, ""),
        (STARTING, "WEBJS GOWS"),
        (FAILED, "WEBJS"),
        (STOPPED, "A K"),
        (OTHER, ""),
    ],
)
@pytest.mark.parametrize("engine_name", ENGINES)
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("credentials", [True, False])
def test_what_info_shows_of_the_account(
    *, status: str, hidden_by: str, engine_name: str, generation: str, credentials: bool
) -> None:
    if status == WORKING and not credentials:
        return
    engine = Engine(VirtualClock())
    instance = Instance(ID, status=status, credentials=credentials, engine=engine_name, generation=generation)
    engine.add(instance)
    data = engine.ask("info", ID).json()
    if credentials and not {engine_name, generation} & set(hidden_by.split()):
        assert (data["me"]["id"], data["me"]["pushName"]) == (instance.account, instance.push_name)
        assert ("lid" in data["me"]) == (generation != "K")
    else:
        assert data["me"] is None
    assert "qr" not in data
    assert data["name"] == instance.name
    assert data["config"] == {"webhooks": {}, "proxy": None}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_starting_engine_names_its_account_after_a_moment(generation: str) -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance(ID, status=STOPPED, generation=generation, starts_into=STARTING))
    assert engine.ask("start", ID).json()["me"] is None
    shown = []
    for dummy in range(3):
        shown.append(engine.ask("info", ID).json()["me"] is not None)
        clock.advance(0.15)
    assert shown == [False, False, True]


def test_a_qr_code_is_shown_in_its_status_only() -> None:
    engine = Engine(VirtualClock())
    engine.add(Instance(ID, status=SCAN_QR_CODE))
    data = engine.ask("info", ID).json()
    assert data["qr"].startswith("data:image/png")
    assert data["me"] is None
