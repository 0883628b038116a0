# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of docs/awx.md's playbook and commands as in AWX: with ansible-runner, each job with its inventory."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.wawp.cloud.tests.docs.collection import BIN, ROOT, environment, run
from ansible_collections.wawp.cloud.tests.docs.guides import blocks
from ansible_collections.wawp.cloud.tests.forked import PATIENCE

PAGE = (ROOT / "docs/awx.md").read_text(encoding="utf-8")
Inventory = Mapping[str, Any]
# The simulator needs neither the pauses nor the pace of the page.
QUICK = {
    "  tasks:\n": "  module_defaults:\n    wawp.cloud.wawp_fleet: {wait_sleep: 0.6, confirm_after: 1}\n  tasks:\n",
    "{{ 20 / (": "{{ 200 / (",
}


def playbook() -> str:
    """Return the playbook of the page, but quick."""
    (text,) = [block.text for block in blocks(PAGE) if block.text.startswith("# slice.yml")]
    for part, other in QUICK.items():
        assert text.count(part) == 1, part
        text = text.replace(part, other)
    return text


def join_command() -> str:
    """Return the page's command that joins journals."""
    (text,) = [block.text for block in blocks(PAGE) if "joined.jsonl" in block.text and "sort" in block.text]
    return text


def synchronised(instances: Sequence[str], home: Path, url: str) -> dict[str, Any]:
    """Return the inventory as AWX keeps it after an update from a source with these instances."""
    source = home / "fleet.wawp.yml"
    source.write_text(json.dumps({"plugin": "wawp.cloud.wawp", "instances": list(instances)}), encoding="utf-8")
    done = run(
        [BIN / "ansible-inventory", "-i", source, "--list", "--export", "--output", home / "fleet.json"], home, url
    )
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads((home / "fleet.json").read_text(encoding="utf-8"))
    return found


def sliced(whole: Inventory, number: int, count: int) -> dict[str, Any]:
    """Return the part of an inventory that AWX gives to a slice: every count-th host by name, from number on."""
    kept = sorted(whole["_meta"]["hostvars"])[number::count]
    groups = {name: group for name, group in whole.items() if name != "_meta"}
    part = {
        name: {**group, **({"hosts": [host for host in group["hosts"] if host in kept]} if "hosts" in group else {})}
        for name, group in groups.items()
    }
    return {**part, "_meta": {"hostvars": {host: whole["_meta"]["hostvars"][host] for host in kept}}}


@dataclass
class Job:
    """One run of a playbook by ansible-runner, in a separate folder."""

    folder: Path
    inventory: Inventory
    url: str
    variables: dict[str, Any] = field(default_factory=dict)

    def start(self) -> Job:
        """Start it in the background."""
        for name in ("project", "inventory", "env"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "project/slice.yml").write_text(playbook(), encoding="utf-8")
        (self.folder / "env/extravars").write_text(json.dumps(self.variables), encoding="utf-8")
        hosts = self.folder / "inventory/hosts"
        # As in AWX, a script that prints it.
        hosts.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(self.inventory)!r})\n", encoding="utf-8")
        hosts.chmod(0o700)
        command: list[str | Path] = [
            BIN / "ansible-runner",
            "run",
            self.folder,
            "--playbook",
            "slice.yml",
            "--ident",
            "job",
        ]
        with (self.folder / "output").open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                # The template's verbosity, at which the events hold long results too.
                env={**environment(self.folder, self.url), "ANSIBLE_VERBOSITY": "2"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        return self.process.wait(PATIENCE)

    @property
    def output(self) -> str:
        """Return its output."""
        return (self.folder / "output").read_text(encoding="utf-8")

    @property
    def events(self) -> str:
        """Return everything that AWX would store of it."""
        return "\n".join(
            path.read_text(encoding="utf-8") for path in self.folder.glob("artifacts/job/job_events/*.json")
        )

    def result(self) -> dict[str, Any]:
        """Return the result of its only task."""
        files = self.folder.glob("artifacts/job/job_events/*.json")
        events = [json.loads(path.read_text(encoding="utf-8")) for path in files]
        ended = [event for event in events if re.fullmatch("runner_on_(ok|failed)", event["event"])]
        assert len(ended) == 1, self.output
        result: dict[str, Any] = ended[0]["event_data"]["res"]
        return result


DIFFERS = ("time", "duration", "began", "proven_at", "proof_seconds", "run", "line", "crc")


def timeless(value: Any) -> Any:
    """Return a result without the parts that differ each time."""
    if isinstance(value, list):
        return [timeless(item) for item in value]
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in DIFFERS}
    return value


def outcomes(journal: Path) -> list[dict[str, Any]]:
    """Return the outcomes in a journal."""
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [event for event in events if event["event"] == "outcome"]
