# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks that the rulebooks run, with events as ansible-rulebook gives them, against the simulator."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins.event_source._wawp import event_queue, history, webhook
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.eda.support import ID, ROOT, now, templates

SENDMAIL = """#!/bin/sh
cat >> "$0.out"
"""


class Desk:
    """A simulated API, and somebody's mailbox."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.engine = server.engine
        self.url = server.url
        self.folder = folder
        self.sendmail = folder / "sendmail"
        self.sendmail.write_text(SENDMAIL)
        self.sendmail.chmod(stat.S_IRWXU)

    def run(self, playbook: str, status: str = "FAILED", kind: str = "lost", **variables: Any) -> str:
        """Run a playbook of ours on an event; returns the subjects of the mails that it sent."""
        event = {
            "subject": ID,
            "instance_id": ID,
            "session": "wawp-1",
            "status": status,
            "kind": kind,
            "occurred_at": "2026-11-22T01:30:05.120Z",
        }
        given = {
            "ansible_eda": {"event": event},
            "wawp_reread_pause": 0,
            "wawp_reset_after": 0,
            "wawp_state_directory": str(self.folder / "notes"),
            "wawp_sendmail": str(self.sendmail),
            "wawp_notify_mail_to": "duty@example.com",
            **variables,
        }
        extra = self.folder / "extra.json"
        extra.write_text(json.dumps(given))
        outcome = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), f"wawp.cloud.{playbook}", "-e", f"@{extra}"],
            env={**os.environ, **self.environment()},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.output = outcome.stdout + outcome.stderr
        self.code = outcome.returncode
        assert SANDBOX_TOKEN not in self.output
        mails = self.folder / "sendmail.out"
        lines = mails.read_text().splitlines() if mails.exists() else []
        mails.unlink(missing_ok=True)
        return "\n".join(line[9:] for line in lines if line.startswith("Subject: "))

    def environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".work/tree"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "WAWP_API_URL": self.url,
            "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN,
            "LC_ALL": "C.UTF-8",
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = Engine(delays=Delays(scale=0))
    engine.add(Instance(ID))
    with Server(engine) as server:
        yield Desk(server, tmp_path)


def user_playbook(folder: Path) -> dict[str, str]:
    """A playbook of a user's that leaves a trace."""
    path = folder / "mine.yml"
    task = {"ansible.builtin.copy": {"content": "{{ ansible_eda.event.subject }}", "dest": str(folder / "trace")}}
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    return {"wawp_on_lost_link": str(path)}


def test_a_lost_link_is_told_and_the_user_s_playbook_run(desk: Desk) -> None:
    desk.engine.world("unlink_on_phone", ID)
    subject = desk.run("event_lost_link", **user_playbook(desk.folder))
    assert subject == f"{ID} is FAILED, the event said lost (FAILED) at 2026-11-22T01:30:05.120Z"
    assert (desk.folder / "trace").read_text() == ID
    assert [entry.call for entry in desk.engine.calls()] == ["info", "info"]


@pytest.mark.parametrize("lie", [None, "FAILED"])
def test_a_false_alarm_is_none(desk: Desk, lie: str | None) -> None:
    if lie:
        desk.engine.add_fault(Fault(kind="lie", call="info", status=lie))
    assert not desk.run("event_lost_link", **user_playbook(desk.folder))
    assert desk.code == 0
    assert not (desk.folder / "trace").exists()


def test_what_cannot_be_read_is_told_but_nothing_else_done(desk: Desk) -> None:
    desk.engine.add_fault(Fault(kind="http", call="info", http_status=401, times=None))
    subject = desk.run("event_lost_link", **user_playbook(desk.folder))
    assert subject.startswith(f"{ID} could not be read, the event said lost")
    assert not (desk.folder / "trace").exists()


def test_an_event_that_names_no_instance_is_told_unread(desk: Desk) -> None:
    event = {"subject": "wawp-1", "instance_id": None, "session": "wawp-1", "status": "FAILED", "kind": "lost"}
    subject = desk.run("event_lost_link", ansible_eda={"event": {**event, "occurred_at": "now"}})
    assert subject.startswith("wawp-1 could not be read")
    assert not desk.engine.calls()


def test_a_hostile_event_is_refused(desk: Desk) -> None:
    event = {"subject": "x", "instance_id": "../x", "session": "x", "status": "FAILED", "kind": "lost"}
    assert not desk.run("event_lost_link", ansible_eda={"event": event})
    assert desk.code != 0


def test_no_word_of_a_webhook_is_run_as_a_template(desk: Desk) -> None:
    marker = desk.folder / "marker"
    expression, statement, own = templates(f"touch {marker}")
    body = {
        "id": statement,
        "session": expression,
        "timestamp": now(),
        "payload": {"status": statement, "reason": own},
        "me": {"id": expression},
        expression: [own, {own: statement}],
    }
    said = webhook.parse_webhook(body, hint=None, sessions={})
    assert said is not None
    (change,) = history.changes_of(said, known=None, now=now())
    event = event_queue.event_of(said, change, body, event_queue.Appearance(raw=True))
    subject = desk.run("event_lost_link", ansible_eda={"event": event}, **user_playbook(desk.folder))
    assert not marker.exists()
    assert subject.startswith(f"(( lookup('pipe', 'touch {marker}') )) could not be read")
    assert desk.code == 0


@pytest.mark.parametrize("status", ["WORKING", "SCAN_QR_CODE"])
def test_a_decommissioned_session_that_lives_raises_the_alarm_and_nothing_is_sent(desk: Desk, status: str) -> None:
    if status == "SCAN_QR_CODE":
        desk.engine.ask("logout", ID)
    before = desk.engine.writes(ID)
    subject = desk.run("event_watch_decommissioned", status=status, kind="restored")
    assert subject.startswith(f"ALARM: {ID} was decommissioned but is {status}, the event said {status}")
    assert desk.engine.writes(ID) == before


def test_only_if_told_to_it_is_decommissioned_again(desk: Desk) -> None:
    subjects = desk.run("event_watch_decommissioned", status="WORKING", wawp_decommission_again=True).splitlines()
    assert subjects[0].startswith(f"ALARM: {ID}")
    assert subjects[1].strip() == f"{ID} was decommissioned again: severed."
    assert desk.code == 0
    truth = desk.engine.look(ID)
    assert (truth.status, truth.linked) == ("STOPPED", False)


def test_a_decommission_that_fails_is_told_and_fails(desk: Desk) -> None:
    desk.engine.add_fault(Fault(kind="http", call="logout", http_status=500, times=None))
    subjects = desk.run(
        "event_watch_decommissioned", status="WORKING", wawp_decommission_again=True, wawp_wait_timeout=1
    )
    assert f"\n{ID} was decommissioned again: " in subjects
    assert "severed" not in subjects
    assert desk.code != 0
    assert desk.engine.look(ID).linked


def test_one_that_sleeps_raises_no_alarm(desk: Desk) -> None:
    desk.engine.ask("stop", ID)
    assert not desk.run("event_watch_decommissioned", status="SCAN_QR_CODE")
    assert desk.code == 0


def test_a_failed_session_is_restarted_once_until_it_has_worked(desk: Desk) -> None:
    desk.engine.world("crash", ID)
    assert desk.run("event_reset") == f"{ID} FAILED, was restarted and is WORKING"
    desk.engine.world("crash", ID)
    assert desk.run("event_reset") == f"{ID} FAILED, was restarted and is WORKING"
    desk.engine.change(ID, {"linked": False, "status": "FAILED"})  # now a restart can't help
    assert desk.run("event_reset") == f"{ID} FAILED, was restarted and is FAILED"
    for dummy in range(2):
        subject = desk.run("event_reset")
        assert subject == f"{ID} FAILED again after a restart that did not help: it needs a person"
    assert desk.engine.writes(ID) == ["restart"] * 3
    desk.run("event_working_again", status="WORKING", kind="restored")
    assert desk.run("event_reset").startswith(f"{ID} FAILED, was restarted")
    assert desk.engine.writes(ID) == ["restart"] * 4


@pytest.mark.parametrize("state", ["WORKING", "logged out"])
def test_a_session_that_recovered_or_was_logged_out_is_left_alone(desk: Desk, state: str) -> None:
    if state == "logged out":
        desk.engine.ask("logout", ID)
        desk.engine.world("crash", ID)
    before = desk.engine.writes(ID)
    assert not desk.run("event_reset")
    assert (desk.code, desk.engine.writes(ID)) == (0, before)


def test_a_notice_is_posted_too_and_its_address_never_shown(desk: Desk) -> None:
    desk.engine.world("crash", ID)
    url = f"{desk.url}/_simulator/instances"  # takes a POST, refuses it as no instance: seen, and a failure
    subject = desk.run("event_lost_link", wawp_notify_url=url + "?key=secret-of-the-chat")
    assert subject  # mailed all the same
    assert desk.code != 0
    assert "secret-of-the-chat" not in desk.output
