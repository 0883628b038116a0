# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A log that a flood can't fill."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable

PAUSE = 10.0  # seconds between two lines on the same sort of trouble


class ThrottledLog:
    """Logs each sort of trouble at most once in a while, and says how often it happened.

    Args:
        logger: where the lines go.
        clock: seconds, monotonic.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self.logger = logger
        self.clock = clock
        self.counts: Counter[str] = Counter()
        self.last: dict[str, float] = {}

    def note(self, sort: str, detail: str = "", level: int = logging.WARNING) -> None:
        """Log trouble, if it is the turn of its sort.

        Args:
            sort: one of few, since each is remembered.
            detail: what is particular to this one.
            level: how bad it is.
        """
        self.counts[sort] += 1
        now = self.clock()
        if now - self.last.get(sort, -math.inf) >= PAUSE:
            self.last[sort] = now
            so_far = f" ({self.counts[sort]} so far)" if self.counts[sort] > 1 else ""
            self.logger.log(level, "%s%s%s", sort, f": {detail}" if detail else "", so_far)


class LibraryLog(logging.Handler):
    """Takes what a library logs about its peers, and passes on only that there was trouble.

    A library quotes what it was sent, secrets in headers too, and logs a traceback for each bad request.
    """

    def __init__(self, log: ThrottledLog, sort: str) -> None:
        super().__init__(logging.WARNING)
        self.log = log
        self.sort = sort

    def emit(self, record: logging.LogRecord) -> None:
        """Count the record; log its exception's name, if it is its turn."""
        name = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self.log.note(self.sort, name)

    def as_logger(self) -> logging.Logger:
        """A logger that hands everything to this handler alone."""
        logger = logging.Logger(__name__, logging.WARNING)
        logger.addHandler(self)
        return logger
