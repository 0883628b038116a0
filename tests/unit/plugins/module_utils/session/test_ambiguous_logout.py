# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""state: logged_out after a write that was refused, or whose effect is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
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

# -- ambiguous and refused writes


def test_a_gateway_error_after_the_effect_is_read_and_not_repeated() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=502, when="after"))
    assert sim.calls == ["info=WORKING", "logout!gateway", *SEEN_AT_ONCE]
    assert summary(outcome) == ("severed", True, False)


def test_a_gateway_error_before_the_effect_is_read_twice_and_repeated_once() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=502))
    assert sim.calls == ["info=WORKING", "logout!gateway", *["info=WORKING"] * 4, "logout", *SEEN]
    assert summary(outcome) == ("severed", True, False)


def test_two_gateway_errors_end_the_run() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=502, times=9))
    assert sim.writes == ["logout", "logout"]
    assert summary(outcome) == ("unproven", True, True)
    assert "sent twice" in outcome.message
    assert sim.linked


def test_a_logout_that_takes_effect_late_is_still_judged_rightly() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("late", call="logout", seconds=5))
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_a_refused_logout_fails_with_the_status_read_once_more(status: int) -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=status))
    assert sim.writes == ["logout"]
    assert sim.calls[2] == "info=WORKING"
    assert summary(outcome) == ("unproven", False, True)
    assert outcome.error.http_status == status


@pytest.mark.parametrize("status", ["WORKING", "STARTING"])
def test_a_rate_limit_is_waited_for_and_the_rule_asked_again(status: str) -> None:
    hanging = instance(status, starts_into=["STARTING"] if status == "STARTING" else None)
    limit = Fault("http", call="logout", http_status=429, retry_after=20)
    sim, outcome = play(hanging, logged_out(start_timeout=6), limit)
    first, second = [sent.at for sent in sim.sent if sent.name == "logout"]
    assert second - first >= 20
    assert summary(outcome) == ("severed" if status == "WORKING" else "unproven", True, False)


def test_a_rate_limit_without_end_fails_as_what_it_is() -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=429, times=None))
    assert summary(outcome) == ("unproven", False, True)
    assert outcome.error.kind == "rate_limited"
    assert len(sim.writes) <= 5


def test_a_qr_code_after_a_logout_that_was_put_off_is_not_our_doing() -> None:
    qr_code = Fault("patch", call="info", skip=1, times=None, replace={"status": "SCAN_QR_CODE", "me": None})
    dummy, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=429), qr_code)
    assert summary(outcome) == ("unproven", False, False)


def test_a_session_that_is_gone_after_the_logout_leaves_only_the_phone_to_look_at() -> None:
    gone = Fault("http", call="info", http_status=404, skip=1, times=None)
    sim, outcome = play(instance(), logged_out(), gone)
    assert sim.calls == ["info=WORKING", "logout", *["info!unknown_session"] * 2]
    assert summary(outcome) == ("unproven", True, True)
    assert outcome.key == "gone"
    assert "Linked devices" in outcome.advice


@pytest.mark.parametrize("http_status", [None, 500])
def test_after_a_refusal_not_even_a_qr_code_proves_anything(http_status: int | None) -> None:
    """The key may have been wiped without reaching the phone."""
    fault = Fault("patch", call="logout", replace={"success": False})
    if http_status:
        fault = Fault("http", call="logout", http_status=http_status, when="after")
    sim, outcome = play(instance(), logged_out(), fault)
    assert sim.calls == ["info=WORKING", "logout!refused", *SEEN_AT_ONCE]
    assert summary(outcome) == ("unproven", True, False)
    assert (outcome.key, outcome.proven_at) == ("gone", None)
    assert "said that the logout failed" in outcome.advice


def test_a_refused_logout_that_left_the_session_working_is_not_repeated() -> None:
    fault = Fault("patch", call="logout", when="before", replace={"success": False})
    sim, outcome = play(instance(), logged_out(), fault)
    assert sim.writes == ["logout"]
    assert summary(outcome) == ("unproven", False, True)
    assert (outcome.key, outcome.error.kind) == ("there", "refused")


@pytest.mark.parametrize("status", [409, 423])
def test_a_session_that_another_call_holds_is_tried_again(status: int) -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=status))
    assert sim.writes == ["logout", "logout"]
    assert summary(outcome) == ("severed", True, False)


@pytest.mark.parametrize("status", [408, 425, 460, 499])
def test_a_gateway_that_gave_up_is_read_first(status: int) -> None:
    sim, outcome = play(instance(), logged_out(), Fault("http", call="logout", http_status=status, when="after"))
    assert sim.calls == ["info=WORKING", "logout!gateway", *SEEN_AT_ONCE]
    assert summary(outcome) == ("severed", True, False)


@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize("wait_sleep", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("options", [{}, {"trust_empty_account": True}, {"start_if_stopped": True}])
def test_a_restart_that_somebody_else_sends_is_outlasted(
    generation: str, wait_sleep: float, options: dict[str, bool]
) -> None:
    sim = SimulatedRun(instance(generation=generation), events=[Event("info", "restart")], delays=Delays())
    outcome = sim.run(logged_out(wait_sleep=wait_sleep, **options))
    assert sim.writes == ["logout"]
    assert summary(outcome) == ("severed", True, False)
    assert not sim.linked


@pytest.mark.parametrize(
    "contradiction", [{"engine": {"engine": "NOWEB", "state": "CONNECTED"}}, {"me": {"id": OURS, "pushName": "x"}}]
)
def test_a_qr_code_with_somebody_logged_in_is_no_proof(contradiction: dict[str, Any]) -> None:
    contradicts = Fault("patch", call="info", skip=2, times=None, replace=contradiction)
    dummy, outcome = play(instance(), logged_out(), contradicts)
    assert outcome.verdict == "unproven"
    assert outcome.proven_at is None
    dummy, outcome = play(instance("SCAN_QR_CODE"), logged_out(), Fault(**{**vars(contradicts), "skip": 0}))
    assert summary(outcome) == ("unproven", False, True)


def test_one_starting_after_the_reply_is_no_proof() -> None:
    """200, a single STARTING, and WORKING forever."""
    ineffective = Fault("patch", call="logout", when="before", replace={"status": "STARTING", "me": None})
    sim, outcome = play(instance(), logged_out(), ineffective, lie("STARTING", skip=1))
    assert sim.linked
    assert summary(outcome) == ("unproven", True, True)
    assert outcome.key == "there"
