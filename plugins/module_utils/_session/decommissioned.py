# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Out of service: ``state: stopped``, and ``state: decommissioned``."""

from __future__ import annotations

from dataclasses import replace

from .logged_out import logged_out
from .model import UNPROVEN, Session, parse_session
from .progress import Run
from .run import Answer, RunStopped, Steps
from .temp_link import close_link
from .writes import send


def stopped(run: Run) -> Steps:
    """Stop the session unless it is stopped, and verify that it is."""
    session = run.require_session((yield from run.read_confirmed(_is_stopped)))
    if _is_stopped(session):
        return
    answer = yield from send(run, "stop", lambda seen: not _is_stopped(seen))
    if not run.goal.confirm_stop and answer is not None and _says_stopped(answer):
        return
    session = run.require_session((yield from run.read_until(_is_stopped, run.timeout)))
    if run.goal.wait and not _is_stopped(session):
        raise RunStopped(f"stop was accepted, but after {run.timeout:g} s the session is {session.status}")


def _is_stopped(session: Session) -> bool:
    return session.stopped


def _says_stopped(answer: Answer) -> bool:
    """Whether the reply to a stop says STOPPED, as Wawp documents; the engine's reply for an unknown name doesn't."""
    try:
        return parse_session(answer.body).stopped
    except ValueError:
        return False


def decommissioned(run: Run) -> Steps:
    """Close the temporary link, log out, and stop, so that no QR code stays on show.

    The link goes first, since it would let an outsider pair again after the logout; but with ``expect_account``, not
    before the account has been checked.
    """
    run.goal = replace(run.goal, start_if_stopped=True)
    session = run.require_session((yield from run.read_confirmed(lambda seen: False)))
    known = not run.goal.expect_account or session.paired is False or session.account is not None
    if known:
        yield from close_link(run)
    try:
        yield from logged_out(run)
    except RunStopped:
        _note_not_stopped(run)
        raise
    if not known:
        yield from close_link(run)
    yield from _stop_unless_paired(run)


def _stop_unless_paired(run: Run) -> Steps:
    """Stop the session, unless its link may still stand: stopping would only hide it."""
    if run.outcome.verdict == UNPROVEN:
        _note_not_stopped(run)
        return
    try:
        yield from stopped(run)
    except RunStopped:
        if run.last.paired:
            _note_not_stopped(run)
        else:
            run.leave_open("The session was not stopped: whoever sees its QR code can link a phone.")
        raise


def _note_not_stopped(run: Run) -> None:
    if not _is_stopped(run.last):
        run.leave_open(f"The session was not stopped: it is {run.last.status}, and its link may still stand.")
