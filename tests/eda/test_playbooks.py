# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks that the rulebooks run, with events as from ansible-rulebook, against the simulator.

Starting Ansible costs more than all work of these playbooks, so the successful ones run in one process.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp import event_queue, history, webhook
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.eda.support import ID, ROOT, leave_trace, now, templates
from ansible_collections.wawp.cloud.tests.forked import IMPATIENT, ansible_playbook

SENDMAIL = """#!/bin/sh
cat >> "$0.out"
"""


OCCURRED = "2026-11-22T01:30:05.120Z"
# Variables that the playbooks leave behind, which a separate process would not have.
LEFTOVERS = {"wawp_event_notice": "", "wawp_event_verified": False, "wawp_event_closed": {}}


def event(instance_id: str = ID, **values: Any) -> dict[str, Any]:
    """Return an event as the rules get it."""
    known = {"subject": instance_id, "instance_id": instance_id, "session": "wawp-1", "occurred_at": OCCURRED}
    return {**known, "status": "FAILED", "kind": "lost", **values}


class Desk:
    """A simulated API, and a mailbox."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.engine = server.engine
        self.url = server.url
        self.folder = folder
        self.sendmail = folder / "sendmail"
        self.sendmail.write_text(SENDMAIL)
        self.sendmail.chmod(stat.S_IRWXU)
        mine = folder / "mine.yml"
        task = leave_trace(f"{folder}/trace-")
        mine.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))

    def run(self, playbook: str, **variables: Any) -> str:
        """Run a playbook by its name or path; return the subjects of the mails that it sent."""
        given = {
            "wawp_reread_pause": 0,
            "wawp_reset_after": 0,
            "wawp_state_directory": str(self.folder / "notes"),
            "wawp_sendmail": str(self.sendmail),
            "wawp_notify_mail_to": "duty@example.com",
            "wawp_on_lost_link": str(self.folder / "mine.yml"),
            **variables,
        }
        extra = self.folder / "extra.json"
        extra.write_text(json.dumps(given))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), playbook, "-e", f"@{extra}"]
        outcome = ansible_playbook(command, self.folder, {**os.environ, **self.environment()})
        self.output = outcome.stdout
        self.code = outcome.returncode
        assert SANDBOX_TOKEN not in self.output
        mails = self.folder / "sendmail.out"
        lines = mails.read_text().splitlines() if mails.exists() else []
        mails.unlink(missing_ok=True)
        return "\n".join(line[9:].strip() for line in lines if line.startswith("Subject: "))

    def environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".work/tree"),
            "ANSIBLE_CONFIG": str(ROOT / "tests/runbooks/ansible.cfg"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "WAWP_API_URL": self.url,
            "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN,
            "LC_ALL": "C.UTF-8",
            IMPATIENT: "1",
        }

    def on_event(self, playbook: str, event: dict[str, Any], **variables: Any) -> list[dict[str, Any]]:
        """Return the plays that run a playbook of ours on an event."""
        clean = {"name": "Begin", "ansible.builtin.set_fact": LEFTOVERS}
        return [
            {"hosts": "localhost", "gather_facts": False, "tasks": [clean]},
            {"import_playbook": f"wawp.cloud.{playbook}", "vars": {"ansible_eda": {"event": event}, **variables}},
        ]

    def happens(self, instance_id: str, **values: Any) -> list[dict[str, Any]]:
        """Return the play that changes an instance."""
        url = f"{self.url}/_simulator/instances/{instance_id}"
        task = {"ansible.builtin.uri": {"url": url, "method": "PATCH", "body_format": "json", "body": values}}
        return [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]


@contextmanager
def at_desk(folder: Path) -> Iterator[Desk]:
    with Server(Engine(delays=Delays(scale=0))) as server:
        yield Desk(server, folder)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with at_desk(tmp_path) as found:
        found.engine.add(Instance(ID))
        yield found


class Outcome:
    """The outcome of all events: the subjects that name an instance, in order, and the truth."""

    def __init__(self, desk: Desk, subjects: str) -> None:
        self.engine = desk.engine
        self.folder = desk.folder
        self.all = subjects.splitlines()

    def subjects(self, name: str) -> list[str]:
        return [subject for subject in self.all if name in subject]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Run all successful events in one run."""
    with at_desk(tmp_path_factory.mktemp("desk")) as desk:
        plays: list[dict[str, Any]] = []

        def on(name: str, playbook: str, event_values: dict[str, Any] | None = None, **variables: Any) -> None:
            if name not in desk.engine.instances:
                desk.engine.add(Instance(name))
            plays.extend(desk.on_event(playbook, event(name) | (event_values or {}), **variables))

        for values in ({}, {}, {"linked": False}, None, None):
            if values is not None:
                plays += desk.happens("RESET", status="FAILED", **values)
            on("RESET", "event_reset")
        on("RESET", "event_working_again", {"status": "WORKING", "kind": "restored"})
        on("RESET", "event_reset")
        on("RECOVERED", "event_reset")
        on("LOGGEDOUT", "event_reset")
        desk.engine.ask("logout", "LOGGEDOUT")
        desk.engine.change("LOGGEDOUT", {"status": "FAILED"})
        # Last, since they set facts that would hide what the others have as variables.
        lost_links(desk, on)
        alarms(desk, on)
        path = desk.folder / "all.yml"
        path.write_text(json.dumps(plays))
        subjects = desk.run(str(path))
        assert desk.code == 0, desk.output
        yield Outcome(desk, subjects)


def lost_links(desk: Desk, on: Callable[..., None]) -> None:
    """Add events about lost links, and about some that aren't."""
    for name in ("LOST", "FALSE", "LIE", "UNREADABLE"):
        on(name, "event_lost_link")
    desk.engine.world("unlink_on_phone", "LOST")
    desk.engine.add_fault(Fault(kind="lie", call="info", status="FAILED", instance_id="LIE"))
    desk.engine.add_fault(Fault(kind="http", call="info", http_status=401, times=None, instance_id="UNREADABLE"))
    on("NAMELESS", "event_lost_link", {"instance_id": None, "session": "NAMELESS"})


def alarms(desk: Desk, on: Callable[..., None]) -> None:
    """Add events about decommissioned instances that run again, and one that sleeps."""
    for name, status in (("ALIVE", "WORKING"), ("SCANNABLE", "SCAN_QR_CODE"), ("ASLEEP", "SCAN_QR_CODE")):
        on(name, "event_watch_decommissioned", {"status": status, "kind": "restored"})
    on("CLOSED", "event_watch_decommissioned", {"status": "WORKING"}, wawp_decommission_again=True)
    desk.engine.ask("logout", "SCANNABLE")
    desk.engine.ask("stop", "ASLEEP")


def test_a_lost_link_is_told_and_the_user_s_playbook_run(outcome: Outcome) -> None:
    assert outcome.subjects("LOST") == [f"LOST is FAILED, the event said lost (FAILED) at {OCCURRED}"]
    assert (outcome.folder / "trace-LOST").read_text() == "LOST\n"
    assert [entry.call for entry in outcome.engine.calls("LOST")] == ["info", "info"]


@pytest.mark.parametrize("name", ["FALSE", "LIE"])
def test_a_false_alarm_is_none(outcome: Outcome, name: str) -> None:
    assert not outcome.subjects(name)
    assert len(outcome.engine.calls(name)) == 2
    assert not (outcome.folder / f"trace-{name}").exists()


def test_what_cannot_be_read_is_told_but_nothing_else_done(outcome: Outcome) -> None:
    (subject,) = outcome.subjects("UNREADABLE")
    assert subject.startswith("UNREADABLE could not be read, the event said lost")
    assert not (outcome.folder / "trace-UNREADABLE").exists()


def test_an_event_that_names_no_instance_is_told_unread(outcome: Outcome) -> None:
    (subject,) = outcome.subjects("NAMELESS")
    assert subject.startswith("NAMELESS could not be read")
    assert not outcome.engine.calls("NAMELESS")


@pytest.mark.parametrize(("name", "status"), [("ALIVE", "WORKING"), ("SCANNABLE", "SCAN_QR_CODE")])
def test_a_decommissioned_session_that_lives_raises_the_alarm_and_nothing_is_sent(
    outcome: Outcome, name: str, status: str
) -> None:
    (subject,) = outcome.subjects(name)
    assert subject.startswith(f"ALARM: {name} was decommissioned but is {status}, the event said {status}")
    assert outcome.engine.writes(name) == (["logout"] if name == "SCANNABLE" else [])  # ours, before the event


def test_only_if_told_to_it_is_decommissioned_again(outcome: Outcome) -> None:
    alarm, notice = outcome.subjects("CLOSED")
    assert alarm.startswith("ALARM: CLOSED")
    assert notice == "CLOSED was decommissioned again: severed."
    truth = outcome.engine.look("CLOSED")
    assert (truth.status, truth.linked) == ("STOPPED", False)


def test_one_that_sleeps_raises_no_alarm(outcome: Outcome) -> None:
    assert len([entry for entry in outcome.engine.calls("ASLEEP") if entry.call == "info"]) == 2
    assert not outcome.subjects("ASLEEP")


def test_a_failed_session_is_restarted_once_until_it_has_worked(outcome: Outcome) -> None:
    """A restart helps twice. Then it doesn't, and isn't tried again until the session has worked."""
    helped, in_vain = "RESET FAILED, was restarted and is WORKING", "RESET FAILED, was restarted and is FAILED"
    person = "RESET FAILED again after a restart that did not help: it needs a person"
    assert outcome.subjects("RESET") == [helped, helped, in_vain, person, person, in_vain]
    assert outcome.engine.writes("RESET") == ["restart"] * 4


@pytest.mark.parametrize("name", ["RECOVERED", "LOGGEDOUT"])
def test_a_session_that_recovered_or_was_logged_out_is_left_alone(outcome: Outcome, name: str) -> None:
    assert not outcome.subjects(name)
    assert outcome.engine.writes(name) == (["logout"] if name == "LOGGEDOUT" else [])  # ours, before the event


def test_a_hostile_event_is_refused(desk: Desk) -> None:
    hostile = event(subject="x", instance_id="../x", session="x")
    assert not desk.run("wawp.cloud.event_lost_link", ansible_eda={"event": hostile})
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
    notice = event_queue.event_of(said, change, body, event_queue.Appearance(raw=True))
    subject = desk.run("wawp.cloud.event_lost_link", ansible_eda={"event": notice})
    assert not marker.exists()
    said_of_it = f"(( lookup('pipe', 'touch {marker}') )) could not be read"
    assert subject.startswith(said_of_it[:100])  # the folder's name may be long, and a subject is cut
    assert desk.code == 0


def test_a_decommission_that_fails_is_told_and_fails(desk: Desk) -> None:
    desk.engine.add_fault(Fault(kind="http", call="logout", http_status=500, times=None))
    notice = {"wawp_decommission_again": True, "wawp_wait_timeout": 1}
    alive = event(status="WORKING")
    subjects = desk.run("wawp.cloud.event_watch_decommissioned", ansible_eda={"event": alive}, **notice)
    assert f"\n{ID} was decommissioned again: " in subjects
    assert "severed" not in subjects
    assert desk.code != 0
    assert desk.engine.look(ID).linked


def test_a_notice_is_posted_too_and_its_address_never_shown(desk: Desk) -> None:
    desk.engine.world("crash", ID)
    url = f"{desk.url}/_simulator/instances"  # accepts a POST and refuses it as invalid: visible, and a failure
    private = f"{url}?key=secret-of-the-chat"
    subject = desk.run("wawp.cloud.event_lost_link", ansible_eda={"event": event()}, wawp_notify_url=private)
    assert subject  # still mailed
    assert desk.code != 0
    assert "secret-of-the-chat" not in desk.output
