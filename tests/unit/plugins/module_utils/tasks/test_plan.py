# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: its phrase changes with what matters and with nothing else, and the gate opens to it alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.plan import plan_task


def action(call: str, status: str) -> dict[str, Any]:
    return {"action": call, "time": "2026-11-22T01:30:00.000Z", "status": status, "outcome": "planned"}


def session(**changes: Any) -> dict[str, Any]:
    return {
        "instance_id": "A1",
        "name": "Front desk",
        "state": "decommissioned",
        "previous_status": "WORKING",
        "account": "********5678@c.us",
        "verdict": "severed",
        "failed": False,
        "msg": None,
        "actions": [action("logout", "WORKING"), action("stop", "SCAN_QR_CODE")],
        "duration": 0.1,
        "began": "2026-11-22T01:30:00.000Z",
        **changes,
    }


def plan(*sessions: dict[str, Any], **options: Any) -> dict[str, Any]:
    params = {
        "sessions": list(sessions),
        "action": "decommission",
        "delete": False,
        "confirm": None,
        "confirm_delete": None,
        "gate": False,
        "api_url": "https://api.wawp.net",
        "ticket": None,
        "requester": None,
        "approver": None,
        "require_four_eyes": False,
        "deadline": None,
        "accept_unproven": [],
        **options,
    }
    return plan_task(params, False).result


@pytest.mark.parametrize(
    "changes",
    [
        {"instance_id": "A2"},
        {"account": "********9999@c.us"},
        {"verdict": "unproven"},
        {"state": "logged_out"},
        {"failed": True, "verdict": "unproven", "msg": "x"},
        {"actions": [action("start", "STOPPED"), action("logout", "WORKING")]},
    ],
)
def test_what_matters_makes_another_plan(changes: dict[str, Any]) -> None:
    assert plan(session())["confirm"] != plan(session(**changes))["confirm"]


@pytest.mark.parametrize("changes", [{"duration": 9.9}, {"began": "2026-11-23T01:30:00.000Z"}, {"name": "Back desk"}])
def test_what_does_not_matter_makes_no_other_plan(changes: dict[str, Any]) -> None:
    assert plan(session())["confirm"] == plan(session(**changes))["confirm"]


def test_a_passing_first_reading_makes_no_other_plan() -> None:
    assert plan(session())["confirm"] == plan(session(previous_status="STARTING"))["confirm"]


@pytest.mark.parametrize("status", ["FAILED", "STOPPED"])
def test_an_unpaired_session_may_drift(status: str) -> None:
    def waiting(status: str, *calls: str) -> dict[str, Any]:
        actions = [action(call, status) for call in calls]
        return session(previous_status=status, account=None, verdict="no_account", actions=actions)

    drifted = waiting(status) if status == "STOPPED" else waiting(status, "stop")
    assert plan(waiting("SCAN_QR_CODE", "stop"))["confirm"] == plan(drifted)["confirm"]


def test_the_order_means_nothing_but_the_api_does() -> None:
    one, other = session(), session(instance_id="A2")
    assert plan(one, other)["confirm"] == plan(other, one)["confirm"]
    assert plan(one)["confirm"] != plan(one, api_url="http://127.0.0.1:9297")["confirm"]


def test_who_approved_a_plan_has_approved_of_what_it_accepts_unproven() -> None:
    assert plan(session())["confirm"] != plan(session(), accept_unproven=["A1"])["confirm"]


def test_the_phrase_holds_the_count_and_the_fingerprint() -> None:
    made = plan(session(), session(instance_id="A2"))
    assert made["confirm"] == f"decommission-2-{made['fingerprint'][:8]}"
    assert made["effects"] == {"logout": 2, "stop": 2}
    assert "can't be undone" in made["irreversible"][0]


@pytest.mark.parametrize("confirm", [None, "", "yes", "decommission-1", "decommission-1-00000000", "DECOMMISSION"])
def test_the_gate_stays_closed(confirm: str | None) -> None:
    made = plan(session(), gate=True, confirm=confirm)
    assert made["failed"]
    assert made["msg"].startswith("Nothing was sent")
    assert not made["confirmed"]


def test_the_gate_opens_to_the_phrase_with_blanks_too() -> None:
    phrase = plan(session())["confirm"]
    made = plan(session(), gate=True, confirm=f"  {phrase.replace('-', '  ')} ")
    assert made["confirmed"]
    assert "failed" not in made


def test_a_phrase_has_no_blanks_whatever_the_action() -> None:
    made = plan(session(), action="log out - all")
    assert re.fullmatch("log-out-all-1-[0-9a-f]{8}", made["confirm"])
    assert plan(session(), action="log out - all", gate=True, confirm=made["confirm"])["confirmed"]


def test_a_deletion_needs_a_phrase_of_its_own() -> None:
    phrase = plan(session())["confirm"]
    closed = plan(session(), gate=True, confirm=phrase, delete=True)
    assert "confirm_delete is not given" in closed["msg"]
    opened = plan(session(), gate=True, confirm=phrase, delete=True, confirm_delete=closed["confirm_delete"])
    assert opened["confirmed"]
    assert "Deleting can't be undone" in " ".join(opened["irreversible"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"require_four_eyes": True}, "name both"),
        ({"require_four_eyes": True, "requester": "Mona", "approver": " MONA "}, "another person"),
        ({"require_four_eyes": True, "requester": "Ren\u00e9 Roe", "approver": "rene\u0301  ROE"}, "another person"),
        ({"require_four_eyes": True, "requester": "Mona", "approver": "Mo\u200bna"}, "another person"),
        ({"deadline": "tomorrow"}, "deadline"),
        ({"deadline": "2026-11-22T10:00:00"}, "offset"),
        ({"accept_unproven": ["A9"]}, "A9 isn't in the plan"),
    ],
)
def test_terms_that_are_not_kept_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        plan(session(), **options)


@pytest.mark.parametrize("entry", [{}, {"instance_id": "A1", "actions": [{}]}, {"instance_id": "A1", "actions": "x"}])
def test_what_no_module_returns_is_refused_by_its_place(entry: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="sessions: entry 2"):
        plan(session(), entry)
