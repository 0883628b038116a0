# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The steps of waiting until an account is linked."""

from __future__ import annotations

from .model import WORKING, Session
from .progress import Run
from .run import RunStopped, Steps
from .writes import bring_up

# The engine gives up after some minutes without a scan; after this many times, nobody is going to scan.
MAX_STARTS = 20


def _give_up(run: Run) -> None:
    """End when the time is up. WORKING without an account is linked too, and succeeds if any account will do."""
    if run.last.status != WORKING:
        raise RunStopped(f"nobody has linked an account within {run.goal.wait_timeout:g} s; it is {run.last.status}")
    problem = "an account is linked, but the session doesn't show whose it is"
    if run.goal.expect_account:
        raise RunStopped(f"expect_account: {problem}, so it can't be compared; look in WhatsApp under Linked devices")
    run.outcome.warnings.append(f"{problem[0].upper()}{problem[1:]}.")


def paired(run: Run) -> Steps:
    """Read until somebody has scanned; while there is time, show a new QR code when the last one has expired."""
    deadline = run.timeout
    session = run.require_session((yield from run.read_confirmed(_at_rest)))
    starts = 0
    while not _linked(session):
        if session.at_rest:
            if starts == MAX_STARTS:
                raise RunStopped(f"the session was started {starts} times and doesn't stay up; it is {session.status}")
            starts += 1
            yield from bring_up(run)
        if not run.goal.wait:
            return
        if run.now >= deadline:
            _give_up(run)
            return
        yield from run.pause(min(run.goal.wait_sleep, deadline - run.now))
        yield from run.read()
        session = run.require_session((yield from run.read_confirmed(_at_rest)))


def _linked(session: Session) -> bool:
    return session.status == WORKING and session.account is not None


def _at_rest(session: Session) -> bool:
    return session.at_rest
