# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bounded acceptor of connections, so that idle and hostile ones can't shut genuine ones out.

asyncio's server counts a connection only after its TLS handshake, doesn't know which one to drop, and when descriptors
run out, logs each failure to accept, a hundred times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable

from .throttled_log import ThrottledLog

BACKLOG = 512
RESERVE = 32  # descriptors for the state file, for playbooks and for other sources
ACCEPT_PAUSE = 0.1  # seconds until it tries again to accept
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(asyncio.Protocol):
    """A connection from its accept on, TLS handshake included; leaves everything else to aiohttp's protocol."""

    def __init__(self, peer: socket.socket, inner: asyncio.Protocol, ended: Callable[[Connection], None]) -> None:
        self.peer = peer
        self.inner = inner
        self.ended = ended
        self.transport: asyncio.BaseTransport | None = None
        self.quiet = True  # has not brought a request
        self.trusted = False  # has brought a genuine webhook

    def cut(self) -> None:
        """End the connection, whatever state it is in."""
        with contextlib.suppress(OSError):
            self.peer.shutdown(socket.SHUT_RDWR)
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended(self)
        self.inner.connection_lost(exc)


class ConnectionLimit:
    """A limit on connections: one too many replaces the oldest.

    Those that have brought a genuine webhook are spared. A flood would have to reopen all others in the few
    milliseconds that a genuine sender needs.

    Args:
        most: the greatest number of connections at once.
        patience: seconds allowed for the TLS handshake, and until the first request.
        log: the log for problems.
    """

    def __init__(self, most: int, patience: float, log: ThrottledLog) -> None:
        self.highest, left = _descriptors()
        self.most = min(most, left)
        self.patience = patience
        self.log = log
        self.open: dict[object, Connection] = {}  # by the protocol that serves it, the oldest first
        self.tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(
        self, host: str, port: int, tls: ssl.SSLContext | None, serve: Callable[[], asyncio.Protocol]
    ) -> AsyncIterator[list[socket.socket]]:
        """Accept connections within the context.

        Args:
            host: the address.
            port: the port.
            tls: the TLS settings, None for plain connections.
            serve: makes the protocol that serves a connection.

        Raises:
            OSError: the address can't be listened on.
        """
        loop = asyncio.get_running_loop()
        listeners = await _listeners(host, port)
        for listener in listeners:
            loop.add_reader(listener, self._accept, listener, tls, serve)
        try:
            yield listeners
        finally:
            for listener in listeners:
                loop.remove_reader(listener)
                listener.close()
            for task in list(self.tasks):
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def cut_all(self) -> None:
        """Cut all open connections."""
        for connection in list(self.open.values()):
            connection.cut()

    def _accept(
        self, listener: socket.socket, tls: ssl.SSLContext | None, serve: Callable[[], asyncio.Protocol]
    ) -> None:
        """Accept one connection, so that the loop runs before the next one."""
        loop = asyncio.get_running_loop()
        try:
            peer, dummy = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            self.log.note("a connection can't be accepted", error.strerror or type(error).__name__)
            self._give_one_up()
            loop.remove_reader(listener)
            loop.call_later(ACCEPT_PAUSE, self._accept_again, listener, tls, serve)
            return
        peer.setblocking(False)
        if not self._has_room(peer):
            _turn_away(peer, plain=tls is None)
            return
        inner = serve()
        connection = self.open[inner] = Connection(peer, inner, self._forget)
        task = loop.create_task(self._begin(connection, tls))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _accept_again(
        self, listener: socket.socket, tls: ssl.SSLContext | None, serve: Callable[[], asyncio.Protocol]
    ) -> None:
        if listener.fileno() >= 0:  # it is still open
            asyncio.get_running_loop().add_reader(listener, self._accept, listener, tls, serve)

    async def _begin(self, connection: Connection, tls: ssl.SSLContext | None) -> None:
        """Take a connection through its handshake, and cut it if no request follows."""
        loop = asyncio.get_running_loop()
        patience = self.patience if tls else None
        try:
            await loop.connect_accepted_socket(
                lambda: connection, connection.peer, ssl=tls, ssl_handshake_timeout=patience
            )
        except OSError as error:  # asyncio's and TLS's errors are subclasses
            self._forget(connection)
            self.log.note("a connection failed before its first request", type(error).__name__)
        else:
            loop.call_later(self.patience, self._cut_if_quiet, connection)

    def _cut_if_quiet(self, connection: Connection) -> None:
        if connection.quiet:
            connection.cut()

    def _has_room(self, peer: socket.socket) -> bool:
        """Whether another connection may stay, after dropping one if need be."""
        # The lowest free descriptor is given first, so a high one shows that many are in use, by others too.
        many = peer.fileno() > self.highest
        if len(self.open) < self.most and not many:
            return True
        self.log.note("there are too many connections; the oldest make room")
        if many:
            self._give_one_up()
        return self._give_one_up()

    def _give_one_up(self) -> bool:
        connection = next((each for each in self.open.values() if not each.trusted), None)
        if connection is None:
            return False
        self._forget(connection)
        connection.cut()
        return True

    def _forget(self, connection: Connection) -> None:
        self.open.pop(connection.inner, None)

    def note_request(self, inner: object, genuine: bool) -> None:
        """Note that a connection brought a request.

        Args:
            inner: the protocol that serves it.
            genuine: whether it was a webhook from somebody who knows a key or secret.
        """
        connection = self.open.get(inner)
        if connection:
            connection.quiet = False
            connection.trusted = connection.trusted or genuine


def _turn_away(peer: socket.socket, plain: bool) -> None:
    with contextlib.suppress(OSError):
        if plain:
            peer.send(BUSY)
        peer.shutdown(socket.SHUT_WR)
    peer.close()


def _descriptors() -> tuple[int, int]:
    """Return the highest descriptor that a connection may have, and the number of descriptors for connections."""
    soft, dummy = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        used = probe.fileno()
    if soft == resource.RLIM_INFINITY:
        return sys.maxsize, sys.maxsize
    reserve = min(RESERVE, (soft - used) // 4)
    return soft - reserve, max(soft - reserve - used, 1)


async def _listeners(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on all addresses of a host. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((family, address) for family, _type, _proto, _name, address in found):
            listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
            listener.setblocking(False)
            listeners.append(listener)
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners
