# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbooks audit, verify_report and close_unproven, as a user calls them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import jsonschema
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault

from .conftest import NEXT, World
from .people import (
    SCHEMA,
)

# -- audit


def test_audit_reads_and_changes_nothing(world: World) -> None:
    for name, status in (("A1", "WORKING"), ("A2", "SCAN_QR_CODE"), ("A3", "STOPPED")):
        world.add(name, status)
    ran = world.run("audit", wawp_instances=["A1", "A2", "A3", "GONE"])
    assert ran.code == 0, ran.output
    jsonschema.validate(ran.report, SCHEMA)
    assert ran.outcomes() == {"A1": "linked", "A2": "unlinked", "A3": "linked", "GONE": "missing"}
    assert world.engine.writes() == []


def test_two_runbooks_in_one_run_share_nothing(world: World) -> None:
    """Variables registered by the first one would outlive its play and appear in the second one's report."""
    world.add("A1")
    world.add("B1", "SCAN_QR_CODE")
    phrase = world.phrases("decommission", {"wawp_instances": ["A1"]})["wawp_confirm"]
    plays = [
        {
            "import_playbook": "wawp.cloud.decommission",
            "vars": {"wawp_instances": ["A1"], "wawp_confirm": phrase, "wawp_report_title": "Office A"},
        },
        {"import_playbook": "wawp.cloud.audit", "vars": {"wawp_instances": ["B1"], "wawp_report_title": "Office B"}},
        {
            "import_playbook": "wawp.cloud.decommission",
            "vars": {"wawp_instances": ["B1"], "wawp_confirm": "no-1-phrase"},
        },
    ]
    (world.folder / "both.yml").write_text(json.dumps(plays))
    command = world.command("audit")
    command[1] = str(world.folder / "both.yml")
    world.command = lambda *dummy, **others: command  # type: ignore[method-assign] # the same run, of another playbook
    ran = world.run("both")

    by_title = {report["title"]: report for report in ran.reports}
    assert {record["instance_id"] for record in by_title["Office A"]["records"]} == {"A1"}
    assert {record["instance_id"] for record in by_title["Office B"]["records"]} == {"B1"}
    assert by_title["Office B"]["plan"] is None
    assert phrase not in json.dumps(by_title["Office B"])
    others = [report for title, report in by_title.items() if title not in ("Office A", "Office B")]
    assert not [report for report in others if "A1" in json.dumps(report["records"])]
    assert ran.code != 0


def test_audit_fails_where_it_cannot_read(world: World) -> None:
    world.add("A1")
    world.add("A2", "WORKING", Fault("http", call="info", http_status=403, times=None))
    (world.folder / "hosts").write_text("desk1 wawp_instance_id=A1\ndesk2 wawp_instance_id=A2\n")
    ran = world.run("audit", "-i", str(world.folder / "hosts"), wawp_hosts="all")
    assert ran.code != 0
    assert ran.outcomes() == {"A1": "linked", "A2": "unreadable"}
    assert ran.output.count("included: wawp.cloud.audit") == 1, "no other host begins anew"


def test_an_audit_that_cannot_read_says_why(world: World) -> None:
    world.add("A1")
    world.extra["WAWP_ACCESS_TOKEN"] = ""
    ran = world.run("audit", wawp_instances=["A1"])
    assert ran.code != 0
    assert "access_token" in ran.output
    assert "access_token" in ran.report["abort_reason"]


def test_audit_names_the_drift(world: World) -> None:
    for name in ("A1", "A2", "A3"):
        world.add(name)
    done = world.decommission("A1", "A2")
    assert done.code == 0, done.output
    baseline = str(next(world.folder.glob("wawp_reports/decommission-*.json")))
    calm = world.run("audit", wawp_instances=["A1", "A2", "A3"], wawp_baseline=baseline, wawp_fail_on_drift=True)
    assert calm.code == 0, calm.output
    world.engine.ask("start", "A1")
    world.engine.world("scan", "A1", account=NEXT)
    reported = world.run("audit", wawp_instances=["A1", "A2", "A3"], wawp_baseline=baseline)
    assert reported.code == 0, reported.output
    assert [entry["instance_id"] for entry in reported.report["drift"]] == ["A1"]
    assert "paired again" in reported.report["drift"][0]["what"]
    assert NEXT not in reported.output
    asked = world.run("audit", wawp_instances=["A1", "A2", "A3"], wawp_baseline=baseline, wawp_fail_on_drift=True)
    assert asked.code != 0


def test_audit_names_a_changed_account(world: World) -> None:
    instance = world.add("A1")
    world.run("audit", wawp_instances=["A1"])
    instance.account = NEXT
    baseline = str(next(world.folder.glob("wawp_reports/audit-*.json")))
    ran = world.run("audit", wawp_instances=["A1"], wawp_baseline=baseline, wawp_fail_on_drift=True)
    assert ran.code != 0
    assert ran.report["drift"][0]["what"] == (
        "It belongs to ********5432@c.us now, to ********5678@c.us in the earlier report."
    )


def test_audit_compares_with_something_or_fails(world: World) -> None:
    world.add("A1")
    for baseline in ({}, {"wawp_baseline": ""}):
        ran = world.run("audit", wawp_instances=["A1"], wawp_fail_on_drift=True, **baseline)
        assert ran.code != 0
        assert "wawp_fail_on_drift needs wawp_baseline" in ran.output


def test_audit_in_check_mode_fails_as_well_and_names_no_report(world: World) -> None:
    world.add("A1")
    assert world.run("audit", "--check", wawp_instances=["A1"]).code == 0
    world.engine.add_fault(Fault("http", call="info", http_status=403, instance_id="A1", times=None))
    ran = world.run("audit", "--check", wawp_instances=["A1"])
    assert ran.code != 0
    assert "No report was written" in ran.output
    assert not (world.folder / "wawp_reports").exists()


def test_a_folder_that_is_there_keeps_its_mode(world: World) -> None:
    """It may be /tmp, or a volume that belongs to somebody else; a link to it is fine."""
    world.add("A1")
    shared = world.folder / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (world.folder / "link").symlink_to(shared)
    ran = world.run("audit", wawp_instances=["A1"], wawp_report_dir=str(world.folder / "link"))
    assert ran.code == 0, ran.output
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    assert {stat.S_IMODE(path.stat().st_mode) for path in shared.iterdir()} == {0o600}


# -- verify_report


def change_record(path: Path) -> None:
    path.write_text(path.read_text().replace('"verdict": "unproven"', '"verdict": "severed"'))


def drop_record(path: Path) -> None:
    report = json.loads(path.read_text())
    del report["records"][0]
    path.write_text(json.dumps(report))


def change_summary(path: Path) -> None:
    report = json.loads(path.read_text())
    report["summary"]["complete"] = True
    path.write_text(json.dumps(report))


def change_page(path: Path) -> None:
    page = path.with_suffix(".html")
    page.write_text(page.read_text().replace("Unproven", "Severed"))


def change_table(path: Path) -> None:
    table = path.with_suffix(".csv")
    table.write_bytes(table.read_bytes().replace(b"unproven", b"severed"))


def test_close_unproven(world: World) -> None:
    world.add("A1", "FAILED", linked=False)
    done = world.decommission("A1")
    assert done.outcomes() == {"A1": "unproven"}
    path = next(world.folder.glob("wawp_reports/*.json"))
    closed = {
        "wawp_report": str(path),
        "wawp_closed": ["A1"],
        "wawp_closed_by": "Mona Adel",
        "wawp_closed_at": done.report["ended"],
        "wawp_closed_seen": "Linked devices listed no device",
    }
    assert "ticket: is missing" in world.run("close_unproven", **closed).output
    ran = world.run("close_unproven", **closed, wawp_ticket="CHG-1")
    assert ran.code == 0, ran.output
    jsonschema.validate(ran.report, SCHEMA)
    assert ran.outcomes() == {"A1": "closed"}
    assert ran.report["closing"]["head"] == done.report["chain"]["head"]
    assert ran.report["links"]["previous"]["head"] == done.report["chain"]["head"]
    audited = world.run("audit", wawp_instances=["A1"])
    assert "closed by Mona Adel" in json.dumps(audited.report["records"][0]["history"])


def test_verify_report(world: World) -> None:
    world.add("A1", "FAILED", linked=False)
    world.add("A2")
    done = world.decommission("A1", "A2")
    path = next(world.folder.glob("wawp_reports/*.json"))
    ran = world.run("verify_report", wawp_report=f"wawp_reports/{path.name}", wawp_head=done.report["chain"]["head"])
    assert ran.code == 0, ran.output
    assert str(path.with_suffix(".html")) in ran.output
    ran = world.run("verify_report", wawp_report=str(path), wawp_head="0" * 64)
    assert ran.code != 0
    assert "ends on another hash" in ran.output
    kept = {kind: path.with_suffix(kind).read_bytes() for kind in (".json", ".html", ".csv")}
    for change in (change_record, drop_record, change_summary, change_page, change_table):
        change(path)
        ran = world.run("verify_report", wawp_report=str(path))
        assert ran.code != 0, change
        assert "is not as it was written" in ran.output
        for kind, content in kept.items():
            path.with_suffix(kind).write_bytes(content)
