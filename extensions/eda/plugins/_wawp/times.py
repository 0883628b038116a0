# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as they travel: milliseconds since 1970."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from typing import Any

_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,20})?(?:[eE]\+?\d{1,2})?")
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,12}))?\s?(?:[Zz]|UTC|GMT|([+-])(\d\d):?(\d\d)?)?"
)
# The largest number of seconds, milliseconds, microseconds and nanoseconds: the year 5138 in each.
_UNITS = ((1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (1e20, 1e-6))


def now_ms() -> int:
    """Return the current time."""
    return time.time_ns() // 1_000_000


def iso(at: int) -> str:
    """Format a time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(value: Any) -> int | None:
    """Parse a timestamp: s, ms, µs or ns since 1970 as a number or as text, or ISO 8601; None for anything else.

    A time without a zone is taken for UTC.
    """
    if isinstance(value, str):
        value = value.strip()
        if not (value.isascii() and _NUMBER.fullmatch(value)):
            return _from_iso(value)
        value = float(value) if re.search(r"[.eE]", value) else int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        return None
    return next((int(value * factor) for largest, factor in _UNITS if value < largest), None)


def _from_iso(text: str) -> int | None:
    found = _ISO.fullmatch(text) if text.isascii() else None
    if not found:
        return None
    fraction, sign, hours, minutes = found.groups()[6:]
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        at = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        at = at + ahead if sign == "-" else at - ahead
    except (ValueError, OverflowError):
        return None
    since = at - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return since // timedelta(milliseconds=1) + int(f"{fraction or ''}000"[:3]) if since.days >= 0 else None
