# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets of made-up lifecycles and sends, without a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import Clock, Reply, Send, WallClock
from ansible_collections.wawp.cloud.plugins.module_utils._run.fleet import Fleet
from ansible_collections.wawp.cloud.plugins.module_utils._run.job import Job
from ansible_collections.wawp.cloud.plugins.module_utils._run.pace import Pace
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Answer, Lifecycle, Outcome, RunStopped

# Longer than anything takes on a slow machine; only a hang takes this long.
PATIENCE = 60.0


class FakeFleet:
    """A fleet whose lifecycles take the given steps, and its results.

    Args:
        plans: the steps of each session.
        send: sends a call of the session with that number.
        others: Fleet's arguments.
    """

    def __init__(
        self,
        plans: Sequence[Sequence[Any]],  # of Call and Wait
        send: Callable[[int, str], Any] = lambda index, name: None,
        clock: Callable[[], Clock] = WallClock,
        **others: Any,
    ) -> None:
        self.plans, self._send, self._clock = plans, send, clock
        self.started: list[int] = []
        self.sending: list[tuple[int, str]] = []
        self.sent: list[tuple[int, str]] = []
        self.ended: dict[int, Outcome] = {}
        self.heard: dict[int, list[Answer]] = {}
        self.under_way = self.peak = 0
        self._lock = threading.Lock()
        options: dict[str, Any] = {
            "start": self.start,
            "sending": lambda job, call: self.sending.append((job.index, call.name)),
            "finished": self.finished,
            "max_connections": 4,
            "pace": Pace(0),
        }
        self.fleet = Fleet(size=len(plans), **{**options, **others})

    def run(self) -> FakeFleet:
        self.fleet.run()
        return self

    def start(self, index: int) -> Job:
        self.started.append(index)
        return Job(index, self._steps(index), self._sender(index), self._clock())

    def finished(self, job: Job, outcome: Outcome) -> bool:
        self.ended[job.index] = outcome
        return True

    def _steps(self, index: int) -> Lifecycle:
        answers = self.heard[index] = []
        try:
            for step in self.plans[index]:
                answers.append((yield step))
        except RunStopped as stopped:
            return Outcome(failed=True, message=str(stopped))
        return Outcome()

    def _sender(self, index: int) -> Send:
        def send(name: str) -> Reply:
            with self._lock:
                self.sent.append((index, name))
                self.under_way += 1
                self.peak = max(self.peak, self.under_way)
            try:
                self._send(index, name)
            finally:
                with self._lock:
                    self.under_way -= 1
            return Reply(200)

        return send


def with_deadline(action: Callable[[], Any]) -> Any:
    """Run an action in a thread, and fail instead of hanging. Returns its result or raises its error."""
    ends: list[Any] = []

    def body() -> None:
        try:
            ends.append((action(), None))
        except BaseException as error:  # any error: the caller raises it
            ends.append((None, error))

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert ends, "it hangs"
    value, error = ends[0]
    if error is not None:
        raise error
    return value


def workers() -> list[threading.Thread]:
    """Return the worker threads that are alive."""
    return [thread for thread in threading.enumerate() if thread.name == "wawp"]
