# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retire a simulated office of 25 by the runbook `decommission`, and name the report: `python tools/demo.py`.

Runs inside `.venv`, against a simulator that it starts and ends. Compares the report with the truth that only the
simulator knows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from project import TREE, WORK

sys.path.insert(0, str(TREE))
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN

SIMULATOR = "ansible_collections.wawp.cloud.plugins.plugin_utils.simulator"
LIFETIME = 900  # seconds after which the simulator ends, in case this script is killed
SCALE = 0.02
DESKS = ("Front desk", "Sales", "Support", "Billing", "Delivery")


@contextmanager
def sandbox() -> Iterator[str]:
    """Start a simulator with a mixed fleet and yield its URL."""
    environment = {**os.environ, "PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready.json")
        command = [sys.executable, "-m", SIMULATOR, "--ready-file", str(ready)]
        options = ["--background", "--port=0", f"--scale={SCALE}", f"--lifetime={LIFETIME}", "--fleet=mixed:25"]
        subprocess.run([*command, *options], env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            yield json.loads(ready.read_text())["url"]
        finally:
            subprocess.run([*command, "--stop"], env=environment, check=True, stdout=subprocess.DEVNULL)


def sessions(url: str) -> list[dict[str, Any]]:
    """Return the truth about all sessions. Loopback, without the environment's proxies."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/_simulator/instances") as reply:
        found: list[dict[str, Any]] = json.load(reply)["instances"]
        return found


def run(url: str, folder: Path, variables: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Call the runbook as a user does."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN,
        "WAWP_API_URL": url,
    }
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    given = {
        "wawp_wait_sleep": 0.1,
        "wawp_confirm_after": 0.3,
        "wawp_calls_per_second": 0,
        "wawp_start_timeout": 10,
        "wawp_report_dir": str(folder),
        "wawp_journal": str(folder / "journal.jsonl"),
        **variables,
    }
    return subprocess.run(
        [program, "wawp.cloud.decommission", "-e", json.dumps(given), *sys.argv[1:]],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def told(output: str, task: str) -> list[str]:
    """Return the lines that a `debug` task showed."""
    found = re.search(rf'TASK \[(?:[\w.]+ : )?{task}\].*?"msg": (\[.*?\n    \])', output, re.DOTALL)
    if not found:
        raise SystemExit(f"The runbook did not come to the task {task!r}:\n{output}")
    lines: list[str] = json.loads(found[1])
    return lines


def main() -> None:
    """Plan, confirm, carry out, and compare the report with the truth."""
    folder = WORK / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    with sandbox() as url:
        fleet = [
            {"instance_id": session["instance_id"], "name": f"{DESKS[number % len(DESKS)]} {number // len(DESKS) + 1}"}
            for number, session in enumerate(sessions(url))
        ]
        print(f"An office of {len(fleet)} closes. $ ansible-playbook wawp.cloud.decommission\n")
        plan = run(url, folder, {"wawp_instances": fleet}).stdout
        lines = told(plan, "Show the plan")
        phrase = re.search(r"decommission-[0-9a-f-]+", lines[-1])
        print("\n".join(line for line in lines if not line.startswith("  ")))
        print("\nNothing was sent yet. With the phrase that belongs to this plan, and to no other:\n")
        done = run(
            url, folder, {"wawp_instances": fleet, "wawp_confirm": phrase[0] if phrase else "", "wawp_ticket": "DEMO-1"}
        )
        *table, where = told(done.stdout, "Show the report")
        print("\n".join(table))
        still = {session["instance_id"] for session in sessions(url) if session["linked"]}
    report = json.loads(next(folder.glob("*.json")).read_text())
    proven = {record["instance_id"] for record in report["records"] if record["verdict"] != "unproven"}
    print(f"\nExit code {done.returncode}: 0 would mean that every link is severed.", end=" ")
    if still & proven:
        raise SystemExit(f"The report calls links severed that are not: {', '.join(sorted(still & proven))}")
    print("The simulator knows the truth: of the links that the report calls severed, none is there any more.")
    print(f"\n{where}")


if __name__ == "__main__":
    main()
