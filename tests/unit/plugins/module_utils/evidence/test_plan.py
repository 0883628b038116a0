# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: its phrase changes with everything that matters and nothing else; differences from an approved plan."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.plan import (
    differences,
    hopeless,
    lines,
    linked_already,
    make_plan,
    normalized_url,
    plan_entry,
    seal,
    unready,
    words,
)

TIME = "2026-11-22T01:30:00.000Z"


def session(*calls: str, **changes: Any) -> dict[str, Any]:
    actions = [{"action": call, "status": "WORKING"} for call in calls or ("logout", "stop")]
    return {
        "instance_id": "A1",
        "name": "Front desk",
        "state": "decommissioned",
        "previous_status": "WORKING",
        "account": "********5678@c.us",
        "verdict": "severed",
        "failed": False,
        "msg": None,
        "advice": None,
        "actions": [] if calls == ("nothing",) else actions,
        **changes,
    }


def entry(*calls: str, digest: str = "d1", **changes: Any) -> dict[str, Any]:
    return plan_entry(session(*calls, **changes), digest)


def plan(*entries: dict[str, Any], **terms: Any) -> dict[str, Any]:
    known = {"action": "decommission", "api_url": "https://api.wawp.net", "delete": False, "accepted": []}
    return make_plan({**known, "arriving": [], **terms}, entries or [entry()], TIME)


BLOCKED = entry("nothing", failed=True, verdict="unproven", msg="it doesn't exist", digest="")


@pytest.mark.parametrize(
    "other",
    [
        plan(entry(instance_id="A2")),
        plan(entry(digest="d2")),
        plan(entry(state="logged_out")),
        plan(entry(verdict="unproven")),
        plan(entry(), entry(instance_id="A2")),
        plan(api_url="http://127.0.0.1:9297"),
        plan(accepted=["A1"]),
        plan(delete=True),
        plan(action="switch_account"),
        plan(arriving=[{"instance_id": "A1", "account": None, "account_digest": "d9"}]),
    ],
)
def test_what_matters_makes_another_plan(other: dict[str, Any]) -> None:
    assert other["confirm"] != plan()["confirm"]
    assert differences(plan(), other)


@pytest.mark.parametrize(
    "same",
    [
        plan(entry(previous_status="STOPPED")),
        plan(entry("start", "logout", "stop")),
        plan(entry("temp_link_revoke", "logout", "stop")),
        plan(entry(name="Back desk")),
        plan(entry(account="another mask")),
    ],
)
def test_what_changes_by_itself_makes_no_other_plan(same: dict[str, Any]) -> None:
    assert same["confirm"] == plan()["confirm"]
    assert differences(plan(), same) == []


@pytest.mark.parametrize("less", [plan(entry(digest="")), plan(entry("nothing"))])
def test_less_makes_another_phrase_and_is_covered_by_the_approved_plan(less: dict[str, Any]) -> None:
    """If no account is shown, the run compares the one that appears later with the plan."""
    assert less["confirm"] != plan()["confirm"]
    assert differences(plan(), less) == []


def test_the_order_means_nothing() -> None:
    one, other = entry(), entry(instance_id="A2")
    assert plan(one, other)["confirm"] == plan(other, one)["confirm"]


@pytest.mark.parametrize(
    "done",
    [
        entry("nothing", verdict="no_account", account=None, digest="", previous_status="SCAN_QR_CODE"),
        entry("stop", verdict="severed", account=None, digest="", previous_status="SCAN_QR_CODE"),
        entry("start", "logout", "stop", account=None, digest="", previous_status="STOPPED"),
        BLOCKED,
    ],
)
def test_the_rest_of_an_approved_plan_fits(done: dict[str, Any]) -> None:
    """Dealt with since, stopped by somebody, gone: nothing beyond the approved plan is sent."""
    approved = plan(entry(), entry(instance_id="A2", digest="d2"))
    assert differences(approved, plan(done, entry(instance_id="A2", digest="d2"))) == []


def test_who_approves_of_a_hidden_account_approves_of_whoever_it_is() -> None:
    """Engines hide the account at rest. A session that waits for a scan has none, which is different."""
    shown = plan(entry())
    at_rest = plan(entry("start", "logout", digest="", account=None, previous_status="STOPPED"))
    waiting = plan(entry("nothing", digest="", account=None, verdict="no_account", previous_status="SCAN_QR_CODE"))
    assert differences(at_rest, shown) == []
    assert differences(waiting, shown) == ["A1: account ********5678@c.us, approved was none"]


def test_differences_say_what_differs() -> None:
    other = plan(entry(digest="d2", account="********9999@c.us"), api_url="http://127.0.0.1:9297")
    assert differences(plan(), other) == [
        "api_url: http://127.0.0.1:9297, approved was https://api.wawp.net",
        "A1: account ********9999@c.us, approved was ********5678@c.us",
    ]
    assert differences(plan(), plan(entry(instance_id="A2"))) == [
        "A1: approved, and not in this run",
        "A2: not in the approved plan",
    ]


def test_a_phrase_holds_the_count_and_eighty_bits_in_groups() -> None:
    made = plan(entry(), entry(instance_id="A2"))
    assert re.fullmatch(r"decommission-2(-[0-9a-f]{4}){5}", made["confirm"])
    assert made["confirm"].replace("-", "").endswith(made["fingerprint"][:20])
    assert re.fullmatch(r"log-out-all-1(-[0-9a-f]{4}){5}", plan(action="log out - all")["confirm"])


def test_a_deletion_has_a_phrase_of_its_own() -> None:
    made = plan(delete=True)
    assert made["confirm_delete"].startswith("delete-1-")
    assert "confirm_delete" not in plan()
    assert "Deleting can't be undone" in " ".join(lines(made, []))


def test_a_kept_plan_that_was_changed_is_found_out() -> None:
    made = plan()
    assert seal(made).items() <= made.items()
    assert not seal({**made, "entries": [entry(digest="d2")]}).items() <= made.items()


@pytest.mark.parametrize("typed", ["a-1 b", " A 1--B ", "a 1 b"])
def test_blanks_dashes_and_capitals_are_no_other_phrase(typed: str) -> None:
    assert words(typed) == ["a", "1", "b"]


@pytest.mark.parametrize(
    "writing",
    ["https://API.wawp.net/", "https://api.wawp.net:443", " HTTPS://api.wawp.net.//", "https://user@api.wawp.net?x#y"],
)
def test_one_address_has_one_writing(writing: str) -> None:
    assert normalized_url(writing) == "https://api.wawp.net"


def test_other_addresses_stay_others() -> None:
    assert normalized_url("http://[::1]:80/a//b/") == "http://[::1]/a/b"
    assert normalized_url("https://api.wawp.net:80") == "https://api.wawp.net:80"


def test_what_stands_in_the_way_comes_first_and_the_phrase_last() -> None:
    shown = lines(plan(entry(), {**BLOCKED, "instance_id": "A2"}), ["API: here"])
    assert shown[:2] == ["Plan: decommission 2 instances", "API: here"]
    assert shown[2] == "Expected: 1 blocked, 1 would be severed"
    assert shown[3].startswith("  A2 (Front desk): WORKING, ********5678@c.us -> blocked: it doesn't exist")
    assert "logout" in shown[4]
    assert shown[-1].startswith("To confirm: -e wawp_confirm=decommission-2-")


def test_a_burnt_key_is_not_blocked_but_stays_unproven() -> None:
    """It can be read and reported; only the phone can do more, and the plan's line says so."""
    burnt = entry(
        "nothing",
        failed=True,
        verdict="unproven",
        msg="why",
        advice="Only the phone can end it.",
        key="gone",
        account=None,
    )
    assert not hopeless(plan(burnt))
    assert [entry["instance_id"] for entry in unready(plan(burnt))] == ["A1"]
    assert lines(plan(burnt), [])[2] == "  A1 (Front desk): WORKING -> would stay unproven: Only the phone can end it."
    assert lines(plan(burnt, accepted=["A1"]), [])[1] == "Expected: 1 accepted unproven"
    assert hopeless(plan(entry("nothing", failed=True, verdict="unproven", msg="why", key="there")))
    not_there = entry("nothing", failed=True, verdict="unproven", msg="why", key="gone", previous_status=None)
    assert hopeless(plan(not_there))


def test_ten_thousand_are_not_listed() -> None:
    made = plan(*(entry(instance_id=f"A{number}") for number in range(10_000)))
    assert len(lines(made, [])) < 80
    assert max(map(len, lines(made, []))) < 400


def test_what_is_accepted_is_ready() -> None:
    assert [entry["instance_id"] for entry in unready(plan(BLOCKED))] == ["A1"]
    assert unready(plan(BLOCKED, accepted=["A1"])) == []
    with pytest.raises(OptionError, match="A9 isn't in the plan"):
        plan(accepted=["A9"])


def test_an_instance_that_is_linked_already_is_left_alone() -> None:
    left = linked_already(entry())
    assert (left["calls"], left["fails"]) == ([], False)
    assert "linked already: nothing" in " ".join(lines(plan(left), []))
