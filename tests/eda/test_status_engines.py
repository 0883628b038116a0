# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status with the webhooks of each engine generation, simulated as measured."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.webhooks import Settings
from ansible_collections.wawp.cloud.tests.eda.support import ID, KEY, Source, listening

GENERATIONS = ("K", "A", "B")
SIGNED = {"hmac_keys": [KEY]}
UNSIGNED = {"hmac_keys": None, "allow_unsigned": True}


@contextmanager
def engine_of(generation: str, source: Source, scale: float) -> Iterator[Engine]:
    """Run a simulated engine with one instance that reports to the source."""
    engine = Engine(delays=Delays(scale=scale))
    engine.webhooks = Settings(key=KEY, delay=0.1)
    hook = {"url": f"{source.url}/wawp/{ID}", "events": ["session.status"], "is_active": True}
    engine.add(Instance(ID, generation=generation, paid=True, webhooks=[hook]))
    with Server(engine):
        time.sleep(0.15)  # events before the simulator's first look make no webhook
        yield engine


async def events_with(source: Source, *statuses: str) -> list[dict[str, Any]]:
    """Return the events until all statuses were there, in the order in which they occurred.

    The simulator sends nearly simultaneous events in parallel, so a busy machine may swap them, and two may have the
    same time.
    """
    found: list[dict[str, Any]] = []
    while not {*statuses} <= {event["status"] for event in found}:
        found.append(await source.event())
    return sorted(found, key=lambda event: (event["occurred_at"], statuses.index(event["status"])))


def without_repetition(events: list[dict[str, Any]]) -> list[str]:
    return [status for status, dummy in itertools.groupby(event["status"] for event in events)]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_logout_is_reported_in_its_order(generation: str) -> None:
    order = ["STOPPED", "STARTING", "SCAN_QR_CODE"]

    async def test() -> None:
        async with listening(**(UNSIGNED if generation == "K" else SIGNED)) as source:
            with engine_of(generation, source, scale=0.2) as engine:
                await asyncio.to_thread(engine.ask, "logout", ID)
                events = await events_with(source, *order)
        assert without_repetition(events) == order
        assert events[-1]["kind"] == "logged_out"
        assert {event["instance_id"] for event in events} == {ID}

    asyncio.run(test())


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_outage_that_repeats_itself_is_one_change(generation: str) -> None:
    """STARTING again and again, then WORKING; and all of it a second time."""

    async def test() -> None:
        async with listening(**(UNSIGNED if generation == "K" else SIGNED)) as source:
            with engine_of(generation, source, scale=0.05) as engine:
                for dummy in range(2):
                    engine.add_outage("refused", end=0.6)
                    events = await events_with(source, "STARTING", "WORKING")
                    assert without_repetition(events) == ["STARTING", "WORKING"]

    asyncio.run(test())
