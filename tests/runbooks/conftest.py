# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whole runbooks as a user calls them, by name and without a terminal, against a simulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

TREE = Path(__file__).resolve().parents[2] / ".work/tree"
PHRASE = re.compile(r"\b[a-z_]+-\d+(?:-[0-9a-f]{4}){5}\b")
ACCOUNT, NEXT = "201012345678@c.us", "201098765432@c.us"


@dataclass
class Ran:
    """What came of one call of ansible-playbook."""

    code: int
    output: str
    reports: list[dict[str, Any]]

    @property
    def report(self) -> dict[str, Any]:
        """The one report that it wrote."""
        assert len(self.reports) == 1, self.output
        return self.reports[0]

    def phrase(self, action: str = "decommission") -> str:
        """The phrase that its plan asks for."""
        return next(str(found) for found in PHRASE.findall(self.output) if found.startswith(action))

    def outcomes(self) -> dict[str, str]:
        return {record["instance_id"]: record["outcome"] for record in self.report["records"]}


class World:
    """A simulator with instances, and a folder from which runbooks are called, with `extra` in their environment."""

    def __init__(self, engine: Engine, url: str, folder: Path) -> None:
        self.engine, self.url, self.folder, self.home = engine, url, folder, folder / "home"
        self.extra: dict[str, str] = {}

    def add(self, instance_id: str, status: str = "WORKING", *faults: Fault, **fields: Any) -> Instance:
        instance = Instance(instance_id, SANDBOX_TOKEN, status=status, **fields)
        if instance.account and "account" not in fields:
            instance.account = ACCOUNT
        for fault in faults:
            fault.instance_id = instance_id
            self.engine.add_fault(fault)
        return self.engine.add(instance)

    def linked(self, instance_id: str) -> bool:
        instance = self.engine.look(instance_id)
        return instance.linked or bool(instance.orphans)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "WAWP_"))}
        return {
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": str(TREE),
            "ANSIBLE_HOME": str(self.home),
            # Ansible looks for jobs below the user's own home, and they begin below $HOME.
            "ANSIBLE_ASYNC_DIR": str(self.home / "async"),
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            "PWD": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN,
            "WAWP_API_URL": self.url,
            **self.extra,
        }

    def command(self, runbook: str, *arguments: str, **variables: Any) -> list[str]:
        quick = {
            "wawp_wait_sleep": 0.05,
            "wawp_confirm_after": 0.3,
            "wawp_start_timeout": 5,
            "wawp_progress": 0,
            **variables,
        }
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        return [program, f"wawp.cloud.{runbook}", "-e", json.dumps(quick), *arguments]

    def run(self, runbook: str, *arguments: str, **variables: Any) -> Ran:
        """Call a runbook; its reports are those that it has added."""
        before = set(self.folder.glob("wawp_reports/*.json"))
        done = subprocess.run(
            self.command(runbook, *arguments, **variables),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        written = sorted(set(self.folder.glob("wawp_reports/*.json")) - before)
        assert SANDBOX_TOKEN not in done.stdout
        assert "duplicate mapping key" not in done.stdout
        return Ran(done.returncode, done.stdout, [json.loads(path.read_text()) for path in written])

    def confirmed(self, runbook: str, *instances: Any, **variables: Any) -> Ran:
        """Look at the plan, then carry it out with the phrase that it asks for."""
        given = {"wawp_instances": list(instances), "wawp_max_failures": "100%", **variables}
        planned = self.run(runbook, **given)
        assert planned.code != 0
        phrases = {"wawp_confirm": planned.phrase(runbook)}
        if variables.get("wawp_delete"):
            phrases["wawp_confirm_delete"] = planned.phrase("delete")
        return self.run(runbook, **given, **phrases)

    def decommission(self, *instances: Any, **variables: Any) -> Ran:
        return self.confirmed("decommission", *instances, **variables)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A simulator without delays, empty."""
    engine = Engine(delays=Delays(scale=0))
    with Server(engine) as server:
        yield World(engine, server.url, tmp_path)
