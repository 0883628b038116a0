# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One instance on a simulator, and the modules that act on it."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.pairing import PAIRING_SPEC, pairing_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.temp_link import LINK_SPEC, link_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.webhook import WEBHOOK_SPEC, webhook_task
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

TOKEN = "wawp-3c1fb1a6c0ffee"
OURS, THEIRS = "201012345678@c.us", "4915112345678@c.us"
TASKS: dict[str, Any] = {
    "link": (LINK_SPEC, link_task),
    "webhook": (WEBHOOK_SPEC, webhook_task),
    "pairing": (PAIRING_SPEC, pairing_task),
}


class Stage:
    """One instance, and the modules that act on it."""

    def __init__(self, server: Server) -> None:
        self.engine, self.url = server.engine, server.url

    def add(self, status: str = "WORKING", **fields: Any) -> Instance:
        return self.engine.add(Instance("A1", TOKEN, status=status, **fields))

    def fault(self, kind: str, call: str, **fields: Any) -> None:
        self.engine.add_fault(Fault(kind, call=call, **fields))

    def run(self, what: str, check: bool = False, **options: Any) -> TaskResult:
        spec, task = TASKS[what]
        given = {"instance_id": "A1", "access_token": TOKEN, "api_url": self.url, **options}
        validated = ArgumentSpecValidator(spec).validate(given)
        assert not validated.error_messages
        report: TaskResult = task(validated.validated_parameters, check)
        assert TOKEN not in str(report)
        return report
