# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as users see it: its plugins, their documentation by ansible-doc, and Ansible's commands."""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN
from ansible_collections.wawp.cloud.tests.forked import IMPATIENT, ansible_playbook, command_itself

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / ".work/tree"
BIN = Path(sys.executable).parent
NAMESPACE = "wawp.cloud"


def plugins(kind: str) -> list[str]:
    """Return the names of the plugins in a folder below plugins/."""
    return sorted(path.stem for path in ROOT.glob(f"plugins/{kind}/*.py") if path.stem != "__init__")


MODULES = plugins("modules")


@functools.cache
def documentation(kind: str = "module") -> dict[str, dict[str, Any]]:
    """Return ansible-doc's data of all plugins of a kind, fragments merged: name to `doc`, `examples` and `return`."""
    names = MODULES if kind == "module" else plugins(kind)
    command: list[str | Path] = [BIN / "ansible-doc", "--type", kind, "--json"]
    command += [f"{NAMESPACE}.{name}" for name in names]
    done = subprocess.run(command, env=environment(ROOT / ".work"), capture_output=True, text=True, check=True)
    return {name.rpartition(".")[2]: whole for name, whole in json.loads(done.stdout).items()}


def source_file(name: str) -> dict[str, Any]:
    """Parse one of the collection's YAML files."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return loaded


class _Captured(Exception):  # noqa: N818 - not an error
    """The arguments that a module passed to AnsibleModule."""


def arguments(module: str) -> dict[str, Any]:
    """Return a module's arguments to AnsibleModule, `argument_spec` and the rest, without running it further."""

    def capture(self: AnsibleModule, *args: Any, **kwargs: Any) -> None:
        raise _Captured({**dict(zip(("argument_spec",), args)), **kwargs})

    main = importlib.import_module(f"ansible_collections.{NAMESPACE}.plugins.modules.{module}").main
    with mock.patch.object(AnsibleModule, "__init__", capture):
        try:
            main()
        except _Captured as captured:
            given: dict[str, Any] = captured.args[0]
            return given
    raise AssertionError(f"{module} made no AnsibleModule")


def environment(home: Path, url: str = "") -> dict[str, str]:
    """Return the environment of a user who has the collection, the simulator at `url` and nothing else."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(home),
        **({"WAWP_API_URL": url, "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN} if url else {}),
    }


def run(command: list[str | Path], home: Path, url: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `home` as that user; output and errors together. The caller checks the exit code."""
    given = {**environment(home, url), **variables}
    if command[0] == BIN / "ansible-playbook":
        return ansible_playbook([str(part) for part in command], home, given)
    return command_itself(command, home, given)


def play(tasks: list[Any], home: Path, url: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run tasks on localhost, impatiently."""
    plays: list[Mapping[str, Any]] = [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]
    # Sessions of the simulator need no pause between readings.
    quick = {"wait_sleep": 0.05, "confirm_after": 0.1}
    options = {name: documentation()[name]["doc"]["options"] for name in MODULES}
    defaults = {f"{NAMESPACE}.{name}": {key: quick[key] for key in quick if key in options[name]} for name in MODULES}
    plays[0] = {**plays[0], "module_defaults": {name: given for name, given in defaults.items() if given}}
    playbook = home / "playbook.yml"
    playbook.write_text(yaml.safe_dump(plays, sort_keys=False, allow_unicode=True), encoding="utf-8")
    quickly = {
        IMPATIENT: "1",
        "ANSIBLE_CONFIG": str(ROOT / "tests/runbooks/ansible.cfg"),
        "ANSIBLE_FILTER_PLUGINS": str(ROOT / "tests/integration/targets/setup_simulator/filter_plugins"),
        "ANSIBLE_PIPELINING": "true",
    }
    return run([BIN / "ansible-playbook", playbook], home, url, **quickly)
