# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The parts of every lifecycle: its goal, the steps it yields, the answers it is sent, and its outcome.

A lifecycle yields Call (to be sent) and Wait (to be slept), is sent an Answer for each, and returns an Outcome.
It knows no clock, no socket and no Ansible, so that one module, a fleet of thousands, check mode and the tests
all drive the same decisions.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Union

from .._errors import WawpError
from .model import PROVEN, Session

# Seconds between the tries of a read after transient failures; longer if the server asks for it, up to a minute.
RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0)
# Seconds after a restart or a logout by which most engines show its effect.
SOON = 1.0
MAX_RETRY_AFTER = 60.0
# A logout is sent only while the reading it rests on is this fresh, in seconds: a session that left WORKING meanwhile
# would lose its only key without being unlinked. The same goes for calls that conceal a session, which somebody may
# have paired meanwhile.
MAX_READING_AGE = 10.0
# A journal's word for a logout from WORKING whose end no run has seen.
SENT = "sent"


class Known(NamedTuple):
    """The journal's facts about a session from earlier runs.

    Attributes:
        verdict: a verdict, or SENT.
        proven_at: when a run saw the proof, in UTC as results have it.
        proof_seconds: seconds from the logout's reply to the proof.
    """

    verdict: str
    proven_at: str | None = None
    proof_seconds: float | None = None


@dataclass(frozen=True)
class Goal:
    """The goal of a run, and how long it may take: the modules' options of the same names, times in seconds."""

    state: str
    start_if_stopped: bool = False
    restart_first: bool = False
    on_unproven: str = "warn"
    trust_empty_account: bool = False
    expect_account: str | None = None
    logout_first: bool = True
    wait: bool = True
    wait_timeout: float = 120.0
    wait_sleep: float = 3.0
    start_timeout: float = 90.0
    # Longer than a restart that somebody else sends shows STOPPED: 3 s on the slowest engine that was measured.
    confirm_after: float = 5.0
    proof_timeout: float = 30.0
    # Read after a stop even if its reply says STOPPED. Callers that read the session later anyway need no more.
    confirm_stop: bool = True
    previous: Known | None = None

    @property
    def previous_verdict(self) -> str | None:
        return self.previous.verdict if self.previous else None


@dataclass(frozen=True)
class Call:
    """Send this call.

    Args:
        name: one of the API's calls.
        expires: the time after which it must not be sent, in seconds since the start of the run; then the answer is
            EXPIRED.
        seen: for a write, the status that it rests on.
        in_doubt: for a logout, whether it would prove nothing even from WORKING.
        so_far: for a write, the outcome so far.
        verifies: whether it verifies a logout, which no other run can.
    """

    name: str
    expires: float | None = None
    seen: str | None = None
    in_doubt: bool = False
    so_far: Outcome | None = None
    verifies: bool = False


@dataclass(frozen=True)
class Wait:
    """Come back after this many seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """The answer to a Call or a Wait.

    Args:
        at: when it arrived, in seconds since the start of the run.
        sent_at: when the call was sent.
        session: the reading, for ``info`` only.
        body: the reply's JSON value, for other calls.
        error: why there is no reply.
        http_status: the status of a 2xx reply.
        planned: check mode: nothing was sent, this is a prediction.
        reused: a reading from before the run, whose times are negative.
    """

    at: float
    sent_at: float = 0.0
    session: Session | None = None
    body: Any = None
    error: WawpError | None = None
    http_status: int | None = None
    planned: bool = False
    reused: bool = False


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
    """The outcome of a run, complete on failure too.

    Attributes:
        key: whether the stored credentials still exist, for the states that unlink.
        proven_at: when the proof was read, in seconds since the start of the run; if an earlier run read it, in UTC as
            results have it.
        proof_seconds: seconds from the logout's reply to the reading of SCAN_QR_CODE, even if that came too late.
        unlink_uncertain: whether a logout may have burnt the key, so that no later one can prove anything.
        open_ends: things that the run should have closed and had to leave open.
    """

    changed: bool = False
    failed: bool = False
    message: str = ""
    verdict: str | None = None
    advice: str | None = None
    key: str | None = None
    proven_at: float | str | None = None
    proof_seconds: float | None = None
    error: WawpError | None = None
    first: Session | None = None
    last: Session | None = None
    last_paired: Session | None = None
    gone: bool = False
    predicted: bool = False
    actions: list[Action] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unlink_uncertain: bool = False
    open_ends: list[str] = field(default_factory=list)
    reads: int = 0
    duration: float = 0.0

    @property
    def paired_again(self) -> bool:
        """Whether the last reading shows an account although a verdict said that there is none."""
        last = self.last if self.verdict in PROVEN and not self.gone else None
        return last is not None and last.paired is True


Steps = Generator[Union[Call, Wait], Answer, Any]
Lifecycle = Generator[Union[Call, Wait], Answer, Outcome]


class RunStopped(Exception):  # noqa: N818 - the end of a run, not always an error
    """The run can't go on.

    Args:
        message: why it ended.
        error: the error behind it.
        reason: the beginning of the advice.
        advice: the whole advice, where the usual one would be wrong.
    """

    def __init__(
        self, message: str, error: WawpError | None = None, reason: str = "", advice: str | None = None
    ) -> None:
        super().__init__(message)
        self.error, self.reason, self.advice = error, reason, advice
