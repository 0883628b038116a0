# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history of a session, in order: the statuses that a webhook adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .event import kind_of
from .webhook import Step, WebhookEvent


class Known(NamedTuple):
    """The last known state of a session.

    Args:
        at: when it happened (ms), never later than its webhook.
        settled: the last status but STARTING; empty if that isn't known.
    """

    at: int
    status: str
    settled: str


class Change(NamedTuple):
    """A status to report.

    Args:
        known: the known state of the session after it.
        late: a later change was reported before it.
        recovered: taken from a later webhook's list, since its own webhook is late or lost.
    """

    step: Step
    previous: str | None
    kind: str
    known: Known
    late: bool
    recovered: bool


def own_step(event: WebhookEvent, now: int) -> Step:
    """Return the status that the webhook is about, with the time at which it began, if the engine lists it."""
    at = now if event.at is None else event.at
    last = event.history[-1] if event.history else None
    until = at + 999 if at % 1000 == 0 else at  # a time in whole seconds may be that much too early
    return last if last and last.status == event.status and last.at <= until else Step(at, event.status)


def changes_of(event: WebhookEvent, known: Known | None, now: int) -> Iterator[Change]:
    """Yield the changes that the webhook adds, oldest first: those missed since the last one, then its own status.

    For a session that wasn't known before, only the webhook's own status is new.

    Args:
        event: the webhook.
        known: the last known state of its session.
        now: the current time (ms). Nothing has happened after it, whatever a sender or a clock set back says.
    """
    own = own_step(event, now)
    earlier = event.history[:-1] if event.history and event.history[-1] is own else event.history
    earlier = [step for step in earlier if step.at <= own.at]
    missed = _since(earlier, known) if known else []
    late = known is not None and own.at < min(known.at, now)
    if known is None or late:
        known = None
        for step in earlier:
            known = after(step, known, now)
    for step in [*missed, own]:
        previous, settled = (known.status, known.settled) if known else (None, "")
        known = after(step, known, now)
        yield Change(step, previous, kind_of(step.status, settled), known, late, recovered=step is not own)


def _since(steps: list[Step], known: Known) -> list[Step]:
    """Return the steps after the known one; within one second, only their order shows which those are."""
    for index, step in enumerate(steps):
        if (step.at, step.status) == (known.at, known.status):
            return steps[index + 1 :]
    return [step for step in steps if step.at > known.at]


def after(step: Step, known: Known | None, now: int) -> Known:
    """Return the known state of a session after it entered a status."""
    settled = step.status
    if step.status == "STARTING":
        settled = known.settled if known else ""
    return Known(min(step.at, now), step.status, settled)


def may_be_news(event: WebhookEvent, known: Known | None, now: int) -> bool:
    """Whether a webhook without an id that was seen before may still report a change.

    Such webhooks are repeated word by word while nothing changes, and also whenever the status comes back.
    """
    return known is not None and known.status != event.status and own_step(event, now).at >= min(known.at, now)
