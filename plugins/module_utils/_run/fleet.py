# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The fleet runner: thousands of lifecycles at once, over few connections and at a bounded pace.

One worker thread per possible concurrent call; all share one state, and hold its lock while they take in an answer and
choose the next call. A waiting session is an entry in a heap: it holds no thread and no connection.

Memory may run out at any line. So each job records its next step, anything that can fail is done before a job leaves
its queue, and from there the job goes into its worker's hand: if a worker leaves it there when memory runs out, the
next worker finds it.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from inspect import GEN_CLOSED, getgeneratorstate
from typing import Any

from .._errors import EXPIRED, LACK_OF_MEMORY, is_lack_of_memory
from .._session.run import Answer, Call, Outcome, RunStopped, Wait
from .driver import execute, is_expired, unseen
from .job import Job, Work, at_once
from .pace import Pace
from .room import ROOM, look_for_room, start_thread

# Seconds between the checks of an idle run and its idle workers.
POLL_INTERVAL = 1.0
# How often the last worker tries again if it finds no memory, and the seconds between its tries.
TRIES, RETRY_DELAY = 30, 0.1


class Fleet:
    """A run of many jobs.

    Args:
        size: the number of jobs.
        start: makes the job with that index; called when its turn comes.
        sending: called before each call is sent; may return a reason not to send it, which ends the job.
        finished: called with each outcome as soon as it is known; returns whether further jobs may be started.
        max_connections: the number of calls that may be under way at once.
        pace: limits how often a call may be sent.
        tick: called now and then during the run.
        interrupted: called as often; returns whether to end the run: then no further jobs are started, waiting ones
            continue at once, and ``sending`` decides which calls may still be sent.

    Attributes:
        calls: the number of calls sent.
        out_of_memory: whether jobs were left alone, since there wasn't even memory for one of them.

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
        # One idle worker watches the time for all; the others sleep until there is work.
        self._idle, self._watch = threading.Condition(self._lock), threading.Condition(self._lock)
        self._watched = False
        self._watched_until = 0.0
        self._sleeping = 0
        self._urgent: deque[Work] = deque()
        self._ready: deque[Work] = deque()
        # Due time, unique number, job.
        self._waiting: list[tuple[float, int, Job]] = []
        self._hands: list[Job | None] = [None] * self._connections
        self._workers = 0
        self._started = self._running = self._waits = 0
        self._open, self._ending = True, False
        # The number of jobs that may run at once: all of them, until memory runs short.
        self._most = size
        self._error: BaseException | None = None
        self.calls = 0
        self.out_of_memory = False

    def run(self) -> None:
        """Run all jobs to their end, or as many as ``finished`` allows to start."""
        try:
            for worker in self._start_workers():
                while worker.is_alive():
                    with suppress(*LACK_OF_MEMORY):  # retried in the next round
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
        """Start as many workers as the system allows; fewer are slower. Without any, this thread does the work."""
        workers: list[threading.Thread] = []
        for number in range(self._connections):
            worker = start_thread(self._work, number, name="wawp", room=4 * ROOM * (number + 1))
            if not worker:
                break
            workers.append(worker)
        if self._connections and not workers:
            self._work(0)
        return workers

    def _work(self, number: int) -> None:
        """Work as one of the workers: send one call after the other until nothing is left to do."""
        heard: Answer | None = None
        lack: BaseException | None = None
        tries = 0
        with self._lock:
            self._workers += 1
        while tries < 2 * TRIES:  # high, since there may not even be memory to retire
            try:
                if lack and self._retires(number, heard, lack if tries >= TRIES else None):
                    return
                lack = None
                work = self._next(number, heard)
                if work is None:
                    return
                heard = None
                heard = execute(work.call, work.job.send, work.job.clock)
                tries = 0
            except LACK_OF_MEMORY as error:  # no function call here: that takes memory
                tries, lack = tries + 1, error
            except BaseException as error:  # a bug must end the run, not hang it
                if not is_lack_of_memory(error):
                    with self._lock:
                        self._break(error)
                    return
                tries, lack = tries + 1, error
        self._error = lack

    def _retires(self, number: int, heard: Answer | None, error: BaseException | None) -> bool:
        """Retire a worker that found no memory, which leaves memory to the others. Returns whether it has retired.

        The last worker stays, to try again in a moment.

        Args:
            number: the worker's number.
            heard: the answer to its call, None if that got lost.
            error: why it may not try again. That ends the run, or leaves the remaining jobs alone if none is running.
        """
        time.sleep(RETRY_DELAY)
        with suppress(*LACK_OF_MEMORY), self._lock:
            self._hear(number, heard)
            self._begin_fewer()
            if error and self._running:
                self._break(error)
            elif error:
                self._open, self.out_of_memory = False, True
            elif self._workers > 1:
                self._wake_all()
                self._workers -= 1
                return True
        return False

    def _heed_interruption(self) -> None:
        """After an interruption, start no further job, and wake the waiting ones for their next call."""
        if self._ending or not self._interrupted():
            return
        with self._lock:
            now = time.monotonic()
            # Sorted by number, which makes a heap.
            self._waiting = sorted((now, number, job) for dummy, number, job in self._waiting)
            self._open, self._ending = False, True
            self._wake_all()

    def _break(self, error: BaseException) -> None:
        self._error = self._error or error
        self._wake_all()

    def _wake_all(self) -> None:
        self._idle.notify_all()
        self._watch.notify_all()

    def _next(self, number: int, heard: Answer | None) -> Work | None:
        """Take in the answer to this worker's call, and wait for the next call; None if none is left."""
        with self._lock:
            self._hear(number, heard)
            while not self._error:
                self._take_up(number)
                if not self._running:
                    self._wake_all()
                    return None
                pause = self._pace.wait(time.monotonic()) if self._has_calls else 0.0
                if pause or not self._has_calls:
                    self._sleep(pause)
                elif work := self._take(number):
                    return work
            return None

    def _hear(self, number: int, heard: Answer | None) -> None:
        """Note the answer to a worker's call, None if that got lost."""
        job = self._hands[number]
        if job and job.is_under_way and isinstance(job.step, Call):
            heard = heard or unseen(job.step, job.clock)
            self.calls += heard.error is None or heard.error.kind != EXPIRED
            self._pace.on_reply(heard, time.monotonic())
            job.hear(heard)

    @property
    def _has_calls(self) -> bool:
        return bool(self._urgent or self._ready)

    def _take_up(self, number: int) -> None:
        """Advance the jobs that have an answer, that another worker has left behind, or whose wait is over.

        Another job is started only if no running one has a call to send. So the reading that a session's next call
        rests on stays fresh, however many sessions there are.
        """
        for hand, left in enumerate(self._hands):
            if left and not left.is_under_way:
                self._advance(hand)
        while True:
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                job = self._waiting[0][2]
                heard = Answer(at=job.clock.now())
                self._hands[number] = heapq.heappop(self._waiting)[2]
                job.hear(heard)
                self._advance(number)
            if self._has_calls or not self._open or self._started == self._size or self._running >= self._most:
                return
            self._start_another(number)

    def _start_another(self, number: int) -> None:
        started, running = self._started + 1, self._running + 1
        another = self._next_job()
        if another:
            self._hands[number], self._started, self._running = another, started, running
            self._advance(number)

    def _next_job(self) -> Job | None:
        """Return another job; None if there is no memory for it, so it has to wait until others have ended."""
        try:
            if self._running:
                look_for_room(ROOM)
            return self._start(self._started)
        except MemoryError:
            if not self._running:
                raise
            self._begin_fewer()
            return None

    def _begin_fewer(self) -> None:
        """After a lack of memory, let half of the running jobs end before another one is started.

        Each job that ends afterwards raises the limit by one.
        """
        self._most = max(1, self._running // 2)

    def _take(self, number: int) -> Work | None:
        """Take the next call, urgent ones first; None if it must not be sent."""
        queue = self._urgent or self._ready
        work = queue[0]
        job, call = work
        if is_expired(call, job.clock):
            instead: Answer | RunStopped | None = execute(call, job.send, job.clock)
        else:
            instead = self._refusal(job, call)
        if not instead:
            self._pace.on_sent(time.monotonic())
            if len(self._urgent) + len(self._ready) > 1 or self._waiting or (self._open and self._started < self._size):
                self._nudge()
        self._hands[number] = queue.popleft().job
        if instead:
            job.hear(instead)
            self._advance(number)
            return None
        job.is_under_way = True
        return work

    def _refusal(self, job: Job, call: Call) -> RunStopped | None:
        """Return why a call must not be sent, None if it may be."""
        try:
            return self._sending(job, call)
        except MemoryError:
            return RunStopped(f"this machine had no memory left, so {call.name} was not sent")

    def _nudge(self) -> None:
        """Wake another worker to look for work: a sleeping one, or the one that watches the time."""
        (self._idle if self._sleeping else self._watch).notify()

    def _sleep(self, pause: float) -> None:
        """Wait for the pace, or for the next session whose wait ends; one worker does that for all."""
        now = time.monotonic()
        if self._watched or not (pause or self._waiting):
            if pause and now + pause < self._watched_until:
                self._watch.notify()
            self._sleeping += 1
            try:
                self._idle.wait(POLL_INTERVAL)
            finally:
                self._sleeping -= 1
            return
        due = self._waiting[0][0] - now if self._waiting else pause
        span = max(0.0, min(due, pause or due, POLL_INTERVAL))
        self._watched, self._watched_until = True, now + span
        try:
            self._watch.wait(span)
        finally:
            self._watched = False

    def _advance(self, number: int) -> None:
        """Pass the answer to the lifecycle in a worker's hand, and queue its next step."""
        job = self._hands[number]
        if job is None:
            return
        while job.step is None:
            job.step = self._tell(job)
            if job.step is None:
                raise TypeError("a lifecycle wants nothing")
            known = at_once(job, job.step)
            if known is not None:
                job.hear(known)
        self._put(job, job.step)
        self._hands[number] = None

    def _tell(self, job: Job) -> Call | Wait | Outcome:
        """Pass the answer to a lifecycle and return its next step, or its outcome."""
        try:
            if isinstance(job.heard, RunStopped):
                return job.lifecycle.throw(job.heard)
            return next(job.lifecycle) if job.heard is None else job.lifecycle.send(job.heard)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        except Exception as error:
            if getgeneratorstate(job.lifecycle) == GEN_CLOSED:  # otherwise it hasn't received the answer yet
                self._break(error)
            raise

    def _put(self, job: Job, step: Call | Wait | Outcome) -> None:
        """Queue a job's next step."""
        if isinstance(step, Wait):
            due = time.monotonic() + step.seconds
            if not self._waiting or due < self._waiting[0][0]:
                self._watch.notify()
            self._waits += 1
            heapq.heappush(self._waiting, (due, self._waits, job))
        elif not isinstance(step, Call):
            self._end(job, step)
        elif step.verifies:  # before other logouts: if the run is killed now, this one can never be proven
            self._urgent.appendleft(Work(job, step))
        else:
            (self._ready if step.expires is None else self._urgent).append(Work(job, step))

    def _end(self, job: Job, outcome: Outcome) -> None:
        running, most = self._running - 1, self._most + 1
        self._open, self._running, self._most = self._finished(job, outcome) and self._open, running, most
