# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module has an action of the same name, which takes the same options and checks them like the module."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.wawp.cloud.plugins import action, modules
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import LISTS
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.plugin_utils._in_process import InProcessAction
from ansible_collections.wawp.cloud.plugins.plugin_utils._registered import packed, with_registered

WITH_A_PATH = {"csv": {"type": "path"}, "name": {"type": "str"}}


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
    if "packed" in plugin.spec:
        returned = yaml.safe_load(module.RETURN)
        assert plugin.packs == tuple(name for name in returned if returned[name].get("elements") == "dict")


def test_what_nobody_foresaw_is_told_without_secrets() -> None:
    """Ansible would show the exception unredacted."""

    class Breaks(InProcessAction):
        def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
            raise RuntimeError(f"{params} of 201012345678")

    action: Any = Breaks.__new__(Breaks)
    action._task = SimpleNamespace(check_mode=False, diff=False)
    params = {"access_token": "hushed-1", "instances": [{"instance_id": "a", "access_token": "hushed-2"}]}
    result = action._result(params)
    assert result["failed"]
    assert "unexpected RuntimeError" in result["msg"]
    assert "RuntimeError" in result["exception"]
    for secret in ("hushed", "201012345678"):
        assert secret not in json.dumps(result)


def test_only_lists_of_mappings_that_need_no_check_are_left_uncopied() -> None:
    entries = [{"instance_id": "A1"}]
    for plugin, given, uncopied in (
        ("wawp_report", {"planned": entries, "after": [], "sessions": "text", "closed": ["A1"]}, {"planned", "after"}),
        ("wawp_webhook", {"webhooks": [{"url": 5}]}, set()),
        ("wawp_plan", {"instances": entries, "unheard_of": entries, "arriving": ["a=b"]}, set()),
    ):
        found: Any = importlib.import_module(f"ansible_collections.wawp.cloud.plugins.action.{plugin}").ActionModule
        assert set(found._uncopied(found, given)) == uncopied


def test_a_report_takes_registered_results_by_their_name() -> None:
    done = {"sessions": [{"instance_id": "A1"}]}
    args = {"sessions": "done.sessions", "after": [], "planned": "done.planned", "title": "done.sessions"}
    found = with_registered(args, {"done": done}, LISTS)
    assert found == {"sessions": done["sessions"], "after": [], "planned": [], "title": "done.sessions"}
    assert found["sessions"] is done["sessions"], "what templates would copy"
    for text in ("A1", "A1,A2", '[{"instance_id": "a.b"}]'):
        assert with_registered({"sessions": text}, {"done": done}, LISTS) == {"sessions": text}
    for nothing in ({}, {"done": "text"}):
        with pytest.raises(KeyError, match="planned: done is not a registered variable"):
            with_registered(args, nothing, LISTS)
    with pytest.raises(KeyError, match=r"planned: done\.msg is neither a list nor the JSON text of one"):
        with_registered({"planned": "done.msg"}, {"done": {"msg": "It failed"}}, LISTS)


def test_packed_results_come_back_as_they_were() -> None:
    result = {
        "sessions": [{"instance_id": "A1", "name": 'Zoë "{{ 1 }}"'}],
        "planned": [],
        "lines": ["Plan"],
        "count": 1,
    }
    done = packed(result, ("sessions", "planned", "deleted"))
    assert {name for name in result if done[name] != result[name]} == {"sessions", "planned"}
    assert isinstance(done["sessions"], str)
    names = {"sessions": "done.sessions", "planned": "done.planned", "deleted": "done.deleted"}
    assert with_registered(names, {"done": done}, LISTS) == {
        **{name: result[name] for name in ("sessions", "planned")},
        "deleted": [],
    }


class TestPaths:
    """The place of a path option's file, before the module or the worker opens it."""

    def resolve(self, path: Any, transport: str = "local", folder: str = "/srv/ops") -> Any:
        class Reads(InProcessAction):
            spec = WITH_A_PATH

        action: Any = Reads.__new__(Reads)
        action._connection = SimpleNamespace(transport=transport)
        action._loader = SimpleNamespace(get_basedir=lambda: folder)
        args = action._with_anchored_paths({"csv": path, "name": "office.csv"})
        assert args["name"] == "office.csv"
        return args["csv"]

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("office.csv", "/srv/ops/office.csv"),
            ("../office.csv", "/srv/ops/../office.csv"),
            ("$NOBODY_SET_THIS/office.csv", "/srv/ops/$NOBODY_SET_THIS/office.csv"),
            ("~no.such.user/office.csv", "/srv/ops/~no.such.user/office.csv"),
            (1234, "/srv/ops/1234"),
            *((same, same) for same in ("/office.csv", "~/office.csv", "$HOME/office.csv", "", None)),
        ],
    )
    def test_on_the_controller_it_begins_beside_the_playbook(self, given: Any, meant: Any) -> None:
        assert self.resolve(given) == meant

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("office.csv", "~/office.csv"),
            *((same, same) for same in ("/office.csv", "~ops/office.csv", "$SOMEWHERE/office.csv", "", None)),
        ],
    )
    def test_on_another_machine_it_begins_in_the_home_there(self, given: Any, meant: Any) -> None:
        assert self.resolve(given, transport="ssh") == meant

    def test_of_a_runbook_it_begins_in_the_current_folder(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PWD", "/")
        playbooks = str(Path(next(iter(action.__path__))).parents[1] / "playbooks")
        assert self.resolve("office.csv", folder=playbooks) == str(tmp_path / "office.csv")
