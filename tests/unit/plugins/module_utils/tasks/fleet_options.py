# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checked options of a fleet, and the number of calls by name."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import NO_ACCOUNT, SEVERED
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.fleet import fleet_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import FLEET_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN

# Short waits, no rate limit: these tests aren't about durations.
QUICK = {"calls_per_second": 0, "wait_sleep": 0.02, "wait_timeout": 20, "start_timeout": 0.3, "confirm_after": 0.02}


def options(url: str, instances: Any, **given: Any) -> dict[str, Any]:
    """Return a task's options after AnsibleModule's checks."""
    task = {"api_url": url, "access_token": SANDBOX_TOKEN, "state": "logged_out", "instances": instances}
    validated = ModuleArgumentSpecValidator(FLEET_SPEC).validate({**task, **QUICK, **given})
    assert validated.error_messages == []
    checked: dict[str, Any] = validated.validated_parameters
    return checked


def run(url: str, instances: Any, check_mode: bool = False, **given: Any) -> TaskResult:
    """Run a fleet's task in this process."""
    return fleet_task(options(url, instances, **given), check_mode)


def assert_true(engine: Engine, sessions: list[dict[str, Any]]) -> None:
    """Check that no verdict claims more than is true, and that no logout burnt a key."""
    for entry in sessions:
        instance = engine.look(entry["instance_id"])
        if entry["verdict"] in (SEVERED, NO_ACCOUNT):
            assert not instance.linked, entry
            assert not instance.orphans, entry
    assert {entry.before for entry in engine.calls(name="logout") if entry.http_status} <= {"WORKING", "STARTING"}
