# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine whose clock is set while a runbook runs."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.times import seconds_between

from .conftest import World

# Every Python started with this folder on its path reads it.
CLOCK = """
import datetime, os

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        jump = {jump} if os.path.exists({flag!r}) else 0
        return super().now(tz) + datetime.timedelta(seconds=jump)

datetime.datetime = Clock
"""


@pytest.mark.parametrize("jump", [-7200, 7200])
def test_a_clock_that_is_set_leaves_the_deadline_open(world: World, tmp_path: Path, jump: int) -> None:
    """It is set when the first logout arrives, in a run that the journal fully covers."""
    world.add("A1")
    given = {"wawp_instances": ["A1"], "wawp_deadline": "2099-01-01T00:00:00Z"}
    confirmed = world.phrases("decommission", given)
    flag = tmp_path / "set"
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock/sitecustomize.py").write_text(CLOCK.format(jump=jump, flag=str(flag)))
    world.extra["PYTHONPATH"] = str(tmp_path / "clock")
    ended = threading.Event()

    def set_clock() -> None:
        while not ended.is_set() and not world.engine.writes():
            time.sleep(0.005)
        flag.touch()

    setter = threading.Thread(target=set_clock)
    setter.start()
    ran = world.run("decommission", **confirmed, **given)
    ended.set()
    setter.join()

    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "severed"}
    record = ran.report["records"][0]
    assert ran.report["clock_set_by"] == pytest.approx(jump, abs=5)
    assert record["when"]["deadline_met"] is None
    assert "Whether the deadline was met is left open" in ran.output
    assert 0 <= seconds_between(ran.report["began"], record["when"]["began"]) < 300
    assert 0 <= seconds_between(record["when"]["ended"], ran.report["ended"]) < 300
    assert ran.report["links"]["interrupted"] is None
