# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tasks' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._tasks import resource as _settings
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

from .desk import Desk
from .stage import Stage


@pytest.fixture
def stage(server: Server, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(_settings, "RETRY_DELAYS", (0.01, 0.01, 0.01, 0.01))
    return Stage(server)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = Engine(delays=Delays(scale=0))
    with Server(engine) as server:
        yield Desk(engine, server.url, tmp_path)
