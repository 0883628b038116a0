# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A clock that nobody can set, and that keeps counting while the machine sleeps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

# On Linux CLOCK_MONOTONIC stops while a machine is suspended, and earlier readings would look fresh.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
# Seconds by which a clock may be set, as time servers do, without being reported.
NOTABLE_JUMP = 2.0


def steady() -> float:
    """Return seconds since an arbitrary moment; only differences mean anything."""
    return time.clock_gettime(_STEADY)


def utc(moment: datetime | None = None) -> str:
    """Format a moment, by default now, as results and journals have it."""
    return (moment or datetime.now(timezone.utc)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def start_of_run() -> dict[str, Any]:
    """Return this moment in a form from which later tasks of the same run can count; see RunTime."""
    return {"time": utc(), "steady": steady(), "boot": _boot()}


class RunTime:
    """The time of day in a run: its start plus the time elapsed, unaffected if the machine's clock is set.

    Args:
        start: the value that ``start_of_run`` returned when the run began. One from another machine, or from before
            this one booted, is ignored: the run then begins now.
    """

    def __init__(self, start: Mapping[str, Any] | None = None) -> None:
        self._began, self._began_steady = _began_here(start) or (datetime.now(timezone.utc), steady())

    @property
    def began(self) -> datetime:
        """The start of the run."""
        return self._began

    def now(self) -> datetime:
        """Return the time of day as if nobody had set the clock."""
        return self._began + timedelta(seconds=steady() - self._began_steady)

    def clock_set_by(self) -> float | None:
        """Seconds by which the machine's clock was set since the run began, negative if back; None if hardly."""
        seconds = (datetime.now(timezone.utc) - self.now()).total_seconds()
        return round(seconds, 1) if abs(seconds) > NOTABLE_JUMP else None


def _began_here(start: Mapping[str, Any] | None) -> tuple[datetime, float] | None:
    """Return the start of a run, None if this machine's steady time doesn't reach back to it."""
    with suppress(LookupError, TypeError, ValueError):
        if start and start["boot"] and start["boot"] == _boot() and float(start["steady"]) <= steady():
            return datetime.fromisoformat(str(start["time"]).replace("Z", "+00:00")), float(start["steady"])
    return None


def _boot() -> str:
    """Return the system's id of this boot, empty where it has none."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        return stream.read().strip()
    return ""
