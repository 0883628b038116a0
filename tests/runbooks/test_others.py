# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbooks switch_account, end_of_shift and reset_connection, as a user calls them."""

from __future__ import annotations

import sys
from typing import Any

import jsonschema
import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN

from .conftest import ACCOUNT, NEXT, World
from .people import (
    SCHEMA,
    Person,
    left_behind,
    scanning,
)

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


def test_reset_connection_goes_on_with_those_who_have_not_scanned(world: World) -> None:
    for name in ("A1", "A2"):
        world.add(name)
    given: dict[str, Any] = {"wawp_instances": ["A1", "A2"]}
    given.update(world.phrases("reset_connection", given))
    with scanning(Person(world, "A1", ACCOUNT)):
        ran = world.run("reset_connection", **given, wawp_scan_timeout=2)
    assert ran.outcomes() == {"A1": "linked", "A2": "failed"}, ran.output
    before = world.engine.calls("A1", name="logout")
    with scanning(Person(world, "A2", ACCOUNT)):
        ran = world.run("reset_connection", **given)
    assert ran.outcomes() == {"A1": "linked", "A2": "linked"}, ran.output
    assert world.engine.calls("A1", name="logout") == before
    assert ran.code == 0
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
    ("runbook", "given", "message"),
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
    world: World, runbook: str, given: dict[str, Any], message: str
) -> None:
    world.add("A1")
    ran = world.run(runbook, wawp_instances=["A1"], **given)
    assert ran.code != 0
    assert message in ran.output
    assert world.engine.writes() == []


@pytest.mark.parametrize("in_process", [True, False])
def test_a_token_and_an_account_of_its_own_are_never_shown(world: World, in_process: bool) -> None:
    """World.run looks for the token. The link can't be made, so the failures of loops are shown too."""
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
    """At -vvv ssh shows the output of modules. Its replacement here runs the command on this machine."""
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


@pytest.mark.parametrize("address", ["http://me:hushed@127.0.0.1:9", "http://127.0.0.1:9/?access_token=hushed"])
def test_an_address_that_holds_a_secret_is_refused_and_not_kept(world: World, address: str) -> None:
    world.add("A1")
    ran = world.run("audit", "-vvv", wawp_instances=["A1"], wawp_api_url=address)
    assert ran.code != 0
    assert "with credentials, a query" in ran.output
    assert "hushed" not in ran.output
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
    """Accepting that the previous account may still be linked doesn't allow somebody else to use the instance."""
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
    """Another person than before scans A2, for which no account is expected."""
    world.add("A1")
    world.add("A2")
    given = [{"instance_id": "A1", "expect_account": ACCOUNT}, "A2"]
    with scanning(Person(world, "A1", ACCOUNT), Person(world, "A2", NEXT)):
        ran = world.confirmed("reset_connection", *given)
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "linked", "A2": "linked"}
    assert [call["action"] for call in ran.report["records"][0]["calls"]] == ["restart", "logout"]
    message = "Another account came back: ********5432@c.us is linked now, ********5678@c.us was before."
    assert [record["needs_human"] for record in ran.report["records"]] == [None, message]
    assert message in ran.output
    assert world.engine.look("A1").orphans == []
