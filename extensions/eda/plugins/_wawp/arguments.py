# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check and convert the arguments of a source; a rulebook's templates may turn numbers and booleans into text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

# Only these characters, since it is part of a URL, a file name and a log line.
INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Ansible's words.
_BOOLEANS = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1", "1.0"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0", "0.0"), False),
}


class Arguments:
    """The arguments of a source, read one by one. Each method raises ValueError, which never repeats the value.

    Args:
        given: the rulebook's values; null counts as not given.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {name: value for name, value in given.items() if value is not None}

    def number(self, name: str, default: float, least: float = 0.0, most: float = math.inf) -> float:
        """Return a number between two bounds."""
        value = self._float(name, default)
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError(f"{name} must be a number {_between(least, most)}")
        return value

    def whole(self, name: str, default: int, least: int = 0, most: float = math.inf) -> int:
        """Return a whole number between two bounds."""
        value = self._float(name, default)
        if not (math.isfinite(value) and value == int(value) and least <= value <= most):
            raise ValueError(f"{name} must be a whole number {_between(least, most)}")
        return int(value)

    def _float(self, name: str, default: float) -> float:
        try:
            return float(str(self.given.get(name, default)))  # via text: a boolean is not a number
        except ValueError:
            return math.nan

    def boolean(self, name: str, default: bool) -> bool:
        """Return a boolean."""
        try:
            return _BOOLEANS[str(self.given.get(name, default)).strip().lower()]
        except KeyError:
            raise ValueError(f"{name} must be a boolean") from None

    def text(self, name: str, default: str = "") -> str:
        """Return a string, which may be empty."""
        value = self.given.get(name, default)
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a string")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, which may be given as a single one."""
        value = self.given.get(name) or []
        values = [value] if isinstance(value, str) else value
        if not (isinstance(values, (list, tuple)) and all(isinstance(each, str) and each.strip() for each in values)):
            raise ValueError(f"{name} must be a list of strings, none of them empty")
        return tuple(values)

    def mapping(self, name: str) -> dict[str, str]:
        """Return a mapping of strings to strings."""
        value = self.given.get(name) or {}
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} must be a mapping")
        return {str(key): str(item) for key, item in value.items()}


def _between(least: float, most: float) -> str:
    return f"of at least {least:g}" if math.isinf(most) else f"from {least:g} to {most:g}"
