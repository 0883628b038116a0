# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts, variables and groups that the inventory plugin makes from a source, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.wawp.cloud.plugins.inventory.wawp import InventoryModule
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Instance
from ansible_collections.wawp.cloud.tests.unit.plugins.inventory.conftest import Read

ACCOUNT = "201012345678@c.us"
EVIL = "{{ lookup('ansible.builtin.pipe', 'exit 1') }}"


def groups(inventory: InventoryData, host: str) -> set[str]:
    """Return the groups that hold a host, except Ansible's."""
    return {name for name, group in inventory.groups.items() if host in map(str, group.hosts)} - {"ungrouped"}


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    """Return the plugin's variables of a host."""
    found: dict[str, Any] = inventory.hosts[host].vars
    return {key: value for key, value in found.items() if key.startswith("wawp_")}


def evaluated(inventory: InventoryData, host: str, name: str) -> Any:
    """Return a variable's value as a task sees it."""
    every = {**inventory.hosts[host].vars, "ansible_playbook_python": "/this/python"}
    return Templar(loader=DataLoader(), variables=every).template(every[name])


@pytest.mark.parametrize(
    ("status", "group"),
    [
        ("WORKING", "wawp_working"),
        ("STARTING", "wawp_starting"),
        ("SCAN_QR_CODE", "wawp_scan_qr_code"),
        ("STOPPED", "wawp_stopped"),
        ("FAILED", "wawp_failed"),
        ("PASSKEY_REQUIRED", "wawp_passkey_required"),
        ("Brand-new status!", "wawp_brand_new_status_"),
    ],
)
def test_a_group_for_each_status(engine: Engine, read: Read, status: str, group: str) -> None:
    engine.add(Instance("A1", status=status, starts_into=["STARTING"]))
    inventory = read(instances=["A1"])

    assert groups(inventory, "A1") == {"wawp", group}
    assert variables(inventory, "A1")["wawp_status"] == status


def test_the_variables_of_a_host(engine: Engine, read: Read) -> None:
    engine.add(Instance("A1", account=ACCOUNT))
    inventory = read(instances=[{"instance_id": "A1", "name": "Front desk"}])

    assert variables(inventory, "A1") == {
        "wawp_instance_id": "A1",
        "wawp_name": "Front desk",
        "wawp_origin": None,
        "wawp_exists": True,
        "wawp_status": "WORKING",
        "wawp_paired": True,
        "wawp_account": "********5678@c.us",
        "wawp_error": None,
    }
    assert inventory.hosts["A1"].vars["ansible_connection"] == "local"
    assert SANDBOX_TOKEN not in json.dumps(inventory.hosts["A1"].vars)


def test_hosts_run_on_the_controller_with_its_own_python(engine: Engine, read: Read) -> None:
    assert evaluated(read(instances=["A1"]), "A1", "ansible_python_interpreter") == "/this/python"


def test_an_account_is_shown_only_if_asked_for(engine: Engine, read: Read) -> None:
    engine.add(Instance("A1", account=ACCOUNT))

    assert variables(read(instances=["A1"], mask_account=False), "A1")["wawp_account"] == ACCOUNT


def test_a_session_that_does_not_exist_and_one_that_cannot_be_read(engine: Engine, read: Read) -> None:
    engine.add(Instance("A1"))
    engine.add_fault(Fault("http", instance_id="A1", http_status=400, times=None))
    inventory = read(instances=["A1", "GONE"])

    assert groups(inventory, "A1") == {"wawp", "wawp_unreachable"}
    assert groups(inventory, "GONE") == {"wawp", "wawp_missing"}
    assert variables(inventory, "A1")["wawp_error"]["http_status"] == 400
    assert [variables(inventory, name)["wawp_exists"] for name in ("A1", "GONE")] == [None, False]


def test_the_groups_of_trouble_are_there_even_if_empty(engine: Engine, read: Read) -> None:
    engine.add(Instance("A1"))

    assert {"wawp_missing", "wawp_unreachable"} <= set(read(instances=["A1"]).groups)


def test_each_is_read_once_with_the_token_in_the_body(engine: Engine, read: Read) -> None:
    for number in range(50):
        engine.add(Instance(f"A{number}"))
    read(instances=[f"A{number}" for number in range(50)], calls_per_second=0)

    assert sorted(entry.instance_id for entry in engine.log) == sorted(f"A{number}" for number in range(50))
    assert {(entry.call, entry.credentials) for entry in engine.log} == {("info", "body")}


@pytest.mark.parametrize("text", [EVIL, "#jinja2: variable_start_string:'[[', variable_end_string:']]' [[ 1 + 1 ]]"])
def test_text_of_the_api_is_never_evaluated(engine: Engine, read: Read, text: str) -> None:
    engine.add(Instance("A1", status=text[:64]))
    engine.add(Instance("B2"))
    engine.add_fault(Fault("http", instance_id="B2", http_status=400, message=text, times=None))
    inventory = read(instances=["A1", "B2"], compose={"shown": "wawp_status"})

    assert evaluated(inventory, "A1", "wawp_status") == text[:64]
    assert evaluated(inventory, "A1", "shown") == text[:64]
    assert text in evaluated(inventory, "B2", "wawp_error")["message"]


class TestNames:
    def test_by_name_where_there_is_one(self, engine: Engine, read: Read) -> None:
        inventory = read(instances=[{"instance_id": "A1", "name": "Café-1.north"}, "B2"], hostname="name")

        assert set(inventory.hosts) == {"Café-1.north", "B2"}

    @pytest.mark.parametrize(
        ("name", "host"),
        [
            ("Front desk", "Front_desk"),
            ("@night", "_night"),
            ("!sales", "_sales"),
            ("&a", "_a"),
            ("~x.*", "_x._"),
            ("Office, Cairo: [1] {x}", "Office__Cairo___1___x_"),
            ("-i", "_i"),
        ],
    )
    def test_a_limit_means_this_host_and_no_other(self, engine: Engine, read: Read, name: str, host: str) -> None:
        engine.add(Instance("A1"))
        inventory = read(instances=[{"instance_id": "A1", "name": name}, "desk"], hostname="name")
        manager = InventoryManager(DataLoader(), [])
        inventory.reconcile_inventory()
        manager._inventory = inventory
        manager.subset(host)

        assert [found.name for found in manager.get_hosts("all")] == [host]
        assert variables(inventory, host)["wawp_name"] == name

    def test_no_instance_hides_another(self, engine: Engine, read: Read) -> None:
        named = [{"instance_id": "A1", "name": "desk"}, {"instance_id": "B2", "name": "desk"}]
        named += [{"instance_id": "C3", "name": "D4"}, {"instance_id": "D4"}]
        with pytest.raises(AnsibleParserError, match=r"hostname: A1 and B2 .* desk; C3 and D4 .* D4"):
            read(instances=named, hostname="name")

    def test_names_may_be_the_same_where_they_name_no_hosts(self, engine: Engine, read: Read) -> None:
        named = [{"instance_id": "A1", "name": "desk"}, {"instance_id": "B2", "name": "desk"}]

        assert set(read(instances=named).hosts) == {"A1", "B2"}


class TestComposed:
    def test_groups_and_variables(self, engine: Engine, read: Read) -> None:
        engine.add(Instance("A1"))
        inventory = read(
            instances=["A1"],
            compose={"short": "wawp_instance_id[-1:]"},
            groups={"good": "wawp_status == 'WORKING'", "bad": "wawp_status == 'FAILED'"},
            keyed_groups=[{"key": "wawp_status", "prefix": "is"}],
        )

        assert groups(inventory, "A1") == {"wawp", "wawp_working", "good", "is_WORKING"}
        assert inventory.hosts["A1"].vars["short"] == "1"

    @pytest.mark.parametrize(
        "option",
        [
            {"compose": {"x": "no_such_variable"}},
            {"groups": {"x": "no_such_variable"}},
            {"keyed_groups": [{"key": "no_such_variable"}]},
        ],
        ids=str,
    )
    def test_strict(self, engine: Engine, read: Read, option: dict[str, Any]) -> None:
        assert set(read(instances=["A1"], strict=False, **option).hosts) == {"A1"}
        with pytest.raises(AnsibleError, match="no_such_variable"):
            read(instances=["A1"], strict=True, **option)


class TestTokens:
    def test_a_template(self, engine: Engine, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("WAWP_ACCESS_TOKEN")
        engine.add(Instance("A1"))
        token = f"{{{{ '{SANDBOX_TOKEN[:4]}' ~ '{SANDBOX_TOKEN[4:]}' }}}}"

        assert groups(read(instances=["A1"], access_token=token), "A1") == {"wawp", "wawp_working"}

    def test_one_of_its_own(self, engine: Engine, read: Read) -> None:
        engine.add(Instance("A1", access_token="another"))
        inventory = read(instances=[{"instance_id": "A1", "access_token": "another"}])

        assert groups(inventory, "A1") == {"wawp", "wawp_working"}
        assert "another" not in json.dumps(inventory.hosts["A1"].vars)


def test_instances_may_be_a_template(engine: Engine, read: Read) -> None:
    assert set(read(instances="{{ ['A1', {'instance_id': 'B2'}] }}").hosts) == {"A1", "B2"}


class TestRefused:
    @pytest.mark.parametrize(
        "options",
        [
            {"api_url": "ftp://wawp.example"},
            {"hostname": "account"},
            {"mask_account": "maybe"},
            {"validate_certs": 7},
            {"strict": "perhaps"},
            {"max_connections": 0},
            {"max_connections": "many"},
            {"calls_per_second": -1},
            {"request_timeout": 0},
            {"ca_path": "/no/such/file"},
            {"access_token": "hunter2 hunter2"},
            {"access_token": ["hunter2"]},
            {"access_token": "{{ no_such_variable }}"},
            {"acess_token": "hunter2"},
            {"instances": []},
            {"instances": "A1"},
            {"instances": {"A1": "hunter2"}},
            {"instances": ["A1", "A1"]},
            {"instances": ["A 1"]},
            {"instances": [{"name": "desk"}]},
            {"instances": [{"instance_id": "A1", "token": "hunter2"}]},
        ],
        ids=str,
    )
    def test_by_the_option_and_before_any_call(self, engine: Engine, read: Read, options: dict[str, Any]) -> None:
        with pytest.raises(Exception, match=next(iter(options))) as caught:
            read(**{"instances": ["A1"], **options})
        assert not engine.log
        if not isinstance(options.get("access_token"), list):  # Ansible words that message
            assert "hunter2" not in str(caught.value)

    def test_one_problem_of_many_entries_is_told_once(
        self, engine: Engine, read: Read, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("WAWP_ACCESS_TOKEN")
        many = [f"A{number}" for number in range(1, 1001)]
        with pytest.raises(AnsibleParserError, match="entries 1-1000: access_token: is empty") as caught:
            read(instances=many)
        assert len(str(caught.value)) < 1000


class TestCache:
    @pytest.fixture
    def cached(self, tmp_path: Path) -> dict[str, Any]:
        """Return options for a cache in a folder."""
        return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}

    def test_a_warm_one_spares_every_call_and_the_token(
        self, engine: Engine, read: Read, cached: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine.add(Instance("A1"))
        first = read(instances=["A1", "GONE"], **cached)
        engine.log.clear()
        monkeypatch.delenv("WAWP_ACCESS_TOKEN")
        second = read(instances=["A1", "GONE"], **cached)

        assert not engine.log
        for host in ("A1", "GONE"):
            assert groups(second, host) == groups(first, host)
            assert second.hosts[host].vars == first.hosts[host].vars
        (file,) = (tmp_path / "cache").iterdir()
        assert SANDBOX_TOKEN not in file.read_text(encoding="utf-8")

    def test_flushed(self, engine: Engine, read: Read, cached: dict[str, Any]) -> None:
        engine.add(Instance("A1"))
        read(instances=["A1"], **cached)
        engine.change("A1", {"status": "STOPPED"})
        assert "wawp_working" in groups(read(instances=["A1"], **cached), "A1")

        assert "wawp_stopped" in groups(read(flush=True, instances=["A1"], **cached), "A1")

    def test_an_outage_is_not_remembered(self, engine: Engine, read: Read, cached: dict[str, Any]) -> None:
        engine.add(Instance("A1"))
        engine.add_fault(Fault("http", instance_id="A1", http_status=400))
        assert "wawp_unreachable" in groups(read(instances=["A1"], **cached), "A1")

        assert "wawp_working" in groups(read(instances=["A1"], **cached), "A1")

    @pytest.mark.usefixtures("impatient")
    @pytest.mark.parametrize(
        "other",
        [
            {"instances": ["A1", "B2"]},
            {"instances": [{"instance_id": "A1", "name": "desk"}]},
            {"mask_account": True},
            {"api_url": "http://127.0.0.1:1"},
        ],
        ids=str,
    )
    def test_of_another_source_is_not_used(
        self, engine: Engine, read: Read, cached: dict[str, Any], other: dict[str, Any]
    ) -> None:
        engine.add(Instance("A1", account=ACCOUNT))
        before = {"instances": ["A1"], "mask_account": False, "request_timeout": 5, **cached}
        read(**before)
        inventory = read(**{**before, **other})

        assert inventory.hosts.keys() == {"A1"} | ({"B2"} if "B2" in str(other) else set())
        if "api_url" in other:
            assert "wawp_unreachable" in groups(inventory, "A1")
        if "mask_account" in other:
            assert ACCOUNT not in str(inventory.hosts["A1"].vars)


@pytest.mark.parametrize(
    ("name", "mine"),
    [
        ("wawp.yml", True),
        ("office.wawp.yml", True),
        ("office.wawp.yaml", True),
        ("office.yml", False),
        ("wawp.yml.bak", False),
        ("office.wawp.json", False),
    ],
)
def test_the_names_of_sources(tmp_path: Path, name: str, mine: bool) -> None:
    (tmp_path / name).touch()

    assert InventoryModule().verify_file(str(tmp_path / name)) is mine
    assert not InventoryModule().verify_file(str(tmp_path / "missing" / name))


@pytest.mark.parametrize("name", ["all", "ungrouped", "wawp", "wawp_missing", "wawp_working"])
def test_a_host_is_no_group(engine: Engine, read: Read, name: str) -> None:
    """A host of that name would put all hosts of the group wawp into the group wawp_working."""
    engine.add(Instance("A1", status="WORKING"))
    engine.add(Instance("A2", status="STOPPED"))
    with pytest.raises(AnsibleParserError, match=f"hostname: {name} would be a group and a host"):
        read(instances=[{"instance_id": "A1", "name": name}, "A2"], hostname="name")
