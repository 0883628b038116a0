# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals to a worker that waits for its module."""

from __future__ import annotations

import signal
import threading

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils._in_process import _when_abandoned

INTERRUPTING: set[int] = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@pytest.fixture
def masks(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """Record the signals that each thread started meanwhile blocks, as the thread itself sees them."""
    seen: list[set[int]] = []
    run = threading.Thread.run

    def noting(thread: threading.Thread) -> None:
        seen.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        run(thread)

    monkeypatch.setattr(threading.Thread, "run", noting)
    return seen


def test_the_thread_that_watches_the_controller_takes_no_signals(masks: list[set[int]]) -> None:
    """Python handles signals in the main thread, which a signal to another thread doesn't wake."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with _when_abandoned(lambda: False, lambda: None):
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    for thread in threading.enumerate():
        if thread.name == "wawp-controller":
            thread.join(10)
    assert len(masks) == 1
    assert masks[0] >= INTERRUPTING
