# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store of what the receiver remembers."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
from collections.abc import Mapping
from typing import Any

from .history import Known

BATCH = 100  # waiting events read at once
_SET_UP = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, id TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS session (subject TEXT PRIMARY KEY, at INTEGER, status TEXT, settled TEXT);
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY, event TEXT);
BEGIN IMMEDIATE; COMMIT; -- takes the lock: a file is for one process
"""
# Errors that pass or that an administrator fixes, unlike a wrong path.
_PASSING_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EFBIG}
_PASSING_WORDS = ("disk is full", "disk i/o error", "unable to open database file")


class StorageTrouble(Exception):  # noqa: N818  it passes
    """Something can't be stored now; a later try may succeed."""


class Store:
    """The events seen, the last status of each session, and the events that wait for the rules.

    SQLite, in memory or in a file. A statement takes some 20 microseconds, so it may run inside the loop; and an event
    is stored completely or not at all. Survives a crash of the process at any moment.

    Args:
        path: the file, empty for memory.
        remember: the number of event ids and of sessions to remember.

    Raises:
        ValueError: the file can't be used.
        StorageTrouble: it can't be used now.
    """

    def __init__(self, path: str, remember: int) -> None:
        self.remember = remember
        self.kept = bool(path)
        try:
            if path:
                _make_private(path)
            self.db = sqlite3.connect(path or ":memory:", timeout=1)
            try:
                self.db.executescript(_SET_UP)
                self.count = int(self.db.execute("SELECT count(*) FROM waiting").fetchone()[0])
            except BaseException:
                self.db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            if is_passing(error):
                raise StorageTrouble(str(error)) from error
            raise ValueError(f"state_file can't be used: {error}") from error

    def is_new(self, event_id: str) -> bool:
        """Note an event's id and return whether it is new."""
        return self.db.execute("INSERT OR IGNORE INTO seen (id) VALUES (?)", (event_id,)).rowcount == 1

    def known(self, subject: str) -> Known | None:
        """Return the last known state of a session."""
        row = self.db.execute("SELECT at, status, settled FROM session WHERE subject = ?", (subject,)).fetchone()
        return Known(*row) if row else None

    def set_known(self, subject: str, known: Known) -> None:
        """Note the last known state of a session, and move it to the end: the oldest are forgotten first."""
        self.db.execute("REPLACE INTO session VALUES (?, ?, ?, ?)", (subject, *known))

    def add(self, event: Mapping[str, Any]) -> None:
        """Add an event to those that wait."""
        self.db.execute("INSERT INTO waiting (event) VALUES (?)", (json.dumps(event),))

    def waiting(self, after: int) -> list[tuple[int, str]]:
        """Return the events that have waited longest, each with its number.

        Args:
            after: skip the events up to this number.
        """
        sql = "SELECT number, event FROM waiting WHERE number > ? ORDER BY number LIMIT ?"
        return self.db.execute(sql, (after, BATCH)).fetchall()

    def remove(self, number: int) -> None:
        """Remove the waiting events up to a number."""
        with self.db:
            self.count -= self.db.execute("DELETE FROM waiting WHERE number <= ?", (number,)).rowcount

    def forget_oldest(self) -> None:
        """Forget the oldest ids and sessions beyond the limit."""
        for table in ("seen", "session"):
            sql = f"DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?"  # noqa: S608  no input
            self.db.execute(sql, (self.remember,))

    def close(self) -> None:
        """Close the file."""
        self.db.close()


def _make_private(path: str) -> None:
    """Ensure that the file exists, is this user's regular file, and is private. Raises OSError."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        if facts.st_uid != os.geteuid():
            raise OSError(errno.EPERM, "it belongs to somebody else")
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def is_passing(error: Exception) -> bool:
    """Whether an error of the file system or of SQLite may be gone at the next try."""
    if isinstance(error, OSError):
        return error.errno in _PASSING_ERRORS
    return any(words in str(error).lower() for words in _PASSING_WORDS)
