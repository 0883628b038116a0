# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbook decommission: gate, execution, resumption, evidence, exit code; and links called severed are."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import ansible_runner.interface
import jsonschema
import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN

from .conftest import ACCOUNT, NEXT, Ran, World

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/schema/report-1.json").read_text())

PROVEN = ("severed", "no_account")


def check_truth(world: World, ran: Ran) -> None:
    """Check that no link called severed exists, and that the report matches its schema and its files their modes."""
    jsonschema.validate(ran.report, SCHEMA, cls=jsonschema.Draft202012Validator)
    for record in ran.report["records"]:
        if record["outcome"] in PROVEN:
            assert not world.linked(record["instance_id"]), record
    for path in (world.folder / "wawp_reports").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert SANDBOX_TOKEN not in path.read_text(encoding="utf-8")
        assert ACCOUNT not in path.read_text(encoding="utf-8")


def test_happy(world: World) -> None:
    for number, status in enumerate(("WORKING", "STOPPED", "FAILED", "SCAN_QR_CODE"), start=1):
        world.add(f"A{number}", status)
    world.engine.ask("temp_link", "A1")
    ran = world.decommission(
        "A1",
        {"instance_id": "A2", "name": "Front desk", "expect_account": ACCOUNT},
        "A3",
        "A4",
        wawp_ticket="CHG-1",
        wawp_requester="Mona",
        wawp_approver="Jan",
        wawp_require_four_eyes=True,
        wawp_deadline="2099-01-01T00:00:00Z",
    )
    assert ran.code == 0, ran.output
    check_truth(world, ran)
    assert ran.outcomes() == {"A1": "severed", "A2": "severed", "A3": "severed", "A4": "no_account"}
    assert {world.engine.look(name).status for name in ran.outcomes()} == {"STOPPED"}
    assert world.engine.look("A1").link is None
    record = ran.report["records"][1]
    assert record["name"] == "Front desk"
    assert [call["action"] for call in record["calls"]] == ["start", "logout", "stop"]
    assert record["after"] == {
        "status": "STOPPED",
        "paired": None,  # at rest, an empty account proves nothing
        "account": None,
        "exists": True,
        "read_again": True,
    }
    assert record["when"]["deadline_met"] is True
    assert record["who"]["approver"] == "Jan"
    assert ran.report["plan"]["confirm"].startswith("decommission-4-")


def test_partial_failure(world: World) -> None:
    """404, a wrong account, one that can't be revived, a refused logout: each is reported, none stops the others."""
    world.add("A1")
    world.add("A2", account=NEXT)
    world.add("A3", "FAILED", linked=False)
    world.add("A4", "WORKING", Fault("http", call="logout", http_status=403))
    ran = world.decommission("A1", {"instance_id": "A2", "expect_account": ACCOUNT}, "A3", "A4", "GONE")
    assert ran.code != 0
    check_truth(world, ran)
    assert ran.outcomes() == {"A1": "severed", **dict.fromkeys(("A2", "A3", "A4", "GONE"), "unproven")}
    assert world.engine.writes("A2") == []
    messages = {record["instance_id"]: record["message"] for record in ran.report["records"]}
    assert "expect_account" in messages["A2"]
    assert "doesn't exist" in messages["GONE"]
    assert ran.report["summary"]["needs_human"] == 4
    assert "Report: " in ran.output


def test_the_brake_leaves_the_rest_alone(world: World) -> None:
    names = [f"A{number}" for number in range(20)]
    for name in names:
        world.add(name, "WORKING", Fault("http", call="logout", http_status=403))
    # While one is WORKING after its restart, others are started.
    ran = world.decommission(*names, wawp_max_failures="0", wawp_max_connections=1, wawp_confirm_after=0.05)
    assert ran.code != 0
    check_truth(world, ran)
    assert "left_alone" in ran.outcomes().values()


def test_all_unproven_and_accepted(world: World) -> None:
    for name in ("A1", "A2"):
        world.add(name, "FAILED", linked=False)
    ran = world.decommission("A1", "A2")
    assert ran.code != 0
    assert set(ran.outcomes().values()) == {"unproven"}
    ran = world.decommission("A1", "A2", wawp_accept_unproven=["A1", "A2"])
    assert ran.code == 0, ran.output
    check_truth(world, ran)
    assert set(ran.outcomes().values()) == {"accepted_unproven"}
    assert ran.report["records"][0]["history"], "the first run stands in the journal"


def test_accepting_what_is_not_there_is_refused(world: World) -> None:
    world.add("A1")
    ran = world.run("decommission", wawp_instances=["A1"], wawp_accept_unproven=["A2"])
    assert ran.code != 0
    assert "A2 isn't in the plan" in ran.output


def test_what_is_blocked_can_be_accepted(world: World) -> None:
    world.add("A1")
    ran = world.run("decommission", wawp_instances=["GONE"])
    assert "something stands in the way of every instance" in ran.output
    confirmed = world.run("decommission", wawp_instances=["GONE"], wawp_confirm=ran.phrase())
    assert confirmed.code != 0
    assert "check instance_id" in confirmed.report["records"][0]["needs_human"]
    ran = world.decommission("GONE", wawp_accept_unproven=["GONE"])
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"GONE": "accepted_unproven"}


def test_a_link_that_stays_open_is_told(world: World) -> None:
    world.add("A1")
    world.engine.ask("temp_link", "A1")
    world.engine.add_fault(Fault("http", call="temp_link", http_status=403, instance_id="A1", times=None))
    ran = world.decommission("A1")
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "severed"}
    assert "temporary link" in ran.report["records"][0]["open_ends"][0]
    assert "temporary link" in ran.report["records"][0]["needs_human"]


def family(pid: int) -> list[int]:
    """Return a process and all its descendants; Ansible's workers have separate process groups."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    found = [pid]
    for known in found:
        found.extend(children.get(known, []))
    return found


def test_interrupted_and_resumed(world: World) -> None:
    """Killed in the middle: the same command continues, and severed sessions get no second logout."""
    names = [f"A{number}" for number in range(30)]
    for name in names:
        world.add(name)
    given = {"wawp_instances": names, **world.phrases("decommission", {"wawp_instances": names})}
    process = subprocess.Popen(
        world.command("decommission", **given, wawp_calls_per_second=20, wawp_max_connections=2),
        cwd=world.folder,
        env=world.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while len([name for name in names if not world.linked(name)]) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in family(process.pid):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(pid, signal.SIGKILL)
    process.wait()
    severed = [name for name in names if not world.linked(name)]
    assert 5 <= len(severed) < len(names)
    # The phrase of the approved plan, with the rest of it to do.
    ran = world.run("decommission", **given, wawp_max_failures="100%")
    check_truth(world, ran)
    assert ran.report["plan"]["confirm"] == given["wawp_confirm"]
    # A logout whose end was cut off with its reading stays unproven: there was one for each connection at most.
    unproven = [name for name, outcome in ran.outcomes().items() if outcome == "unproven"]
    assert len(unproven) <= 2
    assert (ran.code == 0) == (not unproven), ran.output
    assert all(world.engine.writes(name).count("logout") == 1 for name in names)
    assert any(record["history"] for record in ran.report["records"])


def test_a_burnt_key_stays_unproven_when_resumed(world: World) -> None:
    world.add("A1", "STARTING", starts_into=["STARTING"])
    world.confirmed("reset_connection", "A1", wawp_start_timeout=0.3, wawp_scan_timeout=0.3)
    assert world.linked("A1")
    again = world.decommission("A1", wawp_start_timeout=0.3)
    assert again.code != 0
    assert again.outcomes() == {"A1": "unproven"}


def test_paired_again_before_it_is_read_again(world: World) -> None:
    """An outsider scans between logout and stop: the reading at the end shows it, and nothing is called severed."""
    world.add("A1")
    body = {"status": "WORKING", "me": {"id": NEXT, "pushName": "Outsider"}}
    given = {"wawp_instances": ["A1"]}
    confirmed = world.phrases("decommission", given)
    reads = len([entry for entry in world.engine.calls("A1") if entry.call == "info"])
    # The gate reads as often again; then before the logout, after it, and after the stop. The next one is the last.
    world.engine.add_fault(Fault("patch", call="info", instance_id="A1", skip=reads + 3, times=None, replace=body))
    ran = world.run("decommission", **given, **confirmed)
    assert ran.code != 0, ran.output
    assert ran.outcomes() == {"A1": "unproven"}
    assert "paired" in ran.report["records"][0]["needs_human"]


def test_deletion_has_a_gate_of_its_own(world: World) -> None:
    world.add("A1")
    world.add("A2", "STOPPED", generation="A")
    given = {"wawp_instances": ["A1", "A2"], "wawp_delete": True}
    ran = world.run("decommission", **given, wawp_confirm=world.phrases("decommission", given)["wawp_confirm"])
    assert ran.code != 0
    assert world.engine.writes() == []
    ran = world.decommission("A1", "A2", wawp_delete=True)
    assert ran.code == 0, ran.output
    check_truth(world, ran)
    assert [record["deleted"] for record in ran.report["records"]] == [True, True]
    assert set(world.engine.removed) == {"A1", "A2"}


def test_from_a_csv_file(world: World) -> None:
    world.add("A1")
    world.add("A2", "STOPPED")
    lines = (
        "instance_id;name;expect_account;desk",
        "A1;=cmd|' /C calc'!A0;+20 101 234 5678;4",
        "A2;\u0645\u0643;;",
        "",
    )
    rows = "\r\n".join(lines)
    (world.folder / "office.csv").write_text(rows, encoding="utf-8-sig", newline="")
    source = {"wawp_instances_csv": str(world.folder / "office.csv")}
    planned = world.run("decommission", **source)
    ran = world.run("decommission", **source, wawp_confirm=planned.phrase())
    assert ran.code == 0, ran.output
    check_truth(world, ran)
    assert "office.csv" in ran.report["environment"]["source"]
    table = next(world.folder.glob("wawp_reports/*.csv")).read_text(encoding="utf-8-sig")
    first = next(csv.DictReader(table.splitlines()))
    assert first["name"] == "'=cmd|' /C calc'!A0"


def test_from_the_inventory_with_a_limit(world: World) -> None:
    for name in ("A1", "A2", "A3"):
        world.add(name)
    hosts = "\n".join(f"desk{name[1]} wawp_instance_id={name} ansible_connection=local" for name in ("A1", "A2", "A3"))
    (world.folder / "hosts").write_text(f"{hosts}\nbastion\n")
    options = ("-i", str(world.folder / "hosts"), "--limit", "desk1,desk3")
    planned = world.run("decommission", *options, wawp_hosts="all")
    ran = world.run("decommission", *options, wawp_hosts="all", wawp_confirm=planned.phrase())
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "severed", "A3": "severed"}
    assert [record["name"] for record in ran.report["records"]] == ["desk1", "desk3"]
    assert world.engine.writes("A2") == []
    assert ran.output.count("included: wawp.cloud.decommission") == 1, "no other host begins anew"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"wawp_instances": ["A1", "A1"]}, "A1 is entry 1 already"),
        ({"wawp_instances": []}, "holds none"),
        ({}, "holds none"),
        ({"wawp_instances": [{"instance_id": "A1", "nickname": "x"}, "A b"]}, "unknown nickname"),
        ({"wawp_instances": ["A1"], "wawp_deadline": "2026-11-30"}, "offset"),
    ],
)
def test_malformed_input_is_refused_before_the_first_call(world: World, given: dict[str, Any], message: str) -> None:
    world.add("A1")
    ran = world.run("decommission", **given)
    assert ran.code != 0
    assert message in ran.output
    assert world.engine.writes() == []


def test_a_report_is_written_after_a_failure(world: World) -> None:
    """Another run holds the journal at execution: nothing is sent, and the report says so."""
    world.add("A1")
    given = {"wawp_instances": ["A1"]}
    confirmed = world.phrases("decommission", given)
    folder = world.folder / "locked"
    folder.mkdir()
    (folder / "j.jsonl").write_text("")
    (folder / "j.jsonl").chmod(0o600)
    with (folder / "j.jsonl").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = world.run("decommission", **given, **confirmed, wawp_journal=str(folder / "j.jsonl"))
    assert ran.code != 0
    assert ran.outcomes() == {"A1": "not_run"}
    assert "another run" in ran.report["abort_reason"]
    assert world.engine.writes() == []


def test_as_awx_runs_it(world: World) -> None:
    """ansible-runner, as AWX calls it: no terminal, variables from a survey."""
    for name in ("A1", "A2"):
        world.add(name)
    given = {"wawp_instances": ["A1", "A2"], "wawp_wait_sleep": 0.05, "awx_user_name": "night-shift"}
    settings = {
        "private_data_dir": str(world.folder),
        "playbook": "wawp.cloud.decommission",
        "envvars": {**world.environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        "quiet": True,
    }
    first = ansible_runner.interface.run(**settings, extravars=given, ident="plan")
    assert first.rc != 0
    results = [event.get("event_data", {}).get("res", {}) for event in first.events]
    phrase = next(result["confirm"] for result in results if "confirm" in result)
    again = ansible_runner.interface.run(**settings, extravars={**given, "wawp_confirm": phrase}, ident="run")
    assert again.rc == 0, again.stdout.read()
    written = list(world.folder.rglob("wawp_reports/*.json"))
    assert len(written) == 1
    report = json.loads(written[0].read_text())
    assert [record["outcome"] for record in report["records"]] == ["severed", "severed"]
    assert report["request"]["operator"] == "night-shift"
    assert not world.linked("A1")


def test_a_task_that_ends_without_its_result_is_not_reported_as_not_run(world: World) -> None:
    """It timed out while waiting for the reply to a logout. The phone is unlinked, but nobody has seen that."""
    world.add("A1", "WORKING", Fault("timeout", call="logout", when="after", seconds=60))
    world.extra["ANSIBLE_TASK_TIMEOUT"] = "10"
    ran = world.decommission("A1")
    assert ran.code != 0
    jsonschema.validate(ran.report, SCHEMA)
    (record,) = ran.report["records"]
    assert (record["outcome"], record["verdict"]) == ("unproven", "unproven")
    assert [(call["action"], call["outcome"]) for call in record["calls"]] == [("logout", "unknown")]
    assert "its end isn't known" in record["needs_human"]
    assert "Nothing was sent" not in ran.output
