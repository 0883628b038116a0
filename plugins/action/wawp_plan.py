# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_plan: see plugin_utils/_in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.fleet import Listener
from ..module_utils._tasks.last_words import ELSEWHERE, NEXT_PLAN
from ..module_utils._tasks.plan import PLAN_SPEC, plan_task
from ..module_utils._tasks.result import TaskResult
from ..plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    spec = PLAN_SPEC
    named_lists = ("instances",)
    packs = ("entries", "planned", "sessions", "deleted")
    if_interrupted = f"{ELSEWHERE} {NEXT_PLAN}"

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return plan_task(params, check_mode, Listener(self.say, self.is_abandoned, self.say_last))
