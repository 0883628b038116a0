# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source session_poll: reads sessions of Wawp at an interval and tells what changed.

ansible-rulebook loads it by its path, so it imports nothing of the collection. What it shares with session_status
stands in both, word by word; a test compares them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import random
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

DOCUMENTATION = r"""
short_description: Read sessions of Wawp at an interval and tell what changed
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - For those without the webhooks of the paid plan, or beside them in case one gets lost.
  - Passes on an event, of the same form as those of C(wawp.cloud.session_status), for each session whose status or
    account isn't what it was. Bad news is read twice before it is told, since one reading can be wrong.
  - What the API says is foreign text. Curly brackets in it become round ones, for Ansible would run them as templates.
  - An API that can't be reached is no change. It is logged, and polling goes on.
options:
  instances:
    description:
      - The instances, as ids or as mappings with C(instance_id) and optionally C(access_token) and C(session), the
        session's name.
      - With an empty list nothing is read.
    type: list
    elements: raw
    required: true
  access_token:
    description: The token for those without their own. E(WAWP_ACCESS_TOKEN) if not given.
    type: str
  api_url:
    description: Where the API is. E(WAWP_API_URL) if not given.
    type: str
    default: https://api.wawp.net
  interval:
    description: Seconds from one round to the next. A round that takes longer delays the next.
    type: float
    default: 60
  jitter:
    description: The part of O(interval) by which it varies at random, so that several pollers don't meet.
    type: float
    default: 0.1
  calls_per_second:
    description: Calls a second. V(0) for no limit. A reply of 429 pauses all calls.
    type: float
    default: 5
  max_connections:
    description: Calls at once.
    type: int
    default: 8
  request_timeout:
    description: Seconds that a call may take.
    type: float
    default: 30
  confirm_after:
    description: Seconds after which bad news is read for the second time.
    type: float
    default: 2
  emit_first:
    description: Tell the status of each session when it is read for the first time, as if it had just changed.
    type: bool
    default: false
  validate_certs:
    description: Whether to check the API's certificate.
    type: bool
    default: true
  ca_path:
    description: PEM file with the authorities to trust instead of the system's.
    type: path
  mask_accounts:
    description: Show no more than the last four digits of accounts.
    type: bool
    default: true
notes:
  - Unknown options are ignored.
  - Proxies are taken from the environment. No redirect is followed, for it would carry the token on.
requirements:
  - aiohttp >= 3.9
"""

EXAMPLES = r"""
- name: Watch without webhooks
  hosts: all
  sources:
    - wawp.cloud.session_poll:
        instances:
          - 3EB0BCB2E3D4
          - instance_id: 3EB0BCB2E3D5
            access_token: "{{ other_token }}"
        interval: 60
  rules:
    - name: A link was lost
      condition: event.kind == "lost"
      action:
        run_playbook:
          name: wawp.cloud.event_lost_link
"""

logger = logging.getLogger(__name__)

KINDS = {
    "WORKING": "restored",
    "STARTING": "starting",
    "STOPPED": "stopped",
    "SCAN_QR_CODE": "logged_out",
    "LOGOUT": "logged_out",
    "DISCONNECTED": "lost",
}
INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# How servers that know nothing of Wawp's paths say so, such as a proxy whose backend is away.
NO_API = re.compile(rb"<(!doctype )?html|<h1>|404 page not found|cannot post /", re.IGNORECASE)
LARGEST_REPLY = 1_000_000  # bytes
LONGEST_PAUSE = 300.0  # seconds; a Retry-After beyond it is cut


class Watched(NamedTuple):
    """An instance to read."""

    instance_id: str
    access_token: str
    session: str | None


@dataclass(frozen=True)
class Options:
    """The source's arguments, see DOCUMENTATION."""

    instances: tuple[Watched, ...] = field(repr=False)
    api_url: str
    interval: float
    jitter: float
    calls_per_second: float
    max_connections: int
    request_timeout: float
    confirm_after: float
    emit_first: bool
    validate_certs: bool
    ca_path: str
    mask_accounts: bool


def read_options(args: Mapping[str, Any], environment: Mapping[str, str]) -> Options:
    """Check and convert the arguments; a rulebook's templates may turn numbers and booleans into text.

    Raises:
        ValueError: an argument is of no use; the message names it, never its value.
    """
    given = {name: value for name, value in args.items() if value is not None}
    token = given.get("access_token") or environment.get("WAWP_ACCESS_TOKEN") or ""
    instances = given.get("instances")
    if not isinstance(instances, list):
        raise ValueError("instances must be a list of instance ids")
    watched = tuple(read_watched(item, token) for item in instances)
    if len({item.instance_id for item in watched}) != len(watched):
        raise ValueError("instances names an instance twice")
    return Options(
        instances=watched,
        api_url=read_url(given.get("api_url") or environment.get("WAWP_API_URL") or "https://api.wawp.net"),
        interval=number(given, "interval", 60.0, least=0.05),
        jitter=number(given, "jitter", 0.1, most=1.0),
        calls_per_second=number(given, "calls_per_second", 5.0),
        max_connections=int(number(given, "max_connections", 8, least=1)),
        request_timeout=number(given, "request_timeout", 30.0, least=0.05),
        confirm_after=number(given, "confirm_after", 2.0),
        emit_first=boolean(given, "emit_first", False),
        validate_certs=boolean(given, "validate_certs", True),
        ca_path=str(given.get("ca_path", "")),
        mask_accounts=boolean(given, "mask_accounts", True),
    )


def number(given: Mapping[str, Any], name: str, default: float, least: float = 0.0, most: float = math.inf) -> float:
    """An argument that is a number. Raises ValueError."""
    try:
        value = float(str(given.get(name, default)))  # by way of text: a boolean is no number
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"{name} must be a number from {least:g}{'' if math.isinf(most) else f' to {most:g}'}")
    return value


def boolean(given: Mapping[str, Any], name: str, default: bool) -> bool:
    """An argument that is a boolean. Raises ValueError."""
    try:
        return {"true": True, "yes": True, "false": False, "no": False}[str(given.get(name, default)).lower()]
    except KeyError:
        raise ValueError(f"{name} must be a boolean") from None


def read_watched(item: Any, token: str) -> Watched:
    """One entry of `instances`. Raises ValueError."""
    entry = item if isinstance(item, Mapping) else {"instance_id": item}
    instance_id = entry.get("instance_id")
    if not (isinstance(instance_id, str) and INSTANCE_ID.fullmatch(instance_id)):
        raise ValueError("instances holds something that is no instance id; put ids into quotes")
    own = entry.get("access_token") or token
    if not isinstance(own, str) or not own:
        raise ValueError(f"there is no access_token for {instance_id}, and no WAWP_ACCESS_TOKEN in the environment")
    return Watched(instance_id, own, text(entry.get("session")))


def read_url(url: Any) -> str:
    """The API's base URL. Raises ValueError."""
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("api_url must be an http(s) URL without credentials and query")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        logger.warning("api_url is plain http: the access token can be read on the way")
    return str(url).rstrip("/")


# --- What a reading says -----------------------------------------------------------------------------------------


class Reading(NamedTuple):
    """What the API says of a session."""

    status: str
    account: str | None


class Known(NamedTuple):
    """The last that is known of a session."""

    reading: Reading
    settled: str  # the last status but STARTING


class Outage(Exception):  # noqa: N818  a state of the world, not an error of ours
    """A session can't be read; the message says why."""


class Busy(Outage):
    """The API wants to be left alone for `pause` seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__("HTTP 429, too many calls")
        self.pause = pause


def parse_reading(body: bytes) -> Reading:
    """Read the reply of an info call. Raises Outage if there is no status in it."""
    try:
        parsed = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Outage("the reply is not JSON") from None
    status = text(parsed.get("status")) if isinstance(parsed, dict) else None
    if not status:
        raise Outage("the reply has no status")
    me = parsed.get("me")
    pairing = isinstance(me, dict) and status == "SCAN_QR_CODE" and me.get("pushName") == "~"
    return Reading(status, text(me.get("id")) if isinstance(me, dict) and not pairing else None)


def differs(new: Reading, old: Reading) -> bool:
    """Whether the status changed, or a working session's account; that is left out at times, which means nothing."""
    swapped = new.status == "WORKING" and bool(new.account and old.account) and new.account != old.account
    return new.status != old.status or swapped


def after(new: Reading, known: Known | None) -> Known:
    """What is known of a session after a reading."""
    old = known or Known(Reading("", None), "")
    settled = old.settled if new.status == "STARTING" else new.status
    return Known(Reading(new.status, new.account or old.reading.account), settled)


def kind_of(status: str, settled: str) -> str:
    """What a status means after the last settled one; empty if that isn't known.

    FAILED is a lost link unless the session is known to have had none: better a false alarm than none.
    """
    if status == "FAILED":
        return "lost" if settled in ("", "WORKING") else "failed"
    return KINDS.get(status, "other")


def reason_of(new: Reading, known: Known | None) -> str | None:
    """What there is to say beside the status."""
    if new.status == "DELETED":
        return "there is no such session"
    return "the account changed" if known and new.status == known.reading.status else None


def event_of(watched: Watched, new: Reading, known: Known | None, mask: bool) -> dict[str, Any]:
    """The event that tells of a change."""
    now = iso(now_ms())
    event = {
        "source": "poll",
        "subject": watched.instance_id,
        "instance_id": watched.instance_id,
        "session": watched.session,
        "event_id": None,
        "event_name": "poll",
        "status": new.status,
        "previous_status": known.reading.status if known else None,
        "changed": True,
        "kind": kind_of(new.status, known.settled if known else ""),
        "reason": reason_of(new, known),
        "account": mask_account(new.account) if new.account and mask else new.account,
        "occurred_at": now,  # at the latest
        "received_at": now,
        "late": False,
        "recovered": False,
    }
    return {name: inert(value) for name, value in event.items()}


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


def now_ms() -> int:
    """The time, in ms since 1970."""
    return time.time_ns() // 1_000_000


def iso(at: int) -> str:
    """A time in ms as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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


# --- Reading -----------------------------------------------------------------------------------------------------


class Pace:
    """Lets calls go one after the other, so many a second; all of them wait out a pause."""

    def __init__(self, calls_per_second: float) -> None:
        self.gap = 1 / calls_per_second if calls_per_second else 0.0
        self.next = 0.0

    async def turn(self) -> None:
        """Wait for one's turn."""
        while True:
            now = time.monotonic()
            if now >= self.next:
                self.next = now + self.gap
                return
            await asyncio.sleep(self.next - now)

    def pause(self, seconds: float) -> None:
        """Let nobody go for so long."""
        self.next = max(self.next, time.monotonic() + seconds)


class Poller:
    """Reads all instances again and again."""

    def __init__(self, options: Options, http: aiohttp.ClientSession, queue: Any) -> None:
        self.options = options
        self.http = http
        self.queue = queue
        self.pace = Pace(options.calls_per_second)
        self.places = asyncio.Semaphore(options.max_connections)
        self.known: dict[str, Known] = {}
        self.outages: dict[str, str] = {}

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            start = time.monotonic()
            await asyncio.gather(*(self.look(watched) for watched in self.options.instances))
            spread = self.options.interval * self.options.jitter
            wait = self.options.interval + random.uniform(-spread, spread)  # noqa: S311  no secret
            await asyncio.sleep(max(0.0, start + wait - time.monotonic()))

    async def look(self, watched: Watched) -> None:
        """Read an instance and tell if it changed; an outage changes nothing."""
        known = self.known.get(watched.instance_id)
        try:
            new = await self.read(watched)
            if known and differs(new, known.reading) and new.status != "WORKING":
                await asyncio.sleep(self.options.confirm_after)
                if await self.read(watched) != new:
                    return  # the next round will see what it was
        except Outage as outage:
            self.note_outage(watched, str(outage))
            return
        self.note_outage(watched, None)
        if differs(new, known.reading) if known else self.options.emit_first:
            await self.queue.put(event_of(watched, new, known, self.options.mask_accounts))
        self.known[watched.instance_id] = after(new, known)

    def note_outage(self, watched: Watched, why: str | None) -> None:
        """Log the beginning, the end, and each new reason of an outage."""
        before = self.outages.pop(watched.instance_id, None)
        if why is not None:
            self.outages[watched.instance_id] = why
        if why is not None and why != before:
            logger.warning("%s can't be read: %s", watched.instance_id, why)
        elif why is None and before is not None:
            logger.info("%s can be read again", watched.instance_id)

    async def read(self, watched: Watched) -> Reading:
        """Read an instance in its turn. Raises Outage."""
        async with self.places:
            await self.pace.turn()
            try:
                return await self.ask(watched)
            except Busy as busy:
                self.pace.pause(busy.pause)
                raise
            except asyncio.TimeoutError:
                raise Outage("no reply in time") from None
            except aiohttp.ClientError as error:
                raise Outage(f"no reply ({type(error).__name__})") from None

    async def ask(self, watched: Watched) -> Reading:
        """One info call. Raises Outage, aiohttp.ClientError and asyncio.TimeoutError."""
        credentials = {"instance_id": watched.instance_id, "access_token": watched.access_token}
        url = f"{self.options.api_url}/v2/session/info"
        async with self.http.post(url, json=credentials, allow_redirects=False) as reply:
            if reply.status == 404:
                if NO_API.search(await limited_body(reply.content)):
                    raise Outage("HTTP 404, no Wawp API answers here")
                return Reading("DELETED", None)
            if reply.status == 429:
                raise Busy(retry_after(reply.headers.get("Retry-After", "")))
            if not 200 <= reply.status < 300:
                raise Outage(f"HTTP {reply.status}")
            return parse_reading(await limited_body(reply.content))


async def limited_body(stream: aiohttp.StreamReader) -> bytes:
    """The whole body. Raises Outage if it is too large."""
    try:
        await stream.readexactly(LARGEST_REPLY + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    raise Outage("the reply is too large")


def retry_after(value: str) -> float:
    """Seconds to wait after a 429; a date is as good as nothing said."""
    return min(float(value), LONGEST_PAUSE) if re.fullmatch(r"\d{1,9}", value.strip()) else 10.0


def tls_of(options: Options) -> ssl.SSLContext | bool:
    """How to check the API's certificate. Raises OSError if `ca_path` is of no use."""
    if options.validate_certs:
        return ssl.create_default_context(cafile=options.ca_path or None)
    return False


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Poll until cancelled. Never returns: that would end the rulebook."""
    options = read_options(args, os.environ)
    if not options.instances:
        logger.info("there are no instances to read")
        await asyncio.Event().wait()
    connector = aiohttp.TCPConnector(limit=options.max_connections, ssl=tls_of(options))
    timeout = aiohttp.ClientTimeout(total=options.request_timeout)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=True) as http:
        await Poller(options, http, queue).run()
