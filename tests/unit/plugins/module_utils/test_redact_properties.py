# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For any input: no masked value names the account, no secret survives, no foreign text plays tricks."""

from __future__ import annotations

import json
from typing import Any
from unicodedata import decimal
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._api.bodies import read_json
from ansible_collections.wawp.cloud.plugins.module_utils._api.replies import is_free_of
from ansible_collections.wawp.cloud.plugins.module_utils._redact import (
    REDACTED,
    mask_account,
    mask_account_in,
    mask_person,
    one_line,
    redact_text,
    redact_value,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import parse_session
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.properties import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.no_cover

numbers = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)
tokens = st.from_regex(r"[A-Za-z0-9._~+/=%&\"-]{12,40}", fullmatch=True)


@EXAMPLES
@given(numbers, st.sampled_from(["", "@c.us", "@s.whatsapp.net", ":12@s.whatsapp.net", "@lid"]))
def test_a_masked_account_never_names_the_number(number: str, server: str) -> None:
    shown = mask_account(number + server)
    assert number not in shown
    assert len(shown) == len(number + server)
    digits = [character for character in shown.partition("@")[0] if character.isdigit()]
    assert len(digits) <= 4


places = ("{}", "{}@c.us", "{}:3@s.whatsapp.net", "call +{} now", "https://wa.me/{}", "{}@lid and {}@c.us")


@st.composite
def values(draw: st.DrawFn, number: str) -> Any:
    text = st.builds(str.format, st.sampled_from(places), st.just(number), st.just(number)) | st.text(max_size=8)
    leaves = st.none() | st.booleans() | text | st.just(int(number))
    keys = st.text(max_size=6) | text
    return draw(
        st.recursive(leaves, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(keys, deeper, max_size=3))
    )


# The last four digits are shown, so the others must differ from them.
long_numbers = st.from_regex(r"[1-9][0-9]{9,14}", fullmatch=True).filter(lambda it: it[2:-4] not in 3 * it[-4:])
SCRIPTS = {"Arabic": 0x660, "Persian": 0x6F0, "Devanagari": 0x966, "Thai": 0xE50, "fullwidth": 0xFF10}
SEPARATORS = (" ", "-", ".", "/", "_", ",", "\u00b7", "\u200b", " - ", "|", "*", "\u2011", "\u202f", ") (")


@st.composite
def writings(draw: st.DrawFn, number: str) -> Any:
    """Draw the number in a form that no server should use, and some do."""
    zero = draw(st.sampled_from([0x30, *SCRIPTS.values()]))
    text = "".join(chr(zero + int(digit)) for digit in number)
    cuts = sorted(draw(st.sets(st.integers(1, len(number) - 1), max_size=4)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)])]
    joined = draw(st.sampled_from(SEPARATORS)).join(pieces)
    return draw(
        st.sampled_from(
            [
                joined,
                f"call {joined} now",
                {joined: True},
                pieces,
                {f"part{at}": piece for at, piece in enumerate(pieces)},
                [[{"deep": pieces}]],
                float(number),
                [int(number), float(number)],
                f"{float(number)}",
                f"{float(number):.{len(number) - 1}E}",
                {"national": text[2:]},
                f"0{text[2:]}",
            ]
        )
    )


def digits_shown(value: Any) -> str:
    """Return the remaining digits of a value, in ASCII."""
    return "".join(str(decimal(each)) for each in json.dumps(value, ensure_ascii=False) if each.isdecimal())


@EXAMPLES
@given(st.data(), long_numbers)
def test_no_writing_of_a_number_is_left(data: st.DataObject, number: str) -> None:
    shown = mask_account_in(data.draw(writings(number)), number)
    assert number[:-4] not in digits_shown(shown)
    assert number[2:-4] not in digits_shown(shown)


@EXAMPLES
@given(st.data(), long_numbers)
def test_what_is_told_of_a_person_holds_no_writing_of_a_number(data: st.DataObject, number: str) -> None:
    """Even if it isn't known which number to look for."""
    shown = mask_person(data.draw(writings(number)))
    assert number[2:-4] not in digits_shown(shown)


@EXAMPLES
@given(st.data(), numbers)
def test_nothing_that_is_masked_names_the_account(data: st.DataObject, number: str) -> None:
    """In keys, values and numbers, at any depth."""
    value = data.draw(values(number))
    assert number not in json.dumps(mask_account_in(value, number))


@EXAMPLES
@given(st.data(), numbers)
def test_no_session_that_is_shown_names_its_account(data: st.DataObject, number: str) -> None:
    body = {
        "status": "WORKING",
        "me": {"id": f"{number}@c.us", "pushName": f"J {number}", "lid": "99887766554433@lid"},
        "config": data.draw(values(number)),
    }
    shown = json.dumps(parse_session(body).public())
    assert number not in shown
    assert "99887766554433" not in shown
    assert number in json.dumps(parse_session(body).public(mask=False))


@EXAMPLES
@given(st.text(), st.integers(2, 300))
def test_foreign_text_is_one_short_line(text: str, length: int) -> None:
    line = one_line(text, length)
    assert len(line) <= length
    assert "  " not in line
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in line)
    assert not set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff") & set(line)
    assert one_line(line, length) == line


@EXAMPLES
@given(tokens, st.text(max_size=10), st.text(max_size=10))
def test_no_writing_of_a_secret_survives(token: str, before: str, after: str) -> None:
    for form in (token, quote(token, safe=""), quote_plus(token), json.dumps(token)[1:-1]):
        shown = redact_text(f"{before}<{form}>{after}", [token])
        assert form not in shown
        assert REDACTED in shown


secrets = tokens | st.sampled_from(["True", "1.0", "100.0", "12", "1e+16", "\u00e9t\u00e9", "\u2615"])
leaves = st.text(max_size=8) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers()


@EXAMPLES
@given(st.data(), secrets, st.booleans(), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32"]))
def test_what_is_taken_for_free_of_a_secret_holds_it_in_no_writing(
    data: st.DataObject, secret: str, escaped: bool, coding: str
) -> None:
    number = {"True": "true", "1.0": "1.0", "100.0": "1e2", "12": "12", "1e+16": "1e16"}.get(secret, '""')
    written = [secret, quote(secret), f"a{secret}b", secret.encode("utf-16-le").decode("utf-16-be", "replace")]
    value = data.draw(st.recursive(leaves | st.sampled_from(written), lambda inner: st.lists(inner, max_size=3)))
    text = json.dumps({"a": value, "b": "\u00fc"}, ensure_ascii=escaped)[:-1] + data.draw(
        st.sampled_from(["}", f', "c": {number}}}', ', "c": "\\ud800"}'])
    )
    content = text.encode(coding, "surrogatepass")
    found = read_json(content)
    if is_free_of(content, secret):
        assert redact_value(found, [secret]) == found
        assert json.dumps(redact_value(found, [secret])) == json.dumps(found)


def test_a_usual_reply_is_told_free_of_the_token_at_a_glance() -> None:
    content = json.dumps({"status": "WORKING", "me": {"pushName": "\u0645"}}, ensure_ascii=False).encode()
    assert is_free_of(content, "token-123456")
    assert not is_free_of(content.replace(b"WORKING", b"token-123456"), "token-123456")
