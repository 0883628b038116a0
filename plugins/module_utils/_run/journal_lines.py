# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The lines of a journal: one JSON object each, which ends in a checksum of what stands before it.

A damaged line could hide a burnt key. So only what a crash leaves is passed over: a line that was being written when
the run was killed, and zeros, both at the end of the file or where another journal, which begins with a line ``begin``,
was joined to it.
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
# No line that a run writes comes near; a file of another kind may be a single one.
MAX_LINE = 4 * 1024 * 1024
# Each place at which an event could begin is tried; a reply that is full of them must not cost hours.
_MAX_SEAMS = 64


class DamagedLineError(Exception):
    """A line holds what neither a run nor a crash has written.

    Attributes:
        number: which line it is.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"line {number}")
        self.number = number


class Line(NamedTuple):
    """What a line holds.

    Attributes:
        events: one, or several where journals were joined.
        kept: how many of its bytes hold them; a crash has left the rest.
        ended: whether it has its line break.
    """

    events: list[Event]
    kept: int
    ended: bool


def encode(fields: Mapping[str, Any]) -> bytes:
    """One line, with its line break."""
    body = json.dumps(fields, ensure_ascii=False)[:-1].encode("utf-8", "backslashreplace")
    return b'%s, "crc": "%08x"}\n' % (body, zlib.crc32(body))


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """What each line of a journal holds. Raises DamagedLineError."""
    for number, line in enumerate(lines, start=1):
        found = _parse(line)
        if found is None:
            raise DamagedLineError(number)
        yield found


def _parse(line: bytes) -> Line | None:
    """What a line holds, None if it was changed, or is no journal's."""
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
        return None  # a run takes off what was cut off before it writes
    if not all(_is_cut_off(gap) and (not gap or event["event"] == "begin") for gap, event in events):
        return None
    return Line([event for dummy, event in events], kept, ended) if _is_cut_off(line[kept:]) else None


def _pieces(line: bytes, marks: list[int]) -> tuple[list[tuple[bytes, Event]], int]:
    """The events in a line, each with what stands between it and the one before, and where the last one ends."""
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
    """The event of a line, None if it is none or was changed."""
    end = _END.fullmatch(line, max(0, len(line) - _END_LENGTH))
    if not end or int(end[1], 16) != zlib.crc32(line[: end.start()]):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and {"event", "time"} <= set(event) else None


def _is_cut_off(piece: bytes) -> bool:
    """Whether this is what a crash leaves: zeros, or a line that breaks off, which is no whole one that was changed."""
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
