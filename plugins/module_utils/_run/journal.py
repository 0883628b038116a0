# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The journal: a run's write-ahead log on disk, so that nothing known is lost if the run is killed.

A run writes a line ``begin`` when it opens the journal, ``sending`` before each logout and each deletion, ``outcome``
when a session's run has ended, and ``end`` when the whole run has. Each line has the run's id and its number in the
run, so that missing lines show.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from .._errors import OptionError
from .._files import make_folder, open_regular
from .._session.run import Known
from .history import replay
from .journal_lines import MAX_LINE, DamagedLineError, Event, encode, read_lines
from .room import start_thread

# Logged before sending: irreversible, and a crash would hide the outcome.
WRITE_AHEAD_CALLS = frozenset({"logout", "delete"})
# The host of a run's process. It takes the place of other lines' instance, so that the time is in the same place in
# every line, and the lines of several journals can be sorted by it.
_HOST = {"host": socket.gethostname()}
MAX_BYTES = 1024 * 1024 * 1024
_LOCKED = frozenset({errno.EWOULDBLOCK, errno.EACCES})


def default_path(api_url: str, home: str = "~/.ansible") -> str:
    """Return the default path of an API's journal: the same from whatever folder a run is started.

    Args:
        api_url: the API's address. All spellings of an address share one journal.
        home: Ansible's home folder on the journal's machine.
    """
    parts = urlsplit(api_url.strip())
    port = parts.port if parts.port not in (None, 80, 443) else None
    name = "_".join(filter(None, [(parts.hostname or "").rstrip("."), str(port or ""), parts.path.strip("/")]))
    return os.path.join(home, "wawp", re.sub(r"[^A-Za-z0-9._-]", "_", name).strip(".").lower() + ".jsonl")


class Journal:
    """A journal opened by one run, and locked against a second one.

    Args:
        path: the file; if missing, made with mode 0600, and its folder with mode 0700.
        began: the start of the run, in UTC as results have it.
        read_only: check mode: nothing is written, no file is made.

    Attributes:
        earlier: what earlier runs found out, see replay.
        failure: why it can't be written any more; None while it can.

    Raises:
        OptionError: it can't be used as a journal; the file is unchanged.
    """

    def __init__(self, path: str, began: str, read_only: bool = False) -> None:
        self._file: int | None = None
        self._run, self._lines = os.urandom(6).hex(), 0
        self.failure: str | None = None
        self.earlier: dict[str, Known] = {}
        try:
            self._open(path, read_only)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._drop()
            raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None
        except OptionError:
            self._drop()
            raise
        self._writing = threading.Lock()
        # Locked while everything is on disk. An Event can stay locked forever if memory runs out.
        self._dirty, self._closing = threading.Lock(), False
        self._dirty.acquire()
        # Without a thread, each line is flushed as it is written.
        self._syncer = start_thread(self._sync, name="wawp-journal") if self._file is not None else None
        if self._file is not None:
            self._append({"event": "begin", **_HOST, "time": began, "pid": os.getpid()})

    def _open(self, path: str, read_only: bool) -> None:
        """Open the file, lock it unless it is only read, and replay its events."""
        if not read_only:
            make_folder(os.path.dirname(os.path.abspath(path)), "journal")
            self._file = open_regular(path, "journal", os.O_RDWR | os.O_APPEND | os.O_CREAT, own=True)
            _lock(self._file, path)
        file = self._file if self._file is not None else open_regular(path, "journal", own=True)
        with open(file, "rb", closefd=read_only) as stream:
            reader = _Reader(stream, path)
            self.earlier = replay(reader.about_instances())
        if self._file is not None:
            os.fchmod(self._file, 0o600)
            self._mend_end(self._file, reader)

    def _mend_end(self, file: int, reader: _Reader) -> None:
        """Truncate what a crash left behind the last event, or the next event would go on the same line."""
        if reader.kept < os.fstat(file).st_size:
            os.ftruncate(file, reader.kept)
        if not reader.ended:
            os.write(file, b"\n")

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def write(self, event: str, instance_id: str, time: str, **fields: Any) -> None:
        """Append one line. The system has it when this returns, the disk a moment later."""
        self._append({"event": event, "instance_id": instance_id, "time": time, **fields})

    def _append(self, fields: Mapping[str, Any]) -> None:
        with self._writing:
            if self._file is None:
                return
            data = encode({**fields, "run": self._run, "line": self._lines})
            end = os.fstat(self._file).st_size
            try:
                while data:
                    data = data[os.write(self._file, data) :]
            except OSError as error:
                self.failure = f"can't be written: {error.strerror}"
                self._take_back(self._file, end)
            else:
                self._lines += 1
                self._flush_soon()

    def _take_back(self, file: int, end: int) -> None:
        """Remove a partly written line; if even that fails, nothing may be written after it."""
        try:
            os.ftruncate(file, end)
        except OSError:
            self._drop()

    def close(self, ended: str | None = None) -> None:
        """Wait until everything is on disk; ``ended`` is the time at which the run ended, if it did."""
        if self._file is None:
            return
        if ended:
            self._append({"event": "end", **_HOST, "time": ended})
        with self._writing:
            self._closing = True
            self._flush_soon()
        if self._syncer:
            self._syncer.join()
        with self._writing:  # a worker may still get an answer after an interruption
            self._drop()

    def _flush_soon(self) -> None:
        """Request a flush to the disk; call it with the lock held."""
        if not self._syncer:
            self._flush()
        elif self._dirty.locked():
            self._dirty.release()

    def _sync(self) -> None:
        """Flush to the disk in the background: one flush serves all lines written during the last one."""
        closing = False
        while not closing:
            self._dirty.acquire()
            closing = self._closing
            self._flush()

    def _flush(self) -> None:
        try:
            os.fsync(self._file if self._file is not None else -1)
        except OSError as error:
            self.failure = self.failure or f"can't be flushed to the disk: {error.strerror}"


def read_events(path: str) -> Iterator[Event]:
    """Yield a journal's events about instances; none if the file doesn't exist.

    Raises:
        OptionError: it isn't a journal, or was damaged.
    """
    try:
        with open(open_regular(path, "journal", own=True), "rb") as stream:
            yield from _Reader(stream, path).about_instances()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None


class Survey(NamedTuple):
    """The content of a journal at a moment.

    Attributes:
        earlier: what earlier runs found out, see replay.
        size: the end of its last event, in bytes; 0 if it has none.
        completed: for each runbook, the time of its last report of a complete run.
        busy_since: since when another run has been writing to it, empty if unknown; None if none is.
    """

    earlier: dict[str, Known]
    size: int
    completed: Mapping[str, str]
    busy_since: str | None


def survey(path: str) -> Survey:
    """Survey a journal without changing it; a missing one is empty. Raises OptionError."""
    try:
        file = open_regular(path, "journal", own=True)
    except FileNotFoundError:
        return Survey({}, 0, {}, None)
    try:
        with open(file, "rb") as stream:
            busy = _is_locked(file)
            reader = _Reader(stream, path)
            completed: dict[str, str] = {}
            earlier = replay(_noting_completed(reader.about_instances(), completed))
            stream.seek(0)
            return Survey(earlier, reader.kept, completed, _begun(stream) if busy else None)
    except OSError as error:
        raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None


def _noting_completed(events: Iterable[Event], completed: dict[str, str]) -> Iterator[Event]:
    for event in events:
        if event["event"] == "report" and event.get("complete"):
            completed[str(event.get("runbook"))] = str(event["time"])
        yield event


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _LOCKED
    return False


def _lock(file: int, path: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _LOCKED:
            problem = f"{path} can't be locked: {error.strerror}; put it on a local disk"
        else:
            with open(file, "rb", closefd=False) as stream:
                since = _begun(stream)
            problem = (
                f"another run is writing to {path}{f', since {since}' if since else ''}; wait until it has ended, "
                "or give each run its own"
            )
        raise OptionError("journal", problem) from None


def _begun(stream: BinaryIO) -> str:
    """Return the start of the last run that opened a journal, which may be writing to it; empty if unknown."""
    since = ""
    with suppress(DamagedLineError):
        for line in read_lines(stream):
            since = next((str(event["time"]) for event in line.events if event["event"] == "begin"), since)
    return since


def _damaged(what: str) -> OptionError:
    return OptionError(
        "journal",
        f"{what}; is this a journal? If it is, it was damaged: restore it from a backup. Without one, begin a new "
        "journal, and look on the phones of those that the old one names, under Linked devices",
    )


class _Reader:
    """A reader of a journal, to its end.

    Attributes:
        kept: the end of the last event read.
        ended: whether that event has its line break.
    """

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._stream, self._path = stream, path
        self.kept = stream.tell()
        self.ended = True
        self._lines_of: dict[str, set[int]] = {}

    def about_instances(self) -> Iterator[Event]:
        """Yield the events about instances. Raises OptionError."""
        if os.fstat(self._stream.fileno()).st_size > MAX_BYTES:
            raise OptionError("journal", f"{self._path} has more than {MAX_BYTES // 1024**3} GiB; begin a new one")
        try:
            for line in read_lines(self._lines()):
                if line.ended or line.kept:
                    self.kept += line.kept + line.ended
                    self.ended = line.ended
                for event in line.events:
                    self._count(event)
                    if "instance_id" in event:
                        yield event
        except DamagedLineError as error:
            raise _damaged(f"line {error.number} of {self._path} is not as a run writes it") from None
        missing = sum(max(lines) + 1 - len(lines) for lines in self._lines_of.values())
        if missing:
            raise _damaged(f"{self._path} lacks {missing} of its lines")

    def _count(self, event: Event) -> None:
        """Note a line's number in its run. Journals may be joined in any order, and the same one twice."""
        run, line = event.get("run"), event.get("line")
        if isinstance(run, str) and isinstance(line, int):
            self._lines_of.setdefault(run, set()).add(line)

    def _lines(self) -> Iterator[bytes]:
        return iter(lambda: self._stream.readline(MAX_LINE + 2), b"")
