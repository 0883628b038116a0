# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule of ``logged_out`` as a table: status, account, options and what was tried, and the step that follows."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session import logged_out as _logged_out
from ansible_collections.wawp.cloud.plugins.module_utils._session.logged_out import (
    GIVE_UP,
    LOGOUT,
    LOGOUT_UNVERIFIABLE,
    NOTHING_TO_DO,
    RESTART,
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
STEPS = (SETTLE, START, RESTART, LOGOUT_UNVERIFIABLE)


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
        ("STOPPED", "null", True, True, (), NOTHING_TO_DO),
        ("STOPPED", "named", False, True, (), STILL_PAIRED),
        ("STOPPED", "missing", False, True, (), GIVE_UP),
        ("STOPPED", "null", False, True, (), NOTHING_TO_DO),
        ("STOPPED", "named", True, True, (START, SETTLE), STILL_PAIRED),
        ("STOPPED", "null", True, True, (START, SETTLE), GIVE_UP),
        ("FAILED", "named", True, True, (), RESTART),
        ("FAILED", "missing", True, True, (), RESTART),
        ("FAILED", "null", True, True, (), NOTHING_TO_DO),
        ("FAILED", "named", True, True, (START, SETTLE), RESTART),
        ("FAILED", "null", True, True, (START, SETTLE), RESTART),
        ("FAILED", "named", True, True, (RESTART, SETTLE), GIVE_UP),
        ("FAILED", "null", True, True, (RESTART, SETTLE), GIVE_UP),
        ("FAILED", "named", False, True, (), STILL_PAIRED),
        ("FAILED", "missing", False, True, (), GIVE_UP),
        ("PASSKEY_REQUIRED", "null", True, True, (), UNKNOWN_STATUS),
        ("SOMETHING_NEW", "null", True, True, (), UNKNOWN_STATUS),
        ("working", "named", True, True, (), LOGOUT),
    ],
)
def test_the_rule(  # noqa: PLR0917 - the columns of the table
    status: str, me: str, start: bool, wait: bool, tried: tuple[str, ...], step: str
) -> None:
    goal = Goal("logged_out", start_if_stopped=start, wait=wait)
    assert decide(seen(status, me), goal, frozenset(tried)) == step


def test_what_holds_for_every_row() -> None:
    """Logout only in WORKING and STARTING, start only in STOPPED, restart only in FAILED, each once, if allowed."""
    every_tried = chain.from_iterable(combinations(STEPS, count) for count in range(len(STEPS) + 1))
    for status, me, start, wait, tried in product(STATUSES, ME, (True, False), (True, False), list(every_tried)):
        step = decide(seen(status, me), Goal("logged_out", start_if_stopped=start, wait=wait), frozenset(tried))
        where = {
            LOGOUT: "WORKING",
            LOGOUT_UNVERIFIABLE: "STARTING",
            SETTLE: "STARTING",
            START: "STOPPED",
            RESTART: "FAILED",
        }
        assert status == where.get(step, status)
        assert (step == LOGOUT) == (status == "WORKING")
        if step in (START, RESTART):
            assert start
            assert step not in tried
        if step == NOTHING_TO_DO:
            assert status == "SCAN_QR_CODE" or (me == "null" and not {START, RESTART} & set(tried))
        assert step in _logged_out.STEP_HANDLERS
