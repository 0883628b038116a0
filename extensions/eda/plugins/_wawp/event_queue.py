# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue that turns genuine webhooks into events for the rules."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .collection import mask_account
from .event import make_event
from .history import Change, Known, changes_of, may_be_news
from .store import Store
from .throttled_log import ThrottledLog
from .times import iso, now_ms
from .webhook import WebhookEvent, WebhookRejected, redact_body, session_key, shown_id

STORAGE_PAUSE = 1.0  # seconds until it tries again to store
CLEANING = 1000  # events after which the oldest are forgotten
# The rules run in the same loop and take some milliseconds for an event. Before each, the loop runs as many times as an
# answer needs, so that a backlog of events doesn't slow the answers down.
TURNS = 6
CANT_STORE = "state_file can't be written; webhooks are answered with 503 until it can"
CANT_FORGET = "state_file can't be written; events that the rules got stay in it until it can"


@dataclass(frozen=True)
class Appearance:
    """The appearance of events.

    Args:
        mask_accounts: show only the last four digits of accounts.
        raw: add the webhook's body.
    """

    mask_accounts: bool = True
    raw: bool = False


class EventQueue:
    """A queue of events, each once, that gives them to the rules in order.

    Args:
        store: the store of known sessions and waiting events.
        size: the greatest number of waiting events.
        appearance: the appearance of events.
        log: the log for problems.
        authenticated: whether every sender has shown a key, a secret or a certificate.
    """

    def __init__(
        self, store: Store, size: int, appearance: Appearance, log: ThrottledLog, authenticated: bool = False
    ) -> None:
        self.store = store
        self.size = size
        self.appearance = appearance
        self.authenticated = authenticated
        self.log = log
        self.arrived = asyncio.Event()
        self.taken = 0
        self.given = 0  # the number of the last waiting event that the rules got and the store still has

    @property
    def full(self) -> bool:
        """Whether no more events may wait."""
        return self.store.count >= self.size

    def take(self, event: WebhookEvent, body: Mapping[str, Any], digest: str) -> bool:
        """Queue the events that a webhook adds; return false if it adds none.

        Args:
            event: the parsed webhook.
            body: its parsed body.
            digest: the digest of its body, which replaces a missing id.

        Raises:
            WebhookRejected: it can't be queued.
        """
        if self.full:
            raise WebhookRejected(503, "the queue is full", retry_after=2)
        try:
            with self.store.db:
                events = self._note(event, body, digest)
        except (sqlite3.Error, OSError) as error:
            self.log.note(CANT_STORE, str(error))
            raise WebhookRejected(503, "the event can't be stored", retry_after=10) from error
        self.store.count += events
        self.arrived.set()
        return events > 0

    def _note(self, event: WebhookEvent, body: Mapping[str, Any], digest: str) -> int:
        now, subject = now_ms(), event.key
        known = self.store.known(subject)
        # An id counts for one session and status, so that a webhook about another one can't make this a duplicate.
        new = self.store.is_new(f"{subject} {event.status} {event.event_id or digest}")
        if not new and (event.event_id or not may_be_news(event, known, now)):
            return 0
        self.taken += 1
        if self.taken % CLEANING == 0:
            self.store.forget_oldest()
        changes = [change for change in changes_of(event, known, now) if self._is_news(event, change)]
        for change in changes:
            self.store.add(event_of(event, change, body, self.appearance, self.authenticated))
            if not change.late:
                known = change.known
        if known is not None:
            self.store.set_known(subject, known)
        return len(changes)

    def _is_news(self, event: WebhookEvent, change: Change) -> bool:
        # Only times from the engine's list are the same in each webhook with that step.
        return change.step not in event.history or self.store.is_new(
            f"{event.key} {change.step.at} {change.step.status}"
        )

    async def pass_on(self, queue: Any) -> None:
        """Give the rules the waiting events, forever. An event is removed only after it was given.

        Waits out trouble with the storage; events that can still be read are given meanwhile.

        Args:
            queue: the rules' queue, with a coroutine ``put``.
        """
        while True:
            self.arrived.clear()
            given = self.given
            for number, event in self._waiting():
                for dummy in range(TURNS):
                    await asyncio.sleep(0)
                if event is not None:
                    await self._give(queue, event)
                given = self.given = number
                self._remove_given()
            if given and not self.given:
                continue  # more may be waiting
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.arrived.wait(), STORAGE_PAUSE if self.store.count else None)
            self._remove_given()

    async def _give(self, queue: Any, event: Any) -> None:
        try:
            await queue.put(event)
        except Exception as error:  # from a user's filter; a source that ends also ends the rulebook
            self.log.note("an event was rejected by a filter of the rulebook and is left out", type(error).__name__)

    def _waiting(self) -> Iterator[tuple[int, Any]]:
        """Yield the events that wait; None for one that can't be read."""
        try:
            rows = self.store.waiting(self.given)
        except sqlite3.Error as error:
            self.log.note("state_file can't be read; the events in it wait", str(error))
            return
        for number, text in rows:
            try:
                yield number, json.loads(text)
            except (ValueError, TypeError):
                self.log.note("an event in state_file can't be read and is left out")
                yield number, None

    def _remove_given(self) -> None:
        if self.given:
            try:
                self.store.remove(self.given)
            except sqlite3.Error as error:
                self.log.note(CANT_FORGET, str(error))
            else:
                self.given = 0  # an emptied table counts from 1 again

    def last_event(self, name: str) -> str | None:
        """Return the time of the last event of a session, by its instance id or name."""
        known: Known | None = None
        with contextlib.suppress(sqlite3.Error):
            known = self.store.known(name) or self.store.known(session_key(name))
        return iso(known.at) if known else None


def event_of(
    event: WebhookEvent, change: Change, body: Mapping[str, Any], appearance: Appearance, authenticated: bool = False
) -> dict[str, Any]:
    """Return the event for the rules."""
    mask = appearance.mask_accounts
    now = now_ms()
    fields: dict[str, Any] = {
        "source": "webhook",
        "authenticated": authenticated,
        "subject": event.subject,
        "instance_id": event.instance_id,
        "session": event.session,
        "event_id": shown_id(event.event_id),
        "event_name": event.event_name,
        "status": change.step.status,
        "previous_status": change.previous,
        "changed": change.step.status != change.previous,
        "kind": change.kind,
        "reason": None if change.recovered else event.reason,
        "account": mask_account(event.account) if event.account and mask else event.account,
        "occurred_at": iso(min(change.step.at, now)),
        "received_at": iso(now),
        "late": change.late,
        "recovered": change.recovered,
    }
    if appearance.raw:
        keep = frozenset(filter(None, (event.instance_id, event.session)))
        fields["raw"] = redact_body(body, mask, keep)
    return make_event(fields)
