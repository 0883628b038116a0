# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for free memory before something starts that needs it."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from typing import Any

# A thread's stack in bytes. The usual eight MiB each don't fit where memory is limited.
STACK_SIZE = 1024 * 1024
# Free memory required for one more thread or session, in bytes; a call takes a few hundred KiB while it runs.
ROOM = 1024 * 1024


def look_for_room(size: int) -> None:
    """Raise MemoryError unless that many bytes are free. Touches none of them.

    Doesn't allocate: after a failed allocation, glibc moves the thread to another arena, where it can't use what was
    free.
    """
    try:
        mmap.mmap(-1, size).close()
    except OSError:
        raise MemoryError from None


def start_thread(target: Callable[..., Any], *arguments: Any, name: str, room: int = ROOM) -> threading.Thread | None:
    """Start a thread in the background.

    Args:
        target: the function that it runs.
        arguments: the arguments of ``target``.
        name: the name of the thread.
        room: the bytes that must be free beyond its stack. Python waits forever for a thread that finds no memory to
            start.

    Returns:
        The thread, None if the system allows none.
    """
    before = threading.stack_size(STACK_SIZE)
    try:
        look_for_room(STACK_SIZE + room)
        thread = threading.Thread(target=target, args=arguments, daemon=True, name=name)
        thread.start()
    except (RuntimeError, MemoryError):
        return None
    finally:
        threading.stack_size(before)
    return thread
