# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Messages about many instances: the first few are named, the others counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# The number of instances, and of problems, that a message names; the result has all of them.
_NAMED = 5


def by_cause(problems: Iterable[tuple[str, str]]) -> list[str]:
    """Group the problems of single instances by cause, and list the instances of each: most frequent cause first."""
    causes: dict[str, list[tuple[str, str]]] = {}
    for instance_id, what in problems:
        # Messages may name the instance, which would make each a separate cause.
        causes.setdefault(what.replace(instance_id, "it"), []).append((instance_id, what))
    ordered = sorted(causes.items(), key=lambda cause: -len(cause[1]))
    return [
        f"{first_of([each for each, dummy in those])}: {those[0][1] if len(those) == 1 else what}"
        for what, those in ordered
    ]


def first_of(names: Sequence[str]) -> str:
    """Return the first of many names, and the number of the others."""
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def named(problems: Sequence[str]) -> str:
    """Return the first of many problems, and the number of the others."""
    more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
    return "; ".join(problems[:_NAMED]) + more
