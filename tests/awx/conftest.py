# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated Wawp with a fleet for the tests of AWX."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

# One of each kind that ends without a long wait, and many WORKING ones.
KINDS: list[dict[str, Any]] = [
    *({"status": "WORKING"} for dummy in range(8)),
    {"status": "STOPPED"},
    {"status": "STOPPED", "generation": "A"},
    {"status": "SCAN_QR_CODE"},
    {"status": "FAILED"},
    {"status": "FAILED", "linked": False},
    # The reply to its logout gets lost.
    {"status": "WORKING", "faults": [{"kind": "http", "call": "logout", "http_status": 504, "when": "after"}]},
    # Nobody may log it out.
    {"status": "WORKING", "faults": [{"kind": "http", "call": "logout", "http_status": 403, "times": None}]},
]
FLEET: list[dict[str, Any]] = [{"instance_id": f"I{number:02}", **kind} for number, kind in enumerate(KINDS)]
REFUSED = FLEET[-1]["instance_id"]


@contextmanager
def filled() -> Iterator[Server]:
    """Run a simulator without delays that holds the fleet."""
    with Server(Engine(delays=Delays(scale=0))) as server:
        fleet.load(server.engine, FLEET)
        yield server


@pytest.fixture
def simulator() -> Iterator[Server]:
    """Run a simulator without delays that holds the fleet."""
    with filled() as server:
        yield server


def refill(server: Server) -> None:
    """Reset the simulator to the fleet."""
    server.engine.reset()
    fleet.load(server.engine, FLEET)
