# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_roster: see plugin_utils/_in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.result import TaskResult
from ..module_utils._tasks.roster import ROSTER_SPEC, roster_task
from ..plugin_utils._in_process import InProcessAction

_PRIVATE = {"access_token", "expect_account"}


class ActionModule(InProcessAction):
    spec = ROSTER_SPEC

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return roster_task(params, check_mode)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if self._task.async_val:
            # async keeps the result in a file and shows it through a task of its own.
            return {
                "failed": True,
                "msg": "instances: may hold tokens, so that they are told without async only",
            }
        self._silence_connection()
        hosts = self._task.args.get("hosts")
        if hosts and not isinstance(hosts[0], Mapping):
            self._task.args["hosts"] = [_of_host(str(host), (task_vars or {})["hostvars"][host]) for host in hosts]
        result = super().run(tmp, task_vars)
        if any(_PRIVATE & set(entry) for entry in result.get("instances", ())):
            result["_ansible_no_log"] = True
        return result


def _of_host(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the variables of an inventory's host say about its instance."""
    facts = {name: variables.get(f"wawp_{name}") for name in ("instance_id", "name", "expect_account", "access_token")}
    return {**facts, "name": facts["name"] or host}
