# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated sessions of a fleet, and checks of its summary."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._session.model import (
    VERDICTS,
)
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine

TOKEN = "wawp-3c1fb1a6c0ffee"

PHONE = "201087655678"


def load(engine: Engine, name: str) -> list[str]:
    """Add a built-in fleet and return its ids."""
    return [instance.instance_id for instance in fleet.load(engine, fleet.built_in(name))]


def by_kind(engine: Engine, *kinds: str) -> list[str]:
    """Add an instance of each of these kinds, named after it."""
    described = [{"instance_id": kind, **fleet.KINDS[kind]} for kind in kinds]
    return [instance.instance_id for instance in fleet.load(engine, described)]


def verdicts(sessions: list[dict[str, Any]]) -> dict[str, str | None]:
    return {entry["instance_id"]: entry["verdict"] for entry in sessions}


def assert_summed_up(engine: Engine, result: dict[str, Any]) -> None:
    """Check that the summary counts the entries, and the calls that the API saw."""
    sessions, summary = result["sessions"], result["summary"]
    found = Counter(entry["verdict"] for entry in sessions)
    assert summary.pop("duration") >= 0
    assert summary == {
        "total": len(sessions),
        "changed": sum(entry["changed"] for entry in sessions),
        "failed": sum(entry["failed"] for entry in sessions),
        "left_alone": sum(entry["left_alone"] for entry in sessions),
        "verdicts": {name: found[name] for name in VERDICTS},
        "calls": len(engine.log),
    }
