# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs lifecycles against what answers calls: the API, or in check mode a rehearsal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .._errors import EXPIRED, UNKNOWN_SESSION, UNREADABLE, WawpError
from .._session.model import (
    FAILED,
    SCAN_QR_CODE,
    STOPPED,
    WORKING,
    Session,
    parse_session,
)
from .._session.run import Answer, Call, Lifecycle, Outcome, Wait
from .._session.temp_link import GET, REVOKE


@dataclass(frozen=True)
class Reply:
    """A 2xx reply: its status, and the session for ``info``. ``planned`` where nothing was sent."""

    http_status: int | None = None
    session: Session | None = None
    body: Any = None
    planned: bool = False


# Sends the call of that name about one session; raises WawpError.
Send = Callable[[str], Reply]


class Caller(Protocol):
    """What sends one call: client.Client."""

    def call(self, name: str, instance_id: str, access_token: str, **fields: Any) -> tuple[int, Any]:
        """Send one call; returns its 2xx status and JSON value, raises WawpError."""


class Clock(Protocol):
    """Time of a run, in seconds since its start."""

    def now(self) -> float:
        """Seconds since the start."""

    def skip(self, seconds: float) -> bool:
        """Let imagined time pass; False where the time is real and has to be waited for."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""


class WallClock:
    """Real time since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._began

    def skip(self, seconds: float) -> bool:
        return False

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def drive(lifecycle: Lifecycle, send: Send, clock: Clock) -> Outcome:
    """Run one lifecycle to its end."""
    try:
        step = next(lifecycle)
        while True:
            if isinstance(step, Wait):
                clock.sleep(step.seconds)
                step = lifecycle.send(Answer(at=clock.now()))
            else:
                step = lifecycle.send(execute(step, send, clock))
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


def execute(call: Call, send: Send, clock: Clock) -> Answer:
    """Send one call and tell what came of it."""
    sent_at = clock.now()
    if is_expired(call, clock):
        return Answer(at=sent_at, error=WawpError(EXPIRED, f"{call.name} came too late to rest on what was last seen"))
    try:
        reply = send(call.name)
    except WawpError as error:
        return Answer(at=clock.now(), sent_at=sent_at, error=error)
    return Answer(
        at=clock.now(),
        sent_at=sent_at,
        session=reply.session,
        body=reply.body,
        http_status=reply.http_status,
        planned=reply.planned,
    )


def is_expired(call: Call, clock: Clock) -> bool:
    """Whether what the call rests on is no longer fresh."""
    return call.expires is not None and clock.now() > call.expires


def sender(caller: Caller, instance_id: str, access_token: str) -> Send:
    """A Send that speaks to the API about one instance."""

    def send(name: str) -> Reply:
        status, body = caller.call(name, instance_id, access_token)
        if name != "info":
            return Reply(status, body=body)
        try:
            return Reply(status, parse_session(body))
        except ValueError as error:
            raise WawpError(UNREADABLE, f"info: HTTP {status}, {error}", http_status=status) from None

    return send


class DryRun:
    """Check mode: reads are sent, no write is; from the first write on, what the API documents is imagined.

    It is the Send and, since what is imagined needs no waiting for, the Clock of one run.
    """

    def __init__(self, send: Send, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._seen: Session | None = None
        self._imagining = False
        self._skipped = 0.0

    def __call__(self, name: str) -> Reply:
        if name == GET:
            return self._send(name)
        if name == REVOKE:
            return Reply(planned=True)
        if name != "info":
            self._imagining = True
            self._seen = predict(name, self._seen)
            return Reply(planned=True)
        if not self._imagining:
            reply = self._send("info")
            self._seen = reply.session
            return reply
        if self._seen is None:
            raise WawpError(UNKNOWN_SESSION, "the session would be gone")
        return Reply(session=self._seen, planned=True)

    def is_simulated(self, name: str) -> bool:
        """Whether the call of that name would be answered without being sent."""
        return name != GET and (self._imagining or name != "info")

    def now(self) -> float:
        return self._clock.now() + self._skipped

    def skip(self, seconds: float) -> bool:
        """Let imagined time pass; False where the time is real and has to be waited for."""
        if self._imagining:
            self._skipped += seconds
        return self._imagining

    def sleep(self, seconds: float) -> None:
        if not self.skip(seconds):
            self._clock.sleep(seconds)


def dry_run(lifecycle: Lifecycle, send: Send, clock: Clock) -> Outcome:
    """Predict how one lifecycle would end: see DryRun."""
    rehearsal = DryRun(send, clock)
    return drive(lifecycle, rehearsal, rehearsal)


def predict(name: str, session: Session | None) -> Session | None:
    """Where Wawp's documentation says that a call leads in the end, None for a deleted session.

    A session that shows no account is expected to be paired if it is STOPPED, since not every engine shows the account
    then; a FAILED one isn't, since nothing speaks for it.
    """
    if session is None or name == "delete":
        return None
    status = {"stop": STOPPED, "logout": SCAN_QR_CODE}.get(name)
    if status is None:
        paired = session.account is not None or (session.status == STOPPED and not session.account_given)
        status = WORKING if paired or session.status == WORKING else _unpaired(session)
    return _as(session, status, name == "logout")


def _unpaired(session: Session) -> str:
    return FAILED if session.status == FAILED and not session.account_given else SCAN_QR_CODE


def _as(session: Session, status: str, without_account: bool) -> Session:
    body = {**session.body, "status": status, **({"me": None} if without_account else {})}
    return parse_session(body)
