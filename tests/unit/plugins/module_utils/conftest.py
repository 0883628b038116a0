# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An isolated environment, a running simulator, and clients for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Client, Connection
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.module_utils._tasks import pairing
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import WAITING
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

MakeClient = Callable[..., Client]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Unset all variables that requests or the collection reads; return the home folder, which is empty."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("WAWP_") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe bad news at once, since time stands still in a simulator without delays."""
    monkeypatch.setitem(WAITING["confirm_after"], "default", 0.02)
    monkeypatch.setattr(pairing, "Goal", partial(Goal, confirm_after=0.02))


@pytest.fixture
def server(environment: Path, no_time: None) -> Iterator[Server]:
    """Run a simulator without delays and without instances."""
    with Server(Engine(delays=Delays(scale=0))) as server:
        yield server


@pytest.fixture
def engine(server: Server) -> Engine:
    """Return the simulator's engine: the calls made, and the truth."""
    return server.engine


@pytest.fixture
def make_client(environment: Path) -> Iterator[MakeClient]:
    """Yield a function that makes clients from a URL and a Connection's other fields; close them at the end."""
    with ExitStack() as stack:

        def make(api_url: str, request_timeout: float = 30.0, **options: Any) -> Client:
            return stack.enter_context(closing(Client(Connection(api_url, request_timeout, **options))))

        yield make
