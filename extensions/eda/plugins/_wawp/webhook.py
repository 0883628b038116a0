# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhooks: the forms in which Wawp and the engines beneath send a session's status."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .arguments import INSTANCE_ID
from .collection import (
    mask_accounts_in,
    mask_numbers_in,
    mask_person,
    read_json,
    redact_sensitive_keys,
    star_pieces,
)
from .event import line, signal_kind, status_of, status_word
from .times import milliseconds

_TIMES = ("timestamp", "ts")
# The engine's events about the link; others, such as those about messages, may hold any word.
_ABOUT_LINK = re.compile(r"state|status|connect|auth|session|stream|pair", re.IGNORECASE)
_LIKE_AN_ID = re.compile(r"[0-9A-Fa-f]{10,}")  # a session's name that could be mistaken for another's instance id
_ABOUT_OTHERS = re.compile(r"group|chat|contact|message|call|label|poll|presence|participant|channel", re.IGNORECASE)


class WebhookRejected(Exception):  # noqa: N818  an answer, not an error of ours
    """A webhook that isn't accepted.

    Args:
        status: the HTTP status of the answer.
        message: the reason; goes to the sender and to the log, so it repeats nothing of the webhook.
        retry_after: seconds after which to try again, 0 for no advice.
    """

    def __init__(self, status: int, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Step(NamedTuple):
    """A status, and when it began (ms)."""

    at: int
    status: str


class WebhookEvent(NamedTuple):
    """A session's event, as a webhook reports it.

    Args:
        event_id: the sender's id for it, empty if it has none.
        at: when it happened (ms), None if the webhook doesn't say.
        history: the last statuses, oldest first, if the engine lists them.
        account: the account as the sender writes it, unmasked.
    """

    event_id: str
    event_name: str
    instance_id: str | None
    session: str | None
    status: str
    at: int | None
    history: list[Step]
    account: str | None
    reason: str | None

    @property
    def key(self) -> str:
        """The key under which the session is remembered. An instance id has no blank, so a name can't pass for one."""
        return self.instance_id or session_key(self.session)

    @property
    def subject(self) -> str:
        """The session's name for people."""
        if self.instance_id or _LIKE_AN_ID.fullmatch(self.session or ""):
            return self.key
        return self.session or ""


def session_key(name: str | None) -> str:
    """Return the key of a session of which only the name is known."""
    return f"session {name}"


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse a webhook's body, with or without a byte order mark. Raises WebhookRejected."""
    try:
        parsed = read_json(body)
    except ValueError:
        raise WebhookRejected(400, "the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise WebhookRejected(400, "the body is not a JSON object")
    return parsed


def body_time(body: Mapping[str, Any]) -> int | None:
    """Return when the event happened (ms), None if the body doesn't say.

    Raises:
        WebhookRejected: its time can't be read, and nothing else vouches for it.
    """
    for part in (body, payload_of(body)):
        for name in _TIMES:
            if part.get(name) is not None:
                at = milliseconds(part[name])
                if at is None:
                    raise WebhookRejected(400, "the body's timestamp can't be read")
                return at
    return None


def payload_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of the body about the session: the one with a status, if any has one."""
    parts = [*(body[name] for name in ("payload", "data") if isinstance(body.get(name), dict)), body]
    return next((part for part in parts if part.get("status")), parts[0])


def parse_webhook(body: Mapping[str, Any], hint: str | None, sessions: Mapping[str, str]) -> WebhookEvent | None:
    """Parse a webhook in any of its forms.

    Args:
        body: the parsed body.
        hint: the instance id in the URL.
        sessions: instance ids by session name.

    Returns:
        None if it isn't about a session's status, like one about a message.

    Raises:
        WebhookRejected: it has none of the forms.
    """
    name = line(body.get("event")) or "session.status"
    payload = payload_of(body)
    status = extract_status(name, payload)
    if status is None:
        return None
    instance_id, session = _identity(body, payload)
    instance_id = instance_id or sessions.get(session or "", hint)
    if not (instance_id or session):
        raise WebhookRejected(400, "the body names neither instance nor session")
    me = body.get("me") if body.get("me") else payload.get("me")
    return WebhookEvent(
        event_id=line(body.get("id")) or "",
        event_name=mask_numbers_in(name),
        instance_id=instance_id,
        session=session,
        status=status,
        at=body_time(body),
        history=_history(payload),
        account=_account(me),
        reason=_reason(body, payload, status),
    )


def _identity(body: Mapping[str, Any], payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    instance_id = None
    for part in (body, payload):
        given = part.get("instance_id") or part.get("instanceId")
        if given and not (isinstance(given, str) and INSTANCE_ID.fullmatch(given)):
            raise WebhookRejected(400, "the instance_id is not one")
        instance_id = instance_id or given
    names = ("session", "session_name", "sessionName", "session_id", "sessionId")
    given_names = [part.get(name) for part in (body, payload) for name in names]
    return instance_id, next(filter(None, map(line, [*given_names[:5], payload.get("name"), *given_names[5:]])), None)


def _account(me: Any) -> str | None:
    if isinstance(me, list):
        return next(filter(None, map(_account, me[:1])), None)
    if isinstance(me, dict):
        return next(filter(None, (_account(me.get(name)) for name in ("id", "jid", "phone", "lid"))), None)
    return line(str(me)) if isinstance(me, (str, int)) and me and me is not True else None


def extract_status(name: str, payload: Mapping[str, Any]) -> str | None:
    """Return the status, or the word that stands for it; None if the event isn't about a session's status.

    Args:
        name: the event's name.
        payload: its part about the session.

    Raises:
        WebhookRejected: it should have a status but hasn't.
    """
    if _signal(name):
        return status_word(name)
    if name == "engine.event":
        return _engine_signal(payload)
    if name != "session.status":
        return None
    status = line(payload.get("status"), 64)
    if not status:
        raise WebhookRejected(400, "the body has no status")
    return status_of(status)


def _signal(name: str) -> str:
    """Return the kind of an event whose name says that the link is gone, else an empty string."""
    return "" if _ABOUT_OTHERS.search(name) else signal_kind(status_word(name))


def _engine_signal(payload: Mapping[str, Any]) -> str | None:
    """Return what an engine's event says about the link; logged out says more than lost."""
    event = payload.get("event")
    if not isinstance(event, str) or _ABOUT_OTHERS.search(event):
        return None
    if not (_signal(event) or _ABOUT_LINK.search(event)):
        return None
    found = [status_word(word) for word in _words(event, payload.get("data"))]
    return next((word for kind in ("logged_out", "lost") for word in found if signal_kind(word) == kind), None)


def _words(*values: Any) -> Iterator[str]:
    """Yield the strings among the values, and among their elements."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (list, dict)):
            parts = value.values() if isinstance(value, dict) else value
            yield from (part for part in parts if isinstance(part, str))


def _reason(body: Mapping[str, Any], payload: Mapping[str, Any], status: str) -> str | None:
    """Return why it happened in the sender's words, numbers masked, URLs without credentials and queries."""
    for words in (payload.get("reason"), payload.get("message"), body.get("reason")):
        # Redact first: a password that is cut off before its @ would no longer be recognized.
        given = line(redact_sensitive_keys(words)) if isinstance(words, str) else None
        if given:
            return mask_numbers_in(given)
    return status if signal_kind(status) else None


def _history(payload: Mapping[str, Any]) -> list[Step]:
    """Return the engine's list of the last statuses, oldest first, without entries that make no sense."""
    entries = payload.get("statuses")
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    steps = ((milliseconds(entry.get("timestamp")), line(entry.get("status"), 64)) for entry in entries)
    # Only by time: within one second, the list's order is right.
    return sorted((Step(at, status_of(status)) for at, status in steps if at and status), key=lambda step: step.at)


def redact_body(body: Mapping[str, Any], mask: bool, keep: frozenset[str] = frozenset()) -> Any:
    """Return a copy of a webhook's body without secrets, and, if asked for, without accounts and names of persons.

    Args:
        body: the parsed body.
        mask: whether to mask accounts and names.
        keep: values that the event shows elsewhere anyway, such as the session's name.
    """
    bare = redact_sensitive_keys(body)
    return _mask(bare, "", keep) if mask else bare


def _mask(value: Any, key: str, keep: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {mask_numbers_in(name): _mask(item, name, keep) for name, item in zip(value, star_pieces(value))}
    if isinstance(value, list):
        return [_mask(item, key, keep) for item in star_pieces(value)]
    if (isinstance(value, str) and value in keep) or (key.lower().endswith(_TIMES) and milliseconds(value)):
        return value
    (masked,) = mask_person({key: value}).values()  # masks the key too
    return masked


def shown_id(event_id: str) -> str | None:
    """Return an event's id, safe to show: ids of messages name accounts."""
    return mask_accounts_in(event_id) or None
