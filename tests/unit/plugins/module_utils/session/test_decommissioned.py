# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``state: decommissioned``: the exact calls, the open ends, and what stopping must never hide."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Known, Outcome
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import model
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    THEIRS,
    SimulatedRun,
    instance,
)


def play(started: Instance, *faults: Fault, link: bool = False, check: bool = False, **options: Any) -> Any:
    sim = SimulatedRun(started)
    if link:
        sim.engine.ask("temp_link", started.instance_id)
    for fault in faults:
        sim.engine.add_fault(fault)
    return sim, sim.run(Goal("decommissioned", **options), check)


def ended(sim: SimulatedRun, outcome: Outcome) -> tuple[str | None, str, bool]:
    return outcome.verdict, sim.instance.status, outcome.failed


def has_link(sim: SimulatedRun) -> bool:
    return model.live_link(sim.instance, sim.time.now) is not None


def test_working_without_a_link() -> None:
    sim, outcome = play(instance())
    assert sim.calls == [
        *("info=WORKING", "temp_link_get", "logout", "info=STARTING", "info=SCAN_QR_CODE"),
        *("stop", "info=STOPPED"),
    ]
    assert ended(sim, outcome) == ("severed", "STOPPED", False)
    assert not sim.linked
    assert outcome.open_ends == []


def test_the_link_is_revoked_before_the_logout() -> None:
    sim, outcome = play(instance(), link=True)
    assert sim.writes == ["temp_link_revoke", "logout", "stop"]
    assert ended(sim, outcome) == ("severed", "STOPPED", False)
    assert not has_link(sim)
    assert outcome.open_ends == []


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_what_does_not_run_is_brought_up_first(status: str) -> None:
    sim, outcome = play(instance(status))
    assert sim.writes == ["start" if status == "STOPPED" else "restart", "logout", "stop"]
    assert ended(sim, outcome) == ("severed", "STOPPED", False)
    assert not sim.linked


def test_a_qr_code_is_taken_off_the_screen() -> None:
    sim, outcome = play(instance("SCAN_QR_CODE"), link=True)
    assert sim.writes == ["temp_link_revoke", "stop"]
    assert ended(sim, outcome) == ("no_account", "STOPPED", False)


@pytest.mark.parametrize("status", ["WORKING", "STOPPED", "FAILED", "SCAN_QR_CODE", "STARTING"])
@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_second_run_with_the_same_journal_changes_nothing(status: str, generation: str) -> None:
    sim, first = play(instance(status, generation=generation), link=True)
    again = sim.run(Goal("decommissioned", previous=Known(first.verdict or "")))
    assert not sim.writes
    assert ended(sim, again) == (first.verdict, "STOPPED", False)
    assert not again.changed


def test_a_second_run_without_a_journal_starts_it_to_look_and_stops_it_again() -> None:
    """STOPPED without an account proves nothing: engines hide it there."""
    sim, dummy = play(instance())
    again = sim.run(Goal("decommissioned"))
    assert sim.writes == ["start", "stop"]
    assert ended(sim, again) == ("no_account", "STOPPED", False)


def test_a_second_run_that_trusts_an_empty_account_changes_nothing() -> None:
    sim, dummy = play(instance())
    again = sim.run(Goal("decommissioned", trust_empty_account=True))
    assert not sim.writes
    assert ended(sim, again) == ("no_account", "STOPPED", False)


@pytest.mark.parametrize("status", ["WORKING", "STOPPED", "FAILED", "SCAN_QR_CODE"])
@pytest.mark.parametrize("link", [False, True])
def test_check_mode_predicts_what_a_run_does(status: str, link: bool) -> None:
    sim, predicted = play(instance(status), link=link, check=True)
    outcome = sim.run(Goal("decommissioned"))
    assert predicted.predicted
    assert [action.name for action in predicted.actions] == sim.writes
    assert (predicted.verdict, predicted.changed, predicted.last.status) == (outcome.verdict, True, "STOPPED")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_where_the_link_cannot_be_revoked_the_logout_still_happens(status: int) -> None:
    fault = Fault("http", call="temp_link", http_status=status, skip=1)
    sim, outcome = play(instance(), fault, link=True)
    if status == 500:  # it was read again, and the revocation sent once more
        assert sim.writes == ["temp_link_revoke", "temp_link_revoke", "logout", "stop"]
        assert not has_link(sim)
        return
    assert sim.writes == ["temp_link_revoke", "logout", "stop"]
    assert ended(sim, outcome) == ("severed", "STOPPED", False)
    assert has_link(sim)
    assert len(outcome.open_ends) == 1
    assert "could not be revoked" in outcome.open_ends[0]
    assert outcome.open_ends[0] in outcome.warnings


def test_a_link_that_stays_whatever_is_sent_is_told() -> None:
    still = Fault("patch", call="temp_link", times=None, replace={"link": "https://link.wawp.example/secret"})
    sim, outcome = play(instance(), still, link=True)
    assert sim.writes == ["temp_link_revoke", "temp_link_revoke", "logout", "stop"]
    assert ["still there" in what for what in outcome.open_ends] == [True]
    assert "secret" not in " ".join([*outcome.open_ends, *outcome.warnings])


@pytest.mark.parametrize(
    "fault",
    [
        Fault("http", call="temp_link", http_status=503, times=None),
        Fault("http", call="temp_link", http_status=403, times=None),
        Fault("garbage", call="temp_link", times=None),
        Fault("patch", call="temp_link", times=None, remove=["link"]),
        Fault("patch", call="temp_link", times=None, replace={"link": {"url": "x"}}),
    ],
    ids=["503", "403", "garbage", "no link named", "link is no text"],
)
def test_where_the_link_cannot_be_read_the_logout_still_happens(fault: Fault) -> None:
    sim, outcome = play(instance(), fault, link=True)
    assert sim.writes == ["logout", "stop"]
    assert ended(sim, outcome) == ("severed", "STOPPED", False)
    assert ["could not be read" in what for what in outcome.open_ends] == [True]


def test_a_rate_limit_on_the_revocation_passes() -> None:
    fault = Fault("http", call="temp_link", http_status=429, retry_after=3.0, skip=1)
    sim, outcome = play(instance(), fault, link=True)
    assert sim.writes == ["temp_link_revoke", "temp_link_revoke", "logout", "stop"]
    assert outcome.open_ends == []
    assert not has_link(sim)


def test_a_session_that_may_be_paired_is_not_hidden_by_stopping() -> None:
    sim, outcome = play(instance("FAILED", linked=False))
    assert sim.writes == ["restart"]
    assert ended(sim, outcome) == ("unproven", "FAILED", False)
    assert outcome.open_ends == ["The session was not stopped: it is FAILED, and its link may still stand."]


def test_a_status_that_nobody_knows_is_left_as_it_is() -> None:
    sim, outcome = play(instance("PASSKEY_REQUIRED"))
    assert sim.writes == []
    assert ended(sim, outcome) == ("unproven", "PASSKEY_REQUIRED", True)
    assert outcome.open_ends == ["The session was not stopped: it is PASSKEY_REQUIRED, and its link may still stand."]


def test_a_session_that_hangs_keeps_its_key_where_unproven_is_a_failure() -> None:
    sim, outcome = play(instance("STARTING", starts_into=["STARTING"]), start_timeout=10, on_unproven="fail")
    assert sim.writes == []
    assert ended(sim, outcome) == ("unproven", "STARTING", True)
    assert outcome.key == "there"
    assert sim.instance.credentials


def test_after_a_logout_while_starting_it_is_not_stopped_since_the_link_may_stand() -> None:
    sim, outcome = play(instance("STARTING", starts_into=["STARTING"]), start_timeout=10)
    assert sim.writes == ["logout"]
    assert ended(sim, outcome) == ("unproven", "SCAN_QR_CODE", False)
    assert outcome.key == "gone"
    assert outcome.open_ends == ["The session was not stopped: it is SCAN_QR_CODE, and its link may still stand."]
    assert sim.linked


def test_a_session_that_hides_its_account_while_it_starts_is_not_stopped() -> None:
    """The logout got no answer, and STARTING shows no account, paired or not."""
    unclear = Fault("http", call="logout", http_status=502)
    lie = Fault("lie", call="info", status="STARTING", skip=1, times=None)
    sim, outcome = play(instance(), unclear, lie, wait=False)
    assert sim.writes == ["logout"]
    assert ended(sim, outcome) == ("unproven", "WORKING", False)
    assert outcome.key == "unknown"
    assert outcome.open_ends == ["The session was not stopped: it is STARTING, and its link may still stand."]


def test_a_stop_that_does_not_take_is_an_open_end() -> None:
    fault = Fault("http", call="stop", http_status=403)
    sim, outcome = play(instance(), fault)
    assert ended(sim, outcome)[::2] == ("severed", True)
    assert not sim.linked
    assert outcome.open_ends == ["The session was not stopped: whoever sees its QR code can link a phone."]


def test_nothing_is_sent_to_another_account() -> None:
    sim, outcome = play(instance(account=THEIRS), link=True, expect_account=parse_account(OURS))
    assert sim.calls == ["info=WORKING"]
    assert outcome.failed
    assert has_link(sim)


def test_a_hidden_account_is_known_before_its_link_is_revoked() -> None:
    hidden = instance("STOPPED", generation="A")
    sim, outcome = play(hidden, link=True, expect_account=parse_account(OURS))
    assert sim.writes == ["start", "logout", "temp_link_revoke", "stop"]
    assert ended(sim, outcome) == ("severed", "STOPPED", False)


def test_what_a_journal_knows_needs_no_start() -> None:
    sim, outcome = play(instance("STOPPED", credentials=False), previous=Known("severed"))
    assert sim.writes == []
    assert ended(sim, outcome) == ("severed", "STOPPED", False)


def test_a_burnt_key_stays_unproven() -> None:
    sim, outcome = play(instance("SCAN_QR_CODE", linked=True), previous=Known("unproven"))
    assert sim.writes == []
    assert ended(sim, outcome) == ("unproven", "SCAN_QR_CODE", False)
    assert outcome.key == "gone"


def test_no_such_session() -> None:
    sim, outcome = play(instance(), Fault("http", call="info", http_status=404, times=None))
    assert sim.writes == []
    assert outcome.failed
    assert "doesn't exist" in outcome.message


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (Fault("created", call="stop"), []),
        (Fault("patch", call="stop", replace={"status": "SCAN_QR_CODE"}), ["info=STOPPED"]),
        (Fault("patch", call="stop", remove=["status"]), ["info=STOPPED"]),
    ],
)
def test_a_stop_that_is_read_later_anyway_is_read_now_unless_its_reply_says_stopped(
    said: Fault, read: list[str]
) -> None:
    sim, outcome = play(instance(), said, confirm_stop=False)
    assert sim.calls[-1 - len(read) :] == ["stop", *read]
    assert (outcome.verdict, sim.instance.status, outcome.failed) == ("severed", "STOPPED", False)
