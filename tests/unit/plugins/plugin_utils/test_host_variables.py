# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of hosts, from Ansible's variable manager."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.plugin_utils._host_variables import instances_of


def task_vars(folder: Path, content: str, name: str = "hosts.yml") -> dict[str, Any]:
    """Return all variables of a task, with an inventory of this content."""
    (folder / name).write_text(content)
    loader = DataLoader()
    inventory = InventoryManager(loader, [str(folder / name)])
    manager = VariableManager(loader, inventory)
    manager._hostvars = HostVars(inventory, manager, loader)
    found: dict[str, Any] = manager.get_vars()
    return found


def instances(folder: Path, hosts: dict[str, dict[str, Any]], token: str | None = None) -> list[dict[str, Any]]:
    found = task_vars(folder, yaml.safe_dump({"all": {"hosts": hosts}}))
    return instances_of(list(hosts), found, token)


def test_each_with_its_own_token(tmp_path: Path) -> None:
    hosts = {
        "a": {"wawp_instance_id": "A1", "wawp_access_token": "token-a"},
        "b": {"wawp_instance_id": "B1", "wawp_access_token": "token-b", "wawp_name": "Sales"},
        "bastion": {},
    }
    found = instances(tmp_path, hosts)
    assert [(entry["instance_id"], entry["access_token"], entry["name"], entry["origin"]) for entry in found] == [
        ("A1", "token-a", "a", "host a"),
        ("B1", "token-b", "Sales", "host b"),
    ]


def test_no_host_gets_the_token_of_another(tmp_path: Path) -> None:
    hosts = {"a": {"wawp_instance_id": "A1", "wawp_access_token": "token-a"}, "b": {"wawp_instance_id": "B1"}}
    with pytest.raises(OptionError, match="host b: no wawp_access_token") as refused:
        instances(tmp_path, hosts)
    assert "token-a" not in str(refused.value)
    assert instances(tmp_path, hosts, "of the environment")[1]["access_token"] == "of the environment"


def test_hosts_without_tokens_are_left_to_the_options(tmp_path: Path) -> None:
    hosts = {"a": {"wawp_instance_id": "A1"}, "b": {"wawp_instance_id": "B1"}}
    assert [entry["access_token"] for entry in instances(tmp_path, hosts, "x")] == [None, None]


def test_omit_leaves_a_variable_out(tmp_path: Path) -> None:
    omitted = "{{ nobody_has_set_it | default(omit) }}"
    hosts = {"a": {"wawp_instance_id": "A1", "wawp_access_token": omitted, "wawp_expect_account": omitted}}
    assert [instances(tmp_path, hosts)[0][name] for name in ("access_token", "expect_account")] == [None, None]


@pytest.mark.parametrize("template", ["{{ nope }}", "A{{ nope }}", "{{ nope.deeper }}"])
@pytest.mark.parametrize("variable", ["wawp_instance_id", "wawp_access_token", "wawp_expect_account"])
def test_an_undefined_variable_names_host_and_option(tmp_path: Path, variable: str, template: str) -> None:
    hosts = {"a": {"wawp_instance_id": "A1"}, "b": {"wawp_instance_id": "B1", variable: template}}
    with pytest.raises(OptionError, match=f"host b: {variable}: is a template with an undefined variable"):
        instances(tmp_path, hosts)


def test_a_template_that_fails_is_not_quoted(tmp_path: Path) -> None:
    hosts = {"b": {"wawp_instance_id": "B1", "wawp_access_token": "{{ ('hushed' ~ 1) / 0 }}"}}
    with pytest.raises(OptionError, match="host b: wawp_access_token: is a template that fails") as refused:
        instances(tmp_path, hosts)
    assert "hushed" not in str(refused.value)


@pytest.mark.parametrize("name", ["wawp_expected_account", "wawp_expect_acount", "wawp_token", "wawp_instanceid_"])
def test_a_slip_in_a_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=f"host a: {name}: did you mean wawp_"):
        instances(tmp_path, {"a": {"wawp_instance_id": "A1", name: "x"}})


def test_one_run_one_api(tmp_path: Path) -> None:
    hosts = {name: {"wawp_instance_id": name, "wawp_api_url": f"https://{name}.example"} for name in ("a", "b")}
    with pytest.raises(OptionError, match="a, b differ in wawp_api_url"):
        instances(tmp_path, hosts)


@pytest.mark.parametrize("name", ["Front desk", "@night", "!sales", "a:b", "desk[1]"])
def test_names_that_a_limit_takes_apart_are_refused(tmp_path: Path, name: str) -> None:
    """Even if the limit has left out the host itself."""
    content = yaml.safe_dump({"all": {"hosts": {"desk": {"wawp_instance_id": "A1"}, name: {"wawp_instance_id": "B1"}}}})
    found = task_vars(tmp_path, content)
    if name not in found["groups"]["all"]:
        pytest.skip("Ansible itself takes it apart")
    with pytest.raises(OptionError, match="--limit would take the name apart"):
        instances_of(["desk"], found, None)


@pytest.mark.no_cover
def test_two_thousand_hosts_take_no_five_seconds(tmp_path: Path) -> None:
    lines = "".join(f"desk{number} wawp_instance_id=I{number}\n" for number in range(2000))
    found = task_vars(tmp_path, lines, "hosts.ini")
    began = time.process_time()
    assert len(instances_of([f"desk{number}" for number in range(2000)], found, None)) == 2000
    assert time.process_time() - began < 5
