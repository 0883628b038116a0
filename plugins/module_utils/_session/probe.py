# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The probe: takes a session through its whole life to see how this API behaves, and records it without naming anyone.

A recording holds only times and words from fixed lists: no text from a server, no id, no account, no token.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from .model import FAILED, SCAN_QR_CODE, STOPPED, WORKING
from .run import Answer, Call, Lifecycle, Outcome, Wait

FORMAT = "wawp.cloud check_api 1"
FOUND, AT_REST_PAIRED, STARTED, RESTARTED = "as found", "stopped, paired", "started", "restarted"
LOGGED_OUT, DRIFTED, AT_REST_UNPAIRED = "logged out", "left alone", "stopped, unpaired"
# Fields of `me` that may name an account.
_NAMING = ("id", "jid", "lid", "phone", "pushName")
_WORD = re.compile(r"[A-Za-z_]{1,40}")
_OTHER = "other"


@dataclass(frozen=True)
class Pace:
    """Times in seconds: to wait for a status, between two readings, and to leave the session alone."""

    wait_timeout: float = 120.0
    wait_sleep: float = 1.0
    drift_timeout: float = 300.0


@dataclass
class Recording:
    """The recorded calls and replies.

    Args:
        secrets: words that must not be kept if a server repeats them as a status or a code.
    """

    secrets: tuple[str, ...] = ()
    steps: list[dict[str, Any]] = field(default_factory=list)

    def note(self, phase: str, call: str, answer: Answer) -> None:
        """Record the answer to a call."""
        body = answer.session.body if answer.session is not None else answer.body
        shown = body if isinstance(body, Mapping) else {}
        error = answer.error
        self.steps.append(
            {
                "phase": phase,
                "call": call,
                "at": round(answer.sent_at, 2),
                "seconds": round(answer.at - answer.sent_at, 2),
                "http": answer.http_status if error is None else error.http_status,
                "error": None if error is None else error.kind,
                "code": None if error is None else self.word(error.api_code),
                "status": self.word(shown.get("status")),
                "me": None if answer.session is None else describe_me(shown),
                "named_by": [] if answer.session is None else naming_fields(shown.get("me")),
            }
        )

    def word(self, text: Any) -> str | None:
        """Return a status or a code if it is a plain word, "other" for any other non-empty value."""
        if text is None:
            return None
        if not isinstance(text, str) or not _WORD.fullmatch(text):
            return _OTHER
        return _OTHER if any(text in secret or secret in text for secret in self.secrets) else text

    def seen(self, phase: str, call: str = "info") -> list[dict[str, Any]]:
        """Return the steps of a phase with that call."""
        return [step for step in self.steps if (step["phase"], step["call"]) == (phase, call)]

    def as_file(self, version: str) -> dict[str, Any]:
        """Return the recording in the form in which it is saved and sent in."""
        return {"format": FORMAT, "version": version, "steps": self.steps}


def describe_me(body: Mapping[str, Any]) -> str:
    """Classify ``me``: "missing", "null", "empty", "code" (a pairing code waits) or "account"."""
    if "me" not in body:
        return "missing"
    me = body["me"]
    if me is None:
        return "null"
    if not me:
        return "empty"
    if isinstance(me, Mapping):
        if me.get("pushName") == "~" and not me.get("lid"):
            return "code"
        return "account" if any(me.values()) else "empty"
    return "account"


def naming_fields(me: Any) -> list[str]:
    """Return the fields by which ``me`` names an account, or its type if it isn't an object."""
    if not me:
        return []
    if isinstance(me, Mapping):
        return [name for name in _NAMING if me.get(name)]
    return ["a list" if isinstance(me, list) else "text" if isinstance(me, str) else "a number"]


_Steps = Generator[Union[Call, Wait], Answer, Any]
# Phase, the call that begins it, and the status in which it ends.
_LIFE = (
    (AT_REST_PAIRED, "stop", STOPPED),
    (STARTED, "start", WORKING),
    (RESTARTED, "restart", WORKING),
    (LOGGED_OUT, "logout", SCAN_QR_CODE),
)


def life(recording: Recording, pace: Pace) -> Lifecycle:
    """Stop, start, restart and log out a session, wait until it fails, and stop it. It ends STOPPED and unpaired."""
    status = yield from _read(recording, FOUND)
    if status != WORKING:
        return _stopped_short(f"a whole life begins with a WORKING session, and this one is {status or 'unreadable'}")
    for phase, call, end in _LIFE:
        status = yield from _live(recording, pace, phase, call, end)
        if status != end:
            said = f"{call} did not lead to {end} within {pace.wait_timeout:g} s"
            return _stopped_short(f"{said}; the session was left {status or 'unreadable'}", changed=True)
    if pace.drift_timeout:
        yield from _until(recording, DRIFTED, FAILED, pace.drift_timeout, pace.wait_sleep)
    yield from _live(recording, pace, AT_REST_UNPAIRED, "stop", STOPPED)
    return Outcome(changed=True)


def _stopped_short(message: str, changed: bool = False) -> Outcome:
    return Outcome(changed=changed, failed=True, message=message)


def _live(recording: Recording, pace: Pace, phase: str, call: str, end: str) -> _Steps:
    """Send a call and read until the status is reached, and once more a moment later. Returns the last status."""
    answer = yield Call(call)
    recording.note(phase, call, answer)
    status = yield from _until(recording, phase, end, pace.wait_timeout, pace.wait_sleep)
    if status == end and end == STOPPED:  # some engines hide the account only once they are gone
        yield Wait(pace.wait_sleep)
        status = yield from _read(recording, phase)
    return status


def _until(recording: Recording, phase: str, end: str, timeout: float, wait_sleep: float) -> _Steps:
    began: float | None = None
    while True:
        status = yield from _read(recording, phase)
        now = recording.steps[-1]["at"]
        began = now if began is None else began
        if status == end or now - began >= timeout:
            return status
        yield Wait(wait_sleep)


def _read(recording: Recording, phase: str) -> _Steps:
    answer = yield Call("info")
    recording.note(phase, "info", answer)
    return answer.session.status if answer.session is not None else None
