# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSON values that may be the results of thousands of sessions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any


# Exact types, since Ansible's tagged texts are subclasses of Python's.
# pylint: disable=unidiomatic-typecheck
def converted(value: Any, scalar: Callable[[Any], Any]) -> Any:
    """Convert each scalar of a value, and its containers to Python's. Parts that stay the same aren't copied."""
    if isinstance(value, str):  # first, since most are, and finding that a text isn't a mapping takes longer
        return scalar(value)
    if isinstance(value, Mapping):
        fields = {str(key): converted(item, scalar) for key, item in value.items()}
        own = type(value) is dict and all(type(key) is str for key in value)
        return value if own and _same(fields.values(), value.values()) else fields
    if isinstance(value, (list, tuple)):
        items = [converted(item, scalar) for item in value]
        return value if type(value) is list and _same(items, value) else items
    return scalar(value)


def _same(items: Iterable[Any], others: Iterable[Any]) -> bool:
    return all(map(operator.is_, items, others))
