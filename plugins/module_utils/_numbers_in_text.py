# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Numbers in a text as people see them: behind escapes, between tags, in groups; and those that aren't phones'."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from html import unescape
from unicodedata import category, digit

# Characters between the digits of one number: separators, and invisible ones.
BETWEEN_ANY = r"[\W_]{0,5}"
GROUPED = re.compile(rf"(?<![0-9A-Za-z])\d(?:{BETWEEN_ANY}\d)+(?![0-9A-Za-z])")
# Replaces what is invisible. It keeps a tag's neighbours apart, as a separator does.
_NOTHING = "\u200b"
# The first characters of every escape or tag.
_MARK = re.compile(r"[<&%\\]")
_STANDS_FOR = re.compile(
    r"""(?P<tag></?[A-Za-z!][^<>]{0,200}>)
    |&(?:amp;)*(?P<entity>\#[0-9]{1,9};?|\#[xX][0-9a-fA-F]{1,8};?|[A-Za-z]{2,10};)
    |\\{1,8}u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\{1,8}u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
    |\\{1,8}(?:u\{0*(?P<braced>[0-9a-fA-F]{1,5})\}|u(?P<unit>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2}))
    |\\{1,8}(?P<octal>0[0-7]{2})
    |\\{1,8}(?P<blank>[nrtfv])
    |(?P<percent>(?:%(?:25)*[0-9a-fA-F]{2})+)""",
    re.VERBOSE,
)
_PERCENT = re.compile(r"%(?:25)*([0-9a-fA-F]{2})")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?(?:\s?[+-]\d\d:?\d\d)?(?![\d:])"
_DAY = (
    r"(?:(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])([-./])"
    r"(?:0?[1-9]|1[0-2])\2(?:19|20)\d\d|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/(?:19|20)\d\d"
    rf"|\d{{1,2}}[\s/-]{_MONTH}[\s/-]\d{{4}}|{_MONTH}\s\d{{1,2}},?(?:\s\d{{4}})?)"
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_NO_PHONE = re.compile(
    rf"""(?<![\w.])(?:
    {_DAY}(?:(?:[T:]|,?\s){_TIME}|(?![-./:]?\d))                             # a date, with its time or without
    |(?<!:){_TIME}(?!\W{{0,3}}\d{{5}})
    |(?:{_OCTET}\.){{3}}{_OCTET}(?::\d{{1,5}}|/\d\d?)?(?![.\d])              # an IPv4 address
    |(?<!:)(?:[0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}(?![:\w])                 # an IPv6 address
    |(?<!:)(?=[0-9A-Fa-f:]*::)[0-9A-Fa-f]{{0,4}}(?::[0-9A-Fa-f]{{0,4}}){{2,7}}(?![:\w])
    |[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}(?!\w)      # a UUID
    |(?<!\d[\s.,-])(?!\d{{9}})[\d.,]{{1,24}}\s?(?:[kKMGT]?i?B|bytes|[mu]?s|msec|sec|seconds|calls|%)(?!\w)
    |[A-Za-z]\w{{0,31}}([-_])\d{{1,8}}(?:\3\d{{1,8}})+(?![\w-])              # an id whose groups have its own separator
    )|\d{{16,}}|(?<=[A-Za-z]/)\d{{1,3}}\.0\.\d{{1,5}}\.\d{{1,4}}           # an id; a browser's version
    """,
    re.VERBOSE,
)


def mask_as_read(text: str, mask: Callable[[str], str]) -> str:
    """Mask a text as a reader sees it: with escapes resolved, and without tags and invisible characters.

    Args:
        text: any text.
        mask: replaces each digit to hide with one star, and changes nothing else.
    """
    if text.isascii() and not _MARK.search(text):
        return mask(text)
    read = list(_read(text))
    seen = "".join(character for character, dummy in read)
    masked = mask(seen)
    return "".join(new if new != old else written for new, (old, written) in zip(masked, read))


def mask_grouped(text: str, mask: Callable[[str], str]) -> str:
    """Mask all numbers whose digits stand in groups, except dates, addresses, ids and quantities."""
    kept, place = [], 0
    for found in _NO_PHONE.finditer(text):
        kept += [GROUPED.sub(lambda it: mask(it.group()), text[place : found.start()]), found.group()]
        place = found.end()
    return "".join([*kept, GROUPED.sub(lambda it: mask(it.group()), text[place:])])


def ascii_digits(text: str) -> str:
    """Return the digits of a text in ASCII, whatever their script, raised or circled ones included."""
    return "".join(str(digit(each)) for each in text if each.isdigit())


def _read(text: str) -> Iterator[tuple[str, str]]:
    """Yield each character that a reader sees, with its source text; several blanks become one."""
    written, blank = "", ""
    for character, writing in _resolved(text):
        if character == _NOTHING or character.isspace():
            written += writing
            blank = " " if character != _NOTHING else blank or _NOTHING
            continue
        if written:
            yield blank, written
            written, blank = "", ""
        yield character, writing
    if written:
        yield blank, written


def _resolved(text: str) -> Iterator[tuple[str, str]]:
    """Yield each character with its source text."""
    place = 0
    for found in _STANDS_FOR.finditer(text):
        yield from _plain(text[place : found.start()])
        yield from _percent(found.group()) if found["percent"] else [(_resolve(found), found.group())]
        place = found.end()
    yield from _plain(text[place:])


def _plain(text: str) -> Iterator[tuple[str, str]]:
    return ((_seen(each), each) for each in text)


def _seen(character: str) -> str:
    if character.isascii():
        return character
    if character.isdigit() and not character.isdecimal():  # raised or circled, which patterns don't match as digits
        return str(digit(character))
    return _NOTHING if category(character) in ("Mn", "Me", "Cf") else character


def _resolve(found: re.Match[str]) -> str:
    """Return the one character that a tag or an escape stands for."""
    if found["tag"]:
        return _NOTHING
    if found["blank"]:
        return " "
    if found["entity"]:
        character = unescape(f"&{found['entity']}")
        return _seen(character) if len(character) == 1 else _NOTHING
    if found["high"]:
        units = bytes.fromhex(found["high"] + found["low"])
        return _seen(units.decode("utf-16-be", "replace"))
    point = int(found["octal"], 8) if found["octal"] else int(found["braced"] or found["unit"] or found["byte"], 16)
    return _seen(chr(point))


def _percent(text: str) -> Iterator[tuple[str, str]]:
    """Yield the characters of a run of escaped bytes, each with its source text."""
    decoder, written = codecs.getincrementaldecoder("utf-8")("replace"), ""
    for found in _PERCENT.finditer(text):
        written += found.group()
        characters = decoder.decode(bytes([int(found[1], 16)]))
        if characters:
            yield (_seen(characters) if len(characters) == 1 else _NOTHING), written
            written = ""
    if written:
        yield _NOTHING, written
