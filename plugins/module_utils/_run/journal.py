# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a fleet's run leaves on disk, so that nothing known is lost when it is killed.

JSON lines. A line ``sending`` is written before each logout and each deletion, a line ``outcome`` when a session's run
has ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._errors import OptionError, WawpError
from .._session.model import (
    NO_ACCOUNT,
    SCAN_QR_CODE,
    SEVERED,
    UNPROVEN,
    WORKING,
)
from .._session.run import SENT

# What is told of before it is sent, since it can't be undone and an end that was not seen leaves a question.
WRITE_AHEAD_CALLS = frozenset({"logout", "delete"})
_BEGINNING = b'{"event": "'


class Journal:
    """A journal that is open for one run, and locked against a second one.

    Args:
        path: the file; made with mode 0600 if it isn't there.
        read_only: check mode: nothing is written, no file is made.

    Attributes:
        earlier: what is known from earlier runs, see replay.
        failure: why it can't be written any more; None while it can.

    Raises:
        OptionError: it can't be used as a journal; then nothing about the file was changed.
    """

    def __init__(self, path: str, read_only: bool = False) -> None:
        self._file: int | None = None
        self.failure: str | None = None
        try:
            lines = self._open(path, read_only)
            self.earlier = replay(_events(lines, path))
            if self._file is not None:
                os.fchmod(self._file, 0o600)
        except (OSError, OptionError) as error:
            self._drop()
            if isinstance(error, OptionError):
                raise
            raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None
        self._partial_line = bool(lines) and not lines[-1].endswith(b"\n")
        self._writing = threading.Lock()
        self._dirty, self._closing = threading.Event(), False
        self._syncer = threading.Thread(target=self._sync, daemon=True, name="wawp-journal")
        if self._file is not None:
            self._syncer.start()

    def _open(self, path: str, read_only: bool) -> list[bytes]:
        """Open and lock the file, unless it is only to be read. Returns its lines, of a missing file none."""
        if read_only and not os.path.lexists(path):
            return []
        flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_APPEND | os.O_CREAT
        # Non-blocking, or a named pipe would be waited for.
        file = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        with open(file, "rb", closefd=read_only) as stream:
            if not read_only:
                self._file = file
                self._lock(path)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OptionError("journal", f"{path} is no regular file")
            return stream.readlines()

    def _lock(self, path: str) -> None:
        try:
            fcntl.flock(self._file or 0, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OptionError("journal", f"another run is writing to {path}; give each run its own") from None

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def write(self, event: str, instance_id: str, time: str, **fields: Any) -> None:
        """Append one line. It is with the system when this returns, and on the disk a moment later."""
        line = json.dumps({"event": event, "instance_id": instance_id, "time": time, **fields}, ensure_ascii=False)
        with self._writing:
            if self._file is not None:
                self._append(self._file, line.encode("utf-8", "backslashreplace") + b"\n")

    def _append(self, file: int, data: bytes) -> None:
        data = (b"\n" if self._partial_line else b"") + data
        self._partial_line = True
        try:
            while data:
                data = data[os.write(file, data) :]
        except OSError as error:
            self.failure = f"can't be written: {error.strerror}"
            return
        self._partial_line = False
        self._dirty.set()

    def close(self) -> None:
        """Wait until all is on the disk."""
        if self._file is None:
            return
        self._closing = True
        self._dirty.set()
        self._syncer.join()
        with self._writing:  # a worker may still hear of a call after an interruption
            self._drop()

    def _sync(self) -> None:
        """Flush to the disk beside the run: one flush serves all lines that came during the last one."""
        while not self._closing or self._dirty.is_set():
            self._dirty.wait()
            self._dirty.clear()
            try:
                os.fsync(self._file or 0)
            except OSError as error:
                self.failure = f"can't be flushed to the disk: {error.strerror}"


def read_events(path: str) -> list[Mapping[str, Any]]:
    """The events in a journal, none if there is no such file. Raises OptionError if it is no journal."""
    try:
        with open(path, "rb") as file:
            return list(_events(file, path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None


def _events(lines: Iterable[bytes], path: str) -> Iterator[Mapping[str, Any]]:
    """The events of a journal. What a killed run was writing is passed over, anything else must be one."""
    for number, line in enumerate(lines, start=1):
        # Journals that were joined by cat may go on in the line that a killed run was writing.
        whole = line[max(0, line.rfind(_BEGINNING)) :]
        try:
            event = json.loads(whole)
        except ValueError:
            # After a power failure a file may end in zeros.
            if whole.startswith(_BEGINNING) or _BEGINNING.startswith(whole.strip(b"\0\r\n ")):
                continue
            raise OptionError("journal", f"line {number} of {path} is no event; is this a journal?") from None
        if not isinstance(event, dict) or not {"event", "instance_id", "time"} <= set(event):
            raise OptionError("journal", f"line {number} of {path} is no event; is this a journal?")
        yield event


def replay(events: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What is known from earlier runs: by instance id, a verdict, or SENT for a logout from WORKING without an end.

    A logout while STARTING may have burnt the key without unlinking; no later run can see that it didn't. Nor can it
    see what put a logout from WORKING in doubt.
    """
    known: dict[str, str] = {}
    for event in events:
        instance_id = str(event["instance_id"])
        verdict = _apply(event, known.pop(instance_id, None))
        if verdict:
            known[instance_id] = verdict
    return known


def _apply(event: Mapping[str, Any], known: str | None) -> str | None:
    if event["event"] == "sending":
        return _apply_sending(event, known)
    return _apply_outcome(event, known) if event["event"] == "outcome" else known


def _apply_sending(event: Mapping[str, Any], known: str | None) -> str | None:
    if event.get("action") == "logout":
        sure = event.get("status") == WORKING and not event.get("in_doubt")
        return SENT if sure and known != UNPROVEN else UNPROVEN
    # A session that awaits a scan after a logout from WORKING is severed; deleted, it can't be looked at any more.
    return SEVERED if known == SENT and event.get("status") == SCAN_QR_CODE else known


def _apply_outcome(event: Mapping[str, Any], known: str | None) -> str | None:
    verdict = event.get("verdict")
    if verdict == SEVERED or (verdict == NO_ACCOUNT and known in (None, SENT)):
        return str(verdict)
    burnt_before = known == UNPROVEN == event.get("earlier", UNPROVEN)
    if known in (SENT, UNPROVEN) and not burnt_before and _refused(event.get("actions") or ()):
        return None
    # A session that was severed and is unproven now has been paired again since: it is to be judged anew.
    if verdict == UNPROVEN and known in (SEVERED, NO_ACCOUNT):
        return None
    return UNPROVEN if known == SENT and event.get("in_doubt") else known


def _refused(actions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether logouts were sent, and none of them can have taken effect."""
    ends = [str(action.get("outcome")) for action in actions if action.get("action") == "logout"]
    return bool(ends) and not any(end == "ok" or WawpError(end, "").ambiguous for end in ends)
