# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a fleet's run leaves on disk, so that nothing known is lost when it is killed. Private to the collection.

JSON lines. A line ``sending`` is written before each logout, a line ``outcome`` when a session's run has ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._session import (
    ALREADY_SEVERED,
    SEVERED,
    UNPROVEN,
    WORKING,
)
from ansible_collections.wawp.cloud.plugins.module_utils._steps import SENT

_LOGOUT = "logout"
_BEGINNING = b'{"event": "'


class Journal:
    """A journal that is open for one run, and locked against a second one.

    Args:
        path: the file; made with mode 0600 if it isn't there.
        read_only: check mode: nothing is written, no file is made.

    Raises:
        OptionError: it can't be used as a journal.
    """

    def __init__(self, path: str, read_only: bool = False) -> None:
        self._file: int | None = None
        try:
            if not read_only:
                self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._lock(path)
                os.fchmod(self._file, 0o600)
            lines = _lines(path)
        except OSError as error:
            raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None
        self.earlier = earlier_verdicts(_events(lines, path))
        self._torn = bool(lines) and not lines[-1].endswith(b"\n")
        self._dirty, self._closing = threading.Event(), False
        self._syncer = threading.Thread(target=self._sync, daemon=True, name="wawp-journal")
        if self._file is not None:
            self._syncer.start()

    def _lock(self, path: str) -> None:
        try:
            fcntl.flock(self._file or 0, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OptionError("journal", f"another run is writing to {path}; give each run its own") from None

    def write(self, event: str, instance_id: str, time: str, **fields: Any) -> None:
        """Append one line. It is with the system when this returns, and on the disk a moment later."""
        if self._file is None:
            return
        line = json.dumps({"event": event, "instance_id": instance_id, "time": time, **fields}, ensure_ascii=False)
        os.write(self._file, (b"\n" if self._torn else b"") + line.encode("utf-8") + b"\n")
        self._torn = False
        self._dirty.set()

    def close(self) -> None:
        """Wait until all is on the disk."""
        if self._file is None:
            return
        self._closing = True
        self._dirty.set()
        self._syncer.join()
        os.close(self._file)
        self._file = None

    def _sync(self) -> None:
        """Flush to the disk beside the run: one flush serves all lines that came during the last one."""
        while not self._closing or self._dirty.is_set():
            self._dirty.wait()
            self._dirty.clear()
            os.fsync(self._file or 0)


def _lines(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            return file.readlines()
    except FileNotFoundError:
        return []


def _events(lines: Iterable[bytes], path: str) -> Iterator[Mapping[str, Any]]:
    """The events of a journal. A line that a killed run was writing is passed over, anything else must be one."""
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line)
        except ValueError:
            if line.startswith(_BEGINNING) or _BEGINNING.startswith(line.strip()):
                continue
            raise OptionError("journal", f"line {number} of {path} is no event; is this a journal?") from None
        if not isinstance(event, dict) or "event" not in event or "instance_id" not in event:
            raise OptionError("journal", f"line {number} of {path} is no event; is this a journal?")
        yield event


def earlier_verdicts(events: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What is known from earlier runs: by instance id, a verdict, or SENT for a logout from WORKING without an end.

    A logout while STARTING may have burnt the key without unlinking; no later run can see that it didn't.
    """
    known: dict[str, str] = {}
    for event in events:
        instance_id = str(event["instance_id"])
        verdict = _learn(event, known.pop(instance_id, None))
        if verdict:
            known[instance_id] = verdict
    return known


def _learn(event: Mapping[str, Any], known: str | None) -> str | None:
    if event["event"] == "sending" and event.get("action") == _LOGOUT:
        return SENT if event.get("status") == WORKING and known != UNPROVEN else UNPROVEN
    if event["event"] != "outcome":
        return known
    verdict = event.get("verdict")
    if verdict == SEVERED or (verdict == ALREADY_SEVERED and known in (None, SENT)):
        return str(verdict)
    # A session that was severed and is unproven now has been paired again since: it is to be judged anew.
    return None if verdict == UNPROVEN and known in (SEVERED, ALREADY_SEVERED) else known
