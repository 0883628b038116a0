# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One deadline for a whole HTTP response, and a whole request in one write.

Python bounds the wait for each part of a response only: a trickled header or endless 1xx replies would hang the call
forever. It also writes a request's head and body separately, which costs another packet and another interpreter switch.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from functools import lru_cache
from typing import Any

from .pool_queue import PoolQueue


class _Bounded(io.RawIOBase):
    """A socket's stream whose reads share one timeout."""

    _stream: Any = None  # close() needs it, even if no memory was left for the rest

    def __init__(self, connection: socket.socket, stream: io.BufferedReader) -> None:
        self._connection, self._stream = connection, stream
        timeout = connection.gettimeout()
        self._end = None if timeout is None else time.monotonic() + timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._end is not None:
            left = self._end - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            self._connection.settimeout(left)
        return self._stream.raw.readinto(buffer) or 0

    def close(self) -> None:
        if self._stream:
            self._stream.close()
        super().close()


class _Response(http.client.HTTPResponse):
    fp: Any = None  # close() needs it, even if no memory was left to open it

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Bounded(sock, self.fp))

    def begin(self) -> None:
        super().begin()
        if self.status < 200:
            self.will_close = True  # its final reply may follow, and would pass for the next request's


class _InOnePiece:
    """A connection that holds back the head of a request until the body is sent or the response awaited."""

    _head: bytes | None = None

    def endheaders(self, *arguments: Any, **options: Any) -> None:
        self._head = b""
        super().endheaders(*arguments, **options)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self._head == b"":
            self._head = data
            return
        head, self._head = self._head, None
        if head and not isinstance(data, bytes):
            super().send(head)  # type: ignore[misc]
            head = None
        super().send(head + data if head else data)  # type: ignore[misc]

    def getresponse(self, *arguments: Any, **options: Any) -> Any:
        if self._head:
            self.send(b"")
        return super().getresponse(*arguments, **options)  # type: ignore[misc]

    def close(self) -> None:
        self._head = None
        super().close()  # type: ignore[misc]


def with_deadline(pools: dict[str, Any]) -> dict[str, Any]:
    """Return urllib3's pools by scheme, with connections that give each response one deadline."""
    return {scheme: _with_bounds(pool) for scheme, pool in pools.items()}


@lru_cache(maxsize=16)
def _with_bounds(pool: Any) -> Any:
    bases = (_InOnePiece, pool.ConnectionCls)
    connection = type(pool.ConnectionCls.__name__, bases, {"response_class": _Response})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection, "QueueCls": PoolQueue})
