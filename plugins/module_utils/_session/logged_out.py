# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The rule of ``state: logged_out``: what is done about what is seen, and what it proves."""

from __future__ import annotations

from collections.abc import Callable

from .._errors import EXPIRED, NOT_CARRIED_OUT, REFUSED, WawpError
from .model import (
    FAILED,
    NO_ACCOUNT,
    SCAN_QR_CODE,
    SEVERED,
    STARTING,
    STOPPED,
    UNPAIRED_STATUSES,
    UNPROVEN,
    WORKING,
    Session,
)
from .run import SENT, Goal, Run, RunStopped, Steps, at_rest

# A rule that was asked so often without an end is asked no more: the session keeps changing under our hands.
MAX_STEPS = 12

ADVICE_PHONE = (
    "The phone may still list this device. Remove it in WhatsApp under Linked devices; "
    "left alone, WhatsApp drops it after 30 days without contact."
)
ADVICE_START = (
    "The session isn't running, so nothing could be unlinked. Run again with start_if_stopped=true to start it and "
    "log out from WORKING; if it can't be started, remove the device on the phone, in WhatsApp under Linked devices."
)
ADVICE_AGAIN = (
    "The logout was sent but its end wasn't seen. Run again to see where the session has settled; until then "
    "look on the phone, in WhatsApp under Linked devices."
)
ADVICE_STILL_PAIRED = (
    "The session is still paired. Log it out from WORKING: state=logged_out with start_if_stopped=true; "
    "or remove the device on the phone, in WhatsApp under Linked devices."
)

ACCOUNT_NOT_SHOWN = "expect_account can't be checked beforehand: whose session it is shows only once it is started."

LOGOUT = "logout"
SETTLE = "settle"
LOGOUT_UNVERIFIABLE = "logout while STARTING"
START = "start"
RESTART = "restart"
NOTHING_TO_DO = "nothing to do"
GIVE_UP = "give up"
STILL_PAIRED = "still paired"
UNKNOWN_STATUS = "unknown status"


def decide(session: Session, goal: Goal, tried: frozenset[str]) -> str:
    """The rule of ``logged_out``: what to do next about what is seen.

    Args:
        session: the latest reading; STOPPED and FAILED have been read twice.
        goal: the options.
        tried: the steps that this run has already taken; each is taken once.
    """
    status = session.status
    if status == WORKING:
        return LOGOUT
    if status == STARTING:
        return SETTLE if goal.wait and SETTLE not in tried else LOGOUT_UNVERIFIABLE
    if status == SCAN_QR_CODE:
        return NOTHING_TO_DO
    if not at_rest(session):
        return UNKNOWN_STATUS
    return _decide_at_rest(session, goal, tried)


def _decide_at_rest(session: Session, goal: Goal, tried: frozenset[str]) -> str:
    """STOPPED and FAILED. Without an account, before anything was sent, is how a logged-out session drifts."""
    sent = tried & {START, RESTART}
    if session.account_empty and not sent:
        return NOTHING_TO_DO
    if goal.start_if_stopped and session.status == STOPPED and START not in tried:
        return START
    if goal.start_if_stopped and session.status == FAILED and RESTART not in tried:
        return RESTART
    if session.account and not (session.status == FAILED and RESTART in tried):
        return STILL_PAIRED
    return GIVE_UP


def logged_out(run: Run) -> Steps:
    """Follow the rule, row by row, until one of its rows ends the run. What was proven earlier needs a look only."""
    if run.goal.previous_verdict in (SEVERED, NO_ACCOUNT) and _confirms_previous_verdict(
        run.require_session((yield from run.read_confirmed(_needs_second_reading(run.goal)))), run.goal.wait
    ):
        run.conclude(run.goal.previous_verdict)
        return
    tried: frozenset[str] = frozenset()
    for _attempt in range(MAX_STEPS):
        session = run.require_session((yield from run.read_confirmed(_needs_second_reading(run.goal))))
        step = decide(session, run.goal, tried)
        yield from STEP_HANDLERS[step](run)
        if run.outcome.verdict is not None:
            return
        if step == LOGOUT:
            tried -= {SETTLE}  # WORKING was seen: a STARTING after it is a new one, with time of its own
        else:
            tried |= {step, SETTLE} if step in (START, RESTART) else {step}
    raise RunStopped(f"the session doesn't come to rest; it was last seen {run.last.status}")


def _confirms_previous_verdict(session: Session, wait: bool) -> bool:
    """Whether a look bears out what was proven earlier.

    STARTING hides the account, and so does STOPPED on older engines: somebody may have paired the session anew.
    Without ``wait`` a look at STARTING has to do, since the rule would log out what was just logged out.
    """
    if session.status == STARTING:
        return not wait and not session.account
    return session.status == SCAN_QR_CODE or (at_rest(session) and session.account_empty)


def _needs_second_reading(goal: Goal) -> Callable[[Session], bool]:
    """What is believed only when it is read twice; STARTING too where the run won't wait for it to settle."""
    return lambda session: at_rest(session) or (session.status == STARTING and not goal.wait)


def _settle(run: Run) -> Steps:
    run.require_session((yield from run.settle()))


def _bring_up(run: Run) -> Steps:
    yield from run.bring_up()
    yield from _settle(run)


def nothing_to_do(run: Run) -> None:
    """No account is there. After a logout while STARTING, now or in an earlier run, that proves nothing."""
    if run.has_sent("logout") or run.goal.previous_verdict == UNPROVEN:
        run.conclude(UNPROVEN, ADVICE_PHONE)
    elif run.goal.previous_verdict == SEVERED or (
        run.goal.previous_verdict == SENT and run.last.status == SCAN_QR_CODE
    ):
        run.conclude(SEVERED)
    else:
        run.conclude(NO_ACCOUNT)


def _nothing_to_do(run: Run) -> Steps:
    nothing_to_do(run)
    yield from ()


def _give_up(run: Run) -> Steps:
    run.conclude(UNPROVEN, ADVICE_START if not run.goal.start_if_stopped else ADVICE_PHONE)
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


def _absent_hint(run: Run) -> str:
    return "; logout_first=false deletes it all the same" if run.goal.state == "absent" else ""


def _logout(run: Run) -> Steps:
    """Log out from WORKING and see it done. Ends without a verdict where the rule has to be asked again."""
    if not (yield from _account_confirmed(run)):
        return
    answer = yield from run.write("logout")
    if answer.error is None:
        yield from _verify_logout(run)
    elif answer.error.kind in NOT_CARRIED_OUT:
        yield from _after_rejected_logout(run, answer.error)
    else:
        yield from run.recover(answer.error)
        run.outcome.unlink_uncertain |= answer.error.kind == REFUSED
        yield from _verify_ambiguous_logout(run, answer.error)


def _after_rejected_logout(run: Run, error: WawpError) -> Steps:
    """After a logout that was not carried out: let what was in its way pass, and see what the rule is to be asked."""
    if error.kind != EXPIRED:
        yield from run.recover(error)
    run.require_session((yield from run.read()))
    run.limit_tries("logout", error)


def _account_confirmed(run: Run) -> Steps:
    """Nothing that can't be undone is sent to a session that hides its account from expect_account.

    Returns:
        False if the session left the status meanwhile, so that the rule has to be asked again.
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


def _without_account(session: Session) -> bool:
    return session.status == SCAN_QR_CODE or (session.status in UNPAIRED_STATUSES and not session.account)


def _verify_logout(run: Run) -> Steps:
    """After a confirmed logout from WORKING: any reading without an account proves it.

    Once WORKING was seen again, one that may only hide the account won't do, and one that can lie is read twice.
    """

    def done(session: Session) -> bool:
        if session.status == SCAN_QR_CODE or not run.seen_working:
            return _without_account(session)
        return at_rest(session) and session.account_empty and run.repeated

    session = run.require_session((yield from run.read_until(done, run.timeout)))
    if done(session):
        _severed(run)
    elif run.goal.wait:
        raise RunStopped(
            f"logout was accepted, but after {run.timeout:g} s the session is {session.status}, not logged out"
        )
    else:
        run.conclude(UNPROVEN, ADVICE_AGAIN)


def _severed(run: Run) -> None:
    """After a logout from WORKING, unless something may have kept it from reaching the phone.

    A logout that came through while STARTING may have left a link behind, which no later one can sever. And a start or
    restart that got no answer and was repeated may have come through late, so that this logout did not find WORKING.
    """
    if run.in_doubt:
        run.conclude(UNPROVEN, ADVICE_PHONE)
    else:
        run.conclude(SEVERED)


def _verify_ambiguous_logout(run: Run, error: WawpError) -> Steps:
    """After a logout of which nobody knows whether it came through: only SCAN_QR_CODE proves it.

    Not even that does where the session was seen at rest with its account meanwhile: it had left WORKING with the link
    in place before the logout took effect. WORKING as before, seen twice, ends without a verdict: the rule then allows
    one more try.
    """

    def done(session: Session) -> bool:
        return session.status == SCAN_QR_CODE or (session.status == WORKING and run.repeated)

    session = run.require_session((yield from run.read_until(done, run.timeout or run.goal.wait_sleep)))
    if session.paired is False:
        run.outcome.unlink_uncertain |= run.seen_at_rest_and_paired
    if session.status == SCAN_QR_CODE:
        _severed(run)
    elif done(session):
        run.limit_tries("logout", error)
    elif not run.goal.wait or (at_rest(session) and not session.account):
        run.conclude(UNPROVEN, ADVICE_PHONE if run.outcome.unlink_uncertain else ADVICE_AGAIN)
    else:
        raise RunStopped(
            f"whether the logout came through is not known, and the session is {session.status}: {error}", error
        )


def _logout_unverifiable(run: Run) -> Steps:
    """Log out while STARTING, where WORKING could not be reached: it ends the session, but proves nothing."""
    if not (yield from _account_confirmed(run)):
        return
    answer = yield from run.write("logout")
    if answer.error is not None and answer.error.kind in NOT_CARRIED_OUT:
        yield from _after_rejected_logout(run, answer.error)
        return
    if answer.error is not None:
        yield from run.recover(answer.error)
    run.outcome.unlink_uncertain = True
    timeout = run.goal.start_timeout if run.goal.wait else 0.0
    session = run.require_session(
        (yield from run.read_until(lambda seen: seen.status in (SCAN_QR_CODE, WORKING), timeout))
    )
    if session.status == WORKING:
        return
    if session.account:
        raise RunStopped(f"logout was sent while STARTING, but the session is {session.status} and still paired")
    run.conclude(UNPROVEN, ADVICE_PHONE)


STEP_HANDLERS: dict[str, Callable[[Run], Steps]] = {
    LOGOUT: _logout,
    SETTLE: _settle,
    LOGOUT_UNVERIFIABLE: _logout_unverifiable,
    START: _bring_up,
    RESTART: _bring_up,
    NOTHING_TO_DO: _nothing_to_do,
    GIVE_UP: _give_up,
    STILL_PAIRED: _still_paired,
    UNKNOWN_STATUS: _unknown_status,
}
