# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detects numbers that a template turned into text.

Up to ansible-core 2.18 the result of most templates is text. YAML may already have changed the number's digits, and the
text would name another session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# A task may give its options here, besides under its module's name.
_PLACES = ("args", "action", "local_action")
_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\}\}|\{\{).)*)\}\}\s*", re.DOTALL)
# The longest chain of variables that name one another.
_DEEPEST = 8
_DIGITS = re.compile(r"-?[\d.]+(?:e[+-]?\d+)?")


def made_of_numbers(task: Any, templar: Any) -> list[str]:
    """Return the options with instance ids in which a template yielded a number.

    Doesn't detect a template of several parts, or one that uses another variable's template.

    Args:
        task: the task, with its options both templated and as written in the playbook.
        templar: evaluates templates.
    """
    stated = task.get_ds()
    if not isinstance(stated, Mapping):
        return []
    names = {task.action, task.action.rpartition(".")[2], *_PLACES}
    written = [options for name, options in stated.items() if name in names and isinstance(options, Mapping)]
    return [
        name
        for name in ("instance_id", "instances", "entries")
        for options in written
        if any(_is_number(raw, value, templar) for raw, value in _ids(options.get(name), task.args.get(name)))
    ]


def _ids(raw: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the instance ids of an option, as written in the playbook and templated."""
    if isinstance(raw, list) and isinstance(value, list):
        for each, came_out in zip(raw, value):
            yield from _ids(each, came_out)
    elif isinstance(raw, Mapping) and isinstance(value, Mapping):
        yield raw.get("instance_id"), value.get("instance_id")
    else:
        yield raw, value


def _is_number(raw: Any, value: Any, templar: Any) -> bool:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        return False
    expression = _expression(raw)
    for dummy in range(_DEEPEST):
        further = _expression(templar.available_variables.get(expression))
        expression = further or expression
    return bool(expression) and str(templar.template("{{ (" + expression + ") is string }}")) == "False"


def _expression(raw: Any) -> str:
    """Return the expression of a template that consists of a single one, else an empty string."""
    found = _EXPRESSION.fullmatch(raw) if isinstance(raw, str) else None
    return found[1].strip() if found else ""
