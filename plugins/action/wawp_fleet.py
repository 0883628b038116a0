# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_fleet: see plugin_utils/_in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.fleet import Listener, fleet_task
from ..module_utils._tasks.last_words import ELSEWHERE, NEXT_FLEET
from ..module_utils._tasks.options import FLEET_SPEC
from ..module_utils._tasks.result import TaskResult
from ..plugin_utils._in_process import InProcessAction

# Characters of a failed result to print. Ansible prints all of it on one line: seven million for ten thousand sessions.
_PRINTABLE = 8000


class ActionModule(InProcessAction):
    spec = FLEET_SPEC
    if_interrupted = f"{ELSEWHERE} {NEXT_FLEET}"

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return fleet_task(params, check_mode, Listener(self.say, self.is_abandoned, self.say_last))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task. A failed result that is too long to print goes to the registered variable only."""
        result = super().run(tmp, task_vars)
        if result.get("failed") and self._display.verbosity < 2 and len(repr(result.get("sessions"))) > _PRINTABLE:
            if not self._task.failed_when:  # a play with its own failed_when also shows the failure
                self.say(f"{result.get('msg')} All results are in the registered variable; -vv prints them.")
            result["_ansible_no_log"] = True
        return result
