# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module has an action of its name, which takes the same options and checks them as the module does."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins import action, modules
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.plugin_utils._in_process import InProcessAction


def names(package: Any) -> list[str]:
    return sorted(path.stem for path in Path(next(iter(package.__path__))).glob("wawp_*.py"))


def test_every_module_has_an_action() -> None:
    assert names(action) == names(modules)


@pytest.mark.parametrize("name", names(action))
def test_an_action_checks_the_options_that_its_module_documents(name: str) -> None:
    plugin = importlib.import_module(f"ansible_collections.wawp.cloud.plugins.action.{name}").ActionModule
    module = importlib.import_module(f"ansible_collections.wawp.cloud.plugins.modules.{name}")
    assert issubclass(plugin, InProcessAction)
    assert plugin.spec in vars(module).values()


def test_what_nobody_foresaw_is_told_without_secrets() -> None:
    """Ansible itself would show the exception as it is."""

    class Breaks(InProcessAction):
        def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
            raise RuntimeError(f"{params} of 201012345678")

    action: Any = Breaks.__new__(Breaks)
    action._task = SimpleNamespace(check_mode=False, diff=False)
    params = {"access_token": "geheim-1", "instances": [{"instance_id": "a", "access_token": "geheim-2"}]}
    result = action._result(params)
    assert result["failed"]
    assert "unexpected RuntimeError" in result["msg"]
    assert "RuntimeError" in result["exception"]
    for secret in ("geheim", "201012345678"):
        assert secret not in json.dumps(result)
