# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule of ``logged_out`` as a table: status, account, options and steps tried, and the next step."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session import logged_out as _logged_out
from ansible_collections.wawp.cloud.plugins.module_utils._session.logged_out import (
    CONTRADICTION,
    GIVE_UP,
    HOLD_BACK,
    LOGOUT,
    LOGOUT_UNVERIFIABLE,
    NOTHING_TO_DO,
    RESTART,
    RESTART_FIRST,
    SETTLE,
    START,
    STILL_PAIRED,
    UNKNOWN_STATUS,
    decide,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import Session, parse_session
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal

STATUSES = ("WORKING", "STARTING", "SCAN_QR_CODE", "STOPPED", "FAILED", "PASSKEY_REQUIRED", "SOMETHING_NEW")
ME: dict[str, dict[str, Any]] = {"named": {"me": {"id": "201012345678@c.us"}}, "null": {"me": None}, "missing": {}}
ME["connected"] = {"me": None, "engine": {"engine": "NOWEB", "state": "CONNECTED"}}
STEPS = (SETTLE, START, RESTART, RESTART_FIRST, LOGOUT_UNVERIFIABLE)


@cache
def seen(status: str, me: str) -> Session:
    return parse_session({"status": status, **ME[me]})


@pytest.mark.parametrize(
    ("status", "me", "start", "wait", "tried", "step"),
    [
        ("WORKING", "named", False, True, (), LOGOUT),
        ("WORKING", "missing", False, False, STEPS, LOGOUT),
        ("STARTING", "null", False, True, (), SETTLE),
        ("STARTING", "null", False, True, (SETTLE,), LOGOUT_UNVERIFIABLE),
        ("STARTING", "null", True, True, (START, SETTLE), LOGOUT_UNVERIFIABLE),
        ("STARTING", "null", False, False, (), LOGOUT_UNVERIFIABLE),
        ("SCAN_QR_CODE", "null", True, True, (), NOTHING_TO_DO),
        ("STOPPED", "named", True, True, (), START),
        ("STOPPED", "missing", True, True, (), START),
        ("STOPPED", "null", True, True, (), START),
        ("STOPPED", "named", False, True, (), STILL_PAIRED),
        ("STOPPED", "missing", False, True, (), GIVE_UP),
        ("STOPPED", "null", False, True, (), GIVE_UP),
        ("STOPPED", "named", True, True, (START, SETTLE), STILL_PAIRED),
        ("STOPPED", "null", True, True, (START, SETTLE), GIVE_UP),
        ("FAILED", "named", True, True, (), RESTART),
        ("FAILED", "missing", True, True, (), RESTART),
        ("FAILED", "null", True, True, (), RESTART),
        ("FAILED", "named", True, True, (START, SETTLE), RESTART),
        ("FAILED", "null", True, True, (START, SETTLE), RESTART),
        ("FAILED", "named", True, True, (RESTART, SETTLE), GIVE_UP),
        ("FAILED", "null", True, True, (RESTART, SETTLE), GIVE_UP),
        ("FAILED", "named", False, True, (), STILL_PAIRED),
        ("FAILED", "missing", False, True, (), GIVE_UP),
        ("PASSKEY_REQUIRED", "null", True, True, (), UNKNOWN_STATUS),
        ("SOMETHING_NEW", "null", True, True, (), UNKNOWN_STATUS),
        ("working", "named", True, True, (), LOGOUT),
        ("Stopped", "named", False, True, (), STILL_PAIRED),
        ("SCAN_QR_CODE", "named", True, True, (), CONTRADICTION),
        ("SCAN_QR_CODE", "connected", True, True, (), CONTRADICTION),
    ],
)
def test_the_rule(  # noqa: PLR0917 - the columns of the table
    status: str, me: str, start: bool, wait: bool, tried: tuple[str, ...], step: str
) -> None:
    goal = Goal("logged_out", start_if_stopped=start, wait=wait)
    assert decide(seen(status, me), goal, frozenset(tried)) == step


@pytest.mark.parametrize(
    ("status", "me", "options", "tried", "step"),
    [
        ("WORKING", "named", {"restart_first": True}, (), RESTART_FIRST),
        ("WORKING", "named", {"restart_first": True}, (RESTART_FIRST, SETTLE), LOGOUT),
        ("WORKING", "named", {"restart_first": True}, (START, SETTLE), LOGOUT),
        ("WORKING", "named", {"restart_first": True}, (RESTART, SETTLE), LOGOUT),
        ("WORKING", "named", {"restart_first": True}, (SETTLE,), RESTART_FIRST),
        # A session that was WORKING before its restart has kept its key.
        ("STARTING", "named", {"restart_first": True}, (RESTART_FIRST, SETTLE), HOLD_BACK),
        ("FAILED", "named", {"restart_first": True, "start_if_stopped": True}, (RESTART_FIRST, SETTLE), GIVE_UP),
        ("STARTING", "named", {"on_unproven": "fail"}, (), SETTLE),
        ("STARTING", "named", {"on_unproven": "fail"}, (SETTLE,), HOLD_BACK),
        ("STARTING", "null", {"on_unproven": "fail", "wait": False}, (), HOLD_BACK),
        ("STARTING", "null", {"on_unproven": "warn", "wait": False}, (), LOGOUT_UNVERIFIABLE),
        ("STOPPED", "null", {"trust_empty_account": True}, (), NOTHING_TO_DO),
        ("FAILED", "null", {"trust_empty_account": True}, (), NOTHING_TO_DO),
        ("STOPPED", "null", {"trust_empty_account": True, "start_if_stopped": True}, (), NOTHING_TO_DO),
        ("FAILED", "null", {"trust_empty_account": True, "start_if_stopped": True}, (RESTART, SETTLE), GIVE_UP),
        ("STOPPED", "missing", {"trust_empty_account": True}, (), GIVE_UP),
        ("STOPPED", "named", {"trust_empty_account": True}, (), STILL_PAIRED),
        ("STARTING", "null", {"trust_empty_account": True}, (SETTLE,), LOGOUT_UNVERIFIABLE),
    ],
)
def test_the_rule_with_options(
    status: str, me: str, options: dict[str, Any], tried: tuple[str, ...], step: str
) -> None:
    assert decide(seen(status, me), Goal("logged_out", **options), frozenset(tried)) == step


def test_what_holds_for_every_row() -> None:
    """Logout only in WORKING and STARTING, start only in STOPPED, restart only in FAILED, each once, if allowed."""
    every_tried = [frozenset(each) for count in range(len(STEPS) + 1) for each in combinations(STEPS, count)]
    switches = list(product((True, False), (True, False), (True, False), (True, False), ("warn", "fail")))
    where = {
        LOGOUT: "WORKING",
        RESTART_FIRST: "WORKING",
        LOGOUT_UNVERIFIABLE: "STARTING",
        HOLD_BACK: "STARTING",
        SETTLE: "STARTING",
        START: "STOPPED",
        RESTART: "FAILED",
        CONTRADICTION: "SCAN_QR_CODE",
    }
    for (start, wait, first, trust, unproven), tried, status, me in product(switches, every_tried, STATUSES, ME):
        goal = Goal("logged_out", start, first, unproven, trust, wait=wait)
        step = decide(seen(status, me), goal, tried)
        assert status == where.get(step, status)
        assert (step in (LOGOUT, RESTART_FIRST)) == (status == "WORKING")
        if step in (START, RESTART):
            assert start
            assert step not in tried
        if step == RESTART_FIRST:
            assert first
            assert not tried & {START, RESTART, RESTART_FIRST}
        if step == LOGOUT_UNVERIFIABLE:
            assert unproven == "warn"
        if step == NOTHING_TO_DO and status != "SCAN_QR_CODE":
            assert trust
            assert me in ("null", "connected")
            assert not tried & {START, RESTART, RESTART_FIRST}
        assert step in _logged_out.STEP_HANDLERS
