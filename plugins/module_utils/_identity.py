# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which instance is meant, and the one way to show it.

A field that is added here reaches options, results, plan, report, table, page and inventory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ._redact import one_line


@dataclass(frozen=True)
class Identity:
    """Which instance is meant.

    Args:
        instance_id: what Wawp calls it.
        name: what its owner calls it, None for nothing.
        origin: where it stands in the list that it came from, such as ``line 7``; None if nobody said.
    """

    instance_id: str
    name: str | None
    origin: str | None

    @property
    def fields(self) -> dict[str, str | None]:
        """The identity as part of a result."""
        return {name: getattr(self, name) for name in IDENTITY_FIELDS}

    def __str__(self) -> str:
        return f"{self.instance_id} ({one_line(self.name, 40)})" if self.name else self.instance_id


# Letters and digits of other scripts that look like Latin ones, and those that look like each other.
LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d"
    "\u0261\u0251\u03b1\u03b2\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b7\u03bc\u0131"
    "\u0578\u0585\u057d\u057001i|5",
    "abekmhopctyxljsdqwgaabelkvoptuxhmlnouholll" + "s",
)
IDENTITY_FIELDS = tuple(field.name for field in fields(Identity))


def identity_of(*entries: Mapping[str, Any] | None) -> Identity:
    """The identity in results of one instance: each field from the first of them that has it."""
    given = [entry for entry in entries if entry]
    found = {name: next((str(entry[name]) for entry in given if entry.get(name)), None) for name in IDENTITY_FIELDS}
    return Identity(**found)  # type: ignore[arg-type]
