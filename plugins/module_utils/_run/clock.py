# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Time that nobody can set, and that goes on while the machine sleeps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

# On Linux CLOCK_MONOTONIC stands still in a suspended machine, and what was read before would look fresh.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
# Seconds by which a clock may be set, as time servers do, without a word.
NOTABLE_JUMP = 2.0


def steady() -> float:
    """Seconds since some moment; only differences mean anything."""
    return time.clock_gettime(_STEADY)


def utc(moment: datetime | None = None) -> str:
    """A moment, now if none is given, as it stands in results and journals."""
    return (moment or datetime.now(timezone.utc)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def start_of_run() -> dict[str, Any]:
    """This moment, such that later tasks of the same run can count from it: see RunTime."""
    return {"time": utc(), "steady": steady(), "boot": _boot()}


class RunTime:
    """The time of day in a run: when it began, and what has passed since. A clock that is set changes neither.

    Args:
        start: what ``start_of_run`` returned when the run began. One of another machine, or from before this one was
            started, says nothing: the run then begins now.
    """

    def __init__(self, start: Mapping[str, Any] | None = None) -> None:
        self._began, self._began_steady = _began_here(start) or (datetime.now(timezone.utc), steady())

    @property
    def began(self) -> datetime:
        """When the run began."""
        return self._began

    def now(self) -> datetime:
        """The time of day, as it would be had nobody set the clock."""
        return self._began + timedelta(seconds=steady() - self._began_steady)

    def clock_set_by(self) -> float | None:
        """By how many seconds the machine's clock was set since the run began, negative if back; None if hardly."""
        seconds = (datetime.now(timezone.utc) - self.now()).total_seconds()
        return round(seconds, 1) if abs(seconds) > NOTABLE_JUMP else None


def _began_here(start: Mapping[str, Any] | None) -> tuple[datetime, float] | None:
    """The beginning of a run, None if this machine's steady time doesn't reach back to it."""
    with suppress(LookupError, TypeError, ValueError):
        if start and start["boot"] and start["boot"] == _boot() and float(start["steady"]) <= steady():
            return datetime.fromisoformat(str(start["time"]).replace("Z", "+00:00")), float(start["steady"])
    return None


def _boot() -> str:
    """The name of the time since this machine was started, empty where the system has none."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        return stream.read().strip()
    return ""
