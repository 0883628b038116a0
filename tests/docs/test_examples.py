# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EXAMPLES of every plugin run as they stand, against sessions like those that they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.docs.collection import BIN, MODULES, ROOT, documentation, play, plugins, run
from ansible_collections.wawp.cloud.tests.docs.scenarios import FILES, SCENE

# Folders of plugins/ whose plugins have no examples.
WITHOUT_EXAMPLES = {"action", "doc_fragments", "module_utils", "plugin_utils"}
COVERED = {"modules", "inventory", "lookup"}


def examples(kind: str, name: str, home: Path) -> str:
    """Return the EXAMPLES of a plugin. Files that they write on a user's machine go to `home`."""
    for file, content in FILES.items():
        (home / file).write_text(content, encoding="utf-8")
    text: str = documentation(kind)[name]["examples"]
    return text.replace("/var/tmp/", f"{home}/")  # noqa: S108 - taken out, not used


def around(example: dict[str, Any], url: str) -> list[dict[str, Any]]:
    """Wrap an example in tasks that reset the scene and check that it called the API, if its module does that."""
    calling = [f"wawp.cloud.{name}" for name in MODULES if "access_token" in documentation()[name]["doc"]["options"]]
    calls = f"lookup('ansible.builtin.url', '{url}/_simulator/calls', split_lines=false) | from_json"
    # With a filter and a lookup, which don't start a module's process.
    before = {"ansible.builtin.assert": {"that": f"scene | wawp_reset('{url}') == 200"}, "vars": {"scene": SCENE}}
    after = {"ansible.builtin.assert": {"that": f"({calls}).total > 0"}}
    return [before, example, after] if any(f'"{name}"' in json.dumps(example) for name in calling) else [example]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the output of one playbook with all modules' examples: starting Ansible costs more than most of them."""
    home = tmp_path_factory.mktemp("examples")
    with Server(Engine(delays=Delays(scale=0))) as simulator:
        every = [task for module in MODULES for task in yaml.safe_load(examples("module", module, home))]
        done = play(
            [task for example in every for task in around(example, simulator.url)],
            home,
            simulator.url,
            wawp_access_token=SANDBOX_TOKEN,
            wawp_api_url=simulator.url,
        )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_succeed(module: str, played: str, tmp_path: Path) -> None:
    tasks = yaml.safe_load(examples("module", module, tmp_path))
    names = [task.get("name", "") for example in tasks for task in example.get("block", [example])]

    assert names
    assert [name for name in names if f"TASK [{name}" not in played] == []
    assert "skipping:" not in played
    assert "wawp.cloud." in json.dumps(tasks)


@pytest.mark.parametrize("name", plugins("inventory"))
def test_the_examples_of_an_inventory_plugin_yield_hosts(name: str, simulator: Server, tmp_path: Path) -> None:
    fleet.load(simulator.engine, SCENE)
    source = tmp_path / f"fleet.{name}.yml"
    source.write_text(examples("inventory", name, tmp_path), encoding="utf-8")

    strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}

    done = run([BIN / "ansible-inventory", "-i", source, "--list"], tmp_path, simulator.url, **strict)

    assert done.returncode == 0, done.stdout
    hosts = json.loads(done.stdout[done.stdout.index("{") :])["_meta"]["hostvars"]
    # Some versions of Ansible show here that text from the API is marked as unsafe.
    assert [facts["wawp_status"] in ("WORKING", {"__ansible_unsafe": "WORKING"}) for facts in hosts.values()] == [
        True
    ] * 2


@pytest.mark.parametrize("name", plugins("lookup"))
def test_the_examples_of_a_lookup_yield_something(name: str, simulator: Server, tmp_path: Path) -> None:
    """Tasks are run; for a play, which may need its own instances, Ansible only lists the hosts."""
    found = yaml.safe_load(examples("lookup", name, tmp_path))
    if "hosts" in found[0]:
        playbook = tmp_path / "play.yml"
        playbook.write_text(yaml.safe_dump(found), encoding="utf-8")
        done = run([BIN / "ansible-playbook", "--list-hosts", playbook], tmp_path, simulator.url)
    else:
        done = play(found, tmp_path, simulator.url)

    assert done.returncode == 0, done.stdout
    assert ("localhost" if "hosts" in found[0] else ".jsonl") in done.stdout


def test_no_kind_of_plugin_is_forgotten() -> None:
    kinds = {path.name for path in (ROOT / "plugins").iterdir() if list(path.glob("*.py"))}

    assert kinds <= COVERED | WITHOUT_EXAMPLES
