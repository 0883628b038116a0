# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs thousands of lifecycles at once, over few connections and at a bounded pace.

As many threads as there may be calls under way share one state, each holding its lock while it takes in an answer and
chooses what to send next. A session that waits is an entry in a heap: it holds no thread and no connection.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._errors import EXPIRED
from .._session.run import Answer, Call, Lifecycle, Outcome, RunStopped, Wait
from .driver import Clock, Send, execute, is_expired
from .pace import Pace

# Seconds after which a run that has nothing to do looks up.
POLL_INTERVAL = 1.0
# A worker's, in bytes. The usual eight MiB each don't fit where memory is bounded.
STACK_SIZE = 1024 * 1024


@dataclass
class Job:
    """One session's way to its goal.

    Args:
        index: which one it is.
        lifecycle: its steps.
        send: sends its calls, in a worker thread.
        clock: its time.
        is_simulated: whether the call of that name is answered without the network, as check mode's writes are.
    """

    index: int
    lifecycle: Lifecycle
    send: Send
    clock: Clock
    is_simulated: Callable[[str], bool] = lambda name: False


class Work(NamedTuple):
    """A call that is to be sent for a job."""

    job: Job
    call: Call


@dataclass(order=True)
class _Waiting:
    due: float
    number: int
    job: Job = field(compare=False)


class Fleet:
    """A run of many jobs.

    Args:
        size: how many jobs there are.
        start: makes the job with that index; called when its turn comes.
        sending: called before each call is sent; may return why it is not to be sent, which ends the job.
        finished: called with each outcome as soon as it is known; returns whether further jobs may be started.
        max_connections: how many calls may be under way at once.
        pace: how often a call may be sent.
        tick: called now and then while the run goes on.
        interrupted: asked as often whether the run is to end: no further jobs are started then, those that wait go on
            at once, and ``sending`` has to say which calls may still be sent.

    Attributes:
        calls: how many were sent.
        out_of_memory: whether jobs were left alone, since there was not even memory for one of them.

    All but ``tick`` and ``interrupted`` are called by one thread at a time, not always the same.
    """

    def __init__(
        self,
        *,
        size: int,
        start: Callable[[int], Job],
        sending: Callable[[Job, Call], RunStopped | None],
        finished: Callable[[Job, Outcome], bool],
        max_connections: int,
        pace: Pace,
        tick: Callable[[], Any] = lambda: None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._size, self._start, self._sending, self._finished = size, start, sending, finished
        self._pace, self._tick, self._interrupted = pace, tick, interrupted
        self._connections = min(max_connections, size)
        self._lock = threading.Lock()
        # One idle worker watches the time for all, the others sleep until there is something to do.
        self._idle, self._watch = threading.Condition(self._lock), threading.Condition(self._lock)
        self._watched = False
        self._watched_until = 0.0
        self._sleeping = 0
        self._urgent: deque[Work] = deque()
        self._ready: deque[Work] = deque()
        self._waiting: list[_Waiting] = []
        self._started = self._running = self._waits = 0
        self._open, self._ending = True, False
        self._short_of_memory = False
        self._error: BaseException | None = None
        self.calls = 0
        self.out_of_memory = False

    def run(self) -> None:
        """Run all jobs to their end, or as many as ``finished`` lets start."""
        try:
            for worker in self._start_workers():
                while worker.is_alive():
                    worker.join(POLL_INTERVAL)
                    self._tick()
                    self._heed_interruption()
        except BaseException as error:
            with self._lock:
                self._break(error)
            raise
        if self._error:
            raise self._error

    def _start_workers(self) -> list[threading.Thread]:
        """As many as the system gives; the run is slower with fewer. Without any, this thread does the work."""
        workers: list[threading.Thread] = []
        before = threading.stack_size(STACK_SIZE)
        try:
            for dummy in range(self._connections):
                worker = threading.Thread(target=self._work, daemon=True, name="wawp")
                worker.start()
                workers.append(worker)
        except (RuntimeError, MemoryError):
            if not workers:
                self._work()
        finally:
            threading.stack_size(before)
        return workers

    def _work(self) -> None:
        """A worker: sends one call after the other until nothing is left to do."""
        try:
            work = self._next()
            while work is not None:
                work = self._next(work.job, execute(work.call, work.job.send, work.job.clock))
        except BaseException as error:  # a bug must end the run, not hang it
            with self._lock:
                self._break(error)

    def _heed_interruption(self) -> None:
        """Once the run is to end, start nothing more, and ask those that wait for their next call."""
        if self._ending or not self._interrupted():
            return
        with self._lock:
            self._open, self._ending = False, True
            now = time.monotonic()
            self._waiting = [_Waiting(now, waiting.number, waiting.job) for waiting in self._waiting]
            heapq.heapify(self._waiting)
            self._wake_all()

    def _break(self, error: BaseException) -> None:
        self._error = self._error or error
        self._wake_all()

    def _wake_all(self) -> None:
        self._idle.notify_all()
        self._watch.notify_all()

    def _next(self, job: Job | None = None, heard: Answer | None = None) -> Work | None:
        """Take in what a job has heard, and wait for the next call that is to be sent; None when there is none left."""
        with self._lock:
            if job and heard:
                self.calls += heard.error is None or heard.error.kind != EXPIRED
                self._pace.on_reply(heard, time.monotonic())
                self._advance(job, heard)
            while not self._error:
                self._take_up()
                if not self._running:
                    self._wake_all()
                    return None
                pause = self._pace.wait(time.monotonic()) if self._has_calls else 0.0
                if pause or not self._has_calls:
                    self._sleep(pause)
                elif work := self._take():
                    return work
            return None

    @property
    def _has_calls(self) -> bool:
        return bool(self._urgent or self._ready)

    def _take_up(self) -> None:
        """Let those go on whose wait is over, and start another job only if no session on its way has a call to send.

        So what a session's next call rests on stays fresh, however many there are.
        """
        while True:
            now = time.monotonic()
            while self._waiting and self._waiting[0].due <= now:
                job = heapq.heappop(self._waiting).job
                self._advance(job, Answer(at=job.clock.now()))
            if self._has_calls or not self._open or self._started == self._size or self._short_of_memory:
                return
            another = self._next_job()
            if another:
                self._started += 1
                self._running += 1
                self._advance(another, None)

    def _next_job(self) -> Job | None:
        """Another job. Without memory for it, it has to wait until one has ended, and with none on its way for good."""
        try:
            return self._start(self._started)
        except MemoryError:
            self._short_of_memory = True
            if not self._running:
                self._open, self.out_of_memory = False, True
            return None

    def _take(self) -> Work | None:
        """The next call, one that must be sent while it is fresh before others; None if it came too late for that."""
        work = (self._urgent or self._ready).popleft()
        job, call = work
        if is_expired(call, job.clock):
            self._advance(job, execute(call, job.send, job.clock))
            return None
        refusal = self._refusal(job, call)
        if refusal:
            self._advance(job, refusal)
            return None
        self._pace.on_sent(time.monotonic())
        if self._has_calls or self._waiting or (self._open and self._started < self._size):
            self._nudge()
        return work

    def _refusal(self, job: Job, call: Call) -> RunStopped | None:
        """Why a call is not to be sent, None if it may be."""
        try:
            return self._sending(job, call)
        except MemoryError:
            return RunStopped(f"this machine had no memory left, so {call.name} was not sent")

    def _nudge(self) -> None:
        """Have another worker look for something to do: a sleeping one, or the one that watches the time."""
        (self._idle if self._sleeping else self._watch).notify()

    def _sleep(self, pause: float) -> None:
        """Wait for the pace or for the next session whose wait ends; one worker does that for all."""
        now = time.monotonic()
        if self._watched or not (pause or self._waiting):
            if pause and now + pause < self._watched_until:
                self._watch.notify()
            self._sleeping += 1
            self._idle.wait()
            self._sleeping -= 1
            return
        due = self._waiting[0].due - now if self._waiting else pause
        span = max(0.0, min(due, pause or due))
        self._watched, self._watched_until = True, now + span
        self._watch.wait(span)
        self._watched = False

    def _advance(self, job: Job, heard: Answer | RunStopped | None) -> None:
        """Hand a lifecycle what came, and put what it wants next where it belongs."""
        try:
            step = _tell(job, heard)
            while (known := _at_once(job, step)) is not None:
                step = job.lifecycle.send(known)
        except StopIteration as end:
            self._running -= 1
            self._short_of_memory = False
            self._open = self._finished(job, end.value) and self._open
            return
        if isinstance(step, Call):
            if step.verifies:  # before other logouts: if the run is killed now, nobody can prove this one any more
                self._urgent.appendleft(Work(job, step))
            else:
                (self._ready if step.expires is None else self._urgent).append(Work(job, step))
            return
        self._waits += 1
        heapq.heappush(self._waiting, _Waiting(time.monotonic() + step.seconds, self._waits, job))
        if self._waiting[0].job is job:
            self._watch.notify()


def _tell(job: Job, heard: Answer | RunStopped | None) -> Call | Wait:
    """What a lifecycle wants after it has heard this; None for the first time."""
    if isinstance(heard, RunStopped):
        return job.lifecycle.throw(heard)
    return next(job.lifecycle) if heard is None else job.lifecycle.send(heard)


def _at_once(job: Job, step: Call | Wait) -> Answer | None:
    """The answer to a step that takes neither a call nor time; None for any other."""
    if isinstance(step, Wait):
        return Answer(at=job.clock.now()) if job.clock.skip(step.seconds) else None
    return execute(step, job.send, job.clock) if job.is_simulated(step.name) else None
