# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that sends any bytes at any pace, which the simulator, a well-behaved HTTP server, can't."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

PATIENCE = 30.0


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        fields = (line.partition(": ") for line in self.head.decode("latin-1").split("\r\n")[1:])
        return {name.lower(): value for name, dummy, value in fields}


# Answers a request on its connection; returns whether the connection stays open.
React = Callable[[socket.socket, Request], bool]


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return a well-formed reply."""
    lines = [f"HTTP/1.1 {status} Some Reason", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def says(data: bytes, keep_alive: bool = False) -> React:
    """Answer every request with these bytes."""

    def react(connection: socket.socket, dummy: Request) -> bool:
        connection.sendall(data)
        return keep_alive

    return react


def drips(data: bytes, pause: float) -> React:
    """Answer with these bytes one by one, until the client gives up."""

    def react(connection: socket.socket, dummy: Request) -> bool:
        for position in range(len(data)):
            connection.sendall(data[position : position + 1])
            time.sleep(pause)
        return False

    return react


def hangs_up(dummy: socket.socket, request: Request) -> bool:
    """Take the request and close the connection."""
    return False


class RawServer:
    """A server on a free port of 127.0.0.1, with a thread for each connection; `requests` holds those received."""

    def __init__(self, react: React, context: ssl.SSLContext | None = None) -> None:
        self.react = react
        self.context = context
        self.requests: list[Request] = []
        self.accepted = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> RawServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for end in [self._listener, *self._open]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join()

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        try:
            plain.settimeout(PATIENCE)
            connection = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            with connection:
                for request in read_requests(connection):
                    self.requests.append(request)
                    if not self.react(connection, request):
                        break
        except OSError:
            pass  # the client has gone, or doesn't trust our certificate


def read_requests(connection: socket.socket) -> Iterator[Request]:
    """Yield the requests of one connection, until the client closes it."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        head, dummy, data = data.partition(b"\r\n\r\n")
        length = int(Request(head, b"").headers.get("content-length", "0"))
        while len(data) < length:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        yield Request(head, data[:length])
        data = data[length:]
