# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a run leaves on disk, so that nothing known is lost when it is killed.

A line ``begin`` is written when a run opens the journal, a line ``sending`` before each logout and each deletion, a
line ``outcome`` when a session's run has ended, a line ``end`` when the run has. Each has the run's own mark and its
number in it, so that lines that were taken out show.
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

# Logged before they are sent: they can't be undone, and a crash would hide how they ended.
WRITE_AHEAD_CALLS = frozenset({"logout", "delete"})
# Where a run's process is. It stands where other lines have their instance: all have their time in one place, by which
# the lines of several journals can be sorted.
_HOST = {"host": socket.gethostname()}
MAX_BYTES = 1024 * 1024 * 1024
_LOCKED = frozenset({errno.EWOULDBLOCK, errno.EACCES})


def default_path(api_url: str, home: str = "~/.ansible") -> str:
    """Where the journal of an API lies if nobody says where: in one place, whatever folder a run is started in.

    Args:
        api_url: the API's address. All ways to write one address have one journal.
        home: Ansible's home folder on the machine that the journal lies on.
    """
    parts = urlsplit(api_url.strip())
    port = parts.port if parts.port not in (None, 80, 443) else None
    name = "_".join(filter(None, [(parts.hostname or "").rstrip("."), str(port or ""), parts.path.strip("/")]))
    return os.path.join(home, "wawp", re.sub(r"[^A-Za-z0-9._-]", "_", name).strip(".").lower() + ".jsonl")


class Journal:
    """A journal that is open for one run, and locked against a second one.

    Args:
        path: the file; made with mode 0600 if it isn't there, and its folder with mode 0700.
        began: when the run begins, in UTC as results have it.
        read_only: check mode: nothing is written, no file is made.

    Attributes:
        earlier: what is known from earlier runs, see replay.
        failure: why it can't be written any more; None while it can.

    Raises:
        OptionError: it can't be used as a journal; then nothing about the file was changed.
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
        # Locked while all is on the disk. An Event can stay locked for ever where memory runs out.
        self._dirty, self._closing = threading.Lock(), False
        self._dirty.acquire()
        # Without a thread, each line is flushed as it is written.
        self._syncer = start_thread(self._sync, name="wawp-journal") if self._file is not None else None
        if self._file is not None:
            self._append({"event": "begin", **_HOST, "time": began, "pid": os.getpid()})

    def _open(self, path: str, read_only: bool) -> None:
        """Open and lock the file, unless it is only to be read, and learn what stands in it."""
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
        """Take off what a crash has left behind the last event: what follows would stand on the same line."""
        if reader.kept < os.fstat(file).st_size:
            os.ftruncate(file, reader.kept)
        if not reader.ended:
            os.write(file, b"\n")

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def write(self, event: str, instance_id: str, time: str, **fields: Any) -> None:
        """Append one line. It is with the system when this returns, and on the disk a moment later."""
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
        """Remove the half of a line that was written; where even that fails, nothing may follow it."""
        try:
            os.ftruncate(file, end)
        except OSError:
            self._drop()

    def close(self, ended: str | None = None) -> None:
        """Wait until all is on the disk; ``ended`` is when the run came to its end, if it did."""
        if self._file is None:
            return
        if ended:
            self._append({"event": "end", **_HOST, "time": ended})
        with self._writing:
            self._closing = True
            self._flush_soon()
        if self._syncer:
            self._syncer.join()
        with self._writing:  # a worker may still hear of a call after an interruption
            self._drop()

    def _flush_soon(self) -> None:
        """Have the disk written to; call it with the lock held."""
        if not self._syncer:
            self._flush()
        elif self._dirty.locked():
            self._dirty.release()

    def _sync(self) -> None:
        """Flush to the disk beside the run: one flush serves all lines that came during the last one."""
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
    """The events about instances in a journal, none if there is no such file.

    Raises:
        OptionError: it is no journal, or was damaged.
    """
    try:
        with open(open_regular(path, "journal", own=True), "rb") as stream:
            yield from _Reader(stream, path).about_instances()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OptionError("journal", f"can't be used: {error.strerror}: {path}") from None


class Survey(NamedTuple):
    """What a journal holds at a moment.

    Attributes:
        earlier: what is known from earlier runs, see replay.
        size: where its last event ends, in bytes; 0 if there is none.
        completed: when each runbook last wrote a report of a run that was complete.
        busy_since: since when another run has been writing to it, empty if it doesn't say; None if none is.
    """

    earlier: dict[str, Known]
    size: int
    completed: Mapping[str, str]
    busy_since: str | None


def survey(path: str) -> Survey:
    """Look into a journal, of which nothing is changed; one that isn't there is empty. Raises OptionError."""
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
    """When the last run that opened a journal began, empty if that isn't known; it may be writing."""
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
    """Reads a journal to its end.

    Attributes:
        kept: up to where it holds events.
        ended: whether the last one has its line break.
    """

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._stream, self._path = stream, path
        self.kept = stream.tell()
        self.ended = True
        self._lines_of: dict[str, set[int]] = {}

    def about_instances(self) -> Iterator[Event]:
        """The events about instances. Raises OptionError."""
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
        """Note which of its run's lines this is. Journals may be joined in any order, and one of them twice."""
        run, line = event.get("run"), event.get("line")
        if isinstance(run, str) and isinstance(line, int):
            self._lines_of.setdefault(run, set()).add(line)

    def _lines(self) -> Iterator[bytes]:
        return iter(lambda: self._stream.readline(MAX_LINE + 2), b"")
