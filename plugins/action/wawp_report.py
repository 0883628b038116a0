# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_report: see plugin_utils/_in_process.py. It reads registered variables, which no module can."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.report import LISTS, REPORT_SPEC, report_task
from ..module_utils._tasks.result import TaskResult
from ..plugin_utils._in_process import InProcessAction

_NAME = re.compile(r"([A-Za-z_]\w*)\.(\w+)")


class ActionModule(InProcessAction):
    spec = REPORT_SPEC

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return report_task(params, check_mode)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            self._task.args = with_registered(self._task.args, task_vars or {})
        except KeyError as error:
            return {"failed": True, "msg": str(error.args[0])}
        return super().run(tmp, task_vars)


def with_registered(args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with what was registered in the place of its name. A field that isn't there is an empty list.

    Raises:
        KeyError: there is no such variable.
    """
    registered = {}
    for name in LISTS:
        given = args.get(name)
        named = _NAME.fullmatch(given) if isinstance(given, str) else None
        if not named:
            continue
        variable, field = named.groups()
        if not isinstance(task_vars.get(variable), Mapping):
            raise KeyError(f"{name}: {variable} is no registered variable")
        registered[name] = task_vars[variable].get(field, [])
    return {**args, **registered}
