# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""CSV files as spreadsheets save them, and headings as people write them."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from .._errors import OptionError
from .._files import read_bytes
from .._redact import one_line

# In bytes; ten thousand instances have one million. Then more columns than any real table has.
_LARGEST, _MOST_COLUMNS = 64 << 20, 1000
_SEPARATORS = ",;\t"
# Similarity, from 0 to 1, from which one name is probably a typo of the other.
_ALIKE = 0.8


@dataclass(frozen=True)
class Table:
    """A CSV file.

    Attributes:
        rows: the place of each row, and its cells by our names.
        used: the columns used, by our names.
        ignored: the headings of the other columns, which are for people.
        content: the file's bytes.
    """

    rows: list[tuple[str, Mapping[str, str]]]
    used: list[str]
    ignored: list[str]
    content: bytes


def read_table(path: str, columns: tuple[str, ...]) -> Table:
    """Read a CSV file with a heading line, separated by commas, semicolons or tabs.

    Raises:
        OptionError: it can't be read, or a heading is so close to one of ours that it is probably a typo.
    """
    content = read_bytes(path, "csv", _LARGEST)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError("csv", f"{path} is not in UTF-8; save it as such") from None
    heading = text.splitlines()[0] if text.strip() else ""
    separator = max(_SEPARATORS, key=heading.count)
    if heading.count(separator) >= _MOST_COLUMNS:
        raise OptionError("csv", f"{path} has more than {_MOST_COLUMNS} columns; is it the right file?")
    # Strict, or a quote that is never closed would swallow all rows after it.
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        headings = [str(name).strip() for name in rows.fieldnames or []]
        names = _names(headings, columns, path)
        rows.fieldnames = [name or heading for name, heading in zip(names, headings)]
        found = _rows(rows, columns, path)
    except csv.Error as error:
        raise OptionError("csv", f"{path} can't be read after line {rows.line_num} ({error}); see its quotes") from None
    ignored = [one_line(heading, 60) for name, heading in zip(names, headings) if name is None and heading]
    return Table(found, [name for name in names if name], ignored, content)


def _names(headings: Sequence[str], columns: tuple[str, ...], path: str) -> list[str | None]:
    """Return our name for each heading, None for those that aren't ours."""
    names = [next((name for name in columns if _folded(name) == _folded(heading)), None) for heading in headings]
    shown = ", ".join(one_line(heading, 60) for heading in headings) or "none"
    if "instance_id" not in names:
        raise OptionError("csv", f"{path} has no column instance_id; its first line names the columns: {shown}")
    twice = sorted(name for name in columns if names.count(name) > 1)
    if twice:
        raise OptionError("csv", f"{path} has more than one column {', '.join(twice)}")
    near = {heading: near_miss(heading, columns) for name, heading in zip(names, headings) if name is None}
    meant = [f"{one_line(heading, 60)} (did you mean {name}?)" for heading, name in near.items() if name]
    if meant:
        raise OptionError(
            "csv", f"{path} has columns that could be meant to be ours: {', '.join(meant)}; rename them, or remove them"
        )
    return names


def _rows(rows: csv.DictReader[str], columns: Sequence[str], path: str) -> list[tuple[str, Mapping[str, str]]]:
    found: list[tuple[str, Mapping[str, str]]] = []
    for row in rows:
        # A row longer than the heading has lost its order.
        if None in row:
            raise OptionError("csv", f"line {rows.line_num} of {path} has more cells than the first line")
        if any((value or "").strip() for value in row.values()):
            found.append((f"line {rows.line_num}", {name: row[name] for name in columns if row.get(name)}))
    return found


@lru_cache(maxsize=4096)  # thousands of hosts have variables of the same names
def near_miss(heading: str, known: tuple[str, ...]) -> str | None:
    """Return the known name that a heading probably means, None if it resembles none.

    Ignoring a column would skip a check: whose account it is, or whose token.
    """
    words = [word for word in _words(heading) if word != "wawp"]
    for name in known:
        parts = name.split("_")
        # "account" for expect_account; an "id" beside instance_id is somebody else's.
        last_word = len(parts) > 1 and words in ([parts[-1]], [f"{parts[-1]}s"]) and parts[-1] != "id"
        # "expected number" can mean nothing else.
        expects = parts[0] == "expect" and any(word.startswith(parts[0]) for word in words)
        if last_word or expects or words == parts or _alike(words, parts):
            return name
    return None


def _alike(words: Sequence[str], parts: Sequence[str]) -> bool:
    pairs = ((words, parts), (sorted(words), sorted(parts)))
    return any(SequenceMatcher(None, "".join(one), "".join(other)).ratio() >= _ALIKE for one, other in pairs)


def _words(heading: str) -> list[str]:
    """Return the words of a heading, also of one like expectAccount."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", unicodedata.normalize("NFKC", heading))
    return re.findall(r"[^\W_]+", text.casefold())


def _folded(heading: str) -> str:
    """Return a heading without case, blanks, dashes and invisible characters."""
    return "".join(re.findall(r"[^\W_]", unicodedata.normalize("NFKC", heading).casefold()))
