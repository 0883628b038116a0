# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of two sessions, and a simulator to run them on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.plan import PLAN_SPEC, plan_task
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Instance

from .fleet_options import QUICK

# Two numbers that look the same when masked.
ACCOUNT, ALIKE = "201012345678@c.us", "201000005678@c.us"


class Desk:
    """A simulator, a folder for the journal, and plans of two sessions in it."""

    def __init__(self, engine: Engine, url: str, folder: Path) -> None:
        self.engine, self.url, self.folder = engine, url, folder
        self.journal = folder / "journal.jsonl"
        for name in ("A1", "A2"):
            self.add(name)

    def add(self, instance_id: str, status: str = "WORKING", **fields: Any) -> None:
        self.engine.add(Instance(instance_id, SANDBOX_TOKEN, status=status, **{"account": ACCOUNT, **fields}))

    def plan(self, *instances: Any, check_mode: bool = False, **given: Any) -> dict[str, Any]:
        task = {
            "api_url": self.url,
            "access_token": SANDBOX_TOKEN,
            "instances": list(instances or ("A1", "A2")),
            "state": "decommissioned",
            "action": "decommission",
            "on_unproven": "fail",
            "journal": str(self.journal),
            **QUICK,
            **given,
        }
        validated = ModuleArgumentSpecValidator(PLAN_SPEC).validate(task)
        assert validated.error_messages == []
        return plan_task(validated.validated_parameters, check_mode).result

    def execute(self, *instances: Any, **given: Any) -> dict[str, Any]:
        return self.plan(*instances, execute=True, **given)
