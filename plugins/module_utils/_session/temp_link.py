# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The temporary link, a page on which anybody can scan the QR code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import NOT_CARRIED_OUT, WawpError
from .progress import Run
from .run import RETRY_DELAYS, Call, Steps
from .writes import recover

GET = "temp_link_get"
REVOKE = "temp_link_revoke"
# Readings after a revocation: Wawp may answer a GET from a cache for a moment.
_LOOKS = 3
_TRIES = 2

_OPEN = "until it expires, 30 minutes after it was made, whoever has it can scan the QR code and link a phone"


def parse_link(body: Any) -> str | None:
    """Return the link in a reply of ``/v2/session/temp-link``, None if the reply says that there is none.

    Raises:
        ValueError: the reply says neither.
    """
    if not isinstance(body, Mapping) or "link" not in body:
        raise ValueError("the reply names no link, nor that there is none")
    link = body["link"]
    if link and not isinstance(link, str):
        raise ValueError("the reply's link is not text")
    return link or None


def close_link(run: Run) -> Steps:
    """Revoke the temporary link, if any. A link that can't be closed is noted as an open end and stops nothing."""
    for attempt in range(_TRIES):
        if attempt:
            run.require_session((yield from run.read()))
        if not (yield from _look(run)):
            return
        answer = yield from run.write(REVOKE)
        if answer.planned:
            return
        if answer.error is None:
            if not (yield from _look_again(run)):
                return
        elif answer.error.kind in NOT_CARRIED_OUT:
            yield from recover(run, answer.error)
        elif not answer.error.ambiguous:
            run.leave_open(f"The temporary link could not be revoked: {answer.error}; {_OPEN}.")
            return
    if (yield from _look(run)):
        run.leave_open(f"The temporary link was revoked but is still there; {_OPEN}.")


def _look(run: Run) -> Steps:
    """Return whether there is a link. False too if that can't be read, which is noted."""
    problem: object = None
    for pause in (0.0, *RETRY_DELAYS[:2]):
        yield from run.pause(pause)
        answer = yield Call(GET)
        run.now = answer.at
        run.outcome.reads += not answer.planned
        problem = answer.error
        if isinstance(problem, WawpError):
            if problem.transient:
                continue
            break
        try:
            return parse_link(answer.body) is not None
        except ValueError as error:
            problem = error
    run.leave_open(f"Whether there is a temporary link could not be read: {problem}. If there is one, {_OPEN}.")
    return False


def _look_again(run: Run) -> Steps:
    """Return whether the link still exists after it was revoked."""
    for dummy in range(_LOOKS):
        if not (yield from _look(run)):
            return False
        yield from run.pause(run.goal.wait_sleep)
    return True
