# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The lines of a journal: one JSON object each, ending in a checksum of the text before it.

A damaged line could hide a burnt key. So only the traces of a crash are skipped: a line that was being written when the
run was killed, and zeros, both at the end of the file or where another journal, which begins with a line ``begin``, was
joined to it.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Event = Mapping[str, Any]

_FIRST = b'{"event": "'
_BEGINNING = re.compile(re.escape(_FIRST))
_END = re.compile(rb', "crc": "([0-9a-f]{8})"\}')
_END_LENGTH = len(', "crc": "00000000"}')
_CONTROL = re.compile(r"[\x00-\x1f]")
# No line of a run comes near; a file of another kind may be a single line.
MAX_LINE = 4 * 1024 * 1024
# Each place where an event could begin is tried; a reply full of them must not cost hours.
_MAX_SEAMS = 64


class DamagedLineError(Exception):
    """A line that neither a run nor a crash wrote.

    Attributes:
        number: the line's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"line {number}")
        self.number = number


class Line(NamedTuple):
    """The content of a line.

    Attributes:
        events: one event, or several where journals were joined.
        kept: the number of bytes up to the end of the events; the rest was left by a crash.
        ended: whether the line has its line break.
    """

    events: list[Event]
    kept: int
    ended: bool


def encode(fields: Mapping[str, Any]) -> bytes:
    """Encode one line, with its line break."""
    body = json.dumps(fields, ensure_ascii=False)[:-1].encode("utf-8", "backslashreplace")
    return b'%s, "crc": "%08x"}\n' % (body, zlib.crc32(body))


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Yield the content of each line of a journal. Raises DamagedLineError."""
    for number, line in enumerate(lines, start=1):
        found = _parse(line)
        if found is None:
            raise DamagedLineError(number)
        yield found


def _parse(line: bytes) -> Line | None:
    """Parse a line; None if it was changed or isn't a journal's."""
    ended = line.endswith(b"\n")
    line = line[:-1] if ended else line
    whole = _decode(line)
    if whole is not None:
        return Line([whole], len(line), ended)
    marks = [found.start() for found in _BEGINNING.finditer(line)]
    if len(line) > MAX_LINE or len(marks) > _MAX_SEAMS:
        return None
    if marks[:1] != [0]:
        marks.insert(0, 0)
    events, kept = _pieces(line, [*marks, len(line)])
    if ended and line.strip() and kept < len(line):
        return None  # a run removes a partial line before it writes
    if not all(_is_cut_off(gap) and (not gap or event["event"] == "begin") for gap, event in events):
        return None
    return Line([event for dummy, event in events], kept, ended) if _is_cut_off(line[kept:]) else None


def _pieces(line: bytes, marks: list[int]) -> tuple[list[tuple[bytes, Event]], int]:
    """Return a line's events, each with the bytes between it and the one before, and the end of the last one."""
    pieces: list[tuple[bytes, Event]] = []
    kept = place = 0
    while place < len(marks) - 1:
        start = marks[place]
        for end in range(place + 1, len(marks)):
            event = _decode(line[start : marks[end]].rstrip(b"\0"))
            if event is not None:
                pieces.append((line[kept:start], event))
                kept, place = start + len(line[start : marks[end]].rstrip(b"\0")), end
                break
        else:
            place += 1
    return pieces, kept


def _decode(line: bytes) -> Event | None:
    """Decode the event of a line; None if it isn't one or was changed."""
    end = _END.fullmatch(line, max(0, len(line) - _END_LENGTH))
    if not end or int(end[1], 16) != zlib.crc32(line[: end.start()]):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and {"event", "time"} <= set(event) else None


def _is_cut_off(piece: bytes) -> bool:
    """Whether a crash may have left this: zeros, or the beginning of a line, but not a complete line with changes."""
    piece = piece.strip(b"\0")
    if not _BEGINNING.match(piece):
        return _FIRST.startswith(piece)
    if _END.search(piece):
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(piece)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(text)
