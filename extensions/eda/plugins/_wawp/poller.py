# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The poller, which reads sessions again and again."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp

from .collection import names_missing_session
from .reading import DELETED, Known, Reading, Unreadable, after, differs, event_of, parse_reading
from .throttled_log import ThrottledLog

LARGEST_REPLY = 1_000_000  # bytes
LONGEST_PAUSE = 300.0  # seconds; a longer Retry-After is cut
USUAL_PAUSE = 10.0  # seconds to leave the API alone if it doesn't say how long


class Watched(NamedTuple):
    """An instance to read."""

    instance_id: str
    access_token: str
    session: str | None


@dataclass(frozen=True)
class Polling:
    """The terms of polling: the options of the same names."""

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


class Busy(Unreadable):
    """The API asks clients to wait for `pause` seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__("HTTP 429, too many calls")
        self.pause = pause


class Pace:
    """A pace for calls: one after the other, at a rate per second; all of them wait out a pause."""

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
        """Hold all calls for this many seconds."""
        self.next = max(self.next, time.monotonic() + seconds)


class Poller:
    """A poller that reads all instances in rounds, and gives the rules an event for each change.

    Args:
        polling: what to read, and how.
        http: the connection to the API.
        queue: the rules' queue, with a coroutine ``put``.
        log: where trouble is logged.
    """

    def __init__(self, polling: Polling, http: aiohttp.ClientSession, queue: Any, log: ThrottledLog) -> None:
        self.polling = polling
        self.http = http
        self.queue = queue
        self.log = log
        self.pace = Pace(polling.calls_per_second)
        self.places = asyncio.Semaphore(polling.max_connections)
        self.known: dict[str, Known] = {}
        self.unreadable: set[str] = set()

    async def run(self) -> None:
        """Poll forever."""
        while True:
            start = time.monotonic()
            await asyncio.gather(*(self.look(watched) for watched in self.polling.instances))
            spread = self.polling.interval * self.polling.jitter
            wait = self.polling.interval + random.uniform(-spread, spread)  # noqa: S311  not a secret
            await asyncio.sleep(max(0.0, start + wait - time.monotonic()))

    async def look(self, watched: Watched) -> None:
        """Read an instance, and report it if it changed. A failed reading changes nothing."""
        try:
            await self._look(watched)
        except Unreadable as reason:
            self._note(watched, str(reason))
        except Exception as error:
            self._note(watched, f"an error that is not the API's ({type(error).__name__})")
        else:
            self._note(watched, None)

    async def _look(self, watched: Watched) -> None:
        known = self.known.get(watched.instance_id)
        new = await self.read(watched)
        if known and differs(new, known.reading) and new.status != "WORKING":
            await asyncio.sleep(self.polling.confirm_after)
            if differs(await self.read(watched), new):
                return  # the next round will show it
        if differs(new, known.reading) if known else self.polling.emit_first:
            event = event_of(watched.instance_id, watched.session, new, known, self.polling.mask_accounts)
            await self.queue.put(event)
        self.known[watched.instance_id] = after(new, known)

    def _note(self, watched: Watched, why: str | None) -> None:
        """Log that an instance can't be read, and that it can be again; each reason once in a while for all of them."""
        if why is not None:
            self.unreadable.add(watched.instance_id)
            self.log.note(f"a session can't be read, {why}", watched.instance_id)
        elif watched.instance_id in self.unreadable:
            self.unreadable.remove(watched.instance_id)
            self.log.note("a session can be read again", watched.instance_id, logging.INFO)

    async def read(self, watched: Watched) -> Reading:
        """Read an instance when it is its turn. Raises Unreadable."""
        async with self.places:
            await self.pace.turn()
            try:
                return await self._ask(watched)
            except Busy as busy:
                self.pace.pause(busy.pause)
                raise
            except asyncio.TimeoutError:
                raise Unreadable("no reply in time") from None
            except aiohttp.ClientError as error:
                raise Unreadable(f"no reply ({type(error).__name__})") from None

    async def _ask(self, watched: Watched) -> Reading:
        credentials = {"instance_id": watched.instance_id, "access_token": watched.access_token}
        url = f"{self.polling.api_url}/v2/session/info"
        async with self.http.post(url, json=credentials, allow_redirects=False) as reply:
            if reply.status == 404:
                if names_missing_session(await limited_body(reply.content)):
                    return Reading(DELETED)
                raise Unreadable("HTTP 404 that doesn't speak of a session")
            if reply.status == 429:
                raise Busy(retry_after(reply.headers.get("Retry-After", "")))
            if not 200 <= reply.status < 300:
                raise Unreadable(f"HTTP {reply.status}")
            return parse_reading(await limited_body(reply.content))


async def limited_body(stream: aiohttp.StreamReader) -> bytes:
    """Return the whole body. Raises Unreadable if it is too large."""
    try:
        await stream.readexactly(LARGEST_REPLY + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    raise Unreadable("the reply is too large")


def retry_after(value: str) -> float:
    """Return the seconds to wait after a 429; a date counts as no advice."""
    return min(float(value), LONGEST_PAUSE) if re.fullmatch(r"\d{1,9}", value.strip()) else USUAL_PAUSE


def tls_of(polling: Polling) -> ssl.SSLContext | bool:
    """Return the TLS settings for the API. Raises OSError if `ca_path` can't be used."""
    if polling.validate_certs:
        return ssl.create_default_context(cafile=polling.ca_path or None)
    return False


async def poll(polling: Polling, queue: Any, log: ThrottledLog) -> None:
    """Poll forever.

    Args:
        polling: what to read, and how.
        queue: the rules' queue, with a coroutine ``put``.
        log: where trouble is logged.

    Raises:
        OSError: the certificates can't be read.
    """
    connector = aiohttp.TCPConnector(limit=polling.max_connections, ssl=tls_of(polling))
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=polling.request_timeout),
        trust_env=True,
        cookie_jar=aiohttp.DummyCookieJar(),  # a server's cookies could grow without bound
        auto_decompress=False,
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},  # so that a compression bomb stays small
    ) as http:
        await Poller(polling, http, queue, log).run()
