# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that end with linking: accounts that are already linked, or linked again, are left alone."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._run.clock import utc
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import Journal

from .desk import ACCOUNT, ALIKE, Desk

BOTH = ("A1", "A2")
# Both are logged out and linked again, with whatever account.
RESET: dict[str, Any] = {"state": "logged_out", "arriving": [{"instance_id": name} for name in BOTH]}


def test_who_is_linked_already_is_left_alone(desk: Desk) -> None:
    arriving = [{"instance_id": name, "expect_account": ACCOUNT} for name in ("A1", "A2")]
    desk.engine.look("A2").account = ALIKE
    given: dict[str, Any] = {"state": "logged_out", "arriving": arriving, "keep_linked": True}
    done = desk.execute(confirm=desk.plan(**given)["confirm"], **given)
    assert [entry["instance_id"] for entry in done["sessions"]] == ["A2"]
    assert desk.engine.writes("A1") == []
    assert ACCOUNT.partition("@")[0] not in str(done)


def test_who_has_taken_over_before_an_interruption_is_left_alone_afterwards(desk: Desk) -> None:
    arriving = [{"instance_id": name, "expect_account": "201098765432@c.us"} for name in ("A1", "A2")]
    given: dict[str, Any] = {"state": "logged_out", "arriving": arriving, "keep_linked": True}
    phrase = desk.plan(**given)["confirm"]
    assert desk.execute(**given, confirm=phrase)["executed"]
    desk.engine.world("scan", "A1", account="201098765432@c.us")
    before = desk.engine.writes()
    done = desk.execute(**given, confirm=phrase)
    assert done["executed"]
    assert [entry["expected"] for entry in done["entries"]] == ["linked_already", "severed"]
    assert desk.engine.writes() == before
    desk.engine.world("scan", "A2", account="15551234567@c.us")
    assert (
        "A2: account *******4567@c.us, approved was ********5678@c.us" in desk.execute(**given, confirm=phrase)["msg"]
    )


def test_who_was_linked_again_before_an_interruption_is_not_logged_out_again(desk: Desk) -> None:
    phrase = desk.plan(**RESET)["confirm"]
    assert desk.execute(**RESET, confirm=phrase)["executed"]
    desk.engine.world("scan", "A1", account=ACCOUNT)
    before = desk.engine.writes()
    for expected in (["linked_already", "severed"], ["linked_already", "linked_already"]):
        done = desk.execute(**RESET, confirm=phrase)
        assert done["executed"], done["msg"]
        assert [entry["expected"] for entry in done["entries"]] == expected
        assert desk.engine.writes() == before
        if desk.engine.look("A2").status != "WORKING":
            desk.engine.world("scan", "A2", account=ACCOUNT)


def test_a_new_plan_logs_out_again_who_was_linked_again(desk: Desk) -> None:
    for dummy in range(2):
        done = desk.execute(**RESET, confirm=desk.plan(**RESET)["confirm"])
        assert [entry["verdict"] for entry in done["sessions"]] == ["severed", "severed"]
        for name in BOTH:
            desk.engine.world("scan", name, account=ACCOUNT)


def test_after_a_complete_run_the_same_phrase_begins_from_the_start(desk: Desk) -> None:
    phrase = desk.plan(**RESET)["confirm"]
    for complete in (False, True):
        done = desk.execute(**RESET, confirm=phrase)
        for name in BOTH if done["sessions"] else ():
            desk.engine.world("scan", name, account=ACCOUNT)
        with closing(Journal(str(desk.journal), utc())) as journal:
            journal.write("report", "", utc(), runbook="decommission", complete=complete, file="", head="")
    assert len(desk.engine.writes("A1")) == 1
    assert [entry["verdict"] for entry in desk.execute(**RESET, confirm=phrase)["sessions"]] == ["severed", "severed"]


def test_another_account_that_came_back_is_no_end_of_a_reset(desk: Desk) -> None:
    phrase = desk.plan(**RESET)["confirm"]
    assert desk.execute(**RESET, confirm=phrase)["executed"]
    desk.engine.world("scan", "A1", account=ALIKE)
    before = desk.engine.writes()
    assert "A1: account ********5678@c.us, approved was" in desk.execute(**RESET, confirm=phrase)["msg"]
    assert desk.engine.writes() == before


def test_who_arrives_belongs_to_the_phrase(desk: Desk) -> None:
    def given(account: str) -> dict[str, Any]:
        return {"state": "logged_out", "arriving": [{"instance_id": "A1", "expect_account": account}]}

    phrase = desk.plan(**given("201000001111"))["confirm"]
    assert "arriving: other" in desk.execute(confirm=phrase, **given("201022221111"))["msg"]
    assert desk.engine.writes() == []
