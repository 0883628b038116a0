# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every reachable truth, with every option, and every reply to every resulting write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import GONE, NO_ACCOUNT, SEVERED, THERE
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Outcome
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    THEIRS,
    RunInWords,
    SimulatedRun,
    calm_bound,
    instance,
    severed_claims_hold,
)

pytestmark = pytest.mark.no_cover

# The stored key and the phone's list, by status; FAILED without any `me` is an older engine's.
TRUTHS: dict[str, Callable[[], Instance]] = {
    "working": lambda: instance("WORKING"),
    "working, a start would break it": lambda: instance("WORKING", start_conflicts=True),
    "starting, paired": lambda: instance("STARTING"),
    "starting, paired, hangs once": lambda: instance("STARTING", starts_into=["STARTING"]),
    "starting, paired, hangs": lambda: instance("STARTING", starts_into="STARTING"),
    "starting, paired, fails": lambda: instance("STARTING", starts_into=["FAILED"]),
    "starting, paired, wants a passkey": lambda: instance("STARTING", starts_into="PASSKEY_REQUIRED"),
    "starting, unlinked on the phone": lambda: instance("STARTING", linked=False),
    "starting, key burnt": lambda: instance("STARTING", credentials=False, linked=True),
    "starting, unpaired": lambda: instance("STARTING", credentials=False, linked=False),
    "qr code": lambda: instance("SCAN_QR_CODE"),
    "qr code, key burnt": lambda: instance("SCAN_QR_CODE", linked=True),
    **{
        f"{status.lower()}{', older engine' * older}, {'' if key else 'no '}key, {'' if link else 'not '}linked": (
            lambda status=status, older=older, key=key, link=link: instance(  # type: ignore[misc]
                status, credentials=key, linked=link, generation="A" if older else "B"
            )
        )
        for status, older, key, link in product(("STOPPED", "FAILED"), (False, True), (False, True), (False, True))
        if status == "STOPPED" or not older
    },
    "stopped, hangs when started": lambda: instance("STOPPED", starts_into="STARTING"),
    "stopped, fails when started": lambda: instance("STOPPED", starts_into=["FAILED", "FAILED"]),
    "failed, hangs when restarted": lambda: instance("FAILED", starts_into="STARTING"),
    "failed, leads to a qr code": lambda: instance("FAILED", linked=False, starts_into="SCAN_QR_CODE"),
    "passkey": lambda: instance("PASSKEY_REQUIRED"),
    "a status of the future": lambda: instance("SOMETHING_NEW", credentials=False, linked=False),
}
STATES = ("logged_out", "started", "stopped", "restarted", "absent")
# `me` can be missing altogether; that adds nothing if it is hidden anyway.
STAGES = [(truth, False) for truth in TRUTHS] + [
    (truth, True) for truth, made in TRUTHS.items() if made().me() or truth in ("starting, paired", "qr code")
]

# Every way in which a write can go wrong, as a fault without its call.
HTTP: dict[str, dict[str, Any]] = {
    **{f"{status}": {"kind": "http", "http_status": status} for status in (401, 404, 422)},
    "429": {"kind": "http", "http_status": 429},
    "429 for long": {"kind": "http", "http_status": 429, "retry_after": 100_000.0},
    "429 for ever": {"kind": "http", "http_status": 429, "times": None},
    **{
        f"{status} {when}": {"kind": "http", "http_status": status, "when": when, "body": "html"}
        for status, when in ((500, "after"), (502, "before"), (502, "after"))
    },
    "502 before, twice": {"kind": "http", "http_status": 502, "times": 2},
    **{
        f"{kind} {when}": {"kind": kind, "when": when}
        for kind, when in product(("timeout", "drop"), ("before", "after"))
    },
    "late by 2 s": {"kind": "late", "seconds": 2.0},
    "late by 20 s": {"kind": "late", "seconds": 20.0, "http_status": 0},
    "says no, done": {"kind": "patch", "replace": {"success": False}},
    "says no, not done": {"kind": "patch", "when": "before", "replace": {"success": False}},
    "500 of the application": {"kind": "http", "http_status": 500, "when": "after"},
    "408": {"kind": "http", "http_status": 408, "when": "after"},
    "409": {"kind": "http", "http_status": 409},
    "empty": {"kind": "empty"},
    "garbage": {"kind": "garbage"},
    "201": {"kind": "created"},
}


def goals(state: str) -> Iterator[Goal]:
    """Yield every combination of the options that the state reads; short waits, since the engine's clock is virtual."""
    quick = Goal(state, wait_timeout=24.0, start_timeout=12.0, wait_sleep=6.0)
    for wait, expected in product((True, False), (None, OURS, THEIRS)):
        goal = replace(quick, wait=wait, expect_account=expected and parse_account(expected))
        if state not in ("logged_out", "absent"):
            yield goal
            continue
        for start, on_unproven in product((True, False), ("warn", "fail")):
            yield replace(goal, start_if_stopped=start, on_unproven=on_unproven)
        if not expected:
            yield replace(goal, start_if_stopped=True, restart_first=True)
        if state == "absent":
            yield replace(goal, logout_first=False)


def stage(truth: str, hide_me: bool, *faults: Fault) -> SimulatedRun:
    hidden = [Fault("patch", call="info", times=None, remove=["me"])] if hide_me else []
    return SimulatedRun(TRUTHS[truth](), [*faults, *hidden])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("truth", "hide_me"), STAGES, ids=lambda part: ["", "no me"][part] if part in (0, 1) else part)
def test_every_truth_and_option_with_every_reply_to_every_write(truth: str, state: str, hide_me: bool) -> None:
    for goal in goals(state):
        calm = stage(truth, hide_me)
        outcome = calm.run(goal)
        writes = sorted(set(calm.writes))
        check_calm_end(calm, goal, outcome)
        check_again(calm, goal, outcome)
        for write, (reply, how) in product(worth_a_fault(goal, writes), HTTP.items()):
            sim = stage(truth, hide_me, Fault(call=write, **how))
            outcome = sim.run(goal)
            assert severed_claims_hold(sim, outcome), (write, reply, RunInWords(sim, goal, outcome))
            check_key(sim, goal, outcome)
            check_reached(sim, goal, outcome)
            check_again(sim, goal, outcome)


def worth_a_fault(goal: Goal, writes: list[str]) -> list[str]:
    """Return the writes whose replies lead to new paths: a run for `absent` reaches its logout like one for
    `logged_out`, and on_unproven only judges the end of `logged_out`."""
    if goal.state == "absent":
        return [name for name in writes if name in ("logout", "delete")]
    return [] if goal.state == "logged_out" and goal.on_unproven == "fail" else writes


def check_calm_end(sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
    """Check a run whose calls are all answered: besides the rules for all runs, changed and time are exact."""
    in_words = RunInWords(sim, goal, outcome)
    assert outcome.changed == bool(sim.writes), in_words
    assert outcome.duration <= calm_bound(goal), in_words
    assert severed_claims_hold(sim, outcome), in_words
    check_reached(sim, goal, outcome)
    check_key(sim, goal, outcome)
    if goal.state == "logged_out" and goal.wait and "logout" in sim.writes and not outcome.failed:
        seen = [sent.seen for sent in sim.sent if sent.name == "logout"]
        assert (outcome.verdict == SEVERED) == (seen == ["WORKING"]), in_words


def check_key(sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
    """Check that the key's state is true, and that with on_unproven=fail no key is burnt."""
    in_words = RunInWords(sim, goal, outcome)
    if outcome.verdict is None or sim.instance.late:
        return
    if outcome.key == THERE:
        assert sim.instance.credentials, in_words
    if outcome.key == GONE:
        assert not sim.instance.credentials or sim.instance.removed, in_words
    if goal.on_unproven == "fail" and sim.instance.linked and sim.had_key:
        assert sim.instance.credentials, in_words


def check_reached(sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
    """Check that a run that doesn't fail, and waits, has really reached the state."""
    if outcome.failed or not goal.wait:
        return
    reached = sim.instance.removed if goal.state == "absent" else sim.instance.status in REACHED[goal.state]
    assert reached or goal.state == "logged_out" or outcome.open_ends, RunInWords(sim, goal, outcome)


UP = {"WORKING", "SCAN_QR_CODE", "PASSKEY_REQUIRED"}
REACHED = {"started": UP, "restarted": UP, "stopped": {"STOPPED"}, "logged_out": UP, "decommissioned": {"STOPPED"}}


def check_again(sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
    """Check that a second run after success changes nothing and sends nothing.

    Success: not failed, and for the unlinking states a verdict of completion. See test_known_limits for logged_out
    without wait, and for STOPPED on an older engine, which is started to look.
    """
    done = outcome.verdict in (SEVERED, NO_ACCOUNT) or goal.state in ("started", "stopped")
    if goal.state in ("started", "absent", "decommissioned") and not goal.wait:
        return  # later events aren't known
    if goal.state == "decommissioned" and outcome.last and not outcome.last.account_given:
        return  # stopped, it hides whether it is paired: only a start shows that, unless a journal does
    if outcome.failed or not (done or outcome.gone) or goal.expect_account == parse_account(THEIRS):
        return
    sim.sleep(30)
    if goal.state == "decommissioned" and sim.engine.look(sim.instance.instance_id).status != "STOPPED":
        return  # a restart that took effect late has started it again
    again = sim.run(goal)
    in_words = RunInWords(sim, goal, again)
    assert not sim.writes, in_words
    assert not again.changed, in_words
    assert not again.failed, in_words
