# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table "call on -> status" of the API, every row and column, with each truth that a status can hide."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import model
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    FAILED,
    SCAN_QR_CODE,
    STARTING,
    STOPPED,
    WORKING,
    Delays,
    Instance,
)

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
# call -> status before -> status at once; STARTING then settles by the truth
AT_ONCE = {
    "start": {STOPPED: STARTING, STARTING: SAME, SCAN_QR_CODE: SAME, WORKING: SAME, FAILED: SAME, OTHER: SAME},
    "stop": dict.fromkeys(TRUTHS, STOPPED),
    "restart": {**dict.fromkeys(TRUTHS, STARTING), SCAN_QR_CODE: SCAN_QR_CODE},
    "logout": {**dict.fromkeys(TRUTHS, STARTING), STOPPED: SAME, SCAN_QR_CODE: SCAN_QR_CODE},
    "delete": dict.fromkeys(TRUTHS, GONE),
}
CASES = [
    (call, status, truth, newer)
    for call in AT_ONCE
    for status, truths in TRUTHS.items()
    for truth in truths
    for newer in (True, False)
]


def settled(credentials: bool, linked: bool) -> str:
    if not credentials:
        return SCAN_QR_CODE
    return WORKING if linked else FAILED


def build(status: str, truth: tuple[bool, bool], newer: bool, scale: float) -> tuple[Engine, VirtualClock]:
    clock = VirtualClock()
    engine = Engine(clock, Delays(scale=scale))
    engine.add(
        Instance(
            ID,
            status=status,
            credentials=truth[0],
            linked=truth[1],
            shows_me_when_stopped=newer,
            starts_into=STARTING if status == STARTING else None,
        )
    )
    engine.instances[ID].starts_into = None
    return engine, clock


def test_no_call_is_forgotten() -> None:
    assert {call for call, dummy in model.EFFECTS} == set(AT_ONCE)
    assert {status for dummy, status in model.EFFECTS} == {*model.STATUSES, "other"}


@pytest.mark.parametrize(("call", "status", "truth", "newer"), CASES)
def test_call_on_status(call: str, status: str, truth: tuple[bool, bool], newer: bool) -> None:
    engine, clock = build(status, truth, newer, scale=1.0)
    assert engine.ask(call, ID).status == 200

    instance = engine.look(ID)
    credentials, linked = truth
    if call == "logout":
        credentials = False
    if status == WORKING and (call == "logout" or (call == "delete" and newer)):
        linked = False
    expected = AT_ONCE[call][status]
    entry = engine.log[-1]
    assert (entry.before, entry.after, entry.linked) == (status, status if expected == SAME else expected, linked)
    assert (instance.credentials, instance.linked) == (credentials, linked)
    assert bool(instance.account) == (credentials or linked)

    # What was begun settles by the truth, and takes the truth along.
    clock.advance(30)
    after = engine.look(ID)
    assert (after.credentials, after.linked) == (credentials, linked)
    if expected == STARTING:
        assert after.status == settled(credentials, linked)
    elif expected != GONE:
        assert after.status == (status if expected == SAME else expected)


@pytest.mark.parametrize(("call", "status", "truth", "newer"), CASES)
def test_without_delays_it_settles_at_once_and_stays(
    call: str, status: str, truth: tuple[bool, bool], newer: bool
) -> None:
    engine, clock = build(status, truth, newer, scale=0.0)
    engine.ask(call, ID)
    instance = engine.look(ID)
    expected = AT_ONCE[call][status]
    if expected == STARTING:
        expected = settled(instance.credentials, instance.linked)
    assert engine.log[-1].after == (status if expected == SAME else expected)
    before = dict(vars(instance))
    clock.advance(10**6)
    assert vars(engine.look(ID)) == before


@pytest.mark.parametrize("status", [WORKING, STARTING])
def test_a_logout_drifts(status: str) -> None:
    clock = VirtualClock()
    engine = Engine(clock, Delays(hibernate=600))
    engine.add(Instance(ID, status=status, credentials=True, linked=True))
    assert engine.ask("logout", ID).json()["status"] == SCAN_QR_CODE
    seen: list[tuple[float, str]] = []
    for dummy in range(1000):
        now = engine.ask("info", ID).json()
        assert now["me"] is None
        if not seen or seen[-1][1] != now["status"]:
            seen.append((clock.now, now["status"]))
        clock.advance(1)
    assert seen == [(0, STARTING), (3, SCAN_QR_CODE), (163, FAILED), (763, STOPPED)]
    assert engine.instances[ID].linked == (status == STARTING)


def test_a_logout_in_starting_may_be_lucky() -> None:
    engine = Engine(VirtualClock())
    engine.add(Instance(ID, status=STARTING, severs_while_starting=True))
    engine.ask("logout", ID)
    assert not engine.instances[ID].linked


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
    ("status", "newer", "credentials", "shown"),
    [
        (WORKING, True, True, True),
        (STARTING, True, True, None),
        (SCAN_QR_CODE, True, False, None),
        (FAILED, True, True, True),
        (FAILED, True, False, None),
        (FAILED, False, True, True),
        (STOPPED, True, True, True),
        (STOPPED, True, False, None),
        (STOPPED, False, True, "missing"),
        (STOPPED, False, False, "missing"),
        (OTHER, True, True, True),
    ],
)
def test_what_info_shows_of_the_account(status: str, newer: bool, credentials: bool, shown: bool | str | None) -> None:
    engine = Engine(VirtualClock())
    instance = Instance(ID, status=status, credentials=credentials, shows_me_when_stopped=newer)
    engine.add(instance)
    data = engine.ask("info", ID).json()
    expected = {"id": instance.account, "pushName": instance.push_name} if shown is True else shown
    assert data.get("me", "missing") == expected
    assert ("qr" in data) == (status == SCAN_QR_CODE)
    assert data["name"] == instance.name
    assert data["config"] == {"webhooks": {}, "proxy": None}
