# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random worlds: the rules of simulated_run.py hold for all mixes of truths, options, faults, lies and meddling."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import NO_ACCOUNT, SEVERED
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal, Known
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.environment import Outage
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import ENGINES, Delays, Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.properties import EXAMPLES
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import (
    OURS,
    THEIRS,
    Event,
    RunInWords,
    SimulatedRun,
    instance,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.no_cover

TRACES = settings(EXAMPLES, max_examples=120)
STATES = ("logged_out", "started", "stopped", "restarted", "absent")
WRITES = ("start", "stop", "restart", "logout", "delete")
CALLS = ("info", *WRITES)


@st.composite
def instances(draw: st.DrawFn, burnt: bool = True, quirks: bool = True) -> Instance:
    """Draw any truth.

    Without `burnt`, none in which a phone lists a device whose key nobody holds; without `quirks`, no engine that hangs
    or fails when it should start.
    """
    status = draw(st.sampled_from(["WORKING", "STARTING", "STOPPED", "FAILED", "SCAN_QR_CODE", "PASSKEY_REQUIRED"]))
    credentials = status == "WORKING" or (status != "SCAN_QR_CODE" and draw(st.booleans()))
    linked = status == "WORKING" or ((burnt or credentials) and draw(st.booleans()))
    into = st.sampled_from([None, "STARTING", "FAILED", "PASSKEY_REQUIRED"])
    return instance(
        status,
        credentials=credentials,
        linked=linked,
        engine=draw(st.sampled_from(ENGINES)),
        generation=draw(st.sampled_from("AB")),  # K never unlinks: see test_known_limits
        start_conflicts=draw(st.booleans()),
        starts_into=draw(st.one_of(st.none(), st.lists(into, max_size=3), into)) if quirks else None,
    )


def goals(*states: str) -> st.SearchStrategy[Goal]:
    seconds = st.sampled_from([0.0, 1.0, 10.0, 60.0])
    return st.builds(
        Goal,
        st.sampled_from(states),
        start_if_stopped=st.booleans(),
        on_unproven=st.sampled_from(["warn", "fail"]),
        expect_account=st.sampled_from([None, parse_account(OURS), parse_account(THEIRS)]),
        logout_first=st.booleans(),
        wait=st.booleans(),
        wait_timeout=seconds,
        wait_sleep=st.sampled_from([0.1, 3.0, 20.0]),
        start_timeout=seconds,
        proof_timeout=st.sampled_from([1.0, 30.0]),
        restart_first=st.booleans(),
        trust_empty_account=st.booleans(),
    )


def faults(*kinds: st.SearchStrategy[Fault]) -> st.SearchStrategy[list[Fault]]:
    return st.lists(st.one_of(*kinds), max_size=5)


_when: dict[str, Any] = {"when": st.sampled_from(["before", "after"]), "skip": st.integers(0, 3)}
_times = st.sampled_from([1, 1, 2, 5, None])
failures = st.builds(
    Fault,
    st.just("http"),
    call=st.sampled_from(CALLS),
    http_status=st.sampled_from([400, 401, 403, 404, 408, 409, 422, 423, 425, 429, 460, 499, 500, 502, 503, 504]),
    retry_after=st.sampled_from([None, 1.0, 30.0, 1e6]),
    times=_times,
    **_when,
)
lost = st.builds(Fault, st.sampled_from(["timeout", "drop"]), call=st.sampled_from(CALLS), times=_times, **_when)
late = st.builds(Fault, st.just("late"), call=st.sampled_from(WRITES), seconds=st.sampled_from([1.0, 10.0, 100.0]))
broken = st.builds(
    Fault, st.sampled_from(["empty", "garbage", "created"]), call=st.sampled_from(CALLS), skip=st.integers(0, 3)
)
lies = st.builds(
    Fault,
    st.just("lie"),
    call=st.just("info"),
    status=st.sampled_from(["STARTING", "STOPPED", "FAILED"]),
    skip=st.integers(0, 8),
)
says_no = st.builds(
    Fault, st.just("patch"), call=st.sampled_from(WRITES), replace=st.just({"success": False}), times=_times, **_when
)
hidden = st.builds(Fault, st.just("patch"), call=st.just("info"), times=_times, remove=st.just(["me"]), **_when)
events = st.lists(
    st.builds(
        Event,
        st.floats(0, 120),
        st.sampled_from(["drop_connection", "crash", "unlink_on_phone", "hibernate", "scan", "restart"]),
    )
    | st.builds(
        Event, st.floats(0, 120), st.just("scan"), st.sampled_from([(("account", OURS),), (("account", THEIRS),)])
    ),
    max_size=4,
)
outages = st.lists(
    st.builds(
        lambda kind, start, length: Outage(kind, start, start + length),
        st.sampled_from(["refused", "silent", "stalled"]),
        st.floats(0, 100),
        st.sampled_from([1.0, 5.0, 20.0, 60.0, 200.0, 1000.0]),
    ),
    max_size=2,
)
ALL_FAULTS = faults(failures, lost, late, broken, lies, hidden, says_no)
# Two lies in a row are believed: see docs/verdicts.md.
ONE_LIE = st.builds(operator.add, faults(failures, lost, broken), st.lists(lies, max_size=1))


def is_late(scripted: list[Fault]) -> bool:
    return any(fault.kind == "late" for fault in scripted)


@TRACES
@given(instances(), goals(*STATES), ALL_FAULTS, events, outages)
def test_no_world_breaks_the_rules(
    started: Instance, goal: Goal, scripted: list[Fault], coming: list[Event], cut_off: list[Outage]
) -> None:
    """check_rules has the rules: the calls and their order, the verdicts, and that every run ends."""
    outcome = SimulatedRun(started, scripted, coming, Delays(hibernate=300.0), cut_off).run(goal)
    event(f"{outcome.verdict}, failed={outcome.failed}")


@TRACES
@given(instances(burnt=False), goals("logged_out", "decommissioned", "absent"), ALL_FAULTS, events, outages)
def test_severed_is_never_said_while_linked_and_no_key_burnt_where_unproven_is_a_failure(
    started: Instance, goal: Goal, scripted: list[Fault], coming: list[Event], cut_off: list[Outage]
) -> None:
    """Apart from the limits in test_known_limits: a logout that met a session which only looked alive."""
    sim = SimulatedRun(started, scripted, coming, outages=cut_off)
    outcome = sim.run(goal)
    event(str(outcome.verdict))
    if sim.fooled or (is_late(scripted) and (coming or cut_off)):
        return
    if outcome.verdict == SEVERED and "scan" not in [each.action for each in coming]:
        assert not sim.linked, RunInWords(sim, goal, outcome)
    # Setting trust_empty_account vouches that the engine doesn't hide the account at rest, as A and K do.
    vouched = goal.trust_empty_account and outcome.verdict == NO_ACCOUNT
    if goal.on_unproven == "fail" and sim.instance.linked and sim.had_key and not vouched:
        assert sim.instance.credentials, RunInWords(sim, goal, outcome)


@TRACES
@given(
    instances(quirks=False),
    goals("logged_out", "started", "stopped"),
    ONE_LIE,
    st.floats(0, 4000),
)
def test_a_second_run_after_success_does_nothing(
    started: Instance, goal: Goal, scripted: list[Fault], later: float
) -> None:
    """At any later time, wherever the session has drifted, if a journal remembers it; see test_known_limits."""
    sim = SimulatedRun(started, scripted, delays=Delays(hibernate=600.0))
    goal = replace(goal, wait=True, start_timeout=60.0, wait_timeout=60.0, proof_timeout=30.0)
    outcome = sim.run(goal)
    done = outcome.verdict in (SEVERED, NO_ACCOUNT) if goal.state == "logged_out" else not outcome.failed
    if outcome.failed or not done:
        return
    if goal.state == "started" and sim.instance.status != "WORKING":
        return  # a QR code that nobody scans fails, and FAILED is started again
    sim.engine.clear_faults()
    sim.sleep(later)
    again = sim.run(replace(goal, previous=Known(outcome.verdict) if outcome.verdict else None))
    assert not sim.writes, RunInWords(sim, goal, again)
    assert not again.changed, RunInWords(sim, goal, again)
    assert again.verdict == outcome.verdict, RunInWords(sim, goal, again)


@TRACES
@given(instances(), goals(*STATES))
def test_check_mode_foretells_what_a_run_does_where_the_truth_shows(started: Instance, goal: Goal) -> None:
    """It shows unless the status hides whether there is a link or whose it is, or the engine is about to fail."""
    visible = started.linked == started.credentials and not started.starts_into and not started.start_conflicts
    visible = visible and not (goal.expect_account and started.status == "STARTING")
    started.generation = "B"
    visible = visible and (started.status != "STOPPED" or started.credentials)
    goal = replace(goal, start_timeout=60.0, wait_timeout=60.0, proof_timeout=30.0)
    sim = SimulatedRun(started)
    foretold = sim.run(goal, check=True)
    if not visible or started.status == "PASSKEY_REQUIRED":
        return
    began = SimulatedRun(instance_again(started, sim))
    real = began.run(goal)
    in_words = RunInWords(began, goal, real)
    assert (foretold.changed, foretold.verdict, foretold.failed) == (real.changed, real.verdict, real.failed), in_words
    assert [action.name for action in foretold.actions] == [action.name for action in real.actions], in_words


def instance_again(started: Instance, sim: SimulatedRun) -> Instance:
    """Return the instance as it was before the check, which only let time pass."""
    fields = ("engine", "generation", "credentials", "linked")
    return instance(sim.first_status, **{name: getattr(started, name) for name in fields})
