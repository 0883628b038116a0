# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The driver that runs lifecycles against the API, or in check mode against a dry run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from .._errors import EXPIRED, UNREADABLE, WawpError, is_lack_of_memory
from .._session.model import Session, parse_session
from .._session.run import MAX_READING_AGE, Answer, Call, Lifecycle, Outcome, RunStopped, Wait
from .clock import steady


@dataclass(frozen=True)
class Reply:
    """A 2xx reply: its status, and for ``info`` the session. ``planned`` if nothing was sent.

    ``age`` is the age in seconds of a reading that was made before the run.
    """

    http_status: int | None = None
    session: Session | None = None
    body: Any = None
    planned: bool = False
    age: float | None = None


# Sends the named call about one session; raises WawpError.
Send = Callable[[str], Reply]


class Caller(Protocol):
    """A sender of single calls: client.Client."""

    def call(self, name: str, instance_id: str, access_token: str, **fields: Any) -> tuple[int, Any]:
        """Send one call and return its 2xx status and JSON value. Raises WawpError."""


class Clock(Protocol):
    """The time of a run, in seconds since its start."""

    def now(self) -> float:
        """Return the seconds since the start."""

    def skip(self, seconds: float) -> bool:
        """Let simulated time pass; return false where time is real and has to be waited for."""

    def sleep(self, seconds: float) -> None:
        """Let a number of seconds pass."""


class WallClock:
    """Real time since the clock was made, including the machine's sleep."""

    def __init__(self) -> None:
        self._began = steady()

    def now(self) -> float:
        return steady() - self._began

    def skip(self, seconds: float) -> bool:
        return False

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def drive(
    lifecycle: Lifecycle, send: Send, clock: Clock, sending: Callable[[Call], RunStopped | None] = lambda call: None
) -> Outcome:
    """Run one lifecycle to its end.

    Args:
        lifecycle: its steps.
        send: sends its calls.
        clock: its time.
        sending: called before each call is sent; may return a reason not to send it, which ends the run.
    """
    try:
        step = next(lifecycle)
        while True:
            if isinstance(step, Wait):
                clock.sleep(step.seconds)
                step = lifecycle.send(Answer(at=clock.now()))
            elif not is_expired(step, clock) and (refusal := sending(step)):
                step = lifecycle.throw(refusal)
            else:
                step = lifecycle.send(execute(step, send, clock))
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


def execute(call: Call, send: Send, clock: Clock) -> Answer:
    """Send one call and return its answer."""
    sent_at = clock.now()
    if is_expired(call, clock):
        return Answer(at=sent_at, error=WawpError(EXPIRED, f"{call.name} came too late after the last reading"))
    try:
        reply = send(call.name)
    except WawpError as error:
        return Answer(at=clock.now(), sent_at=sent_at, error=error)
    except Exception as error:
        if not is_lack_of_memory(error):
            raise
        return unseen(call, clock, sent_at)
    age = reply.age or 0.0
    return Answer(
        at=clock.now() - age,
        sent_at=sent_at - age,
        session=reply.session,
        body=reply.body,
        http_status=reply.http_status,
        planned=reply.planned,
        reused=reply.age is not None,
    )


def unseen(call: Call, clock: Clock, sent_at: float | None = None) -> Answer:
    """Return the answer to a call whose reply found no memory; the call may have been sent."""
    now = clock.now()
    error = WawpError(UNREADABLE, f"{call.name}: this machine has no memory left for the reply")
    return Answer(at=now, sent_at=now if sent_at is None else sent_at, error=error)


def is_expired(call: Call, clock: Clock) -> bool:
    """Whether the reading that the call rests on is no longer fresh."""
    return call.expires is not None and clock.now() > call.expires


class Reading(NamedTuple):
    """A reading of a session, and when it was requested, by steady()."""

    session: Session
    asked_at: float

    @property
    def age(self) -> float:
        """The age of the reading in seconds."""
        return steady() - self.asked_at


class ReadBefore:
    """A Send that answers its first ``info`` with an earlier reading, if that is still fresh."""

    def __init__(self, send: Send, reading: Reading) -> None:
        self._send = send
        self._reading: Reading | None = reading

    def __call__(self, name: str) -> Reply:
        reading = self._reading if self.is_known(name) else None
        self._reading = None
        return Reply(session=reading.session, age=reading.age) if reading else self._send(name)

    def is_known(self, name: str) -> bool:
        """Whether the named call would be answered without being sent."""
        return name == "info" and self._reading is not None and self._reading.age <= MAX_READING_AGE


def sender(caller: Caller, instance_id: str, access_token: str) -> Send:
    """Return a Send that calls the API for one instance."""

    def send(name: str) -> Reply:
        status, body = caller.call(name, instance_id, access_token)
        if name != "info":
            return Reply(status, body=body)
        try:
            return Reply(status, parse_session(body))
        except ValueError as error:
            raise WawpError(UNREADABLE, f"info: HTTP {status}, {error}", http_status=status) from None

    return send
