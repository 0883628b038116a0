# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Interruption of a run: by a signal, or because nobody waits for its result any more."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from types import FrameType

_SIGNALS = {
    signal.SIGHUP: "the terminal was closed",
    signal.SIGINT: "it was interrupted",
    signal.SIGTERM: "it was terminated",
}
_READS = frozenset({"info"})
GONE = "the process that started it is gone"


class Interruption:
    """A context in which a signal doesn't end the process but gives a reason to start nothing new.

    A second Ctrl-C ends the run at once.

    Args:
        is_abandoned: whether nobody waits for the result any more.
    """

    def __init__(self, is_abandoned: Callable[[], bool]) -> None:
        self._is_abandoned = is_abandoned
        self._reason: str | None = None
        self._signal: int | None = None
        self._before: dict[signal.Signals, object] = {}

    @property
    def reason(self) -> str | None:
        """The reason to start nothing new, None if the run may go on."""
        if self._reason is None and self._is_abandoned():
            self._reason = GONE
        return self._reason

    def refusal(self, call: str, has_logged_out: bool) -> str | None:
        """Return why a call must no longer be sent, None if it may be: reads still verify a logout that was sent."""
        if self.reason is None or (has_logged_out and call in _READS):
            return None
        return f"the run was ended, since {self.reason}; {call} was not sent"

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                    self._before[number] = signal.signal(number, self._heed)
        return self

    def __exit__(self, *dummy: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # type: ignore[arg-type]

    def _heed(self, number: int, frame: FrameType | None) -> None:
        if number == self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        self._signal = self._signal or number
        self._reason = self._reason or _SIGNALS[signal.Signals(number)]

    def pass_on(self) -> None:
        """Once everything is saved, let the signal take its usual effect: its sender no longer waits for a result."""
        if self._signal is not None:
            signal.raise_signal(self._signal)


def abandoned_by_parent() -> Callable[[], bool]:
    """Return a function that says whether this process's current parent has ended, for whatever reason."""
    parent = os.getppid()
    return lambda: os.getppid() != parent


def abandoned_by_reader() -> Callable[[], bool]:
    """Return a function that says whether the parent or the reader of this module's output has ended."""
    parent_is_gone = abandoned_by_parent()

    def reader_is_gone() -> bool:
        output = select.poll()  # a new one for each call: threads can't share one
        output.register(1, 0)
        return any(event & (select.POLLERR | select.POLLHUP) for dummy, event in output.poll(0))

    return lambda: parent_is_gone() or reader_is_gone()
