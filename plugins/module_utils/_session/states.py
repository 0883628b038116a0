# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The steps to each state of a session."""

from __future__ import annotations

from collections.abc import Callable

from .._errors import LACK_OF_MEMORY
from .decommissioned import decommissioned, stopped
from .logged_out import keep_previous_verdict, logged_out, nothing_to_do
from .model import PASSKEY, SCAN_QR_CODE, STARTING, THERE, UNPROVEN, WORKING, Session, changed_settings
from .paired import paired
from .progress import Run
from .proof import advice_of, key_of
from .run import SOON, Goal, Lifecycle, Outcome, RunStopped, Steps, Wait
from .writes import bring_up, send

NO_MEMORY = "this machine had no memory left for this session"
# How often the end of a run is tried if it finds no memory; other sessions free theirs in a moment.
_TRIES, _IN_A_MOMENT = 10, Wait(SOON)


def lifecycle(goal: Goal) -> Lifecycle:
    """Return the steps that bring a session to ``goal.state``; see run.py."""
    return _steps(Run(goal))


def _steps(run: Run) -> Lifecycle:
    stop: RunStopped | None = None
    out_of_memory, tries = False, iter(range(_TRIES))
    try:
        yield from _STATES[run.goal.state](run)
    except RunStopped as stopped:
        stop = stopped
    except LACK_OF_MEMORY:
        out_of_memory = True
    for dummy in tries:
        try:
            if out_of_memory:
                run.note_unseen_write(NO_MEMORY)
                stop = RunStopped(NO_MEMORY)
            return _concluded(run, stop)
        except LACK_OF_MEMORY:
            yield _IN_A_MOMENT
    raise MemoryError


def _concluded(run: Run, stop: RunStopped | None) -> Outcome:
    """Return the outcome of a run that has ended, early if stopped. Called again if there was no memory for it."""
    goal, outcome = run.goal, run.outcome
    if stop:
        outcome.failed, outcome.message, outcome.error = True, str(stop), stop.error
        if goal.state in _UNLINKING and outcome.verdict is None:
            run.conclude(UNPROVEN, stop.reason)
    if outcome.paired_again:
        run.conclude(UNPROVEN, "Somebody has linked an account since.")
        outcome.proof_seconds = None
    _explain(run, stop.advice if stop else None)
    _judge_unproven(run)
    _compare_settings(outcome)
    outcome.duration = max(0.0, run.now)  # a reading that was made before the run has a negative time
    return outcome


def _explain(run: Run, advice: str | None) -> None:
    """Add what is known of the key, and the advice on an unproven end."""
    outcome = run.outcome
    if outcome.verdict is None:
        return
    outcome.key = key_of(run)
    if outcome.verdict != UNPROVEN:
        return
    outcome.proven_at = None
    outcome.advice = advice or advice_of(run, outcome.key)
    outcome.unlink_uncertain |= run.may_have_done("logout") and outcome.key != THERE


def _judge_unproven(run: Run) -> None:
    """Turn an unproven end into a warning, or into a failure if on_unproven says so."""
    outcome = run.outcome
    if outcome.verdict != UNPROVEN or outcome.failed:
        return
    message = f"The link could not be proven severed. {outcome.advice}"
    if run.goal.on_unproven == "fail":
        outcome.failed, outcome.message = True, message
    else:
        outcome.warnings.append(message)


def _compare_settings(outcome: Outcome) -> None:
    if outcome.first is None or outcome.last is None or not outcome.actions:
        return
    changed = changed_settings(outcome.first, outcome.last)
    if changed:
        outcome.warnings.append(
            f"The instance's settings changed during the run, though Wawp promises to keep them: {', '.join(changed)}."
        )


def _read(run: Run) -> Steps:
    """Read the session and send nothing."""
    yield from run.read()


def _started(run: Run) -> Steps:
    """Start a stopped session, restart a failed one, and leave alone one that runs or waits for a person."""
    session = run.require_session((yield from run.read_confirmed(_at_rest)))
    if session.at_rest:
        yield from bring_up(run)
    elif session.status not in _UP | {STARTING}:
        raise RunStopped(
            f"the session is {session.status}, a status that this collection doesn't know; nothing was sent"
        )
    if session.status not in _UP:
        yield from _come_up(run)


def _at_rest(session: Session) -> bool:
    return session.at_rest


def _come_up(run: Run) -> Steps:
    """Read until the engine settles in a status in which it works or waits for a person."""
    if not run.goal.wait:
        run.require_session((yield from run.read_confirmed(lambda seen: False)))
        return
    session = run.require_session((yield from run.settle()))
    if session.status not in _UP:
        raise RunStopped(f"the session didn't come up within {run.goal.start_timeout:g} s: it is {session.status}")


def _restarted(run: Run) -> Steps:
    before = run.require_session((yield from run.read_confirmed(lambda seen: False))).status
    yield from send(run, "restart", lambda seen: seen.status == before)
    yield from _come_up(run)


def _absent(run: Run) -> Steps:
    """Log out first, so that the phone's side is closed; then delete, and verify that the session is gone."""
    session = yield from run.read_confirmed(_at_rest)
    if session is None:
        keep_previous_verdict(run)
        return
    if run.goal.logout_first:
        yield from logged_out(run)
        _refuse_to_burn_the_key(run)
    elif session.awaits_scan:
        nothing_to_do(run)
    else:
        _refuse_hidden_account(run)
        run.conclude(UNPROVEN, "The session was deleted without a logout, as logout_first=false asks for.")
        if run.goal.on_unproven == "fail":
            _refuse_to_burn_the_key(run)
    yield from _delete(run)


def _refuse_hidden_account(run: Run) -> None:
    """Refuse irreversible calls for a session that may belong to an account other than expect_account."""
    if run.goal.expect_account and not run.last.account:
        raise RunStopped(
            f"expect_account: the session is {run.last.status} and doesn't say whose it is, so it was not deleted"
        )


def _delete(run: Run) -> Steps:
    """Delete, and verify that it is gone: after an accepted deletion at once, otherwise if it stays gone."""
    try:
        yield from send(run, "delete", lambda seen: True)
    except RunStopped:
        if not run.outcome.gone:
            raise
    deadline = run.now + run.timeout
    while not run.outcome.gone:
        yield from run.read(deadline)
        if run.outcome.gone or run.now >= deadline:
            break
        yield from run.pause(min(run.goal.wait_sleep, deadline - run.now))
    if not run.outcome.gone and run.goal.wait:
        raise RunStopped(f"delete was accepted, but the session is still there, {run.last.status}")


def _refuse_to_burn_the_key(run: Run) -> None:
    """Refuse to delete a session whose link may stand: that would destroy the only key that can sever it from here."""
    if run.outcome.verdict == UNPROVEN:
        raise RunStopped(
            "the link could not be proven severed, so the session was not deleted: its credentials are the only key "
            "that can sever it from here. Set start_if_stopped=true to log out from WORKING first, "
            "or logout_first=false with on_unproven=warn to delete it anyway"
        )


_STATES: dict[str, Callable[[Run], Steps]] = {
    "logged_out": logged_out,
    "decommissioned": decommissioned,
    "started": _started,
    "stopped": stopped,
    "restarted": _restarted,
    "absent": _absent,
}
STATES = tuple(_STATES)
# Not an option's state: wawp_session_info and the inventory use it.
READ = "read"
_STATES[READ] = _read
# Not an option's state either: wawp_pairing waits for it.
PAIRED = "paired"
_STATES[PAIRED] = paired
_UP = PASSKEY | {WORKING, SCAN_QR_CODE}
_UNLINKING = frozenset({"logged_out", "decommissioned", "absent"})
