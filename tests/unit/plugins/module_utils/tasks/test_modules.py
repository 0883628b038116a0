# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module's own file: it checks its options."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins import modules
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.test_module import module_arguments

NAMES = sorted(path.stem for path in Path(next(iter(modules.__path__))).glob("wawp_*.py"))


def module(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.wawp.cloud.plugins.modules.{name}")


def test_the_modules_are_found() -> None:
    assert "wawp_session" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_options_that_cannot_do_are_refused_by_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with module_arguments({"acces_token": "misspelt"}), pytest.raises(SystemExit):
        module(name).main()
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["failed"] is True
    # Ansible names what is missing first.
    assert "acces_token" in result["msg"] or "missing required arguments: " in result["msg"]
