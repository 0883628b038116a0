# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People who scan QR codes while a runbook waits for them."""

from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .conftest import World

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/schema/report-1.json").read_text())


class Person:
    """Somebody who scans the QR code with a phone as soon as its file exists and another person has finished."""

    def __init__(self, world: World, instance_id: str, account: str, after: Person | None = None) -> None:
        self._world, self._instance_id, self._account, self._after = world, instance_id, account, after
        self.modes: set[int] = set()
        self.saw_page = False
        self.too_early = False

    def look(self) -> bool:
        """Scan the code if it is there. Returns whether it has been scanned."""
        if self._after and not self._after.modes:
            return False
        qr = self._world.folder / f"wawp_reports/{self._instance_id}-qr.png"
        if self._world.engine.look(self._instance_id).status != "SCAN_QR_CODE" or not qr.exists():
            return False
        self.saw_page = qr.with_name(f"{self._instance_id}-link.txt").exists()
        self.modes.add(stat.S_IMODE(qr.stat().st_mode))
        assert qr.read_bytes().startswith(b"\x89PNG")
        self._world.engine.world("scan", self._instance_id, account=self._account)
        return True


@contextmanager
def scanning(*people: Person) -> Iterator[None]:
    """Let these people look for their codes while a runbook runs."""
    ending = threading.Event()

    def wait(look: Callable[[], bool]) -> None:
        while not ending.is_set() and not look():
            time.sleep(0.02)

    threads = [threading.Thread(target=wait, args=(person.look,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def left_behind(world: World) -> list[str]:
    return [path.name for path in (world.folder / "wawp_reports").iterdir() if path.suffix in (".png", ".txt")]
