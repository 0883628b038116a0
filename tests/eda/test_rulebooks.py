# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks from end to end: simulator, webhook, the real ansible-rulebook, playbook, the simulator's truth."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.webhooks import Settings
from ansible_collections.wawp.cloud.tests.eda.support import ID, KEY, ROOT, free_port

BIN = Path(sys.executable).parent
SEARCHED = f"{BIN}{os.pathsep}{os.environ['PATH']}"
MISSING = [name for name in ("java", "ansible-rulebook") if shutil.which(name, path=SEARCHED) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {' and '.join(MISSING)}")
PATIENCE = 180.0  # seconds: Java and Ansible start slowly on a busy machine
OTHER = "3EB0BCB2E3D5"


def until(what: Callable[[], Any], process: subprocess.Popen[bytes], log: Path) -> Any:
    """Wait for something to be true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert process.poll() is None, f"ansible-rulebook ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"in vain:\n{log.read_text()}"
        time.sleep(0.1)
    return found


class Station:
    """A simulated API, a running rulebook, and the mails that its playbooks send."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.port = free_port()
        self.mails = folder / "mails"
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes]
        self.environment: dict[str, str] = {}

    def hook(self, instance_id: str) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:{self.port}/wawp/{instance_id}"
        return [{"url": url, "events": ["session.status"], "is_active": True}]

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                return True
        except OSError:
            return False

    def wait(self, what: Callable[[], Any]) -> Any:
        return until(what, self.process, self.log)

    def subjects(self) -> list[str]:
        lines = self.mails.read_text().splitlines() if self.mails.exists() else []
        return [line[9:].strip() for line in lines if line.startswith("Subject: ")]

    @contextmanager
    def running(self, rulebook: str, **variables: Any) -> Iterator[None]:
        """Run a rulebook of ours by its full name."""
        sendmail = self.folder / "sendmail"
        sendmail.write_text(f"#!/bin/sh\ncat >> '{self.mails}'\n")
        sendmail.chmod(0o700)
        inventory = self.folder / "inventory.yml"
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        inventory.write_text(json.dumps({"all": {"hosts": {"localhost": local}}}))
        given = {
            "wawp_listen_port": self.port,
            "wawp_reread_pause": 0,
            "wawp_sendmail": str(sendmail),
            "wawp_notify_mail_to": "duty@example.com",
            "wawp_state_directory": str(self.folder / "notes"),
            **variables,
        }
        settings = self.folder / "vars.yml"
        settings.write_text(json.dumps(given))
        options: list[str | Path] = ["--rulebook", f"wawp.cloud.{rulebook}", "-i", inventory, "--vars", settings]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [BIN / "ansible-rulebook", *options],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.wait(self.healthy)
            yield
        finally:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    engine = Engine(delays=Delays(scale=0))
    engine.webhooks = Settings(key=KEY, delay=0.2)
    found = Station(engine, tmp_path)
    engine.add(Instance(ID, paid=True, webhooks=found.hook(ID)))
    engine.add(Instance(OTHER, paid=True, webhooks=found.hook(OTHER)))
    with Server(engine) as server:
        found.environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".work/tree"),
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
            "PATH": SEARCHED,
            "WAWP_API_URL": server.url,
            "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN,
            "WAWP_WEBHOOK_KEYS": KEY,
            "LC_ALL": "C.UTF-8",
        }
        yield found


def test_a_lost_link_is_told_once_and_a_storm_starts_one_run(station: Station) -> None:
    mine = station.folder / "mine.yml"
    note = {"ansible.builtin.copy": {"content": "x", "dest": str(station.folder / "{{ ansible_eda.event.subject }}")}}
    mine.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [note]}]))
    with station.running("lost_link", wawp_on_lost_link=str(mine)):
        station.engine.world("unlink_on_phone", ID)
        station.wait(station.subjects)
        for dummy in range(5):
            station.engine.change(ID, {"status": "WORKING", "credentials": True, "linked": True})
            time.sleep(0.2)
            station.engine.world("unlink_on_phone", ID)
            time.sleep(0.2)
        station.engine.world("unlink_on_phone", OTHER)
        station.wait(lambda: len(station.subjects()) > 1)
    assert [subject.split(",")[0] for subject in station.subjects()] == [f"{ID} is FAILED", f"{OTHER} is FAILED"]
    assert (station.folder / ID).exists()
    assert SANDBOX_TOKEN not in station.log.read_text()
    assert KEY not in station.log.read_text()


def test_a_decommissioned_instance_that_comes_alive_is_closed_again(station: Station) -> None:
    station.engine.change(ID, {"status": "STOPPED", "credentials": False, "linked": False})
    with station.running("watch_decommissioned", wawp_decommissioned=[ID], wawp_decommission_again=True):
        station.engine.ask("start", ID)
        station.engine.world("scan", ID)
        station.engine.world("drop_connection", OTHER)  # not on the list
        assert station.engine.look(ID).linked
        station.wait(lambda: not station.engine.look(ID).linked)
        station.wait(lambda: any("again: severed" in subject for subject in station.subjects()))
    assert station.subjects()[0].startswith(f"ALARM: {ID} was decommissioned but is WORKING")
    assert station.engine.look(ID).status == "STOPPED"
    assert station.engine.writes(OTHER) == []


def test_a_failed_session_is_restarted_and_the_restart_is_no_loop(station: Station) -> None:
    with station.running("reset_on_failure", wawp_reset_after=1):
        station.engine.world("crash", ID)
        station.wait(lambda: station.engine.look(ID).status == "WORKING" and station.subjects())
        station.engine.world("crash", ID)
        station.engine.world("crash", OTHER)
        station.wait(lambda: len(station.subjects()) > 1)
    assert station.engine.writes(ID) == ["restart"]
    assert station.engine.writes(OTHER) == ["restart"]
    assert station.engine.look(OTHER).status == "WORKING"


def test_without_webhooks_polling_does(station: Station) -> None:
    polling = {"wawp_listen": True, "wawp_poll_instances": [ID], "wawp_poll_interval": 0.5}
    station.engine.change(ID, {"webhooks": []})
    with station.running("lost_link", **polling):
        station.wait(lambda: station.engine.calls(ID))
        time.sleep(1)
        station.engine.world("unlink_on_phone", ID)
        station.wait(station.subjects)
    assert station.subjects()[0].startswith(f"{ID} is FAILED")


def test_the_set_up_keeps_other_webhooks_and_proves_itself(station: Station) -> None:
    other = {"url": "https://example.com/mine", "events": ["message"], "is_active": True}
    for name in (ID, OTHER):
        station.engine.change(name, {"webhooks": [other]})
    variables = {
        "wawp_instances": [ID, OTHER],
        "wawp_receiver_url": f"http://127.0.0.1:{station.port}/wawp",
        "wawp_reread_pause": 0,
    }
    with station.running("lost_link"):
        outcome = subprocess.run(
            [BIN / "ansible-playbook", "wawp.cloud.event_setup", "-e", json.dumps(variables)],
            cwd=station.folder,
            env={**os.environ, **station.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"2 webhooks are set. An event of {ID} arrived: 20" in outcome.stdout
    for name in (ID, OTHER):
        assert station.engine.look(name).webhooks == [other, *station.hook(name)]
