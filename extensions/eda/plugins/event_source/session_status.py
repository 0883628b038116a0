# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source session_status: receives the status webhooks of Wawp.

ansible-rulebook loads it by its path, so it imports nothing of the collection.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import math
import os
import re
import sqlite3
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Any, NamedTuple

from aiohttp import web

DOCUMENTATION = r"""
short_description: Receive the status webhooks of Wawp
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Listens for the C(session.status) webhooks of Wawp, in each of the forms in which Wawp and the engine beneath
    send them, and passes each change on as one flat event.
  - A reply of 200 means that the event was taken and will be passed on. It is given as soon as the event is queued,
    and with O(state_file) written down, before any rule runs. What can't be taken is refused with a status that makes
    the sender try again.
  - Curly brackets in what the sender says, also in O(raw), become round ones, for Ansible would run them as templates.
  - An event tells what somebody said. The rulebooks of this collection read the session before they believe it.
options:
  host:
    description: Address to listen on. Use V(0.0.0.0) for all, with O(certfile), or stay behind a proxy that does TLS.
    type: str
    default: 127.0.0.1
  port:
    description: Port to listen on.
    type: int
    default: 9298
  path:
    description:
      - Where webhooks are taken. A webhook to this path, a slash and an instance id belongs to that instance,
        if neither the webhook itself nor O(sessions) says otherwise.
    type: str
    default: /wawp
  health_path:
    description:
      - Answers C(GET) with 200 and counts, or 503 while the queue is full. Followed by a slash and an instance id
        or session name it also says when the last status of that one was.
    type: str
    default: /health
  enabled:
    description: Set to V(false) to listen to nothing, for rulebooks that are fed by C(wawp.cloud.session_poll) alone.
    type: bool
    default: true
  certfile:
    description: PEM file with the certificate and its chain. Turns TLS on.
    type: path
  keyfile:
    description: PEM file with the private key, if O(certfile) doesn't hold it.
    type: path
  password:
    description: Password of the private key.
    type: str
  cafile:
    description: PEM file with the authorities of which one must have signed the client's certificate.
    type: path
  hmac_keys:
    description:
      - Keys with which webhooks may be signed. Give the old and the new one while they are rotated.
      - The signature is the hexadecimal HMAC of the body with SHA-512 or SHA-256, told by its length.
      - Taken from the environment variable E(WAWP_WEBHOOK_KEYS), separated by commas, if not given.
    type: list
    elements: str
  hmac_header:
    description: The header with the signature. Which one Wawp uses is not known; this is the one of the engine.
    type: str
    default: X-Webhook-Hmac
  secrets:
    description: Values of which O(secret_header) must have one. With O(hmac_keys) too, both must be right.
    type: list
    elements: str
  secret_header:
    description: The header with the shared secret, for example one that a proxy adds.
    type: str
    default: X-Webhook-Secret
  allow_unsigned:
    description: Take webhooks from anybody, without O(hmac_keys) and O(secrets).
    type: bool
    default: false
  replay_window:
    description:
      - Seconds by which the timestamps of a webhook, in its body and in C(X-Webhook-Timestamp), may differ from now.
        One without any is refused. V(0) for no such check.
      - Only the one in the body is signed. A retried webhook keeps it, so leave room for retries.
    type: float
    default: 300
  max_body:
    description: Largest body, in bytes.
    type: int
    default: 262144
  max_rate:
    description: Events a second. More are answered with 429. V(0) for no limit.
    type: float
    default: 2000
  max_connections:
    description: Connections at once. Further ones are answered with 503 and closed.
    type: int
    default: 200
  body_timeout:
    description: Seconds that a body may take.
    type: float
    default: 10
  idle_timeout:
    description: Seconds that a connection may wait for a request, also for its first one, and its headers may take.
    type: float
    default: 60
  queue_size:
    description: Events that may wait for the rules. Beyond it webhooks are answered with 503.
    type: int
    default: 10000
  state_file:
    description:
      - File that remembers over restarts which events were seen, the last status of each session, and what waits for
        the rules. Made with mode 0600. It holds accounts, masked unless O(mask_accounts=false).
      - Without it all this is kept in memory.
    type: path
  remember:
    description: How many event ids to remember.
    type: int
    default: 200000
  sessions:
    description: The instance id of each session name, for webhooks that name only the session.
    type: dict
  mask_accounts:
    description: Show no more than the last four digits of accounts.
    type: bool
    default: true
  raw:
    description: Add the webhook's body to the event, without secrets, the accounts in it masked too.
    type: bool
    default: false
notes:
  - Unknown options are ignored.
  - Needs aiohttp 3.9 or later; from 3.14 O(idle_timeout) also ends connections that never send a first request.
requirements:
  - aiohttp >= 3.9
"""

EXAMPLES = r"""
- name: Tell lost links
  hosts: all
  sources:
    - wawp.cloud.session_status:
        host: 0.0.0.0
        port: 9298
        certfile: /etc/wawp/tls.pem
        hmac_keys: ["{{ WAWP_WEBHOOK_KEY }}"]
        state_file: /var/lib/wawp/events.sqlite
  rules:
    - name: A link was lost
      condition: event.kind == "lost" and event.changed
      throttle:
        once_within: 5 minutes
        group_by_attributes:
          - event.subject
      action:
        run_playbook:
          name: wawp.cloud.event_lost_link
"""

logger = logging.getLogger(__name__)

REASONS = ("LOGOUT", "DISCONNECTED")
KINDS = {
    "WORKING": "restored",
    "STARTING": "starting",
    "STOPPED": "stopped",
    "SCAN_QR_CODE": "logged_out",
    "LOGOUT": "logged_out",
    "DISCONNECTED": "lost",
}
DIGESTS = {64: "sha256", 128: "sha512"}  # hexadecimal digits of a signature
ENVIRONMENT_KEYS = "WAWP_WEBHOOK_KEYS"
TIMESTAMP_HEADER = "X-Webhook-Timestamp"
INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MASK = "********"
SECRET_KEY = re.compile(r"(^qr|authorization|cookies?|credentials?|headers|key|password|secret|token)$")
COMPLAINT_PAUSE = 10.0  # seconds between two log lines on the same fault: a flood must not fill the log
DEEPEST = 64  # levels of a body that is passed on
BATCH = 100  # waiting events read at once
# The rules run in the same loop and take some milliseconds for an event. Before each the loop turns as often as an
# answer needs it to, so that a backlog of events doesn't slow the answers down.
TURNS = 6
_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#\"<>]*@")
_URL_QUERY = re.compile(r"(://[^\s?#\"<>]*)([^\s\"<>]*)")
_JID = re.compile(r"\+?\d{5,20}(?=(?:[:.]\d{1,5}){0,2}@[a-z])")
_PHONE = re.compile(r"\+\d(?:[ ().-]{0,2}\d){6,14}|(?<![0-9A-Za-z])\d{9,15}(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Options:
    """The source's arguments, see DOCUMENTATION."""

    host: str = "127.0.0.1"
    port: int = 9298
    path: str = "/wawp"
    health_path: str = "/health"
    enabled: bool = True
    certfile: str = ""
    keyfile: str = ""
    password: str = field(default="", repr=False)
    cafile: str = ""
    hmac_keys: tuple[str, ...] = field(default=(), repr=False)
    hmac_header: str = "X-Webhook-Hmac"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    secret_header: str = "X-Webhook-Secret"  # noqa: S105  a header's name
    allow_unsigned: bool = False
    replay_window: float = 300.0
    max_body: int = 262144
    max_rate: float = 2000.0
    max_connections: int = 200
    body_timeout: float = 10.0
    idle_timeout: float = 60.0
    queue_size: int = 10000
    state_file: str = ""
    remember: int = 200000
    sessions: Mapping[str, str] = field(default_factory=dict)
    mask_accounts: bool = True
    raw: bool = False


def read_options(args: Mapping[str, Any], environment: Mapping[str, str]) -> Options:
    """Check and convert the arguments; a rulebook's templates may turn numbers and booleans into text.

    Raises:
        ValueError: an argument is of no use; the message names it, never its value.
    """
    given = {name: value for name, value in args.items() if value is not None}
    if not given.get("hmac_keys") and environment.get(ENVIRONMENT_KEYS):
        given["hmac_keys"] = environment[ENVIRONMENT_KEYS].split(",")
    blank = Options()
    known = {item.name for item in fields(Options)}
    options = Options(**{n: convert(n, v, getattr(blank, n)) for n, v in given.items() if n in known})
    if options.enabled:
        check_options(options)
    return options


def convert(name: str, value: Any, like: Any) -> Any:
    """The value as the type of `like`."""
    try:
        if isinstance(like, bool):
            return {"true": True, "yes": True, "false": False, "no": False}[str(value).lower()]
        if isinstance(like, (int, float)):
            number = type(like)(str(value))  # by way of text: a boolean is no number
            if math.isfinite(number) and number >= 0:
                return number
        elif isinstance(like, tuple):
            return strings([value] if isinstance(value, str) and value else value)
        elif isinstance(like, Mapping) and isinstance(value, Mapping):
            return {str(key): str(item) for key, item in value.items()}
        elif isinstance(like, str) and isinstance(value, str):
            return value
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError(f"{name} must be {description_of(like)}")


def strings(values: Any) -> tuple[str, ...]:
    """The values, all of them text that isn't empty. Raises ValueError."""
    if values and not (isinstance(values, (list, tuple)) and all(isinstance(v, str) and v.strip() for v in values)):
        raise ValueError("not a list of strings")
    return tuple(values)


def description_of(like: Any) -> str:
    """What a value of this type is called."""
    names = {bool: "a boolean", int: "a whole number, not negative", float: "a number, not negative", str: "a string"}
    return names.get(type(like), "a list of strings, none empty" if isinstance(like, tuple) else "a mapping")


def check_options(options: Options) -> None:
    """Raise ValueError for what no type tells."""
    if not (options.hmac_keys or options.secrets or options.allow_unsigned):
        raise ValueError(
            f"give hmac_keys (or the environment variable {ENVIRONMENT_KEYS}) or secrets, "
            "or say allow_unsigned: true to take webhooks from anybody"
        )
    for name in ("max_body", "max_connections", "body_timeout", "idle_timeout", "queue_size", "remember"):
        if not getattr(options, name):
            raise ValueError(f"{name} must be more than 0")
    if options.port > 65535:
        raise ValueError("port must be at most 65535")
    for name in ("path", "health_path"):
        if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", getattr(options, name)):
            raise ValueError(f"{name} must start with a slash and hold letters, digits and ._~- between slashes")
    if options.path == options.health_path:
        raise ValueError("path and health_path must differ")
    if (options.keyfile or options.cafile) and not options.certfile:
        raise ValueError("keyfile and cafile need certfile")
    if not all(INSTANCE_ID.fullmatch(instance) for instance in options.sessions.values()):
        raise ValueError("sessions must map names to instance ids")


# --- What a webhook says -----------------------------------------------------------------------------------------


class Refused(Exception):  # noqa: N818  an answer, not an error of ours
    """A webhook that isn't taken.

    Args:
        status: the HTTP status of the answer.
        message: why; goes to the sender and to the log, so it repeats nothing of the webhook.
        retry_after: seconds after which to try again, 0 for no such advice.
    """

    def __init__(self, status: int, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Step(NamedTuple):
    """A status that was entered, and when (ms)."""

    at: int
    status: str


class Report(NamedTuple):
    """What a webhook tells about a session."""

    event_id: str
    event_name: str
    instance_id: str | None
    session: str | None
    step: Step
    history: list[Step]  # the last statuses, oldest first, where the engine tells them
    account: str | None
    reason: str | None

    @property
    def subject(self) -> str:
        """What the session is known by."""
        return self.instance_id or self.session or ""


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse a webhook's body. Raises Refused."""
    try:
        parsed = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise Refused(400, "the body is not a JSON object")
    return parsed


def read_report(body: dict[str, Any], sent_at: int | None, hint: str | None, sessions: Mapping[str, str]) -> Report:
    """Read one webhook in any of its forms.

    Args:
        body: the parsed body.
        sent_at: what the timestamp header says (ms), for bodies without one.
        hint: the instance id in the URL.
        sessions: instance ids by session name.

    Raises:
        Refused: it is none of the forms.
        LookupError: it is one, but tells no status, as that of a message.
    """
    name = text(body.get("event")) or "session.status"
    payload = body["payload"] if isinstance(body.get("payload"), dict) else body
    status = told_status(name, payload)
    session = text(body.get("session")) or text(payload.get("name")) or text(payload.get("session"))
    instance_id = text(body.get("instance_id")) or text(payload.get("instance_id")) or sessions.get(session or "", hint)
    if instance_id and not INSTANCE_ID.fullmatch(instance_id):
        raise Refused(400, "the instance_id is not one")
    if not (instance_id or session):
        raise Refused(400, "the body names neither instance nor session")
    at = body_time(body) or sent_at or now_ms()
    me = body.get("me") if isinstance(body.get("me"), dict) else payload.get("me")
    return Report(
        event_id=text(body.get("id")) or "",
        event_name=name,
        instance_id=instance_id,
        session=session,
        step=Step(at, status),
        history=history_of(payload),
        account=text(me.get("id")) if isinstance(me, dict) else None,
        reason=reason_of(body, payload, status),
    )


def told_status(name: str, payload: Mapping[str, Any]) -> str:
    """The status, or the reason that Wawp's guides use in its place."""
    if reason_in(name):
        return reason_in(name)
    if name == "engine.event":
        found = {reason_in(word) for word in words_in(payload.get("event"), payload.get("data"))}
        for reason in REASONS:
            if reason in found:
                return reason
    if name != "session.status":
        raise LookupError(name)
    status = text(payload.get("status"))
    if not status:
        raise Refused(400, "the body has no status")
    return status.upper()


def reason_in(word: str) -> str:
    """LOGOUT or DISCONNECTED if that is the word, or the last part of a dotted one; else empty."""
    last = word.rpartition(".")[2].upper()
    return last if last in REASONS else ""


def words_in(*values: Any) -> Iterator[str]:
    """The strings among the values, and among their elements."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (list, dict)):
            yield from (
                item for item in (value.values() if isinstance(value, dict) else value) if isinstance(item, str)
            )


def reason_of(body: Mapping[str, Any], payload: Mapping[str, Any], status: str) -> str | None:
    """Why it happened, in the sender's words; numbers in them masked, and of URLs no credentials and queries shown."""
    for words in (payload.get("reason"), payload.get("message"), body.get("reason")):
        # URLs first: a password that text() cut off before its @ would no longer be known as one
        given = text(bare_urls_in(words)) if isinstance(words, str) else None
        if given:
            return mask_numbers_in(given)
    return status if status in REASONS else None


def history_of(payload: Mapping[str, Any]) -> list[Step]:
    """The engine's list of the last statuses; entries that make no sense are left out."""
    entries = payload.get("statuses")
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    steps = ((milliseconds(entry.get("timestamp")), text(entry.get("status"))) for entry in entries)
    return sorted(Step(at, status.upper()) for at, status in steps if at and status)


def text(value: Any, length: int = 200) -> str | None:
    """A string of foreign origin on one line and of a sane length; None if it is empty or no string."""
    if not isinstance(value, str):
        return None
    if not value.isprintable():
        value = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(value.split())[:length] or None


def inert(value: Any) -> Any:
    """A copy of a value in which Ansible finds no template.

    A playbook gets the event as an extra variable, and Ansible runs the templates in those, with any command in them.
    Without curly brackets there are none, unless a string begins by saying what is to stand for them.
    """
    if isinstance(value, dict):
        return {inert(name): inert(item) for name, item in value.items()}
    if isinstance(value, list):
        return [inert(item) for item in value]
    if not isinstance(value, str):
        return value
    return value.replace("{", "(").replace("}", ")").replace("#jinja2:", "# jinja2:")


def milliseconds(value: Any) -> int | None:
    """A timestamp given in ms or s, in ms; None if it is none."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,16}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e14:
        return None
    return int(value if value > 1e11 else value * 1000)


def body_time(body: Mapping[str, Any]) -> int | None:
    """When the event happened, as its body says, in ms."""
    return milliseconds(body.get("timestamp")) or milliseconds(body.get("ts"))


def now_ms() -> int:
    """The time, in ms since 1970."""
    return time.time_ns() // 1_000_000


def iso(at: int) -> str:
    """A time in ms as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- What may be shown -------------------------------------------------------------------------------------------


def mask_account(account: str) -> str:
    """The account with all but its last four digits starred, or all of them where there are too few to hide."""
    user, at, server = account.partition("@")
    digits = sum(character.isdigit() for character in user)
    hidden = digits - 4 if digits > 6 else digits
    masked = []
    for character in user:
        star = character.isdigit() and hidden > 0
        hidden -= star
        masked.append("*" if star else character)
    return "".join(masked) + at + server


def mask_numbers_in(value: str) -> str:
    """The text with every WhatsApp id, and all else in it that may be a phone number, masked."""
    for pattern in (_JID, _PHONE):
        value = pattern.sub(lambda found: mask_account(found.group()), value)
    return value


def bare_urls_in(value: str) -> str:
    """The text with all URLs in it without their credentials and queries."""
    return _URL_QUERY.sub(lambda url: url[1] + (f"?{MASK}" if url[2] else ""), _URL_CREDENTIALS.sub("", value))


def harmless(value: Any, mask: bool, key: str = "", depth: int = 0) -> Any:
    """A copy of a webhook's body without secrets, and, if asked for, with no account and no person's name.

    Raises:
        Refused: it is nested deeper than anybody means it, and than those that get the event could follow.
    """
    if depth > DEEPEST:
        raise Refused(400, "the body is nested too deeply")
    if SECRET_KEY.search(re.sub(r"[^a-z]", "", key.lower())) and value not in (None, "", [], {}):
        return MASK
    if isinstance(value, dict):
        return {harmless(name, mask): harmless(item, mask, name, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [harmless(item, mask, depth=depth + 1) for item in value]
    if not isinstance(value, str):
        return value
    bare = bare_urls_in(value)
    if not mask:
        return bare
    return f"{value[:1]}***" if key == "pushName" and value else mask_numbers_in(bare)


# --- What happened to a session, in its order --------------------------------------------------------------------


class Known(NamedTuple):
    """The last that is known of a session."""

    at: int
    status: str
    settled: str  # the last status but STARTING; empty if that isn't known


class Change(NamedTuple):
    """A status to tell of."""

    step: Step
    previous: str | None
    kind: str
    known: Known  # what is known of the session with it
    late: bool  # something that happened later was told before
    recovered: bool  # told by a later webhook, its own one was late or lost


def kind_of(status: str, settled: str) -> str:
    """What a status means after the last settled one; empty if that isn't known.

    FAILED is a lost link unless the session is known to have had none: better a false alarm than none.
    """
    if status == "FAILED":
        return "lost" if settled in ("", "WORKING") else "failed"
    return KINDS.get(status, "other")


def own_step(report: Report) -> Step:
    """The status that the webhook is about, with the time at which it was entered, if the engine gives it."""
    last = report.history[-1] if report.history else None
    return last if last and last.status == report.step.status and last.at <= report.step.at else report.step


def changes_of(report: Report, known: Known | None) -> Iterator[Change]:
    """What the webhook tells, oldest first: what was missed since the last one, then its own status.

    Of a session that is new to us only the own status is told; the statuses before it are old news.
    """
    own = own_step(report)
    earlier = [step for step in report.history if step < own]
    missed = [step for step in earlier if known and step.at > known.at]
    late = known is not None and own.at < known.at
    if known is None or late:
        known = None
        for step in earlier:
            known = after(step, known)
    for step in [*missed, own]:
        previous, settled = (known.status, known.settled) if known else (None, "")
        known = after(step, known)
        yield Change(step, previous, kind_of(step.status, settled), known, late, recovered=step is not own)


def after(step: Step, known: Known | None) -> Known:
    """What is known of a session once it entered a status."""
    if step.status == "STARTING":
        return Known(step.at, step.status, known.settled if known else "")
    return Known(step.at, step.status, step.status)


def event_of(report: Report, change: Change, body: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """The event for the rules."""
    mask = options.mask_accounts
    event: dict[str, Any] = {
        "source": "webhook",
        "subject": report.subject,
        "instance_id": report.instance_id,
        "session": report.session,
        "event_id": report.event_id or None,
        "event_name": report.event_name,
        "status": change.step.status,
        "previous_status": change.previous,
        "changed": change.step.status != change.previous,
        "kind": change.kind,
        "reason": None if change.recovered else report.reason,
        "account": mask_account(report.account) if report.account and mask else report.account,
        "occurred_at": iso(change.step.at),
        "received_at": iso(now_ms()),
        "late": change.late,
        "recovered": change.recovered,
    }
    if options.raw:
        event["raw"] = harmless(body, mask)
    return {name: inert(value) for name, value in event.items()}


# --- What is remembered ------------------------------------------------------------------------------------------


class Store:
    """Which events were seen, the last status of each session, and what waits for the rules.

    SQLite, in memory or in a file. A statement takes some 20 microseconds, so it may run inside the loop; and an event
    is taken wholly or not at all. Survives the end of the process at any moment.

    Args:
        path: the file, empty for memory.
        remember: how many event ids and sessions to remember.

    Raises:
        ValueError: the file can't be used.
    """

    def __init__(self, path: str, remember: int) -> None:
        self.remember = remember
        self.kept = bool(path)
        try:
            if path:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self.db = sqlite3.connect(path or ":memory:", timeout=1)
            self.db.executescript(
                """
                PRAGMA locking_mode = EXCLUSIVE;
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, id TEXT UNIQUE);
                CREATE TABLE IF NOT EXISTS session (subject TEXT PRIMARY KEY, at INTEGER, status TEXT, settled TEXT);
                CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY, event TEXT);
                BEGIN IMMEDIATE; COMMIT; -- takes the lock: a file is for one process
                """
            )
            self.count = int(self.db.execute("SELECT count(*) FROM waiting").fetchone()[0])
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"state_file can't be used: {error}") from error

    def is_new(self, event_id: str) -> bool:
        """Note an event's id; whether it was not known before."""
        return self.db.execute("INSERT OR IGNORE INTO seen (id) VALUES (?)", (event_id,)).rowcount == 1

    def known(self, subject: str) -> Known | None:
        """The last that is known of a session."""
        row = self.db.execute("SELECT at, status, settled FROM session WHERE subject = ?", (subject,)).fetchone()
        return Known(*row) if row else None

    def set_known(self, subject: str, known: Known) -> None:
        """Note the last that is known of a session; it moves to the end, for the oldest are forgotten first."""
        self.db.execute("REPLACE INTO session VALUES (?, ?, ?, ?)", (subject, *known))

    def add(self, event: Mapping[str, Any]) -> None:
        """Let an event wait."""
        self.db.execute("INSERT INTO waiting (event) VALUES (?)", (json.dumps(event),))

    def waiting(self) -> list[tuple[int, str]]:
        """The events that have waited longest, each with its number."""
        return self.db.execute("SELECT number, event FROM waiting ORDER BY number LIMIT ?", (BATCH,)).fetchall()

    def done(self, number: int) -> None:
        """Forget an event that waited."""
        with self.db:
            self.db.execute("DELETE FROM waiting WHERE number = ?", (number,))
        self.count -= 1

    def forget_oldest(self) -> None:
        """Keep what is remembered within its bound."""
        for table in ("seen", "session"):
            sql = f"DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?"  # noqa: S608  no input
            self.db.execute(sql, (self.remember,))

    def close(self) -> None:
        """Close the file."""
        if self.count:
            kept = "they will be after a restart" if self.kept else "they are lost: give a state_file to keep such"
            logger.warning("%d events were accepted but not passed on; %s", self.count, kept)
        self.db.close()


# --- What is taken -----------------------------------------------------------------------------------------------


class Bucket:
    """At most `rate` a second, as many at once; 0 for no limit."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.clock = clock
        self.room = self.size = max(rate, 1.0)
        self.last = clock()

    def take(self) -> bool:
        """Whether there is room for one more."""
        if not self.rate:
            return True
        now = self.clock()
        self.room = min(self.size, self.room + (now - self.last) * self.rate)
        self.last = now
        if self.room < 1:
            return False
        self.room -= 1
        return True


class Guard:
    """Tells genuine webhooks from others."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.keys = [key.encode("utf-8") for key in options.hmac_keys]
        self.secrets = [secret.encode("utf-8") for secret in options.secrets]

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Refuse what can't be genuine, before its body is read. Raises Refused."""
        if self.secrets and not any_equal(headers.get(self.options.secret_header, ""), self.secrets):
            raise Refused(401, "the shared secret is missing or wrong")
        if self.keys and self.options.hmac_header not in headers:
            raise Refused(401, "the signature is missing")

    def check_body(self, headers: Mapping[str, str], body: bytes) -> None:
        """Refuse a body that isn't signed with one of the keys. Raises Refused."""
        if not self.keys:
            return
        signature = headers[self.options.hmac_header].strip().lower()
        digest = DIGESTS.get(len(signature))
        expected = [hmac.new(key, body, digest).hexdigest().encode() for key in self.keys] if digest else []
        if not any_equal(signature, expected):
            raise Refused(401, "the signature is wrong")

    def check_time(self, *times: int | None) -> None:
        """Refuse what is too old, or from the future. Raises Refused."""
        given = [at for at in times if at is not None]
        window = self.options.replay_window
        if not window:
            return
        if not given:
            raise Refused(400, "there is no timestamp")
        if any(abs(now_ms() - at) > window * 1000 for at in given):
            raise Refused(403, "the timestamp is outside the replay window")


def any_equal(given: str, expected: list[bytes]) -> bool:
    """Whether it is one of them, in a time that doesn't depend on which or on how much of it is right."""
    encoded = given.encode("utf-8", "surrogateescape")
    return sum(hmac.compare_digest(encoded, one) for one in expected) > 0  # any() would stop at the first


class Inbox:
    """Turns genuine webhooks into events that wait."""

    def __init__(self, options: Options, store: Store) -> None:
        self.options = options
        self.store = store
        self.arrived = asyncio.Event()
        self.taken = 0

    @property
    def full(self) -> bool:
        """Whether no more may wait."""
        return self.store.count >= self.options.queue_size

    def take(self, report: Report, body: Mapping[str, Any], event_id: str) -> bool:
        """Queue what a webhook tells; False if it tells nothing new. Raises Refused."""
        if self.full:
            raise Refused(503, "the queue is full", retry_after=2)
        try:
            with self.store.db:
                events = self._note(report, body, event_id)
        except sqlite3.Error as error:
            logger.error("state_file: %s", error)
            raise Refused(503, "the event can't be stored", retry_after=10) from error
        self.store.count += events
        self.arrived.set()
        return events > 0

    def _note(self, report: Report, body: Mapping[str, Any], event_id: str) -> int:
        if not self.store.is_new(event_id):
            return 0
        self.taken += 1
        if self.taken % 1000 == 0:
            self.store.forget_oldest()
        known = self.store.known(report.subject)
        told = [change for change in changes_of(report, known) if self._is_news(report, change)]
        for change in told:
            self.store.add(event_of(report, change, body, self.options))
            if not change.late:
                known = change.known
        if known is not None:
            self.store.set_known(report.subject, known)
        return len(told)

    def _is_news(self, report: Report, change: Change) -> bool:
        # Only times of the engine's own list are the same in each webhook that tells of a step.
        return change.step not in report.history or self.store.is_new(
            f"{report.subject} {change.step.at} {change.step.status}"
        )

    async def pass_on(self, queue: Any) -> None:
        """Give the rules what waits, for ever. What was given is forgotten only afterwards."""
        while True:
            self.arrived.clear()
            for number, event in self.store.waiting():
                for dummy in range(TURNS):
                    await asyncio.sleep(0)
                await queue.put(json.loads(event))
                self.store.done(number)
            if not self.store.count:
                await self.arrived.wait()


class TooMany(asyncio.Protocol):
    """Answers a connection that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            transport.close()


class Receiver:
    """The HTTP side."""

    def __init__(self, options: Options, inbox: Inbox) -> None:
        self.options = options
        self.inbox = inbox
        self.guard = Guard(options)
        self.bucket = Bucket(options.max_rate)
        self.counts: Counter[str] = Counter(accepted=0, duplicate=0, ignored=0, refused=0)
        self.complained: dict[str, float] = {}

    async def webhook(self, request: web.Request) -> web.Response:
        """Answer a webhook."""
        try:
            result = self.take(request, await self.read(request))
        except Refused as refusal:
            self.counts["refused"] += 1
            self.complain(refusal, request)
            headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
            response = web.json_response({"error": str(refusal)}, status=refusal.status, headers=headers)
            if not request.content.at_eof():
                response.force_close()  # what is still to come isn't worth reading
            return response
        self.counts[result] += 1
        return web.json_response({"result": result})

    async def read(self, request: web.Request) -> bytes:
        """The body of a request that may be genuine. Raises Refused."""
        self.guard.check_headers(request.headers)
        if (request.content_length or 0) > self.options.max_body:
            raise Refused(413, "the body is too large")
        try:
            return await asyncio.wait_for(request.read(), self.options.body_timeout)
        except asyncio.TimeoutError:
            raise Refused(408, "the body took too long") from None
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, "the body is too large") from None

    def take(self, request: web.Request, body: bytes) -> str:
        """Decide on a webhook: accepted, duplicate, or ignored because it tells no status. Raises Refused."""
        self.guard.check_body(request.headers, body)
        if not self.bucket.take():
            raise Refused(429, "too many events", retry_after=1)
        parsed = parse_json(body)
        sent_at = milliseconds(request.headers.get(TIMESTAMP_HEADER))
        self.guard.check_time(body_time(parsed), sent_at)
        try:
            report = read_report(parsed, sent_at, request.match_info.get("instance_id"), self.options.sessions)
        except LookupError:
            return "ignored"
        event_id = report.event_id or hashlib.sha256(body).hexdigest()
        return "accepted" if self.inbox.take(report, parsed, event_id) else "duplicate"

    def complain(self, refusal: Refused, request: web.Request) -> None:
        """Log a refusal, each sort once in a while."""
        message, now = str(refusal), time.monotonic()
        if now - self.complained.get(message, -math.inf) >= COMPLAINT_PAUSE:
            self.complained[message] = now
            logger.warning(
                "webhook from %s refused with %d: %s (%d refused so far)",
                request.remote,
                refusal.status,
                message,
                self.counts["refused"],
            )

    async def health(self, request: web.Request) -> web.Response:
        """Answer whether events are taken, with counts."""
        full = self.inbox.full
        shown: dict[str, Any] = {"status": "full" if full else "ok", "waiting": self.inbox.store.count, **self.counts}
        if "subject" in request.match_info:
            known = self.inbox.store.known(request.match_info["subject"])
            shown["last_event"] = iso(known.at) if known else None
        return web.json_response(shown, status=503 if full else 200)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen within the context."""
        options = self.options
        app = web.Application(client_max_size=options.max_body)
        app.router.add_post(options.path, self.webhook)
        app.router.add_post(f"{options.path}/{{instance_id:{INSTANCE_ID.pattern}}}", self.webhook)
        app.router.add_get(options.health_path, self.health)
        app.router.add_get(f"{options.health_path}/{{subject}}", self.health)
        runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,  # nobody packs webhooks, and a bomb stays packed
            keepalive_timeout=options.idle_timeout,
            lingering_time=1.0,
            shutdown_timeout=5.0,
        )
        await runner.setup()
        try:
            listener = await asyncio.get_running_loop().create_server(
                lambda: self.connection(runner), options.host, options.port, ssl=tls_of(options)
            )
            logger.info("listening on %s", ", ".join(str(s.getsockname()[:2]) for s in listener.sockets))
            try:
                yield
            finally:
                listener.close()
        finally:
            await runner.cleanup()

    def connection(self, runner: web.AppRunner) -> asyncio.BaseProtocol:
        """What serves a new connection."""
        server = runner.server
        if server is None or len(server.connections) >= self.options.max_connections:
            return TooMany()
        return server()


def tls_of(options: Options) -> ssl.SSLContext | None:
    """The TLS settings, None for plain HTTP. Raises OSError (ssl.SSLError) if the files are of no use."""
    if not options.certfile:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options.cafile or None)
    context.load_cert_chain(options.certfile, options.keyfile or None, options.password or None)
    if options.cafile:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Receive webhooks until cancelled. Never returns: that would end the rulebook."""
    options = read_options(args, os.environ)
    if not options.enabled:
        await asyncio.Event().wait()
    store = Store(options.state_file, options.remember)
    try:
        inbox = Inbox(options, store)
        async with Receiver(options, inbox).listening():
            await inbox.pass_on(queue)
    finally:
        store.close()
