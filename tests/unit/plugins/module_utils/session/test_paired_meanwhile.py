# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""state: logged_out if somebody scans in between, or a reading lies about the account."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Known
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    THEIRS,
    Event,
    SimulatedRun,
    instance,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.stories import (
    SEEN,
    SEEN_AT_ONCE,
    lie,
    logged_out,
    play,
    summary,
)

# -- somebody scans the QR code between two readings


def scanned(started: Instance, goal: Goal, at: float, account: str, *faults: Fault) -> tuple[SimulatedRun, Any]:
    sim = SimulatedRun(started, faults, [Event(at, "scan", (("account", account),))])
    return sim, sim.run(goal)


def test_a_logout_is_not_repeated_to_the_person_who_paired_the_session_anew() -> None:
    goal = logged_out(expect_account=parse_account(OURS), wait_sleep=10)
    unclear = Fault("http", call="logout", http_status=502, when="after")
    sim, outcome = scanned(instance(), goal, 13, THEIRS, unclear)
    assert sim.calls == ["info=WORKING", "logout!gateway", *SEEN_AT_ONCE[:2], "info=WORKING", "info=WORKING"]
    assert summary(outcome) == ("unproven", True, True)
    assert "expect_account" in outcome.message


def test_a_blind_logout_that_may_have_come_through_keeps_a_later_one_from_proving_anything() -> None:
    goal = logged_out(start_timeout=30, wait_sleep=20)
    unclear = Fault("http", call="logout", http_status=502, when="after")
    sim, outcome = scanned(instance("STARTING", starts_into=["STARTING"]), goal, 45, OURS, unclear)
    assert sim.writes == ["logout", "logout"]
    assert sim.instance.orphans
    assert summary(outcome) == ("unproven", True, False)


@pytest.mark.parametrize(("state", "write"), [("decommissioned", "stop"), ("absent", "delete")])
@pytest.mark.parametrize("expected", [None, parse_account(OURS)])
@pytest.mark.parametrize("account", [OURS, THEIRS])
@pytest.mark.parametrize("shown", [True, False])
def test_what_was_paired_again_after_the_logout_stays_in_sight(
    state: str, write: str, expected: str | None, account: str, shown: bool
) -> None:
    """A rate limit holds the second write up for so long that somebody scans. Stopped or deleted, nobody would see."""
    started = instance(generation="B" if shown else "A")
    limit = Fault("http", call=write, http_status=429, retry_after=20)
    sim, outcome = scanned(started, Goal(state, expect_account=expected), 20, account, limit)
    assert sim.linked
    assert sim.calls[-2:] == ["info=WORKING", "info=WORKING"]
    assert summary(outcome) == ("unproven", True, True)
    assert ("expect_account" if expected and account == THEIRS else "was paired again") in outcome.message
    assert outcome.advice


def test_a_session_that_is_stopped_and_then_seen_paired_is_not_called_severed() -> None:
    sim, outcome = scanned(instance("SCAN_QR_CODE"), Goal("decommissioned"), 0.04, THEIRS)
    assert sim.linked
    assert sim.calls[-2:] == ["stop", "info=STOPPED"]
    assert summary(outcome)[0] == "unproven"
    assert "Somebody has linked an account" in outcome.advice


# -- one reading lies about the account


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
@pytest.mark.parametrize("state", ["logged_out", "absent", "decommissioned"])
@pytest.mark.parametrize("skip", [0, 1])
def test_one_reading_without_the_account_is_not_believed(status: str, state: str, skip: int) -> None:
    sim = SimulatedRun(instance(status), [Fault("lie", call="info", skip=skip, status=status)])
    outcome = sim.run(Goal(state))
    assert (outcome.verdict == "severed") == (not sim.linked)
    assert outcome.verdict != "no_account"
    assert not sim.instance.removed


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
@pytest.mark.parametrize("state", ["logged_out", "absent", "decommissioned"])
@pytest.mark.parametrize("earlier", ["severed", "no_account"])
def test_one_reading_does_not_bear_out_what_was_proven_earlier(status: str, state: str, earlier: str) -> None:
    """Somebody has paired it again since."""
    sim, outcome = play(instance(), Goal(state, previous=Known(earlier)), lie(status))
    assert "logout" in sim.writes
    assert summary(outcome) == ("severed", True, False)


@pytest.mark.parametrize("status", ["STARTING", "STOPPED", "FAILED"])
def test_working_after_an_accepted_logout_is_not_outweighed_by_one_reading(status: str) -> None:
    ineffective = Fault("patch", call="logout", when="before", replace={"status": "STARTING", "me": None})
    sim, outcome = play(instance(), logged_out(wait_timeout=30), ineffective, lie(status, skip=2))
    assert sim.calls[:5] == ["info=WORKING", "logout", "info=WORKING", f"info={status}", "info=WORKING"]
    assert sim.linked
    assert summary(outcome) == ("unproven", True, True)


def test_working_after_a_logout_that_takes_its_time_is_waited_out() -> None:
    """The logout is accepted before it is carried out."""
    sim, outcome = play(instance(), logged_out(), lie("WORKING", skip=1))
    assert sim.calls == ["info=WORKING", "logout", "info=WORKING", *SEEN[1:]]
    assert summary(outcome) == ("severed", True, False)


@pytest.mark.parametrize(("event", "ends"), [("crash", "SCAN_QR_CODE"), ("hibernate", "STOPPED")])
def test_a_late_logout_that_met_a_session_at_rest_proves_nothing(event: str, ends: str) -> None:
    """It was seen at rest with its account after the logout was sent; then the logout wiped that."""
    late = Fault("late", call="logout", seconds=20.0)
    sim = SimulatedRun(instance(), [late], [Event(3, event)])
    outcome = sim.run(logged_out())
    assert sim.linked
    assert sim.calls[-1] == f"info={ends}"
    assert summary(outcome) == ("unproven", True, False)
    assert outcome.unlink_uncertain
    assert "Linked devices" in (outcome.advice or "")


@pytest.mark.parametrize("on_unproven", ["warn", "fail"])
def test_a_session_that_is_gone_with_a_burnt_key_is_looked_for_on_the_phone(on_unproven: str) -> None:
    sim = SimulatedRun(instance())
    sim.engine.ask("delete", sim.instance.instance_id)
    outcome = sim.run(Goal("absent", previous=Known("unproven"), on_unproven=on_unproven))
    assert summary(outcome) == ("unproven", False, on_unproven == "fail")
    assert "Linked devices" in " ".join([outcome.message, *outcome.warnings])


def test_a_burnt_key_stays_known_when_the_session_is_deleted_at_once() -> None:
    sim = SimulatedRun(instance("SCAN_QR_CODE", linked=True))
    outcome = sim.run(Goal("absent", logout_first=False, previous=Known("unproven")))
    assert sim.writes == ["delete"]
    assert summary(outcome)[0] == "unproven"
