# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The progress of one run: its readings and writes so far, and the steps to read and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from .._errors import EXPIRED, NOT_CARRIED_OUT, REFUSED, UNKNOWN_SESSION, UNREADABLE, WawpError
from .._redact import mask_account
from .account import account_id, is_account, mismatch_hint
from .model import STARTING, UNPROVEN, Session
from .run import (
    MAX_READING_AGE,
    MAX_RETRY_AFTER,
    RETRY_DELAYS,
    Action,
    Answer,
    Call,
    Goal,
    Outcome,
    RunStopped,
    Steps,
    Wait,
)

ADVICE_STRANGER = (
    "The session belongs to another account than expect_account says, and was left to it. Check instance_id and "
    "expect_account; where else the expected account is linked shows only its phone, in WhatsApp under Linked devices."
)
ADVICE_MISSING = (
    "The API knows no such session: check instance_id, access_token and api_url. If it was deleted while linked, only "
    "the phone shows its device, in WhatsApp under Linked devices."
)
# These conceal that a session is paired.
_CONCEALING_CALLS = frozenset({"stop", "delete"})
_WHILE_FRESH = _CONCEALING_CALLS | {"logout"}
# Readings of an ever-changing session before the run gives up.
_MAX_CONFIRMATIONS = 6
# Rounding errors of clocks.
_EPSILON = 0.001


@dataclass(frozen=True)
class Reading:
    """A reading, None for a session that doesn't exist, and its times."""

    sent_at: float
    at: float
    session: Session | None

    def same_as(self, other: Reading) -> bool:
        return self._shown() == other._shown()

    def _shown(self) -> tuple[str, bool, bool] | None:
        session = self.session
        return (session.status, session.account is None, session.contradictory) if session else None


class Run:
    """The readings and writes of one run so far."""

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self.now = 0.0
        self.outcome = Outcome()
        # The beginning of the advice.
        self.reason = ""
        # The error of a session that doesn't exist.
        self.missing: WawpError | None = None
        # A write was repeated, so the unanswered one may still take effect at any moment.
        self.late_write_possible = False
        # The API said in words that a logout failed: the key may still be gone.
        self.logout_refused = False
        # Readings since the last write; the accepted writes; how often each write was deferred, or got no clear
        # answer.
        self.readings: list[Reading] = []
        self.accepted: set[str] = set()
        self.deferred: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        # A write whose answer has not been noted yet.
        self._under_way: str | None = None

    @property
    def last(self) -> Session:
        return cast("Session", self.outcome.last)

    @property
    def lasted(self) -> float:
        """Seconds for which the readings have stayed the same, with no write in between."""
        latest = self.readings[-1]
        since = latest.at
        for reading in reversed(self.readings):
            if not reading.same_as(latest):
                break
            since = reading.at
        return max(0.0, latest.sent_at - since)

    @property
    def confirmed(self) -> bool:
        """Whether the readings have stayed the same for longer than a passing status lasts."""
        return bool(self.readings) and self.lasted >= self.goal.confirm_after - _EPSILON

    @property
    def in_doubt(self) -> bool:
        """Whether no logout can prove anything any more, as something may have kept it from reaching the phone."""
        return (
            self.outcome.unlink_uncertain
            or self.late_write_possible
            or self.logout_refused
            or self.goal.previous_verdict == UNPROVEN
        )

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
        """Read the session, and retry transient failures, at least until the deadline.

        Returns:
            The Session, or None if it doesn't exist.
        """
        tries = 0
        while True:
            answer = yield Call("info", verifies=self.may_have_done("logout"))
            self.now = answer.at
            self.outcome.reads += not (answer.planned or answer.reused)
            if answer.error is None:
                return self._record_reading(answer)
            if answer.error.kind == UNKNOWN_SESSION:
                self.outcome.gone, self.missing = True, answer.error
                self.readings.append(Reading(answer.sent_at, answer.at, None))
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
        self.readings.append(Reading(answer.sent_at, answer.at, session))
        self.outcome.predicted = self.outcome.predicted or answer.planned
        if not self.has_sent("logout"):
            self._check_account(session)
        return session

    def _check_account(self, session: Session) -> None:
        """Stop on a session that belongs to somebody else.

        Somebody else may pair it after our logout, which isn't a failure, but then nothing more is sent.
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

    def read_confirmed(self, needs_second_reading: Callable[[Session], bool]) -> Steps:
        """Read until the status needs no second reading, or has outlasted a restart that somebody else may have sent.

        A reading since the last write counts. A missing session always needs a second reading.

        Returns:
            The Session, or None if it doesn't exist.
        """
        session = self.readings[-1].session if self.readings else (yield from self.read())
        for _attempt in range(_MAX_CONFIRMATIONS):
            if self.confirmed or (session is not None and not needs_second_reading(session)):
                return session
            yield from self.pause(max(self.goal.wait_sleep, self.goal.confirm_after - self.lasted))
            session = yield from self.read()
        raise RunStopped(f"the session keeps changing; it was last seen {session.status if session else 'missing'}")

    def read_until(self, done: Callable[[Session], bool], timeout: float, first_pause: float | None = None) -> Steps:
        """Read at once and then every wait_sleep, until a reading is ``done``, the session is gone or time is up.

        Args:
            done: whether a reading ends the wait.
            timeout: the longest wait, in seconds.
            first_pause: seconds between the first two readings, if less than wait_sleep.
        """
        deadline = self.now + timeout
        pause = self.goal.wait_sleep if first_pause is None else min(first_pause, self.goal.wait_sleep)
        while True:
            session = yield from self.read(deadline)
            if session is None and not self.confirmed:
                yield from self.pause(self.goal.confirm_after - self.lasted)
                continue
            if session is None or done(session) or self.now >= deadline:
                return session
            yield from self.pause(min(pause, deadline - self.now))
            pause = self.goal.wait_sleep

    def settle(self) -> Steps:
        """Give the engine start_timeout to leave STARTING. STOPPED and FAILED count only if they last."""

        def settled(session: Session) -> bool:
            return session.status != STARTING and (self.confirmed or not session.at_rest)

        return (yield from self.read_until(settled, self.goal.start_timeout))

    # -- writing

    def write(self, name: str) -> Steps:
        """Send one write and note it. A write that expired before it was sent isn't noted."""
        self._check_account(self.last)
        if name in _CONCEALING_CALLS and self.outcome.paired_again:
            raise RunStopped(f"the session is {self.last.status} and was paired again, so {name} was not sent")
        expires = self.readings[-1].sent_at + MAX_READING_AGE if name in _WHILE_FRESH else None
        call = Call(name, expires, self.last.status, self.in_doubt, self.outcome)
        self._under_way = name
        answer = yield call
        self.now = answer.at
        if answer.error is None or answer.error.kind != EXPIRED:
            self._note(name, answer)
        self._under_way = None
        return answer

    def note_unseen_write(self, why: str) -> None:
        """Note a write whose answer this run could not note: it may have been carried out."""
        if self._under_way:
            unseen = WawpError(UNREADABLE, f"{self._under_way}: {why}")
            self._note(self._under_way, Answer(at=self.now, sent_at=self.now, error=unseen))
            self._under_way = None

    def _note(self, name: str, answer: Answer) -> None:
        error = answer.error
        self.readings.clear()
        self.outcome.predicted = self.outcome.predicted or answer.planned
        self._count(name, error)
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

    def _count(self, name: str, error: WawpError | None) -> None:
        if error is None:
            self.accepted.add(name)
            self.outcome.changed = True
        elif error.kind == REFUSED:
            self.unanswered[name] += 1
        elif error.ambiguous:
            self.unanswered[name] += 1
            self.outcome.changed = True
        elif error.kind in NOT_CARRIED_OUT:
            self.deferred[name] += 1

    # -- ending

    def require_session(self, session: Session | None) -> Session:
        if session is None:
            lost = "is gone: somebody deleted it during the run" if self.outcome.first else "doesn't exist"
            unheard_of = not self.outcome.first and not self.goal.previous
            advice = ADVICE_MISSING if unheard_of else None
            raise RunStopped(f"instance_id: the session {lost}", self.missing, advice=advice)
        return session

    def leave_open(self, what: str) -> None:
        """Note something that could not be closed, and go on."""
        self.outcome.open_ends.append(what)
        self.outcome.warnings.append(what)

    def conclude(self, verdict: str, reason: str = "") -> None:
        """End with this verdict; an unproven one's advice begins with the reason."""
        self.outcome.verdict, self.reason = verdict, reason
