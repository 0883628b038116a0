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

PAUSE = 10.0  # seconds between two lines about the same sort of problem


class ThrottledLog:
    """A log that shows each sort of problem at most once in a while, with the number of times it happened.

    Args:
        logger: the logger for the lines.
        clock: returns monotonic seconds.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self.logger = logger
        self.clock = clock
        self.counts: Counter[str] = Counter()
        self.last: dict[str, float] = {}

    def note(self, sort: str, detail: str = "", level: int = logging.WARNING) -> None:
        """Log a problem if its sort is due.

        Args:
            sort: one of few, since each is remembered.
            detail: details of this problem.
            level: the logging level.
        """
        self.counts[sort] += 1
        now = self.clock()
        if now - self.last.get(sort, -math.inf) >= PAUSE:
            self.last[sort] = now
            so_far = f" ({self.counts[sort]} so far)" if self.counts[sort] > 1 else ""
            self.logger.log(level, "%s%s%s", sort, f": {detail}" if detail else "", so_far)


class LibraryLog(logging.Handler):
    """A handler that reduces a library's log of its peers to the fact that there was a problem.

    A library quotes its input, secrets in headers included, and logs a traceback for each bad request.
    """

    def __init__(self, log: ThrottledLog, sort: str) -> None:
        super().__init__(logging.WARNING)
        self.log = log
        self.sort = sort

    def emit(self, record: logging.LogRecord) -> None:
        """Count the record, and log its exception's name if that is due."""
        name = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self.log.note(self.sort, name)

    def as_logger(self) -> logging.Logger:
        """Return a logger that passes everything to this handler only."""
        logger = logging.Logger(__name__, logging.WARNING)
        logger.addHandler(self)
        return logger
