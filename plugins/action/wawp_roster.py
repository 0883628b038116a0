# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_roster: see plugin_utils/_in_process.py. It reads hosts' variables, which a module can't."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.result import TaskResult
from ..module_utils._tasks.roster import ROSTER_SPEC, roster_task
from ..plugin_utils._host_variables import replace_hosts
from ..plugin_utils._in_process import InProcessAction

_PRIVATE = {"access_token", "expect_account"}


class ActionModule(InProcessAction):
    spec = ROSTER_SPEC
    packs = ("instances", "identities", "targets")

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return roster_task(params, check_mode)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if self._task.async_val:
            # async keeps the result in a file and shows it through a separate task.
            return {
                "failed": True,
                "msg": "instances: may hold tokens, so they are returned only without async",
            }
        self._silence_connection()
        problem = replace_hosts(self._task.args, task_vars or {}, os.environ.get("WAWP_ACCESS_TOKEN"))
        if problem:
            return {"failed": True, "msg": problem}
        return super().run(tmp, task_vars)

    def _run(self, tmp: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        result = super()._run(tmp, task_vars)
        if any(_PRIVATE & set(entry) for entry in result.get("instances", ())):
            result["_ansible_no_log"] = True
        return result
