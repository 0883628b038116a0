# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Parsing and formatting of times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=65536)
def parse_time(text: str) -> datetime:
    """Parse an ISO 8601 time. Raises ValueError, also for a time without an offset."""
    parsed = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
    if parsed.tzinfo is None:
        raise ValueError("it has no offset from UTC")
    return parsed.astimezone(timezone.utc)


def time_span(runs: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Return the start of the first of these runs and the end of the last."""
    spans = [(str(entry["began"]), _end(entry)) for entry in runs if entry.get("began") and not entry.get("left_alone")]
    return (min(began for began, dummy in spans), max(ended for dummy, ended in spans)) if spans else None


def _end(entry: Mapping[str, Any]) -> str:
    ended = parse_time(str(entry["began"])) + timedelta(seconds=float(entry.get("duration") or 0))
    return ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_between(began: str, ended: str) -> float:
    """Return the seconds between two times of a report."""
    return (parse_time(ended) - parse_time(began)).total_seconds()


def date_and_time(time: str) -> str:
    """Format a time as in 2026-11-22 01:30:00 UTC."""
    return parse_time(time).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock(time: datetime) -> str:
    """Format a time as in 01:30:00."""
    return time.strftime("%H:%M:%S")


def length(seconds: float) -> str:
    """Format a length of time in the unit that fits it."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
