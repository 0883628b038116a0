# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs thousands of lifecycles at once, over few connections and at a bounded pace. Private to the collection.

One thread, the caller's, holds all state: it advances the generators and hands out their calls. Worker threads only
send. A session that waits is an entry in a heap: it holds no thread and no connection.
"""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._drive import Clock, Send, answer, too_late
from ansible_collections.wawp.cloud.plugins.module_utils._errors import EXPIRED, RATE_LIMITED
from ansible_collections.wawp.cloud.plugins.module_utils._steps import (
    BACK_OFF,
    MAX_RETRY_AFTER,
    Answer,
    Call,
    Lifecycle,
    Outcome,
    Wait,
)

# Where no rate was set, a 429 sets this one; no 429 makes it slower than the gap, in seconds.
RATE_AFTER_429 = 20.0
WIDEST_GAP = 1.0
# Seconds after which a run that has nothing to do looks up.
TICK = 1.0
# How fast the fleet forgets a 429: the gap between calls shrinks by this factor with each call that goes well.
FORGET = 0.99


@dataclass
class Job:
    """One session's way to its goal.

    Args:
        index: which one it is.
        lifecycle: its steps.
        send: sends its calls, in a worker thread.
        clock: its time.
        imagines: whether the call of that name is answered without the network, as check mode's writes are.
    """

    index: int
    lifecycle: Lifecycle
    send: Send
    clock: Clock
    imagines: Callable[[str], bool] = lambda name: False


@dataclass(order=True)
class _Waiting:
    due: float
    number: int
    job: Job = field(compare=False)


class Pace:
    """When the next call may be sent.

    Args:
        calls_per_second: the bound, 0 for none.
    """

    def __init__(self, calls_per_second: float) -> None:
        self._least_gap = 1.0 / calls_per_second if calls_per_second else 0.0
        self._gap = self._least_gap
        self._next = self._quiet_until = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a call may be sent, 0 for now."""
        return max(0.0, self._next - now)

    def took(self, now: float) -> None:
        """A call was sent."""
        self._next = max(self._next + self._gap, now)

    def heard(self, answer: Answer, now: float) -> None:
        """A reply came: too many calls slow everybody down, others let the pace recover."""
        error = answer.error
        if error is None or error.kind != RATE_LIMITED:
            self._gap = max(self._least_gap, self._gap * FORGET)
            return
        # The calls that were under way together complain together: that is one reason to slow down.
        if now >= self._quiet_until:
            wider = min(max(2 * self._gap, 1.0 / RATE_AFTER_429), WIDEST_GAP)
            self._gap = max(wider, self._least_gap)
        self._quiet_until = max(self._quiet_until, now + min(error.retry_after or BACK_OFF[0], MAX_RETRY_AFTER))
        self._next = max(self._next, self._quiet_until)


class Fleet:
    """A run of many jobs.

    Args:
        size: how many jobs there are.
        start: makes the job with that index; called when its turn comes.
        sending: told each call before it is sent.
        finished: told each outcome as soon as it is known; returns whether further jobs may be started.
        max_connections: how many calls may be under way at once.
        pace: how often a call may be sent.
        tick: called now and then while the run goes on.
    """

    def __init__(
        self,
        *,
        size: int,
        start: Callable[[int], Job],
        sending: Callable[[Job, Call], None],
        finished: Callable[[Job, Outcome], bool],
        max_connections: int,
        pace: Pace,
        tick: Callable[[], Any] = lambda: None,
    ) -> None:
        self._size, self._start, self._sending, self._finished = size, start, sending, finished
        self._pace, self._tick = pace, tick
        self._connections = min(max_connections, size)
        self._calls: queue.SimpleQueue[tuple[Job, Call] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Job, Answer | BaseException]] = queue.SimpleQueue()
        self._urgent: deque[tuple[Job, Call]] = deque()
        self._ready: deque[tuple[Job, Call]] = deque()
        self._waiting: list[_Waiting] = []
        self._under_way = self._workers = self._started = self._running = self._waits = 0
        self._open = True
        self.calls = 0

    def run(self) -> None:
        """Run all jobs to their end, or as many as ``finished`` lets start."""
        try:
            while self._running or (self._open and self._started < self._size):
                self._wake()
                pause = self._send_what_may_be_sent()
                if self._under_way or pause is not None:
                    self._hear(pause)
                self._tick()
        finally:
            for dummy in range(self._workers):
                self._calls.put(None)

    def _wake(self) -> None:
        """Let those go on whose wait is over."""
        now = time.monotonic()
        while self._waiting and self._waiting[0].due <= now:
            job = heapq.heappop(self._waiting).job
            self._advance(job, Answer(at=job.clock.now()))

    def _send_what_may_be_sent(self) -> float | None:
        """Hand out calls. Returns the seconds until more can be done without an answer, None for no such time."""
        while self._under_way < self._connections:
            pause = self._pace.wait(time.monotonic())
            if not (self._urgent or self._ready or (self._open and self._started < self._size)):
                break
            if pause:
                return self._sooner(pause)
            work = self._next_work()
            if work:
                self._send_one(work)
        return self._sooner(None)

    def _next_work(self) -> tuple[Job, Call] | None:
        """First what must be sent while it is fresh, then for sessions on their way, then for one that isn't yet."""
        if not (self._urgent or self._ready):
            job = self._start(self._started)
            self._started += 1
            self._running += 1
            self._advance(job, None)
        queue = self._urgent or self._ready
        return queue.popleft() if queue else None

    def _send_one(self, work: tuple[Job, Call]) -> None:
        job, call = work
        if too_late(call, job.clock):
            self._advance(job, answer(call, job.send, job.clock))
            return
        self._sending(job, call)
        self._pace.took(time.monotonic())
        self._calls.put(work)
        self._under_way += 1
        if self._under_way > self._workers:
            self._workers += 1
            threading.Thread(target=self._work, daemon=True, name="wawp").start()

    def _sooner(self, pause: float | None) -> float | None:
        if not self._waiting:
            return pause
        due = max(0.0, self._waiting[0].due - time.monotonic())
        return due if pause is None else min(due, pause)

    def _hear(self, pause: float | None) -> None:
        """Take in the answers that have come, waiting for the first one no longer than the pause."""
        try:
            job, heard = self._answers.get(timeout=TICK if pause is None else min(pause, TICK))
            while True:
                self._under_way -= 1
                if isinstance(heard, BaseException):
                    raise heard
                self.calls += heard.error is None or heard.error.kind != EXPIRED
                self._pace.heard(heard, time.monotonic())
                self._advance(job, heard)
                job, heard = self._answers.get_nowait()
        except queue.Empty:
            return

    def _advance(self, job: Job, heard: Answer | None) -> None:
        """Tell a lifecycle what came, and put what it wants next where it belongs."""
        try:
            step = next(job.lifecycle) if heard is None else job.lifecycle.send(heard)
            while (known := _at_once(job, step)) is not None:
                step = job.lifecycle.send(known)
        except StopIteration as end:
            self._running -= 1
            self._open = self._finished(job, end.value) and self._open
            return
        if isinstance(step, Wait):
            self._waits += 1
            heapq.heappush(self._waiting, _Waiting(time.monotonic() + step.seconds, self._waits, job))
        else:
            (self._ready if step.expires is None else self._urgent).append((job, step))

    def _work(self) -> None:
        """A worker: sends calls until there are no more."""
        while True:
            work = self._calls.get()
            if work is None:
                return
            job, call = work
            try:
                self._answers.put((job, answer(call, job.send, job.clock)))
            except BaseException as error:  # a bug must end the run, not hang it
                self._answers.put((job, error))


def _at_once(job: Job, step: Call | Wait) -> Answer | None:
    """The answer to a step that takes neither a call nor time; None for any other."""
    if isinstance(step, Wait):
        return Answer(at=job.clock.now()) if job.clock.skip(step.seconds) else None
    return answer(step, job.send, job.clock) if job.imagines(step.name) else None
