# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The identity of an instance, and the one way to show it.

A field added here reaches options, results, plan, report, table, page and inventory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ._redact import one_line


@dataclass(frozen=True)
class Identity:
    """The identity of an instance.

    Args:
        instance_id: Wawp's id.
        name: its owner's name for it, None if it has none.
        origin: its place in the list that it came from, such as ``line 7``; None if not given.
    """

    instance_id: str
    name: str | None
    origin: str | None

    @property
    def fields(self) -> dict[str, str | None]:
        """Return the identity as part of a result."""
        return {name: getattr(self, name) for name in IDENTITY_FIELDS}

    def __str__(self) -> str:
        return f"{self.instance_id} ({one_line(self.name, 40)})" if self.name else self.instance_id


# Letters of other scripts that look like Latin ones, and letters, digits and signs that look alike.
_ALIKE = (
    *("a\u0430\u03b1\u0251", "b\u0432\u03b2\u044c", "c\u0441", "d\u0501", "e\u0435\u03b5\u0454\u212e", "g\u0261"),
    *("h\u043d\u04bb\u0570", "i\u0456\u03b9\u0131", "j\u0458", "k\u043a\u03ba", "l\u04cf\u01c0", "m\u043c\u03bc"),
    *("n\u03b7\u0578", "o\u043e\u03bf\u03c3\u0585", "p\u0440\u03c1", "q\u051b", "r\u0433", "s\u0455", "t\u0442\u03c4"),
    *("u\u03c5\u057d", "v\u03bd\u0475", "w\u051d", "x\u0445\u03c7", "y\u0443"),
)
_LOOK_ALIKES = str.maketrans({each: letters[0] for letters in _ALIKE for each in letters[1:]})
ALIKE_IN_LATIN = str.maketrans("01i|5", "ollls")
_LATIN_LETTER = re.compile(r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |SCRIPT )?([A-Z])(?: WITH .*)?")
# Invisible letters, and a sign that looks like a blank.
_FILLERS = re.compile("[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")
_WORD = re.compile(r"[^\W_]+")


def as_latin(text: str) -> str:
    """Return a text as it looks, in lower case: no accents, invisible characters or look-alikes of other scripts."""
    shown = "".join(each for each in _FILLERS.sub("", text) if unicodedata.category(each)[0] not in "CM")
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", shown).casefold())
    marks = "".join(each for each in letters if unicodedata.category(each)[0] != "M")
    return "".join(map(_latin_letter, marks)).translate(_LOOK_ALIKES)


def says_something(text: str) -> bool:
    """Whether a text has a visible letter or digit."""
    return any(map(str.isalnum, as_latin(text)))


def _latin_letter(letter: str) -> str:
    """Return the plain letter for one with a stroke or hook, or for a small capital."""
    form = None if letter.isascii() else _LATIN_LETTER.fullmatch(unicodedata.name(letter, ""))
    return form[1].lower() if form else letter


def mixes_scripts(text: str) -> bool:
    """Whether a word mixes Latin letters with those of another script, which only a disguise does."""
    words = _WORD.findall(unicodedata.normalize("NFKC", _FILLERS.sub("", text)))
    return any(
        len({unicodedata.name(each, "").startswith("LATIN") for each in word if _scripted(each)}) > 1 for word in words
    )


def _scripted(character: str) -> bool:
    return not (character.isascii() and character.isdigit()) and unicodedata.category(character)[0] in "LN"


IDENTITY_FIELDS = tuple(field.name for field in fields(Identity))


def identity_of(*entries: Mapping[str, Any] | None) -> Identity:
    """Return the identity in results of one instance: each field from the first result that has it."""
    given = [entry for entry in entries if entry]
    found = {name: next((str(entry[name]) for entry in given if entry.get(name)), None) for name in IDENTITY_FIELDS}
    return Identity(**found)  # type: ignore[arg-type]
