# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The queue in which urllib3 keeps a pool's connections."""

from __future__ import annotations

import queue
from collections import deque
from typing import Any


class PoolQueue:
    """A LifoQueue without a lock, as urllib3 uses it for its pools.

    A thread that runs out of memory can leave a LifoQueue locked, and all others that share the pool would hang. The
    two ends of a deque need no lock.

    Args:
        maxsize: the number of connections to keep.
    """

    def __init__(self, maxsize: int) -> None:
        self._maxsize = maxsize
        self._connections: deque[Any] = deque()

    def put(self, connection: Any, block: bool = True, timeout: float | None = None) -> None:
        if len(self._connections) >= self._maxsize:
            raise queue.Full
        self._connections.append(connection)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return self._connections.pop()
        except IndexError:
            raise queue.Empty from None

    def qsize(self) -> int:
        return len(self._connections)
