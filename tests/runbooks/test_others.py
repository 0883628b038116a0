# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbooks audit, verify_report, switch_account, end_of_shift and reset_connection, as a user calls them."""

from __future__ import annotations

import json
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN

from .conftest import ACCOUNT, NEXT, World

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/schema/report-1.json").read_text())


class Person:
    """Somebody who scans the QR code with a phone as soon as its file is there, and somebody else is done."""

    def __init__(self, world: World, instance_id: str, account: str, after: Person | None = None) -> None:
        self._world, self._instance_id, self._account, self._after = world, instance_id, account, after
        self.modes: set[int] = set()
        self.saw_page = False
        self.too_early = False

    def look(self) -> bool:
        """Whether the code was there and has been scanned."""
        if self._after and not self._after.modes:
            return False
        qr = self._world.folder / f"wawp_reports/{self._instance_id}-qr.png"
        if self._world.engine.look(self._instance_id).status != "SCAN_QR_CODE" or not qr.exists():
            return False
        self.saw_page = qr.with_name(f"{self._instance_id}-link.txt").exists()
        self.modes.add(stat.S_IMODE(qr.stat().st_mode))
        assert qr.read_bytes().startswith(b"\x89PNG")
        self._world.engine.world("scan", self._instance_id, account=self._account)
        return True


@contextmanager
def scanning(*people: Person) -> Iterator[None]:
    """Let these people look while a runbook runs."""
    ending = threading.Event()

    def wait(look: Callable[[], bool]) -> None:
        while not ending.is_set() and not look():
            time.sleep(0.02)

    threads = [threading.Thread(target=wait, args=(person.look,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def left_behind(world: World) -> list[str]:
    return [path.name for path in (world.folder / "wawp_reports").iterdir() if path.suffix in (".png", ".txt")]


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
    """What the first one has registered would outlive its play, and stand in the second one's report."""
    world.add("A1")
    world.add("B1", "SCAN_QR_CODE")
    phrase = world.run("decommission", wawp_instances=["A1"]).phrase()
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
    ran = world.run("audit", wawp_instances=["A1", "A2"])
    assert ran.code != 0
    assert ran.outcomes() == {"A1": "linked", "A2": "unreadable"}


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
    told = world.run("audit", wawp_instances=["A1", "A2", "A3"], wawp_baseline=baseline)
    assert told.code == 0, told.output
    assert [entry["instance_id"] for entry in told.report["drift"]] == ["A1"]
    assert "paired again" in told.report["drift"][0]["what"]
    assert NEXT not in told.output
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
    """It may be /tmp, or a volume that belongs to somebody else; a link to it will do."""
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


# -- switch_account


@pytest.mark.parametrize("temp_link", [False, True])
def test_switch_account(world: World, temp_link: bool) -> None:
    world.add("A1")
    world.add("A2", account=NEXT)
    person = Person(world, "A1", NEXT)
    with scanning(person):
        ran = world.confirmed("switch_account", "A1", "A2", wawp_new_account="+201098765432", wawp_temp_link=temp_link)
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "linked", "A2": "linked"}
    assert [record["verdict"] for record in ran.report["records"]] == ["severed", None]
    assert [record["account"] for record in ran.report["records"]] == ["********5432@c.us"] * 2
    assert ran.report["records"][0]["before"] == {"status": "WORKING", "account": "********5678@c.us"}
    asked = {(entry.method, entry.call) for entry in world.engine.calls("A2")}
    assert asked == {("POST", "info"), ("GET", "temp_link")}, "it was linked to the new account already"
    assert "A2-qr.png" not in ran.output
    assert (person.modes, person.saw_page) == ({0o600}, temp_link)
    assert world.engine.look("A1").account == NEXT
    assert world.engine.look("A1").orphans == []
    assert world.engine.look("A1").link is None
    assert left_behind(world) == []
    assert "link.wawp.example" not in ran.output


def test_switch_account_to_the_wrong_person_fails_and_shuts_the_door(world: World) -> None:
    world.add("A1")
    with scanning(Person(world, "A1", "15551234567@c.us")):
        ran = world.confirmed("switch_account", "A1", wawp_new_account="+201098765432", wawp_temp_link=True)
    assert ran.code != 0
    assert ran.outcomes() == {"A1": "failed"}
    assert "expect_account" in ran.report["records"][0]["message"]
    assert world.engine.look("A1").link is None
    assert left_behind(world) == []


def test_switch_account_lets_nobody_in_before_the_old_link_is_severed(world: World) -> None:
    world.add("A1", "FAILED", linked=False)
    person = Person(world, "A1", NEXT)
    with scanning(person):
        ran = world.confirmed("switch_account", "A1", wawp_new_account="+201098765432", wawp_temp_link=True)
    assert ran.code != 0
    assert not person.modes
    assert ran.outcomes() == {"A1": "failed"}
    assert "temp_link" not in [entry.call for entry in world.engine.calls("A1") if entry.method == "POST"]


def test_every_runbook_knows_of_a_key_that_another_one_burnt(world: World) -> None:
    """One journal serves all runbooks that call the same API, from whatever folder."""
    world.add("A1", "STARTING", starts_into=["STARTING"])
    given = {"wawp_start_timeout": 0.3, "wawp_scan_timeout": 0.3}
    first = world.confirmed("reset_connection", "A1", **given)
    assert first.report["records"][0]["verdict"] == "unproven"
    assert world.linked("A1")
    switched = world.run("switch_account", wawp_instances=["A1"], wawp_new_account=NEXT)
    assert "would stay unproven" in switched.output
    assert "only the phone can end the link" in switched.output
    world.folder /= "elsewhere"
    world.folder.mkdir()
    planned = world.run("decommission", "--check", wawp_instances=["A1"])
    assert planned.code != 0
    assert "would stay unproven" in planned.output


def test_switch_account_gives_up_waiting(world: World) -> None:
    world.add("A1", "SCAN_QR_CODE")
    ran = world.confirmed("switch_account", "A1", wawp_new_account="+201098765432", wawp_scan_timeout=0.3)
    assert ran.code != 0
    assert "nobody has linked an account" in ran.report["records"][0]["message"]
    assert left_behind(world) == []


def test_switch_account_respects_who_is_there(world: World) -> None:
    world.add("A1", account="15551234567@c.us")
    given = [{"instance_id": "A1", "expect_account": ACCOUNT}]
    ran = world.confirmed("switch_account", *given, wawp_new_account="+201098765432")
    assert ran.code != 0
    assert world.engine.writes() == []


ARRIVING = {"instance_id": "A1", "expect_account": "0151 12"}


@pytest.mark.parametrize(
    ("runbook", "given", "told"),
    [
        ("switch_account", {}, "missing required arguments: wawp_new_account"),
        ("switch_account", {"wawp_new_account": "0151 12"}, "expect_account"),
        ("end_of_shift", {"wawp_arriving": [ARRIVING]}, "expect_account"),
        ("end_of_shift", {"wawp_deadline": "tomorrow"}, "deadline: "),
        ("end_of_shift", {"wawp_baseline": "/nowhere.json"}, "baseline: "),
        ("end_of_shift", {"wawp_report_dir": "/proc/version"}, "report_dir: is not a folder"),
        ("reset_connection", {"wawp_require_four_eyes": "perhaps"}, "require_four_eyes"),
        ("reset_connection", {"wawp_scan_timeout": "abc"}, "wawp_scan_timeout"),
        ("reset_connection", {"wawp_scan_dir": "/proc/version"}, "scan_dir: is not a folder"),
        ("reset_connection", {"wawp_scan_dir": "/proc/nowhere"}, "/proc/nowhere"),
    ],
)
def test_nobody_is_logged_out_before_it_is_clear_who_comes(
    world: World, runbook: str, given: dict[str, Any], told: str
) -> None:
    world.add("A1")
    ran = world.run(runbook, wawp_instances=["A1"], **given)
    assert ran.code != 0
    assert told in ran.output
    assert world.engine.writes() == []


@pytest.mark.parametrize("in_process", [True, False])
def test_a_token_and_an_account_of_its_own_are_never_shown(world: World, in_process: bool) -> None:
    """World.run looks for the token. The link can't be made, so that failures of loops are shown too."""
    world.add("A1", "WORKING", Fault("http", call="temp_link", http_status=403, times=None))
    given = [{"instance_id": "A1", "expect_account": ACCOUNT, "access_token": SANDBOX_TOKEN}]
    more: dict[str, Any] = {"wawp_temp_link": True, "wawp_scan_timeout": 0.3, "wawp_in_process": in_process}
    planned = world.run("reset_connection", "-vvv", wawp_instances=given, **more)
    more["wawp_confirm"] = planned.phrase("reset_connection")
    ran = world.run("reset_connection", "-vvv", wawp_instances=given, **more)
    assert ran.code != 0
    assert "HTTP 403, Wawp doesn't allow this" in ran.report["abort_reason"]
    shown = [line for line in (planned.output + ran.output).splitlines() if ACCOUNT.partition("@")[0] in line]
    assert shown == []


def test_a_connection_shows_nothing_either(world: World) -> None:
    """At -vvv ssh shows what modules return. What stands for it here runs the command on this machine."""
    world.add("A1")
    ssh, inventory = world.folder / "ssh", world.folder / "inventory.ini"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n')
    ssh.chmod(0o700)
    python = f"ansible_python_interpreter={sys.executable}"
    inventory.write_text(
        f"bastion ansible_connection=ssh ansible_ssh_executable={ssh} ansible_pipelining=true {python}\n"
        f"localhost ansible_connection=local {python}\n"
    )
    given = [{"instance_id": "A1", "expect_account": ACCOUNT, "access_token": SANDBOX_TOKEN}]
    reports = str(world.folder / "wawp_reports")
    more = {"wawp_run_on": "bastion", "wawp_report_dir": reports}
    ran = world.run("audit", "-vvv", "-i", str(inventory), wawp_instances=given, **more)
    assert ran.code == 0, ran.output
    assert "censored due to no log" in ran.output
    assert ACCOUNT.partition("@")[0] not in ran.output


@pytest.mark.parametrize("address", ["http://me:geheim@127.0.0.1:9", "http://127.0.0.1:9/?access_token=geheim"])
def test_an_address_that_holds_a_secret_is_refused_and_not_kept(world: World, address: str) -> None:
    world.add("A1")
    ran = world.run("audit", "-vvv", wawp_instances=["A1"], wawp_api_url=address)
    assert ran.code != 0
    assert "with credentials, a query" in ran.output
    assert "geheim" not in ran.output
    assert ran.reports == []


@pytest.mark.parametrize("runbook", ["audit", "decommission", "verify_report"])
def test_a_pattern_that_no_host_matches_is_a_failure(world: World, runbook: str) -> None:
    ran = world.run(runbook, "-i", "localhost,", wawp_hosts="nowhere", wawp_report="x.json")
    assert ran.code != 0
    assert "no host in the inventory matches nowhere" in ran.output


# -- end_of_shift


def test_end_of_shift(world: World) -> None:
    for name, status in (("A1", "WORKING"), ("A2", "STOPPED"), ("A3", "WORKING")):
        world.add(name, status)
    arriving: list[Any] = [{"instance_id": "A1", "name": "Mona", "expect_account": NEXT}, {"instance_id": "A3"}]
    last = Person(world, "A3", "15551234567@c.us")
    with scanning(last, Person(world, "A1", NEXT, after=last)):
        ran = world.confirmed("end_of_shift", "A1", "A2", "A3", wawp_arriving=arriving, wawp_progress=0.01)
    assert ran.code == 0, ran.output
    jsonschema.validate(ran.report, SCHEMA)
    assert ran.outcomes() == {"A1": "linked", "A2": "severed", "A3": "linked"}
    assert not world.linked("A2")
    assert world.engine.look("A1").account == NEXT
    assert "Wait for everybody to scan: A1 (Mona): linked, ********5432@c.us" in ran.output
    assert left_behind(world) == []


def test_end_of_shift_lets_nobody_take_over_before_all_have_left(world: World) -> None:
    world.add("A1")
    world.add("A2", "FAILED", linked=False)
    person = Person(world, "A1", NEXT)
    with scanning(person):
        ran = world.confirmed("end_of_shift", "A1", "A2", wawp_arriving=[{"instance_id": "A1"}])
    assert ran.code != 0
    assert ran.outcomes() == {"A1": "severed", "A2": "unproven"}
    assert not person.modes


def test_end_of_shift_lets_nobody_in_where_an_unproven_link_was_accepted(world: World) -> None:
    """Whoever accepts that the one before may still be linked hasn't said that somebody else may use the instance."""
    world.add("A1")
    world.add("A2", "FAILED", linked=False)
    people = [Person(world, name, NEXT) for name in ("A1", "A2")]
    with scanning(*people):
        ran = world.confirmed(
            "end_of_shift",
            *("A1", "A2"),
            wawp_arriving=[{"instance_id": "A1"}, {"instance_id": "A2"}],
            wawp_accept_unproven=["A2"],
        )
    assert ran.code != 0
    assert [bool(person.modes) for person in people] == [True, False]
    assert ran.outcomes() == {"A1": "linked", "A2": "accepted_unproven"}
    assert ran.report["abort_reason"].startswith("A2: the account before isn't proven unlinked, so nobody was let in")


# -- reset_connection


def test_reset_connection(world: World) -> None:
    """Somebody else than before scans A2, where nobody said who is expected."""
    world.add("A1")
    world.add("A2")
    given = [{"instance_id": "A1", "expect_account": ACCOUNT}, "A2"]
    with scanning(Person(world, "A1", ACCOUNT), Person(world, "A2", NEXT)):
        ran = world.confirmed("reset_connection", *given)
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "linked", "A2": "linked"}
    assert [call["action"] for call in ran.report["records"][0]["calls"]] == ["restart", "logout"]
    told = "Another account came back: ********5432@c.us is linked now, ********5678@c.us was before."
    assert [record["needs_human"] for record in ran.report["records"]] == [None, told]
    assert told in ran.output
    assert world.engine.look("A1").orphans == []
