# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated API with a rulebook in the real ansible-rulebook beside it."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.delivery import LOOK
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.webhooks import Settings
from ansible_collections.wawp.cloud.tests.eda.support import KEY, ROOT, free_port

BIN = Path(sys.executable).parent
SEARCHED = f"{BIN}{os.pathsep}{os.environ['PATH']}"
MISSING = [name for name in ("java", "ansible-rulebook") if shutil.which(name, path=SEARCHED) is None]
NEEDED = pytest.mark.skipif(bool(MISSING), reason=f"needs {' and '.join(MISSING)}")
PATIENCE = 120.0  # seconds: Java and Ansible start slowly on a busy machine


def until(what: Callable[[], Any], process: subprocess.Popen[bytes], log: Path) -> Any:
    """Wait for something to be true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert process.poll() is None, f"ansible-rulebook ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"in vain:\n{log.read_text()}"
        time.sleep(0.1)
    return found


class Station:
    """A simulated API, a running rulebook, and the mails sent by its playbooks."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.port = free_port()
        self.mails = folder / "mails"
        self.log = folder / "log"
        self.scheme = "http"
        self.context: ssl.SSLContext | None = None
        self.process: subprocess.Popen[bytes]
        self.environment: dict[str, str] = {}

    def add(self, instance_id: str, hooked: bool = True, port: int | None = None) -> str:
        """Add an instance whose webhooks go to this station."""
        hook = {"url": self.url(instance_id, port), "events": ["session.status"], "is_active": True}
        self.engine.add(Instance(instance_id, paid=True, webhooks=[hook] if hooked else []))
        time.sleep(3 * LOOK)  # events before the simulator's first look make no webhook
        return instance_id

    def url(self, instance_id: str, port: int | None = None) -> str:
        return f"{self.scheme}://127.0.0.1:{port or self.port}/wawp/{instance_id}"

    def healthy(self) -> bool:
        url = f"{self.scheme}://127.0.0.1:{self.port}/health"
        try:
            with urllib.request.urlopen(url, timeout=5, context=self.context):  # noqa: S310  the loopback's
                return True
        except OSError:
            return False

    def wait(self, what: Callable[[], Any]) -> Any:
        return until(what, self.process, self.log)

    def subjects(self, about: str = "") -> list[str]:
        """Return the subjects of the mails sent, only those about an instance if given."""
        lines = self.mails.read_text().splitlines() if self.mails.exists() else []
        return [line[9:].strip() for line in lines if line.startswith("Subject: ") and about in line]

    @contextmanager
    def running(self, rulebook: str | Path, variables: dict[str, Any]) -> Iterator[None]:
        """Run a rulebook, by its full name or its path, within the context."""
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
        options: list[str | Path] = ["--rulebook", rulebook, "-i", inventory, "--vars", settings]
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


@contextmanager
def simulated(folder: Path) -> Iterator[Station]:
    """Start a simulator, and yield the station that a rulebook uses."""
    engine = Engine(delays=Delays(scale=0))
    engine.webhooks = Settings(key=KEY, delay=0.2)
    with Server(engine) as server:
        found = Station(engine, folder)
        found.environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".work/tree"),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "PATH": SEARCHED,
            "WAWP_API_URL": server.url,
            "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN,
            "WAWP_WEBHOOK_KEYS": KEY,
            "LC_ALL": "C.UTF-8",
        }
        yield found
