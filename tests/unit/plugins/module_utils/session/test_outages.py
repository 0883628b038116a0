# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outages of every kind and length, on each generation of the engine: the verdict, and the fate of the key."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import GONE, SEVERED, THERE, UNPROVEN
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Outcome
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.environment import Outage
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import NEVER, Delays, Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    RunInWords,
    SimulatedRun,
    instance,
)

pytestmark = pytest.mark.no_cover

KINDS = ("refused", "silent", "stalled")
TRUTHS: dict[str, Callable[[str], Instance]] = {
    "working": lambda generation: instance("WORKING", generation=generation),
    "starting": lambda generation: instance("STARTING", generation=generation),
    "stopped": lambda generation: instance("STOPPED", generation=generation),
    "failed": lambda generation: instance("FAILED", generation=generation),
    "removed on the phone": lambda generation: instance("FAILED", linked=False, generation=generation),
    "qr code": lambda generation: instance("SCAN_QR_CODE", generation=generation),
}
# When an outage begins and ends; the run begins at 0. Before a logout, between its reading and it, behind it, for good.
WINDOWS = [(0.0, 3.0), (0.0, 25.0), (0.0, 60.0), (0.0, NEVER), (0.05, 20.0), (1.0, 45.0), (2.5, 150.0), (6.0, NEVER)]
GOALS = [
    *(Goal("logged_out", start_if_stopped=True, on_unproven=unproven) for unproven in ("warn", "fail")),
    *(Goal("logged_out", on_unproven=unproven, wait=False) for unproven in ("warn", "fail")),
    *(
        Goal(state, start_if_stopped=True, restart_first=first, on_unproven=unproven)
        for state, first, unproven in (
            *(("logged_out", True, "warn"), ("logged_out", True, "fail"), ("decommissioned", False, "warn")),
            *(("decommissioned", True, "fail"), ("absent", False, "warn"), ("absent", True, "fail")),
        )
    ),
]


def over_in_time(sim: SimulatedRun, goal: Goal) -> bool:
    """Whether a logout met a session that only looked alive, in an outage that ended before proof_timeout.

    The limit that docs/verdicts.md names.
    """
    ends = [sent.at for sent in sim.sent if sent.name == "logout"]
    return sim.fooled and any(outage.end <= ends[-1] + goal.proof_timeout for outage in sim.outages)


def check_claims(sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
    in_words = RunInWords(sim, goal, outcome)
    if outcome.verdict == SEVERED and not over_in_time(sim, goal):
        assert not sim.linked, in_words
    if outcome.key == THERE:
        assert sim.instance.credentials, in_words
    if outcome.key == GONE:
        assert not sim.instance.credentials or sim.instance.removed, in_words
    if goal.on_unproven == "fail" and sim.linked and sim.had_key and not sim.fooled:
        assert sim.instance.credentials, in_words
    if goal.restart_first and sim.first_status == "WORKING":
        assert "logout" not in sim.writes or sim.writes.index("restart") < sim.writes.index("logout"), in_words
    if sim.instance.removed or (goal.state == "decommissioned" and "stop" in sim.writes):
        assert not sim.linked or over_in_time(sim, goal), in_words


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize("truth", TRUTHS)
def test_every_truth_and_option_in_every_outage(truth: str, generation: str, kind: str) -> None:
    for (start, end), goal in product(WINDOWS, GOALS):
        sim = SimulatedRun(TRUTHS[truth](generation), delays=Delays(), outages=[Outage(kind, start, end)])
        check_claims(sim, goal, sim.run(goal))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize("on_unproven", ["warn", "fail"])
def test_a_logout_into_an_outage_that_lasts_is_unproven_and_its_key_gone(
    kind: str, generation: str, on_unproven: str
) -> None:
    """The session still shows WORKING: no reading reveals that the connection is lost."""
    sim = SimulatedRun(instance(generation=generation), delays=Delays(), outages=[Outage(kind, 0.0, NEVER)])
    outcome = sim.run(Goal("logged_out", on_unproven=on_unproven))
    assert sim.writes == ["logout"]
    assert (outcome.verdict, outcome.key, outcome.failed) == (UNPROVEN, GONE, on_unproven == "fail")
    assert sim.linked
    assert "only the phone can end the link" in (outcome.advice or "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize("on_unproven", ["warn", "fail"])
def test_a_restart_first_keeps_the_key_in_such_an_outage(kind: str, generation: str, on_unproven: str) -> None:
    sim = SimulatedRun(instance(generation=generation), delays=Delays(), outages=[Outage(kind, 0.0, NEVER)])
    outcome = sim.run(Goal("logged_out", restart_first=True, on_unproven=on_unproven))
    assert sim.writes == ["restart"]
    assert (outcome.verdict, outcome.key, outcome.failed) == (UNPROVEN, THERE, on_unproven == "fail")
    assert sim.instance.credentials
    sim.engine.end_outages()
    assert sim.run(Goal("logged_out", restart_first=True)).verdict == SEVERED
    assert not sim.linked


@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize("on_unproven", ["warn", "fail"])
def test_an_outage_that_is_over_after_proof_timeout_is_told_with_both_numbers(
    generation: str, on_unproven: str
) -> None:
    sim = SimulatedRun(instance(generation=generation), delays=Delays(), outages=[Outage("refused", 0.0, 60.0)])
    outcome = sim.run(Goal("logged_out", on_unproven=on_unproven))
    assert (outcome.verdict, outcome.key, outcome.proven_at) == (UNPROVEN, GONE, None)
    assert outcome.last is not None
    assert outcome.last.status == "SCAN_QR_CODE"
    assert outcome.proof_seconds is not None
    assert 55.0 < outcome.proof_seconds < 65.0
    assert f"SCAN_QR_CODE came {outcome.proof_seconds:.1f} s after" in (outcome.advice or "")
    assert "proof_timeout is 30 s" in (outcome.advice or "")
    assert sim.linked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_session_that_hangs_in_an_outage_is_left_alone_where_unproven_is_a_failure(
    kind: str, generation: str
) -> None:
    """It comes back by itself: eleven of sixteen keys were burnt where it was logged out instead."""
    sim = SimulatedRun(instance("STARTING", generation=generation), delays=Delays(), outages=[Outage(kind, 0.0, NEVER)])
    outcome = sim.run(Goal("logged_out", on_unproven="fail"))
    assert sim.writes == []
    assert (outcome.verdict, outcome.key, outcome.failed, outcome.changed) == (UNPROVEN, THERE, True, False)
    assert "none was sent" in outcome.message
    sim.engine.end_outages()
    assert sim.run(Goal("logged_out", on_unproven="fail")).verdict == SEVERED
    assert not sim.linked


def test_failed_again_at_once_was_removed_on_the_phone_and_failed_late_was_not() -> None:
    removed = SimulatedRun(instance("FAILED", linked=False), delays=Delays())
    goal = Goal("logged_out", start_if_stopped=True, start_timeout=200.0)
    assert "removed on the phone" in (removed.run(goal).advice or "")
    cut_off = SimulatedRun(instance("FAILED"), delays=Delays(), outages=[Outage("refused", 0.0, NEVER)])
    advice = cut_off.run(goal).advice or ""
    assert "removed on the phone" not in advice
    assert "could not be reached" in advice


@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_restart_first_is_seen_done_and_soon(generation: str) -> None:
    """The sooner WORKING is seen again, the less time an outage has to begin unnoticed before the logout."""
    sim = SimulatedRun(instance(generation=generation), delays=Delays())
    assert sim.run(Goal("logged_out", restart_first=True)).verdict == SEVERED
    restarted = ["info=WORKING", "restart", "info=STARTING", "info=WORKING"]
    assert sim.calls == [*restarted, "logout", "info=SCAN_QR_CODE"]
    assert sim.sent[3].at - sim.sent[1].at < 1.2


def test_a_restart_first_that_is_not_seen_is_believed_only_when_working_lasts() -> None:
    """A layer above the engine may have put it off, and then WORKING is still the old connection's."""
    put_off = Fault("patch", call="restart", when="before", replace={"status": "STARTING", "me": None})
    sim = SimulatedRun(instance(), [put_off], delays=Delays())
    assert sim.run(Goal("logged_out", restart_first=True)).verdict == SEVERED
    assert sim.calls[:5] == ["info=WORKING", "restart", "info=WORKING", "info=WORKING", "logout"]
    assert sim.sent[3].at - sim.sent[1].at >= Goal.confirm_after
