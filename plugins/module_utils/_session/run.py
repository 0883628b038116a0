# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What every lifecycle is made of: the steps it yields, what it is told, what it has seen.

A lifecycle yields Call (to be sent) and Wait (to be slept), is sent an Answer for each, and returns an Outcome.
It knows no clock, no socket and no Ansible, so that one module, a fleet of thousands, check mode and the tests
all drive the same decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Union, cast

from .._errors import (
    EXPIRED,
    NOT_CARRIED_OUT,
    UNKNOWN_SESSION,
    WawpError,
)
from .._redact import mask_account
from .account import account_id, is_account, mismatch_hint
from .model import (
    FAILED,
    PROVEN,
    STARTING,
    STOPPED,
    UNPROVEN,
    WORKING,
    Session,
)

# Seconds between the tries of a read that fails for the moment; longer if the server asks for it, up to a minute.
RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0)
MAX_RETRY_AFTER = 60.0
# A logout is sent only while the reading it rests on is this fresh: a session that left WORKING meanwhile would
# lose its only key without being unlinked. So is what hides a session, which somebody may have paired meanwhile.
MAX_READING_AGE = 10.0

ADVICE_STRANGER = (
    "The session belongs to another account than expect_account says, and was left to it. Check instance_id and "
    "expect_account; where else the expected account is linked shows only its phone, in WhatsApp under Linked devices."
)
AT_REST = frozenset({STOPPED, FAILED})
# After these nobody sees any more that a session is paired.
_CONCEALING_CALLS = frozenset({"stop", "delete"})
_WHILE_FRESH = _CONCEALING_CALLS | {"logout"}
# What is known of a session whose logout from WORKING was sent by an earlier run that didn't see its end.
SENT = "sent"


@dataclass(frozen=True)
class Goal:
    """What a run is to reach, and how long it may take; the modules' options of the same names, times in seconds."""

    state: str
    start_if_stopped: bool = False
    on_unproven: str = "warn"
    expect_account: str | None = None
    logout_first: bool = True
    wait: bool = True
    wait_timeout: float = 120.0
    wait_sleep: float = 3.0
    start_timeout: float = 90.0
    # What a journal tells of earlier runs: a verdict, or SENT.
    previous_verdict: str | None = None


@dataclass(frozen=True)
class Call:
    """Send this call.

    Args:
        name: one of the API's calls.
        expires: when it is too late for it, in seconds since the start of the run; then the answer is EXPIRED.
        seen: for a write, the status that it rests on.
        in_doubt: for a logout, whether it would prove nothing even from WORKING.
    """

    name: str
    expires: float | None = None
    seen: str | None = None
    in_doubt: bool = False


@dataclass(frozen=True)
class Wait:
    """Come back after this many seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """What came of a Call or a Wait.

    Args:
        at: when it came, in seconds since the start of the run.
        sent_at: when the call was sent.
        session: the reading, for ``info`` only.
        body: the reply's JSON value, for other calls.
        error: why there is none.
        http_status: of a 2xx reply.
        planned: check mode: nothing was sent, this is what is expected.
    """

    at: float
    sent_at: float = 0.0
    session: Session | None = None
    body: Any = None
    error: WawpError | None = None
    http_status: int | None = None
    planned: bool = False


@dataclass(frozen=True)
class Action:
    """A write that was sent."""

    name: str
    sent_at: float
    duration: float
    outcome: str
    http_status: int | None
    seen: str


@dataclass
class Outcome:
    """Where a run ended. Complete on failure too."""

    changed: bool = False
    failed: bool = False
    message: str = ""
    verdict: str | None = None
    advice: str | None = None
    error: WawpError | None = None
    first: Session | None = None
    last: Session | None = None
    last_paired: Session | None = None
    gone: bool = False
    predicted: bool = False
    actions: list[Action] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # Whether a logout may have taken effect while STARTING or at rest, where it unlinks nothing.
    unlink_uncertain: bool = False
    # What a run that was to close something had to leave open.
    open_ends: list[str] = field(default_factory=list)
    reads: int = 0
    duration: float = 0.0

    @property
    def paired_again(self) -> bool:
        """Whether the last reading shows an account although a verdict said that none is there."""
        last = self.last if self.verdict in PROVEN and not self.gone else None
        return last is not None and last.paired is True


Steps = Generator[Union[Call, Wait], Answer, Any]
Lifecycle = Generator[Union[Call, Wait], Answer, Outcome]


class RunStopped(Exception):  # noqa: N818 - the end of a run, not always an error
    """The run can't go on; ends it with a message, and perhaps the error behind it or advice of its own."""

    def __init__(self, message: str, error: WawpError | None = None, advice: str | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.advice = advice


class Run:
    """What one run has seen and sent so far."""

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self.now = 0.0
        self.outcome = Outcome()
        self.seen_at = 0.0
        # The answer that there is no such session.
        self.missing: WawpError | None = None
        # Whether a write was repeated, so that the one that got no answer may still come through at any moment.
        self.late_write_possible = False
        # What was read since the last write: status, and whether paired; the writes that were accepted; how often a
        # write was refused for the moment, or left without a clear answer.
        self.readings: list[tuple[str, bool | None]] = []
        self.accepted: set[str] = set()
        self.deferred: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()

    @property
    def last(self) -> Session:
        return cast("Session", self.outcome.last)

    @property
    def repeated(self) -> bool:
        """Whether the last two readings, with no write between them, say the same."""
        return len(self.readings) > 1 and self.readings[-1] == self.readings[-2]

    @property
    def seen_working(self) -> bool:
        """Whether a reading since the last write was WORKING."""
        return any(status == WORKING for status, dummy in self.readings)

    @property
    def seen_at_rest_and_paired(self) -> bool:
        """Whether a reading since the last write was STOPPED or FAILED and named an account."""
        return any(status in AT_REST and paired for status, paired in self.readings)

    @property
    def in_doubt(self) -> bool:
        """Whether no logout can prove anything any more, since something may have kept it from reaching the phone."""
        return self.outcome.unlink_uncertain or self.late_write_possible or self.goal.previous_verdict == UNPROVEN

    @property
    def timeout(self) -> float:
        return self.goal.wait_timeout if self.goal.wait else 0.0

    def has_sent(self, name: str) -> bool:
        return any(action.name == name for action in self.outcome.actions)

    def may_have_done(self, name: str) -> bool:
        """Whether a write of that name was accepted, or left without a clear answer."""
        return name in self.accepted or self.unanswered[name] > 0

    # -- reading

    def pause(self, seconds: float) -> Steps:
        self.now = (yield Wait(max(0.0, seconds))).at

    def read(self, deadline: float = 0.0) -> Steps:
        """Read the session, trying again while the failure is one that passes, at least until the deadline.

        Returns:
            The Session, or None if there is no such session.
        """
        tries = 0
        while True:
            answer = yield Call("info")
            self.now = answer.at
            self.outcome.reads += not answer.planned
            if answer.error is None:
                return self._record_reading(answer)
            if answer.error.kind == UNKNOWN_SESSION:
                self.outcome.gone, self.missing = True, answer.error
                return None
            if not answer.error.transient or (tries >= len(RETRY_DELAYS) and self.now >= deadline):
                raise RunStopped(str(answer.error), answer.error)
            pause = RETRY_DELAYS[min(tries, len(RETRY_DELAYS) - 1)]
            yield from self.pause(max(pause, min(answer.error.retry_after or 0.0, MAX_RETRY_AFTER)))
            tries += 1

    def _record_reading(self, answer: Answer) -> Session:
        session = cast("Session", answer.session)
        self.outcome.first = self.outcome.first or session
        self.outcome.last = session
        if session.account and not self.outcome.last_paired:
            self.outcome.last_paired = session
        self.outcome.gone = False
        self.readings.append((session.status, session.paired))
        self.outcome.predicted = self.outcome.predicted or answer.planned
        self.seen_at = self.now
        if not self.has_sent("logout"):
            self._check_account(session)
        return session

    def _check_account(self, session: Session) -> None:
        """Stop on a session that belongs to somebody else.

        After our logout somebody else may pair it, which is no failure, but nothing more is sent then.
        """
        expected = self.goal.expect_account
        if not expected or not session.account:
            return
        if is_account(session.account, expected):
            return
        actual, hint = account_id(session.account), mismatch_hint(session.account, expected)
        why = f"; {hint}" if hint else ""
        sent = ", ".join(action.name for action in self.outcome.actions) or "nothing"
        theirs, ours = mask_account(actual or session.account.jid), mask_account(expected)
        alike = " (they differ in digits that are masked here)" if theirs == ours else ""
        raise RunStopped(
            f"expect_account: the session belongs to {theirs}, not to {ours}{alike}; {sent} was sent{why}",
            advice=ADVICE_STRANGER,
        )

    def _check_not_paired_again(self, write: str) -> None:
        """Stop where somebody has paired a session anew after its link was proven severed: it must stay in sight."""
        if write in _CONCEALING_CALLS and self.outcome.paired_again:
            raise RunStopped(f"the session is {self.last.status} and was paired again, so {write} was not sent")

    def read_confirmed(self, needs_second_reading: Callable[[Session], bool]) -> Steps:
        """Read until what is seen isn't needs_second_reading or is seen twice in a row: one reading can lie.

        A reading since the last write counts. Returns the Session, or None if there is no such session.
        """
        session = self.last if self.readings else (yield from self.read())
        for _attempt in range(len(RETRY_DELAYS)):
            if session is None or self.repeated or not needs_second_reading(session):
                break
            yield from self.pause(self.goal.wait_sleep)
            session = yield from self.read()
        return session

    def read_until(self, done: Callable[[Session], bool], timeout: float) -> Steps:
        """Read at once and then every wait_sleep, until what is seen will do, the session is gone or the time is up."""
        deadline = self.now + timeout
        while True:
            session = yield from self.read(deadline)
            if session is None or done(session) or self.now >= deadline:
                return session
            yield from self.pause(min(self.goal.wait_sleep, deadline - self.now))

    def settle(self) -> Steps:
        """Give the engine start_timeout to leave STARTING. STOPPED and FAILED are believed the second time only."""

        def settled(session: Session) -> bool:
            return session.status != STARTING and (self.repeated or not at_rest(session))

        return (yield from self.read_until(settled, self.goal.start_timeout))

    # -- writing

    def write(self, name: str) -> Steps:
        """Send one write and note it. A write that came too late to be fresh was not sent and is not noted."""
        self._check_account(self.last)
        self._check_not_paired_again(name)
        expires = self.seen_at + MAX_READING_AGE if name in _WHILE_FRESH else None
        answer = yield Call(name, expires, self.last.status, self.in_doubt)
        self.now = answer.at
        error = answer.error
        if error is not None and error.kind == EXPIRED:
            return answer
        self.readings.clear()
        self.outcome.predicted = self.outcome.predicted or answer.planned
        self.outcome.actions.append(
            Action(
                name=name,
                sent_at=answer.sent_at,
                duration=answer.at - answer.sent_at,
                outcome="planned" if answer.planned else error.kind if error else "ok",
                http_status=error.http_status if error else answer.http_status,
                seen=self.last.status,
            )
        )
        ambiguous = error is not None and error.ambiguous
        self.unanswered[name] += ambiguous
        self.deferred[name] += error is not None and error.kind in NOT_CARRIED_OUT
        if error is None:
            self.accepted.add(name)
        self.outcome.changed = self.outcome.changed or error is None or ambiguous
        return answer

    def send(self, name: str, still_old: Callable[[Session], bool]) -> Steps:
        """Send a write. After an ambiguous reply read first; if the old state is seen twice, send it once more."""
        while True:
            answer = yield from self.write(name)
            if answer.error is None:
                return
            if answer.error.kind == EXPIRED:
                self.deferred[name] += 1
                self.readings.clear()
            else:
                yield from self.recover(answer.error)
            session = yield from self.read_confirmed(still_old)
            if session is None or not still_old(session):
                return
            self.limit_tries(name, answer.error)
            self.late_write_possible |= self.unanswered[name] > 0

    def bring_up(self) -> Steps:
        """Start what is STOPPED, restart anything else."""
        before = self.last.status
        yield from self.send("start" if before == STOPPED else "restart", lambda seen: seen.status == before)

    def limit_tries(self, name: str, error: WawpError) -> None:
        if self.deferred[name] > len(RETRY_DELAYS):
            raise RunStopped(str(error), None if error.kind == EXPIRED else error)
        if self.unanswered[name] > 1:
            raise RunStopped(f"{name} was sent twice and the session is still {self.last.status}: {error}", error)

    def recover(self, error: WawpError) -> Steps:
        """After a failed write: let a rate limit or another call pass; on any lasting error read once more and stop."""
        if error.kind in NOT_CARRIED_OUT:
            yield from self.pause(min(error.retry_after or RETRY_DELAYS[-1], MAX_RETRY_AFTER))
        elif not error.transient:
            yield from self.read_after_refusal()
            raise RunStopped(str(error), error)

    def read_after_refusal(self) -> Steps:
        answer = yield Call("info")
        self.now = answer.at
        self.outcome.reads += not answer.planned
        self.outcome.last = answer.session or self.outcome.last
        self.outcome.gone = answer.error is not None and answer.error.kind == UNKNOWN_SESSION

    # -- ending

    def require_session(self, session: Session | None) -> Session:
        if session is None:
            lost = "is gone: somebody deleted it during the run" if self.outcome.first else "doesn't exist"
            raise RunStopped(f"instance_id: the session {lost}", self.missing)
        return session

    def leave_open(self, what: str) -> None:
        """Note what could not be closed, and go on."""
        self.outcome.open_ends.append(what)
        self.outcome.warnings.append(what)

    def conclude(self, verdict: str, advice: str | None = None) -> None:
        self.outcome.verdict, self.outcome.advice = verdict, advice


def at_rest(session: Session) -> bool:
    return session.status in AT_REST
