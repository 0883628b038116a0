# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes thousands of results on from task to task.

Ansible processes each value of a registered result several times, which costs as much as the calls behind them. A list
as one text costs next to nothing, and a list given by name isn't templated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

_NAME = re.compile(r"([A-Za-z_]\w*)\.(\w+)")


def with_registered(args: Mapping[str, Any], task_vars: Mapping[str, Any], options: Iterable[str]) -> dict[str, Any]:
    """Replace the names of registered results by their values. A missing field is an empty list.

    Raises:
        KeyError: a variable isn't registered, or its field is another text.
    """
    registered = {}
    for option in options:
        given = args.get(option)
        named = _NAME.fullmatch(given) if isinstance(given, str) else None
        if not named:
            continue
        variable, field = named.groups()
        if not isinstance(task_vars.get(variable), Mapping):
            raise KeyError(f"{option}: {variable} is not a registered variable")
        value = task_vars[variable].get(field, [])
        try:
            registered[option] = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise KeyError(f"{option}: {given} is neither a list nor the JSON text of one") from None
    return {**args, **registered}


def packed(result: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return the result with each of these lists as one JSON text."""
    return {name: json.dumps(value) if name in names else value for name, value in result.items()}
