# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator over real HTTP, and a plain client for it."""

from __future__ import annotations

import http.client
import json
import typing as t
from collections.abc import Iterator

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server


class Answer(t.NamedTuple):
    """A reply as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> t.Any:
        return json.loads(self.body)


class Sandbox:
    """An engine without delays, served over HTTP."""

    def __init__(self) -> None:
        self.engine = Engine(delays=Delays(scale=0))
        self.server = Server(self.engine)

    def connect(self, timeout: float = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.server.host, self.server.port, timeout=timeout)

    def ask(
        self, method: str, path: str, data: t.Any = None, headers: dict[str, str] | None = None, timeout: float = 30
    ) -> Answer:
        """Send one request on a separate connection; `data` is sent as JSON, bytes unchanged."""
        connection = self.connect(timeout)
        try:
            body = data if isinstance(data, bytes) or data is None else json.dumps(data).encode()
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def call(self, name: str, instance_id: str, timeout: float = 30) -> Answer:
        """Call a session with the right token."""
        data = {"instance_id": instance_id, "access_token": SANDBOX_TOKEN}
        return self.ask("DELETE" if name == "delete" else "POST", f"/v2/session/{name}", data, timeout=timeout)

    def control(self, method: str, path: str, data: t.Any = None) -> Answer:
        """Send one request to the control API."""
        return self.ask(method, f"/_simulator/{path}", data)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a simulator without instances."""
    sandbox = Sandbox()
    with sandbox.server:
        yield sandbox
