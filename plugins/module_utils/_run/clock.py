# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Time that nobody can set, and that goes on while the machine sleeps."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

# On Linux CLOCK_MONOTONIC stands still in a suspended machine, and what was read before would look fresh.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> float:
    """Seconds since some moment; only differences mean anything."""
    return time.clock_gettime(_STEADY)


class RunTime:
    """The time of day in a run: when it began, and what has passed since. A clock that is set changes neither."""

    def __init__(self) -> None:
        self._began, self._began_steady = datetime.now(timezone.utc), steady()

    def now(self) -> datetime:
        """The time of day, as it would be had nobody set the clock."""
        return self._began + timedelta(seconds=steady() - self._began_steady)

    def clock_set_by(self) -> float:
        """By how many seconds the machine's clock was set since the run began, negative if back."""
        return (datetime.now(timezone.utc) - self.now()).total_seconds()
