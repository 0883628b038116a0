# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sees that a template has made text of a number.

Up to ansible-core 2.18 the result of most templates is text. YAML may have changed the number's digits before, and the
text would name another session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# A task may say its options here, besides under its module's name.
_PLACES = ("args", "action", "local_action")
_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\}\}|\{\{).)*)\}\}\s*", re.DOTALL)
# So many variables may name one another.
_DEEPEST = 8
_DIGITS = re.compile(r"-?[\d.]+(?:e[+-]?\d+)?")


def made_of_numbers(task: Any, templar: Any) -> list[str]:
    """The options, of those that hold instance ids, in which a template gave a number.

    What a template makes of several parts, or of another variable's template, can't be told apart.

    Args:
        task: the task, with its options as they came out of their templates, and as they stand in the playbook.
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
    """The instance ids of an option, as they stand in the playbook and as they came out."""
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
    """What a template evaluates if it is nothing but one expression, else nothing."""
    found = _EXPRESSION.fullmatch(raw) if isinstance(raw, str) else None
    return found[1].strip() if found else ""
