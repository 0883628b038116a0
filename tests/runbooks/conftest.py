# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runbooks, called as by a user, by name and without a terminal, against a simulator."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import default_path
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import Spec
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.plan import PLAN_SPEC, plan_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.roster import ROSTER_SPEC, roster_task
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.forked import ansible_playbook

TREE = Path(__file__).resolve().parents[2] / ".work/tree"
ANSIBLE_PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
PHRASE = re.compile(r"\b[a-z_]+-\d+(?:-[0-9a-f]{4}){5}\b")
ACCOUNT, NEXT = "201012345678@c.us", "201098765432@c.us"


def play(folder: Path, *tasks: dict[str, Any], **keywords: Any) -> Path:
    """Write a playbook of one play on localhost, with further keywords of the play."""
    path = folder / "site.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, **keywords, "tasks": list(tasks)}]))
    return path


@dataclass
class Ran:
    """The result of one call of ansible-playbook."""

    code: int
    output: str
    reports: list[dict[str, Any]]

    @property
    def report(self) -> dict[str, Any]:
        """Return the only report that it wrote."""
        assert len(self.reports) == 1, self.output
        return self.reports[0]

    def phrase(self, action: str = "decommission") -> str:
        """Return the phrase that its plan asks for."""
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
            "ANSIBLE_CONFIG": str(Path(__file__).with_name("ansible.cfg")),
            "ANSIBLE_HOME": str(self.home),
            # Ansible looks for jobs below the user's home, and they start below $HOME.
            "ANSIBLE_ASYNC_DIR": str(self.home / "async"),
            # Each further kind of inventory costs a tenth of a second.
            "ANSIBLE_INVENTORY_ENABLED": "host_list,ini",
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
            "wawp_calls_per_second": 0,
            "wawp_start_timeout": 5,
            "wawp_progress": 0,
            **variables,
        }
        return [ANSIBLE_PLAYBOOK, f"wawp.cloud.{runbook}", "-e", json.dumps(quick), *arguments]

    def run(self, runbook: str, *arguments: str, **variables: Any) -> Ran:
        """Call a runbook; the result has the reports that it added."""
        before = set(self.folder.glob("wawp_reports/*.json"))
        done = ansible_playbook(self.command(runbook, *arguments, **variables), self.folder, self.environment)
        written = sorted(set(self.folder.glob("wawp_reports/*.json")) - before)
        assert SANDBOX_TOKEN not in done.stdout
        assert "duplicate mapping key" not in done.stdout
        return Ran(done.returncode, done.stdout, [json.loads(path.read_text()) for path in written])

    def confirmed(self, runbook: str, *instances: Any, **variables: Any) -> Ran:
        """Carry out a plan with the phrases that it asks for."""
        given = {"wawp_instances": list(instances), "wawp_max_failures": "100%", **variables}
        return self.run(runbook, **given, **self.phrases(runbook, given))

    def phrases(self, runbook: str, given: dict[str, Any]) -> dict[str, str]:
        """Return the phrases of a runbook's plan, without ansible-playbook's two seconds of processor time.

        The runbook plans again, and refuses another plan's phrase.
        """
        roster = done(ROSTER_SPEC, roster_task, entries=given["wawp_instances"])
        coming: list[Any] = given.get("wawp_arriving", [])
        if runbook in ("reset_connection", "switch_account"):
            who = {"expect_account": given["wawp_new_account"]} if "wawp_new_account" in given else {}
            coming = [{**target, **who} for target in roster["instances"]]
        plan = done(
            PLAN_SPEC,
            plan_task,
            access_token=SANDBOX_TOKEN,
            api_url=self.url,
            action=runbook,
            state="decommissioned" if runbook == "decommission" else "logged_out",
            instances=roster["instances"],
            start_if_stopped=True,
            on_unproven="warn" if runbook == "reset_connection" else "fail",
            arriving=done(ROSTER_SPEC, roster_task, entries=coming)["instances"] if coming else [],
            keep_linked=runbook == "switch_account",
            journal=default_path(self.url, str(self.home)),
            delete=given.get("wawp_delete", False),
            accept_unproven=given.get("wawp_accept_unproven", []),
            wait_sleep=0.05,
            confirm_after=0.3,
            calls_per_second=0,
            start_timeout=given.get("wawp_start_timeout", 5),
        )
        names = {"confirm": "wawp_confirm", "confirm_delete": "wawp_confirm_delete"}
        return {variable: plan[name] for name, variable in names.items() if plan.get(name)}

    def decommission(self, *instances: Any, **variables: Any) -> Ran:
        return self.confirmed("decommission", *instances, **variables)


def done(spec: Spec, task: Callable[[Mapping[str, Any], bool], TaskResult], **options: Any) -> Mapping[str, Any]:
    """Run a module's task and return its result."""
    checked = ArgumentSpecValidator(spec).validate(options)
    assert not checked.error_messages
    return task(checked.validated_parameters, False).result


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Run an empty simulator without delays."""
    engine = Engine(delays=Delays(scale=0))
    with Server(engine) as server:
        yield World(engine, server.url, tmp_path)
