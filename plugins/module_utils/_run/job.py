# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One of the lifecycles that a fleet runs, and its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from .._session.run import Answer, Call, Lifecycle, Outcome, RunStopped, Wait
from .driver import Clock, Send, execute


@dataclass
class Job:
    """One session's way to its goal.

    Args:
        index: its place in the fleet.
        lifecycle: its steps.
        send: sends its calls, in a worker thread.
        clock: its time.
        is_simulated: whether the named call is answered without the network, as check mode's writes are.

    Attributes:
        step: the lifecycle's next step, or its outcome; None while it hasn't received the latest answer yet.
        heard: the latest answer; None at first.
        is_under_way: whether a worker is sending its call.
    """

    index: int
    lifecycle: Lifecycle
    send: Send
    clock: Clock
    is_simulated: Callable[[str], bool] = lambda name: False
    step: Call | Wait | Outcome | None = None
    heard: Answer | RunStopped | None = None
    is_under_way: bool = False

    def hear(self, heard: Answer | RunStopped) -> None:
        """Note the answer for the lifecycle."""
        self.heard, self.step, self.is_under_way = heard, None, False


class Work(NamedTuple):
    """A call to send for a job."""

    job: Job
    call: Call


def at_once(job: Job, step: Call | Wait | Outcome) -> Answer | None:
    """Return the answer to a step that takes neither a call nor time; None for any other."""
    if isinstance(step, Wait):
        return Answer(at=job.clock.now()) if job.clock.skip(step.seconds) else None
    if isinstance(step, Call) and job.is_simulated(step.name):
        return execute(step, job.send, job.clock)
    return None
