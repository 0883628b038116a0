# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet's output if many sessions fail, and its place."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from .conftest import ANSIBLE_PLAYBOOK, World, play


@pytest.mark.parametrize("in_process", [True, False])
def test_no_line_is_long_where_sessions_fail_and_nothing_is_lost(world: World, in_process: bool) -> None:
    missing = [f"X{number}" for number in range(100)]
    task = {"instances": missing, "state": "logged_out", "calls_per_second": 0, "progress": 0.001}
    check = "ran.sessions | length == 100 and ran.sessions[99].error.kind == 'unknown_session'"
    tasks: list[dict[str, Any]] = [
        {"wawp.cloud.wawp_fleet": task, "register": "ran", "ignore_errors": True},
        {"ansible.builtin.assert": {"that": check}},
    ]
    playbook = play(world.folder, *tasks, vars={"wawp_in_process": in_process})
    done = subprocess.run(
        [ANSIBLE_PLAYBOOK, str(playbook)],
        env=world.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert max(map(len, (done.stdout + done.stderr).splitlines())) < 10_000
    assert "100 of 100 sessions failed. X0, X1, X2, X3, X4 and 95 more: instance_id: the session doesn't" in done.stderr
    assert "of 100, " not in done.stdout, "a callback's JSON would be broken by progress"


def test_a_host_that_cannot_be_reached_says_why(world: World) -> None:
    """The connection is silenced because of a roster's secrets; its own error isn't one."""
    bastion = "bastion ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1"
    (world.folder / "hosts.ini").write_text(f"localhost ansible_connection=local\n{bastion}\n")
    ran = world.run("decommission", "-i", "hosts.ini", wawp_instances=["A1"], wawp_run_on="bastion")
    assert ran.code != 0
    assert "Failed to connect to the host via ssh" in ran.output
    assert "censored" not in ran.output


# Runs ssh's command here, until a module that carries a plan out has ended: then the connection is lost for good.
FALLIBLE_SSH = """#!{python}
import os, subprocess, sys
lost = {lost!r}
if os.path.exists(lost):
    sys.exit(255)
payload = sys.stdin.buffer.read() if "python" in sys.argv[-1] else b""
done = subprocess.run(["/bin/sh", "-c", sys.argv[-1]], input=payload)
if b"wawp_plan" in payload and os.path.exists({confirmed!r}):
    open(lost, "w").close()
    sys.exit(255)
sys.exit(done.returncode)
"""


def test_a_connection_that_is_lost_in_the_middle_leaves_a_report_here(world: World) -> None:
    """The logout's result is lost, and the journal is out of reach."""
    ssh, lost, confirmed = (world.folder / name for name in ("ssh", "lost", "confirmed"))
    words = f"ansible_connection=ssh ansible_host=127.0.0.1 ansible_ssh_executable={ssh} ansible_pipelining=true"
    hosts = f"bastion {words} ansible_python_interpreter={sys.executable}"
    (world.folder / "hosts.ini").write_text(f"localhost ansible_connection=local\n{hosts}\n")
    world.add("A1")
    given = {"wawp_instances": ["A1"], "wawp_run_on": "bastion", "wawp_report_dir": str(world.folder / "wawp_reports")}
    ssh.write_text(FALLIBLE_SSH.format(python=sys.executable, lost=str(lost), confirmed=str(confirmed)))
    ssh.chmod(0o755)
    phrases = world.phrases("decommission", given)
    confirmed.touch()
    ran = world.run("decommission", "-i", "hosts.ini", **given, **phrases)
    assert ran.code != 0
    assert lost.exists()
    assert not world.linked("A1")
    assert "The connection to bastion was lost" in ran.report["abort_reason"]
    assert "nothing was sent" not in json.dumps(ran.report).lower()
    assert ran.report["summary"]["needs_human"] == 1
