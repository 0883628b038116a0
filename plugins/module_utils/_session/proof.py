# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The proof that a logout severed the link, and without one, what is known of the key.

A logout that reached the phone ends in SCAN_QR_CODE within a second of its reply. One that didn't gets the same reply
and ends there too, but only once WhatsApp can be reached again. So the time is the proof.
"""

from __future__ import annotations

from .._errors import REFUSED, WawpError
from .model import FAILED, GONE, PROVEN, SEVERED, STARTING, THERE, UNKNOWN, UNPROVEN, WORKING, Session
from .progress import Run
from .run import SOON, RunStopped, Steps
from .writes import limit_tries

# The last reading in time is made this many seconds before proof_timeout is over, however long wait_sleep is.
LAST_LOOK = 1.0

# For this many seconds a good logout may show STOPPED with the account, while the engine closes.
LOGOUT_TAKES = 5.0

WHO_ELSE = "remove the device on the phone, in WhatsApp under Linked devices"
REASON_REFUSED = "The API said that the logout failed, so not even SCAN_QR_CODE proves anything."
REASON_IN_DOUBT = (
    "Something may have kept a logout from reaching the phone: it was sent while the session was not WORKING, "
    "or a call that got no answer may have come in between."
)
REASON_NO_WAIT = "The logout was sent, and without wait its end was not seen."


def verify_logout(run: Run, error: WawpError | None) -> Steps:
    """Read after a logout until it is proven, or can no longer be.

    Ends without a verdict if the rule has to decide again: the logout got no clear answer and the session is still
    WORKING.

    Args:
        run: its last write was a logout from WORKING.
        error: why the logout got no clear answer, None if it was accepted.
    """
    replied_at = run.now
    session = run.require_session((yield from _watch(run, replied_at, error is not None)))
    run.outcome.unlink_uncertain |= _left_working_with_key(run)
    run.outcome.changed |= session.paired is not True
    if session.awaits_scan:
        _judge(run, run.now - replied_at)
    elif error is not None and session.status == WORKING and run.confirmed:
        if error.kind == REFUSED:
            raise RunStopped(str(error), error)
        limit_tries(run, "logout", error)
    else:
        _not_seen(run, session, replied_at, error)


def _watch(run: Run, replied_at: float, unclear: bool) -> Steps:
    """Read a second after the reply, and every wait_sleep after it. Returns the last reading.

    A slow engine shows STARTING at first. One that was quick, or gave no clear answer, is read at once, a second later,
    and every wait_sleep after that.
    """
    goal = run.goal
    in_time = replied_at + goal.proof_timeout
    patience = max(goal.proof_timeout, goal.wait_timeout) if goal.wait else (goal.confirm_after + SOON) * unclear
    deadline = replied_at + patience
    soon = min(SOON, goal.wait_sleep)
    at_once = unclear or not goal.wait or run.outcome.actions[-1].duration < soon / 2
    next_pause = goal.wait_sleep if at_once else goal.wait_sleep - soon or goal.wait_sleep
    if not at_once:
        yield from run.pause(min(soon, patience))
    while True:
        session = yield from run.read(deadline)
        if session is None and not run.confirmed:
            yield from run.pause(goal.confirm_after - run.lasted)
            continue
        unchanged = unclear and session is not None and session.status == WORKING and run.confirmed
        if session is None or session.awaits_scan or unchanged or run.now >= deadline:
            return session
        pause = soon if at_once else next_pause
        last_look = in_time - LAST_LOOK - run.now
        if not at_once:
            next_pause = goal.wait_sleep
            pause = min(pause, last_look) if last_look > 0 else pause
        yield from run.pause(min(pause, deadline - run.now))
        at_once = False


def _left_working_with_key(run: Run) -> bool:
    """Whether the session was seen with its key, but not WORKING, before the logout took effect."""
    closed = run.outcome.actions[-1].sent_at + LOGOUT_TAKES
    return any(
        reading.session is not None
        and reading.session.account is not None
        and (reading.session.status in (STARTING, FAILED) or (reading.session.stopped and reading.at > closed))
        for reading in run.readings
    )


def _judge(run: Run, seconds: float) -> None:
    """Judge a SCAN_QR_CODE that was read this many seconds after the reply."""
    limit = run.goal.proof_timeout
    if run.logout_refused:
        run.conclude(UNPROVEN, REASON_REFUSED)
    elif run.in_doubt:
        run.conclude(UNPROVEN, REASON_IN_DOUBT)
    elif run.outcome.predicted and not run.goal.wait:
        run.conclude(UNPROVEN, REASON_NO_WAIT)  # the engine shows STARTING at first
    elif seconds > limit:
        run.outcome.proof_seconds = seconds
        run.conclude(
            UNPROVEN,
            f"SCAN_QR_CODE came {seconds:.1f} s after the logout's reply, and proof_timeout is {limit:g} s. A logout "
            "that met an outage ends so, and so does one on a slow host: if yours is slow, set proof_timeout for it.",
        )
    else:
        if not run.outcome.predicted:
            run.outcome.proven_at, run.outcome.proof_seconds = run.now, seconds
        run.conclude(SEVERED)


def _not_seen(run: Run, session: Session, replied_at: float, error: WawpError | None) -> None:
    """End a run whose time is up without a SCAN_QR_CODE."""
    waited = f"after {run.now - replied_at:.0f} s the session is {session.status}"
    if error is not None and error.kind == REFUSED:
        raise RunStopped(str(error), error, REASON_REFUSED)
    if run.goal.wait and (session.paired or not (session.at_rest or session.status == STARTING)):
        if error is None:
            raise RunStopped(f"logout was accepted, but {waited}, not logged out")
        raise RunStopped(f"whether the logout came through is not known, and {waited}: {error}", error)
    if not run.goal.wait:
        run.conclude(UNPROVEN, REASON_NO_WAIT)
    else:
        run.conclude(UNPROVEN, f"SCAN_QR_CODE did not come: {waited}, as after a logout that met an outage.")


def key_of(run: Run) -> str:
    """Return what is known of the key at the end of a run: THERE, GONE or UNKNOWN."""
    outcome = run.outcome
    if outcome.verdict in PROVEN:
        return GONE
    session = outcome.last
    if outcome.gone:
        return GONE if session or run.goal.previous else UNKNOWN
    if session is None:
        return UNKNOWN
    if session.awaits_scan:
        return GONE
    if session.paired and not session.contradictory:
        # During a logout, the account stays visible for some seconds.
        return THERE if not run.may_have_done("logout") or run.confirmed else UNKNOWN
    return GONE if "logout" in run.accepted else UNKNOWN


def advice_of(run: Run, key: str) -> str:
    """Return the advice on an unproven end."""
    session = None if run.outcome.gone else run.outcome.last
    start = session is not None and session.at_rest and not run.goal.start_if_stopped
    again = "run again with start_if_stopped=true, which logs out from WORKING" if start else "run again"
    advice = {
        THERE: f"The key is still there, so nothing is lost: {again}; or {WHO_ELSE}.",
        GONE: f"The key is gone, so only the phone can end the link: {WHO_ELSE}. "
        "Left alone, WhatsApp drops it after 30 days without contact.",
        UNKNOWN: f"Whether the key is still there is not known: {again}; if that proves nothing, {WHO_ELSE}.",
    }[key]
    return f"{run.reason} {advice}".strip()
