# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated Wawp for the tests of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server


@pytest.fixture
def simulator() -> Iterator[Server]:
    """Run an empty simulator without delays, on a free port."""
    with Server(Engine(delays=Delays(scale=0))) as server:
        yield server
