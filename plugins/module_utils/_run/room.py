# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Looks for memory before something is begun that needs it."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from typing import Any

# Of a thread, in bytes. The usual eight MiB each don't fit where memory is bounded.
STACK_SIZE = 1024 * 1024
# What one more thread or session is to find, in bytes; a call takes a few hundred KiB for the moment.
ROOM = 1024 * 1024


def look_for_room(size: int) -> None:
    """Raise MemoryError unless so many bytes are free. None of them is touched.

    Not by an allocation: after one that fails, glibc has the thread use another arena, and what was free is lost to it.
    """
    try:
        mmap.mmap(-1, size).close()
    except OSError:
        raise MemoryError from None


def start_thread(target: Callable[..., Any], *arguments: Any, name: str, room: int = ROOM) -> threading.Thread | None:
    """Start a thread in the background.

    Args:
        target: what it does.
        arguments: of ``target``.
        name: of the thread.
        room: how many bytes are to be left beyond its stack. Python waits for ever for a thread that finds no memory to
            begin.

    Returns:
        The thread, None where the system gives none.
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
