# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator over HTTP/1.1 (and TLS): the Wawp API, and the control API (control.py) below ``/_simulator/``.

    with Server(engine) as server:          # in a separate thread, on a free port of 127.0.0.1
        requests.post(server.url + "/v2/session/info", json={...})

A call is carried out whether or not the client still waits for its reply. No delay holds up another connection.
This doesn't use `http.server`, because one thread per connection can't serve the thousands of a fleet's test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import threading
import typing as t
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from . import calls, control, delivery
from .engine import Engine
from .replies import Reply, error_reply, json_reply

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
BACKLOG = 2048
DRIPS = 50  # pieces of a slow body

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class BadRequest(Exception):  # noqa: N818  an answer, not an error of ours
    """A request that can't be read; the connection is closed after the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Head(t.NamedTuple):
    """The first part of a request."""

    method: str
    target: str
    headers: dict[str, str]
    length: int
    keep_alive: bool


def parse_head(data: bytes) -> Head:
    """Parse the request line and the headers. Raises BadRequest."""
    line, dummy, rest = data.decode("latin-1").partition("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[0].isalpha():
        raise BadRequest(400, "This is not an HTTP/1.1 request.")
    headers: dict[str, str] = {}
    for text in rest.split("\r\n") if rest else ():
        name, colon, value = text.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400, "A header can't be read.")
        headers[name.lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise BadRequest(411, "The body needs a Content-Length.")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadRequest(400, "The Content-Length is not a number.")
    if len(length) > 12 or int(length) > MAX_BODY:
        raise BadRequest(413, "The body is too large.")
    wish = headers.get("connection", "").lower()
    keep_alive = wish != "close" if words[2] != "HTTP/1.0" else wish == "keep-alive"
    return Head(words[0], words[1], headers, int(length), keep_alive)


def api_params(head: Head, query: str, body: bytes) -> tuple[dict[str, t.Any], str]:
    """Return the parameters of a call, the body's before the query's before the headers', and the token's place.

    Raises BadRequest if the body is not a JSON object.
    """
    places = []
    params: dict[str, t.Any] = {}
    if body:
        try:
            params = json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest(400, "The body is not valid JSON.") from None
        if not isinstance(params, dict):
            raise BadRequest(400, "The body must be a JSON object.")
        if "access_token" in params:
            places.append("body")
    if query:
        given = dict(parse_qsl(query, keep_blank_values=True))
        if "access_token" in given:
            places.append("query")
        params = {**given, **params}
    scheme, dummy, token = head.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        places.append("header")
        params.setdefault("access_token", token.strip())
    elif scheme:
        places.append("basic")
    if "x-instance-id" in head.headers:
        params.setdefault("instance_id", head.headers["x-instance-id"])
    return params, "+".join(places)


class Connection(asyncio.Protocol):
    """A connection of one client. Requests are answered in order, one at a time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.engine = server.engine
        self.buffer = bytearray()
        self.head: Head | None = None
        self.busy = False  # a reply is under way
        self.timer: asyncio.TimerHandle | None = None
        self.transport: t.Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio already sets TCP_NODELAY.
        self.transport = transport
        self.server.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        if self.timer is not None:  # only the delivery; the effect of a call is never cancelled
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self.serve()
        elif len(self.buffer) > MAX_BODY:
            self.transport.abort()

    def serve(self) -> None:
        """Answer the requests that have arrived completely."""
        try:
            while not self.busy and self.buffer and not self.transport.is_closing():
                if not self.read_request():
                    return
        except BadRequest as error:
            self.send(error_reply(error.status, str(error)), keep_alive=False)

    def read_request(self) -> bool:
        """Take one request from the buffer and answer it; return false if it isn't complete."""
        if self.head is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end > MAX_HEAD or (end < 0 and len(self.buffer) > MAX_HEAD):
                raise BadRequest(431, "The headers are too large.")
            if end < 0:
                return False
            self.head = parse_head(bytes(self.buffer[:end]))
            del self.buffer[: end + 4]
            if self.head.headers.get("expect", "").lower() == "100-continue" and len(self.buffer) < self.head.length:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = self.head
        if len(self.buffer) < head.length:
            return False
        body = bytes(self.buffer[: head.length])
        del self.buffer[: head.length]
        self.head = None
        self.answer(head, body)
        return True

    def answer(self, head: Head, body: bytes) -> None:
        """Answer one request, now or after its delay."""
        path, query = split_target(head.target)
        if path.startswith(control.PREFIX):
            self.send(self.server.control(head.method, path, query, body), head.keep_alive)
            return
        params, location = api_params(head, query, body)
        call = calls.ROUTES[path][0] if path in calls.ROUTES else ""
        request = self.engine.begin(call, head.method, params, location=location, path=path)
        self.await_reply(request, head.keep_alive)

    def await_reply(self, request: calls.Request, keep_alive: bool) -> None:
        """Deliver the reply once it is due. A call that waits for another one may be due later than planned."""
        wait = self.engine.due(request) - self.engine.clock()
        if wait > 0:
            self.busy = True
            asyncio.get_running_loop().call_later(wait, self.await_reply, request, keep_alive)
            return
        waited = self.busy
        reply = self.engine.finish(request)
        if not self.transport.is_closing():
            self.busy = False
            self.deliver(reply, keep_alive)
            if waited:
                self.serve()

    def deliver(self, reply: Reply, keep_alive: bool) -> None:
        """Send the reply, in the way that a fault may ask for."""
        if reply.delivery == "plain":
            self.send(reply, keep_alive)
        elif reply.delivery == "drop":
            self.transport.close()
        elif reply.delivery == "timeout":
            self.busy = True
            self.timer = asyncio.get_running_loop().call_later(reply.seconds, self.transport.close)
        elif reply.delivery == "truncate":
            whole = http_bytes(reply, False)
            self.transport.write(whole[: len(whole) - (len(reply.body) + 1) // 2])
            self.transport.close()
        else:
            self.busy = True
            whole = http_bytes(reply, keep_alive)
            start = len(whole) - len(reply.body)
            self.transport.write(whole[:start])
            self.drip(whole[start:], max(1, len(reply.body) // DRIPS), reply.seconds / DRIPS, keep_alive)

    def drip(self, rest: bytes, size: int, pause: float, keep_alive: bool) -> None:
        """Send `rest` in pieces."""
        self.transport.write(rest[:size])
        if len(rest) > size:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_later(pause, self.drip, rest[size:], size, pause, keep_alive)
            return
        self.busy = False
        if not keep_alive:
            self.transport.close()
        self.serve()

    def send(self, reply: Reply, keep_alive: bool) -> None:
        """Send a whole reply."""
        self.transport.write(http_bytes(reply, keep_alive))
        if not keep_alive:
            self.transport.close()


def split_target(target: str) -> tuple[str, str]:
    """Return path and query of a request target, also in the absolute form that proxies get."""
    if not target.startswith("/"):
        parts = urlsplit(target)
        return parts.path or "/", parts.query
    path, dummy, query = target.partition("?")
    return path, query


def http_bytes(reply: Reply, keep_alive: bool) -> bytes:
    """Return a reply as it goes over the wire."""
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}"]
    if "Content-Type" not in reply.headers:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines.append(f"Content-Length: {len(reply.body)}\r\nConnection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1", "replace") + reply.body


class Server:
    """A server for an engine, in a thread (`start`, `stop`, or as a context manager) or in the caller's (`run`).

    `url` is known once it listens. Raises OSError if it can't. ``GET /_simulator/`` shows `nonce`, which tells whoever
    started the server that it is this one.
    """

    def __init__(
        self,
        engine: Engine,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        nonce: str = "",
    ) -> None:
        self.engine = engine
        self.host = host
        self.port = port
        self.ssl_context = ssl_context
        self.nonce = nonce
        self.url = ""
        self.connections: set[Connection] = set()
        self.accepted = 0  # connections so far
        self.peak = 0  # most at once
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def opened(self, connection: Connection) -> None:
        """Count a new connection."""
        self.connections.add(connection)
        self.accepted += 1
        self.peak = max(self.peak, len(self.connections))

    def control(self, method: str, path: str, query: str, body: bytes) -> Reply:
        """Answer a request to the control API."""
        rest = unquote(path[len(control.PREFIX) :])
        if not rest and method == "GET":
            return json_reply(self.about())
        try:
            parsed = json.loads(body) if body else None
        except (ValueError, RecursionError):
            return json_reply({"message": "the body is not valid JSON"}, 400)
        status, data = control.respond(self.engine, method, rest, dict(parse_qsl(query)), parsed)
        return json_reply(data, status)

    def about(self) -> dict[str, t.Any]:
        """Return the content of ``GET /_simulator/``."""
        return {
            "simulator": "wawp.cloud",
            "pid": os.getpid(),
            "nonce": self.nonce,
            "time": self.engine.clock(),
            "instances": len(self.engine.instances),
            "calls": len(self.engine.log),
            "connections": {"open": len(self.connections), "accepted": self.accepted, "peak": self.peak},
        }

    async def main(self, ready: t.Callable[[], None], lifetime: float | None = None) -> None:
        """Listen until `shutdown`, for at most `lifetime` seconds; call `ready` once `url` is known."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = await self._loop.create_server(
            lambda: Connection(self), self.host, self.port, ssl=self.ssl_context, backlog=BACKLOG
        )
        self.port = listener.sockets[0].getsockname()[1]
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"{'https' if self.ssl_context else 'http'}://{host}:{self.port}"
        ready()
        deliveries = asyncio.create_task(delivery.deliver(self.engine))
        try:
            await asyncio.wait_for(self._stop.wait(), lifetime)
        except asyncio.TimeoutError:
            pass
        finally:
            listener.close()
            deliveries.cancel()
            for connection in list(self.connections):
                connection.transport.abort()

    def shutdown(self) -> None:
        """End `main`, from any thread or a signal handler."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # it has already ended
                self._loop.call_soon_threadsafe(self._stop.set)

    def start(self) -> Server:
        """Listen in a thread. Raises OSError."""
        listening = threading.Event()

        def body() -> None:
            try:
                asyncio.run(self.main(listening.set))
            except Exception as error:  # raised where `start` or `stop` is called
                self._failure = error
            finally:
                listening.set()

        self._thread = threading.Thread(target=body, name="wawp-simulator", daemon=True)
        self._thread.start()
        listening.wait()
        if not self.url:
            self.stop()
        return self

    def stop(self) -> None:
        """End the thread; raise the error that made it fail, if any."""
        self.shutdown()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *dummy: object) -> None:
        self.stop()
