# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP side of session_status."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .arguments import INSTANCE_ID
from .authenticator import Authenticator
from .connections import ConnectionLimit
from .event_queue import EventQueue
from .throttled_log import LibraryLog, ThrottledLog
from .webhook import WebhookRejected, body_time, parse_json, parse_webhook


@dataclass(frozen=True)
class Listening:
    """The address and terms for webhooks: the options of the same names."""

    host: str = "127.0.0.1"
    port: int = 9298
    path: str = "/wawp"
    health_path: str = "/health"
    certfile: str = ""
    keyfile: str = ""
    password: str = field(default="", repr=False)
    cafile: str = ""
    max_body: int = 262144
    max_rate: float = 2000.0
    max_connections: int = 200
    body_timeout: float = 10.0
    idle_timeout: float = 60.0
    sessions: Mapping[str, str] = field(default_factory=dict)


class TokenBucket:
    """A limit of `rate` per second, and as many at once; 0 for no limit."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.clock = clock
        self.room = self.size = max(rate, 1.0)
        self.last = clock()

    def take(self) -> bool:
        """Take one if there is room. Returns whether there was."""
        if not self.rate:
            return True
        now = self.clock()
        self.room = min(self.size, self.room + (now - self.last) * self.rate)
        self.last = now
        if self.room < 1:
            return False
        self.room -= 1
        return True


class Receiver:
    """A receiver that answers webhooks and health checks.

    Args:
        settings: where and how to listen.
        authenticator: rejects webhooks that aren't genuine.
        queue: takes their events.
        log: the log for problems.
    """

    def __init__(self, settings: Listening, authenticator: Authenticator, queue: EventQueue, log: ThrottledLog) -> None:
        self.settings = settings
        self.authenticator = authenticator
        self.queue = queue
        self.log = log
        self.bucket = TokenBucket(settings.max_rate)
        self.connections = ConnectionLimit(settings.max_connections, settings.idle_timeout, log)
        self.counts: Counter[str] = Counter(accepted=0, duplicate=0, ignored=0, refused=0)

    async def webhook(self, request: web.Request) -> web.Response:
        """Answer a webhook."""
        self.connections.note_request(request.protocol, genuine=False)
        try:
            body = await self.read(request)
            self.authenticator.check_signature(request.headers, body)
            self.connections.note_request(request.protocol, genuine=self.authenticator.demanding)
            result = self.take(request, body)
        except WebhookRejected as rejected:
            self.log_rejection(rejected, request)
            headers = {"Retry-After": str(rejected.retry_after)} if rejected.retry_after else {}
            response = web.json_response({"error": str(rejected)}, status=rejected.status, headers=headers)
            if not request.content.at_eof():
                response.force_close()  # the rest isn't worth reading
            return response
        self.counts[result] += 1
        return web.json_response({"result": result})

    async def read(self, request: web.Request) -> bytes:
        """Return the body of a request that may be genuine. Raises WebhookRejected."""
        self.authenticator.check_headers(request.headers)
        if (request.content_length or 0) > self.settings.max_body:
            raise WebhookRejected(413, "the body is too large")
        try:
            return await asyncio.wait_for(request.read(), self.settings.body_timeout)
        except asyncio.TimeoutError:
            raise WebhookRejected(408, "the body took too long") from None
        except web.HTTPRequestEntityTooLarge:
            raise WebhookRejected(413, "the body is too large") from None

    def take(self, request: web.Request, body: bytes) -> str:
        """Take a genuine webhook. Returns accepted, duplicate, or ignored if it is about something else.

        Raises:
            WebhookRejected: it can't be queued.
        """
        if not self.bucket.take():
            raise WebhookRejected(429, "too many events", retry_after=1)
        parsed = parse_json(body)
        event = parse_webhook(parsed, request.match_info.get("instance_id"), self.settings.sessions)
        if event is None:
            return "ignored"
        self.authenticator.check_time(body_time(parsed), request.headers)
        return "accepted" if self.queue.take(event, parsed, hashlib.sha256(body).hexdigest()) else "duplicate"

    def log_rejection(self, rejected: WebhookRejected, request: web.Request) -> None:
        """Count a rejection, and log it if its sort is due."""
        self.counts["refused"] += 1
        self.log.note(f"a webhook was refused with {rejected.status}, {rejected}", f"from {request.remote}")

    async def health(self, request: web.Request) -> web.Response:
        """Answer whether events are accepted, with counts."""
        self.connections.note_request(request.protocol, genuine=False)
        full = self.queue.full
        shown: dict[str, Any] = {"status": "full" if full else "ok", "waiting": self.queue.store.count, **self.counts}
        if "subject" in request.match_info:
            shown["last_event"] = self.queue.last_event(request.match_info["subject"])
        return web.json_response(shown, status=503 if full else 200)

    def application(self) -> web.Application:
        """Return the routes, with or without a trailing slash."""
        settings = self.settings
        app = web.Application(client_max_size=settings.max_body)
        for end in ("", "/"):
            app.router.add_post(f"{settings.path}{end}", self.webhook)
            app.router.add_post(f"{settings.path}/{{instance_id:{INSTANCE_ID.pattern}}}{end}", self.webhook)
            app.router.add_get(f"{settings.health_path}{end}", self.health)
            app.router.add_get(f"{settings.health_path}/{{subject}}{end}", self.health)
        return app

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen within the context. Raises OSError if it can't."""
        settings = self.settings
        runner = web.AppRunner(
            self.application(),
            access_log=None,
            auto_decompress=False,  # nobody compresses webhooks, and a compression bomb stays small
            keepalive_timeout=settings.idle_timeout,
            lingering_time=1.0,
            logger=LibraryLog(self.log, "a request can't be read").as_logger(),
            shutdown_timeout=5.0,
        )
        await runner.setup()
        try:
            serve = runner.server
            assert serve is not None  # noqa: S101  setup() makes it
            async with self.connections.listening(settings.host, settings.port, tls_of(settings), serve) as listeners:
                self.log.logger.info("listening on %s", ", ".join(str(each.getsockname()[:2]) for each in listeners))
                yield
        finally:
            await runner.cleanup()
            self.connections.cut_all()


def tls_of(settings: Listening) -> ssl.SSLContext | None:
    """Return the TLS settings, None for plain HTTP. Raises OSError (ssl.SSLError) if the files can't be used."""
    if not settings.certfile:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=settings.cafile or None)
    context.load_cert_chain(settings.certfile, settings.keyfile or None, settings.password or None)
    if settings.cafile:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
