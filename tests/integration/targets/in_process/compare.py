# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the same tasks in ansible-playbook's worker and as modules, and compares everything that a user can see.

ansible-playbook shows which way a task went: at -vvv it names the file of each module that it starts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SECRETS = ("sandbox-token", "token-of-own-2", "token-of-own-3", "token-of-own-4")
ACCOUNT = "999 000 000 003"
MODULE = re.compile(r"^Using module file \S+/wawp_\w+\.py$", re.MULTILINE)
TIMES = re.compile(r'"(?:time|duration|began|jid|proven_at|proof_seconds)": (?:"[^"]*"|[\d.]+)')
# Fields that only a module's process leaves in a result, async's own, and the place of a timeout.
PROCESS = (
    *("ansible_facts", "exception"),
    *("ansible_job_id", "async_result", "results_file", "started", "finished"),
    "timedout",
)

FLEET = [
    {"instance_id": "check"},
    {"instance_id": "working", "account": "201012345678@c.us"},
    {"instance_id": "stopped_old", "status": "STOPPED", "generation": "A"},
    {"instance_id": "theirs", "account": "4915112345678@c.us"},
    {"instance_id": "loop-1"},
    {"instance_id": "loop-2"},
    {"instance_id": "hangs", "status": "STARTING", "starts_into": "STARTING", "credentials": True, "linked": True},
    {"instance_id": "own-1"},
    *({"instance_id": f"own-{number}", "access_token": f"token-of-own-{number}"} for number in (2, 3, 4)),
]


def simulator_folder() -> Path:
    for folder in os.environ["ANSIBLE_COLLECTIONS_PATH"].split(os.pathsep):
        found = Path(folder, "ansible_collections/wawp/cloud/plugins/plugin_utils")
        if (found / "simulator").is_dir():
            return found
    raise SystemExit("There is no simulator in ANSIBLE_COLLECTIONS_PATH.")


def simulator(*arguments: str) -> None:
    command = [sys.executable, "-m", "simulator", *arguments]
    subprocess.run(command, cwd=simulator_folder(), check=True, stdout=subprocess.DEVNULL)


def reset(url: str) -> None:
    body = json.dumps(FLEET).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{url}/_simulator/reset", body, {"Content-Type": "application/json"})  # noqa: S310
    opener.open(request, timeout=30).close()


def encrypted(text: str, password: Path) -> list[str]:
    """Return the lines of a vaulted string."""
    program = shutil.which("ansible-vault") or "ansible-vault"
    command = [program, "encrypt", "--vault-password-file", str(password), "--output=-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return done.stdout.split()


class Run:
    """One run of ansible-playbook and everything that it left."""

    def __init__(self, work: Path, name: str, playbook: Path, here: bool, fakes: str, **environment: str) -> None:
        records, journal = work / f"{name}.records", work / f"{name}.journal"
        records.touch()
        journal.touch()
        variables = {"wawp_in_process": here, "other_python": str(work / "other_python")}
        command = [
            shutil.which("ansible-playbook") or "ansible-playbook",
            "-vvvv",
            "--inventory=localhost,",
            "--connection=local",
            f"--vault-password-file={work / 'password'}",
            f"--extra-vars={json.dumps(variables)}",
            str(playbook),
        ]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "ANSIBLE_ASYNC_DIR": str(work / "async"),
                "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
                "ANSIBLE_CALLBACKS_ENABLED": "record",
                "ANSIBLE_INJECT_INVOCATION": "true",
                "ANSIBLE_NOCOLOR": "true",
                "ANSIBLE_PIPELINING": "true",
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "RECORD": str(records),
                "JOURNAL": str(journal),
                **environment,
                "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE / fakes), os.environ.get("PYTHONPATH")])),
            },
        )
        self.output, self.journal = done.stdout + done.stderr, journal.read_text(encoding="utf-8")
        self.raw = records.read_text(encoding="utf-8").replace(environment.get("WAWP_API_URL", "-"), "URL")
        self.records: list[tuple[str, dict[str, Any]]] = [
            (name, comparable(result)) for name, result in map(json.loads, self.raw.splitlines())
        ]
        assert done.returncode == 0, self.output[-3000:]

    def processes(self) -> dict[str, bool]:
        """Return by task name whether it started a module of ours."""
        parts = re.split(r"^TASK \[(.*?)\] \*+$", self.output, flags=re.MULTILINE)
        return {name: bool(MODULE.search(text)) for name, text in zip(parts[1::2], parts[2::2])}


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result without the parts that differ between any two runs."""
    kept = {name: value for name, value in result.items() if name not in PROCESS and not name.startswith("_ansible")}
    for name in ("warnings", "deprecations"):
        if name in kept:
            kept[name] = [text(warning) for warning in kept[name]]
    shown: dict[str, Any] = json.loads(TIMES.sub('"time": 0', json.dumps(kept)))
    return shown


def text(warning: Any) -> str:
    """Return a warning's text; some versions of ansible-core make it an object."""
    found = re.search(r"msg='(.*?)'", str(warning))
    return found[1] if found else str(warning)


def compare(here: Run, there: Run) -> None:
    assert [name for name, dummy in here.records] == [name for name, dummy in there.records]
    different = []
    for (name, mine), (dummy, theirs) in zip(here.records, there.records):
        for key in sorted(set(mine) | set(theirs)):
            if mine.get(key, "missing") != theirs.get(key, "missing"):
                shown = f"\n  here:  {mine.get(key, 'missing')}\n  there: {theirs.get(key, 'missing')}"
                different.append(f"{name}: {key}{shown}")
    assert not different, "\n".join(different)


def check_ways(here: Run, there: Run) -> None:
    assert all(there.processes().values()), there.processes()
    for name, process in here.processes().items():
        assert process == name.startswith("There:"), f"{name}: {'a process' if process else 'no process'}"


def run_on_simulator(work: Path, tasks: Path, here: bool) -> Run:
    """Run once on a separate simulator."""
    ready = work / f"here-{here}.ready"
    simulator("--background", "--port=0", "--scale=0", "--lifetime=900", f"--ready-file={ready}")
    try:
        url = json.loads(ready.read_text(encoding="utf-8"))["url"]
        reset(url)
        return Run(work, f"here-{here}", tasks, here, "fakes/journal", WAWP_API_URL=url)
    finally:
        simulator("--stop", f"--ready-file={ready}")


def check_journal(here: Run, there: Run) -> None:
    assert "wawp_fleet" in there.journal, "what modules log was not seen"


def check_progress(here: Run, there: Run) -> None:
    line = "A fleet that takes its time: 0 of 1, 0 failed, "
    assert line in here.output
    assert line not in there.output


def check_without_requests(run: Run) -> None:
    """Check that a controller without requests lets the module report that."""
    assert run.processes() == {"Without requests": True}
    ((dummy, result),) = run.records
    assert "required Python library (requests)" in result["msg"], result


def check_secrets(run: Run) -> None:
    for secret in (*SECRETS, ACCOUNT):
        for where, shown in (("output", run.output), ("results", run.raw), ("journal", run.journal)):
            assert secret not in shown, f"{secret} in {where}: " + str(re.findall(f".{{0,200}}{secret}", shown)[:2])


def check_deprecations(run: Run) -> None:
    assert "DEPRECATION WARNING" not in run.output, re.findall(r"\[DEPRECATION WARNING\].*", run.output)


def check_results(run: Run) -> None:
    """Check that the compared results are the intended ones, and not the same mistake twice."""
    found = dict(run.records)
    assert found["Success"]["verdict"] == "severed"
    assert found["Success"]["diff"]["before"]["account"] == "********5678@c.us"
    assert found["Success"]["invocation"]["module_args"]["access_token"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert found["Check mode"]["prediction"] is True
    assert len(found["Unproven, with a warning"]["warnings"]) == 1
    assert "belongs to" in found["Another account"]["msg"]
    assert "Unsupported parameters" in found["An unknown option"]["msg"]
    assert found["A wrong token, in vault"]["error"]["kind"] == "bad_token"
    assert found["A token in an inline vault"].get("failed", False) is False
    assert found["A fleet"]["summary"]["failed"] == 1
    assert [entry["status"] for entry in found["A fleet"]["sessions"]][-1] == "STOPPED"
    assert found["A fleet with an inline vault"]["summary"]["total"] == 1
    assert "acess_token" in found["A fleet with a slip of the pen"]["msg"]
    assert [entry["exists"] for entry in found["Read a fleet"]["sessions"]] == [True, True]
    assert re.search("imed out|expected time frame", str(found["A timeout"])), found["A timeout"]
    for name, result in found.items():
        assert "failed" in result or "changed" in result, name
        assert not name.startswith("There:") or result["changed"] in (True, False), name


def playbook(work: Path, password: Path) -> Path:
    """Write the playbook with vaulted strings, beside the files that it names."""
    lines = encrypted("token-of-own-4", password)
    source = (HERE / "parity.yml").read_text(encoding="utf-8")
    for indent in re.findall(r"^( +)INLINE_VAULT$", source, re.MULTILINE):
        source = source.replace(f"{indent}INLINE_VAULT", "\n".join(indent + line for line in lines), 1)
    vaulted = "\n".join("        " + line for line in lines)
    made = source.replace("    fleet: &fleet", f"    vaulted_token: !vault |\n{vaulted}\n    fleet: &fleet")
    path = work / "parity.yml"
    path.write_text(made, encoding="utf-8")
    shutil.copy(HERE / "not-sudo", work)
    return path


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "password").write_text("not a secret\n", encoding="utf-8")
        (work / "other_python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        (work / "other_python").chmod(0o755)
        tasks = playbook(work, work / "password")
        with ThreadPoolExecutor() as pool:
            here, there = pool.map(lambda way: run_on_simulator(work, tasks, way), (True, False))
        checks: list[tuple[Callable[..., None], tuple[Run, ...]]] = [
            *((check, (run,)) for check in (check_secrets, check_deprecations, check_results) for run in (here, there)),
            *((check, (here, there)) for check in (check_journal, check_ways, check_progress, compare)),
        ]
        problems = [problem for check, runs in checks for problem in problems_of(check, *runs)]
        without = Run(work, "no_requests", HERE / "no_requests.yml", True, "fakes/no_requests")
        problems += problems_of(check_without_requests, without)
    if problems:
        raise SystemExit("\n".join(problems))


def problems_of(check: Callable[..., None], *runs: Run) -> list[str]:
    """Return all problems that a check finds; a run costs too much to show one at a time."""
    try:
        check(*runs)
    except AssertionError as error:
        return [f"{check.__name__}: {error}" + "".join(traceback.format_tb(error.__traceback__)[-1:])]
    return []


if __name__ == "__main__":
    main()
