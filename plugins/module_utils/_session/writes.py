# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Verified writes: sent, read after, and sent once more where that is safe."""

from __future__ import annotations

from collections.abc import Callable

from .._errors import EXPIRED, NOT_CARRIED_OUT, REFUSED, UNKNOWN_SESSION, WRONG_STATUS, WawpError
from .model import Session
from .progress import Run
from .run import MAX_RETRY_AFTER, RETRY_DELAYS, Call, RunStopped, Steps


def send(run: Run, name: str, still_old: Callable[[Session], bool]) -> Steps:
    """Send a write. After an ambiguous reply, read first; if the old state is seen twice, send it once more.

    Returns:
        The Answer to it if it was accepted, None if a reading shows that it took effect.
    """
    while True:
        answer = yield from run.write(name)
        error = answer.error
        if error is None:
            return answer
        if error.kind == EXPIRED:
            run.deferred[name] += 1
            run.readings.clear()
        elif error.kind not in (REFUSED, WRONG_STATUS):
            yield from recover(run, error)
        session = yield from run.read_confirmed(still_old)
        if session is None or not still_old(session):
            return None
        if error.kind in (REFUSED, WRONG_STATUS):
            raise RunStopped(str(error), error)
        limit_tries(run, name, error)
        run.late_write_possible |= run.unanswered[name] > 0


def bring_up(run: Run) -> Steps:
    """Start a stopped session, restart any other one."""
    before = run.last.status
    yield from send(run, "start" if run.last.stopped else "restart", lambda seen: seen.status == before)


def limit_tries(run: Run, name: str, error: WawpError) -> None:
    """Stop after a second write without a clear answer, or a fifth that was deferred."""
    if run.deferred[name] > len(RETRY_DELAYS):
        raise RunStopped(str(error), None if error.kind == EXPIRED else error)
    if run.unanswered[name] > 1:
        raise RunStopped(f"{name} was sent twice and the session is still {run.last.status}: {error}", error)


def recover(run: Run, error: WawpError) -> Steps:
    """Recover from a failed write: wait out a transient error; on a lasting one, read the status again and stop."""
    if error.kind in NOT_CARRIED_OUT:
        yield from run.pause(min(error.retry_after or RETRY_DELAYS[-1], MAX_RETRY_AFTER))
    elif not error.transient:
        answer = yield Call("info")
        run.now = answer.at
        run.outcome.reads += not answer.planned
        run.outcome.last = answer.session or run.outcome.last
        run.outcome.gone = answer.error is not None and answer.error.kind == UNKNOWN_SESSION
        raise RunStopped(str(error), error)
