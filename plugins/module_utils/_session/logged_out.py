# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The rule of ``state: logged_out``: the step for each reading, and what it proves."""

from __future__ import annotations

from collections.abc import Callable

from .._errors import EXPIRED, NOT_CARRIED_OUT, REFUSED, WawpError
from .model import FAILED, NO_ACCOUNT, PROVEN, SCAN_QR_CODE, STARTING, UNPROVEN, WORKING, Session
from .progress import Run
from .proof import REASON_IN_DOUBT, verify_logout
from .run import SENT, SOON, Goal, RunStopped, Steps
from .writes import bring_up, limit_tries, recover, send

# After this many steps without an end the run gives up: the session keeps changing.
MAX_STEPS = 12
# A device that was removed on the phone makes a restarted session FAILED in 0.6 s, an unreachable WhatsApp in 125 s.
MOMENTS = 60.0

ACCOUNT_NOT_SHOWN = "expect_account can't be checked beforehand: whose session it is shows only once it is started."
REASON_STARTING = (
    "The session is STARTING, where a logout throws the key away without reaching the phone, so none was sent."
)
REASON_BLIND = "The logout was sent while STARTING, where it throws the key away without reaching the phone."
REASON_AT_REST = "The session isn't running, so nothing could be unlinked."
REASON_REMOVED = (
    "The session FAILED again within moments of a restart, so the device was probably removed on the phone, "
    "or the number is banned."
)
REASON_UNREACHABLE = "The session FAILED again after a restart: WhatsApp could not be reached, or did not answer."
REASON_EARLIER = "An earlier logout may have thrown the key away without reaching the phone."

LOGOUT = "logout"
SETTLE = "settle"
LOGOUT_UNVERIFIABLE = "logout while STARTING"
HOLD_BACK = "hold back"
START = "start"
RESTART = "restart"
RESTART_FIRST = "restart first"
NOTHING_TO_DO = "nothing to do"
GIVE_UP = "give up"
STILL_PAIRED = "still paired"
UNKNOWN_STATUS = "unknown status"
CONTRADICTION = "contradiction"


def decide(session: Session, goal: Goal, tried: frozenset[str]) -> str:
    """Apply the rule of ``logged_out`` and return the next step.

    Args:
        session: the latest reading; bad news has been confirmed.
        goal: the options.
        tried: the steps that this run has already taken; each is taken only once.
    """
    status = session.status
    if status == WORKING:
        fresh = tried & {START, RESTART, RESTART_FIRST} or not goal.restart_first
        return LOGOUT if fresh else RESTART_FIRST
    if status == STARTING:
        return _decide_starting(goal, tried)
    if status == SCAN_QR_CODE:
        return CONTRADICTION if session.contradictory else NOTHING_TO_DO
    if not session.at_rest:
        return UNKNOWN_STATUS
    return _decide_at_rest(session, goal, tried)


def _decide_starting(goal: Goal, tried: frozenset[str]) -> str:
    """Decide on STARTING: a logout would prove nothing, and would burn the key of a session that may recover."""
    if goal.wait and SETTLE not in tried:
        return SETTLE
    if goal.on_unproven == "fail" or RESTART_FIRST in tried:
        return HOLD_BACK
    return LOGOUT_UNVERIFIABLE


def _decide_at_rest(session: Session, goal: Goal, tried: frozenset[str]) -> str:
    """Decide on STOPPED and FAILED: engines hide the account there, so an empty one alone means nothing."""
    restarted = tried & {RESTART, RESTART_FIRST}
    if goal.trust_empty_account and session.account_empty and not restarted and START not in tried:
        return NOTHING_TO_DO
    if goal.start_if_stopped and session.stopped and START not in tried:
        return START
    if goal.start_if_stopped and session.status == FAILED and not restarted:
        return RESTART
    if session.account and not (session.status == FAILED and restarted):
        return STILL_PAIRED
    return GIVE_UP


def logged_out(run: Run) -> Steps:
    """Follow the rule step by step until one ends the run. An earlier proof only needs a reading that confirms it."""
    tried: frozenset[str] = frozenset()
    for _attempt in range(MAX_STEPS):
        session = run.require_session((yield from run.read_confirmed(_needs_second_reading(run.goal))))
        if _confirms_previous_verdict(run, session):
            keep_previous_verdict(run)
            return
        step = decide(session, run.goal, tried)
        yield from STEP_HANDLERS[step](run)
        if run.outcome.verdict is not None:
            return
        if step == LOGOUT:
            tried -= {SETTLE}  # WORKING was seen, so a later STARTING may settle again
        else:
            tried |= {step, SETTLE} if step in (START, RESTART, RESTART_FIRST) else {step}
    raise RunStopped(f"the session doesn't come to rest; it was last seen {run.last.status}")


def _confirms_previous_verdict(run: Run, session: Session) -> bool:
    """Whether a reading confirms an earlier proof: it shows no account, and isn't STARTING, which may hide one."""
    if run.goal.previous_verdict not in PROVEN or run.has_sent("logout"):
        return False
    return session.awaits_scan or (session.at_rest and session.account is None)


def keep_previous_verdict(run: Run) -> None:
    """End with an earlier run's verdict from the journal, and the time of its proof."""
    previous = run.goal.previous
    if previous is None:
        return
    run.conclude(UNPROVEN if previous.verdict == SENT else previous.verdict, REASON_EARLIER)
    run.outcome.proven_at, run.outcome.proof_seconds = previous.proven_at, previous.proof_seconds


def _needs_second_reading(goal: Goal) -> Callable[[Session], bool]:
    """Return a test for readings that need confirmation; STARTING too if the run won't wait for it to settle."""
    return lambda session: session.at_rest or session.contradictory or (session.status == STARTING and not goal.wait)


def _settle(run: Run) -> Steps:
    run.require_session((yield from run.settle()))


def _bring_up(run: Run) -> Steps:
    yield from bring_up(run)
    yield from _settle(run)


def _restart_first(run: Run) -> Steps:
    """Restart a WORKING session and see it WORKING again, which shows that WhatsApp can be reached now.

    WORKING counts after another status was seen, or if it lasts: the restart may have been deferred.
    """
    yield from send(run, "restart", lambda seen: seen.status == WORKING)

    def unsure(session: Session) -> bool:
        again = any(reading.session and reading.session.status != WORKING for reading in run.readings)
        return session.at_rest or (session.status == WORKING and not again)

    deadline = run.now + run.goal.start_timeout
    session = None
    while session is None or (session.status == STARTING and run.now < deadline):
        # The sooner WORKING is seen again, the less time is left for an unnoticed outage before the logout.
        yield from run.read_until(lambda seen: seen.status != STARTING, deadline - run.now, SOON)
        session = run.require_session((yield from run.read_confirmed(unsure)))


def nothing_to_do(run: Run) -> None:
    """End without an account: NO_ACCOUNT, or UNPROVEN after a logout, of this run or an earlier one."""
    if run.has_sent("logout") or run.goal.previous_verdict in (UNPROVEN, SENT):
        run.conclude(UNPROVEN, REASON_EARLIER)
    else:
        run.conclude(NO_ACCOUNT)


def _nothing_to_do(run: Run) -> Steps:
    nothing_to_do(run)
    yield from ()


def _hold_back(run: Run) -> Steps:
    run.conclude(UNPROVEN, REASON_STARTING)
    yield from ()


def _give_up(run: Run) -> Steps:
    restarted = [action for action in run.outcome.actions if action.name == "restart"]
    if run.last.status == FAILED and restarted:
        ended = restarted[-1].sent_at + restarted[-1].duration
        failed_at = next((each.at for each in run.readings if each.session and each.session.status == FAILED), run.now)
        moments = failed_at - ended <= MOMENTS
        run.conclude(UNPROVEN, REASON_REMOVED if moments else REASON_UNREACHABLE)
    else:
        run.conclude(UNPROVEN, REASON_AT_REST)
    yield from ()


def _still_paired(run: Run) -> Steps:
    yield from ()
    raise RunStopped(
        f"the session is {run.last.status} and still paired: only a running one can be unlinked{_absent_hint(run)}"
    )


def _unknown_status(run: Run) -> Steps:
    yield from ()
    raise RunStopped(
        f"the session is {run.last.status}: logout is sent only while WORKING or STARTING{_absent_hint(run)}"
    )


def _contradiction(run: Run) -> Steps:
    yield from ()
    raise RunStopped(
        f"the session is {run.last.status} and at the same time says that an account is logged in; nothing was sent"
    )


def _absent_hint(run: Run) -> str:
    return "; logout_first=false deletes it anyway" if run.goal.state == "absent" else ""


def _logout(run: Run) -> Steps:
    """Log out from WORKING and verify it. Ends without a verdict if the rule has to decide again."""
    if not (yield from _account_confirmed(run)):
        return
    if run.late_write_possible and run.goal.on_unproven == "fail":
        run.conclude(UNPROVEN, f"No logout was sent. {REASON_IN_DOUBT}")
        return
    answer = yield from run.write("logout")
    error = answer.error
    if error is not None and error.kind in NOT_CARRIED_OUT:
        yield from _after_deferred_logout(run, error)
        return
    if error is not None:
        run.logout_refused |= error.kind == REFUSED
        yield from recover(run, error)
    yield from verify_logout(run, error)


def _after_deferred_logout(run: Run, error: WawpError) -> Steps:
    """After a logout that was not carried out, wait out the obstacle, and read again for the rule."""
    if error.kind == EXPIRED:
        run.deferred["logout"] += 1
        run.readings.clear()
    else:
        yield from recover(run, error)
    run.require_session((yield from run.read_confirmed(lambda seen: False)))
    limit_tries(run, "logout", error)


def _account_confirmed(run: Run) -> Steps:
    """Check expect_account before the logout: nothing irreversible is sent to a session that hides its account.

    Returns:
        False if the session has left the status meanwhile, so the rule has to decide again.
    """
    if not run.goal.expect_account or run.last.account:
        return True
    if run.outcome.predicted:
        run.outcome.warnings.append(ACCOUNT_NOT_SHOWN)
        return True
    status = run.last.status
    run.require_session(
        (yield from run.read_until(lambda seen: bool(seen.account) or seen.status != status, run.timeout))
    )
    if run.last.status == status and not run.last.account:
        raise RunStopped(f"expect_account: the session is {status} and doesn't say whose it is, so no logout was sent")
    return run.last.status == status


def _logout_unverifiable(run: Run) -> Steps:
    """Log out while STARTING, since WORKING was not reached: this ends the session but proves nothing."""
    if not (yield from _account_confirmed(run)):
        return
    answer = yield from run.write("logout")
    error = answer.error
    if error is not None and error.kind in NOT_CARRIED_OUT:
        yield from _after_deferred_logout(run, error)
        return
    if error is not None:
        yield from recover(run, error)
    run.outcome.unlink_uncertain = True
    timeout = run.goal.start_timeout if run.goal.wait else 0.0
    session = run.require_session(
        (yield from run.read_until(lambda seen: seen.awaits_scan or seen.status == WORKING, timeout))
    )
    if session.status == WORKING:
        return
    if session.account:
        raise RunStopped(f"logout was sent while STARTING, but the session is {session.status} and still paired")
    run.conclude(UNPROVEN, REASON_BLIND)


STEP_HANDLERS: dict[str, Callable[[Run], Steps]] = {
    LOGOUT: _logout,
    SETTLE: _settle,
    LOGOUT_UNVERIFIABLE: _logout_unverifiable,
    HOLD_BACK: _hold_back,
    START: _bring_up,
    RESTART: _bring_up,
    RESTART_FIRST: _restart_first,
    NOTHING_TO_DO: _nothing_to_do,
    GIVE_UP: _give_up,
    STILL_PAIRED: _still_paired,
    UNKNOWN_STATUS: _unknown_status,
    CONTRADICTION: _contradiction,
}
