# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phone numbers in a server's words, in any form that a reader still recognizes; and other numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from urllib.parse import unquote

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._api.replies import HttpReply, Request, parse_reply
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.plugins.module_utils._numbers_in_text import ascii_digits
from ansible_collections.wawp.cloud.plugins.module_utils._redact import mask_account_in, mask_numbers_in
from hypothesis import given
from hypothesis import strategies as st

NUMBER = "201098765432"
REQUEST = Request("logout", "POST", "http://api.example/logout", ())


def in_script(zero: str) -> Callable[[str], str]:
    return lambda digits: "".join(chr(ord(zero) + int(each)) for each in digits)


DIGITS: dict[str, Callable[[str], str]] = {
    "as they are": str,
    "fullwidth": in_script("\uff10"),
    "Arabic": in_script("\u0660"),
    "mathematical": in_script("\U0001d7ce"),
    "by HTML's numbers": lambda digits: "".join(f"&#{ord(each)};" for each in digits),
    "by HTML's hexadecimal numbers": lambda digits: "".join(f"&amp;#x{ord(each):X};" for each in digits),
    "by JSON's escapes": lambda digits: "".join(f"\\u{ord(each):04x}" for each in digits),
    "by JSON's escapes, fullwidth": lambda digits: json.dumps(in_script("\uff10")(digits))[1:-1],
    "by JSON's escapes, mathematical": lambda digits: json.dumps(in_script("\U0001d7ce")(digits))[1:-1],
    "by JavaScript's escapes": lambda digits: "".join(f"\\x{ord(each):x}" for each in digits),
    "by braced escapes": lambda digits: "".join(f"\\u{{{ord(each):x}}}" for each in digits),
    "by C's escapes": lambda digits: "".join(f"\\{ord(each):03o}" for each in digits),
    "by a URL's escapes": lambda digits: "".join(f"%{ord(each):x}" for each in digits),
    "by a URL's escapes, fullwidth": lambda digits: "".join(
        f"%25{byte:X}" for byte in in_script("\uff10")(digits).encode()
    ),
    "with keycaps": lambda digits: "".join(f"{each}\ufe0f\u20e3" for each in digits),
}
BETWEEN = (
    *("", " ", "-", ".", "/", ") (", " - ", "\u00a0", "\u2011", "\u200b", "\u00ad", "\u2060\ufeff", "\u0301", "_"),
    *(", ", "; ", "|", "'", "<b>", "</b><b>", "<br/>\n   ", "<!-- -->", "&nbsp;", "%20", "\\n", "\\u0020", "  \n\t  "),
)
BEFORE = ("", "+", "00", "(", "tel:+", "%2B", "\\u002b", "&plus;", "&#43;", "https://wa.me/", "<b>", "\uff0b")


def read_by_a_person(text: str) -> str:
    """Return the remaining digits in a text for a reader who resolves its escapes, in ASCII."""
    text = unquote(unquote(unescape(unescape(text))))
    text = re.sub(r"\\+u\{?([0-9a-f]{2,4})\}?|\\+x([0-9a-f]{2})", lambda it: chr(int(it[1] or it[2], 16)), text)
    text = re.sub(r"\\+(0\d\d)", lambda it: chr(int(it[1], 8)), text)
    return ascii_digits(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


@st.composite
def writings(draw: st.DrawFn) -> str:
    write = DIGITS[draw(st.sampled_from(sorted(DIGITS)))]
    cuts = sorted(draw(st.sets(st.integers(1, len(NUMBER) - 1), max_size=5)))
    pieces = [NUMBER[start:end] for start, end in zip([0, *cuts], [*cuts, len(NUMBER)])]
    between = draw(st.sampled_from(BETWEEN))
    return draw(st.sampled_from(BEFORE)) + between.join(map(write, pieces))


@given(writing=writings())
def test_a_person_sees_the_number_in_each_writing(writing: str) -> None:
    assert NUMBER[2:8] in read_by_a_person(writing)


FRAMES: dict[str, Callable[[str], bytes]] = {
    "a message": lambda text: json.dumps({"message": f"The number {text} is banned"}).encode(),
    "nothing but the number": lambda text: json.dumps({"error": {"message": text}}, ensure_ascii=False).encode(),
    "a list": lambda text: json.dumps({"message": ["The number", text, "is banned"]}).encode(),
    "a list of pieces": lambda text: json.dumps({"message": ["The number", *re.split(r"[ .-]", text)]}).encode(),
    "a code": lambda text: json.dumps({"code": text, "message": "banned"}).encode(),
    "a text": lambda text: f"The number {text} is banned".encode(),
    "a page": lambda text: f"<html><body><h1>Error</h1><p>The number {text} is banned</p></body></html>".encode(),
}


@pytest.mark.parametrize("frame", FRAMES)
@given(writing=writings())
def test_no_writing_of_a_number_in_an_error_reply_is_left(frame: str, writing: str) -> None:
    with pytest.raises(WawpError) as raised:
        parse_reply(HttpReply(400, {}, FRAMES[frame](writing)), REQUEST)
    shown = json.dumps(raised.value.as_result(), ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")
    assert NUMBER[2:8] not in read_by_a_person(shown)


@given(writing=writings())
def test_no_writing_of_a_number_in_words_of_a_session_is_left(writing: str) -> None:
    shown = mask_account_in({"config": {"note": f"instead of {writing} since today"}}, "")
    assert NUMBER[2:8] not in read_by_a_person(shown["config"]["note"])


@given(writing=writings())
def test_no_writing_of_the_account_is_left_anywhere(writing: str) -> None:
    shown = mask_account_in({writing: [f"x={writing};", writing]}, NUMBER)
    assert all(NUMBER[2:8] not in read_by_a_person(each) for each in (*shown, *next(iter(shown.values()))))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27 10:30:00",
        "2026-11-27T10:30:00.123456Z",
        "at 2026-11-27T10:30:00+02:00, not 2026-11-28 10:30",
        "[27/Nov/2026:10:30:00 +0000]",
        "Fri, 27 Nov 2026 10:30:00 GMT",
        "Nov 27, 2026 10:30:00",
        "27.11.2026 10:30, 11/27/2026 10:30:00 and 2026/11/27 10:30:00",
        "2026-11-27/2026-12-27",
        "between 10:30:00 and 11:30:00.250",
        "upstream 192.168.100.100:54321 refused 10.200.100.201",
        "http://192.168.100.100:8080/x",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334 or [2001:db8::1234:5678:9012]:8080",
        "550e8400-e29b-41d4-a716-446655440000",
        "wawp-1234-5678-9012, wawp-84729105, 3EB0BCB2E3D4, req-2026-1127-0001, backup-2026-11-27-103000",
        "Ray ID 8a1b2c3d4e5f6789, trace 1234567890123456789",
        "Chrome/120.0.6099.109 Safari/537.36 nginx/1.18.0",
        "size of 1,073,741,824 bytes, after 30012.345678 ms",
        "retry 3 of 5 after 30 seconds; at x.js:1234:56",
    ],
)
def test_dates_addresses_ids_and_quantities_stay(text: str) -> None:
    assert mask_numbers_in(text) == text


@pytest.mark.parametrize("around", ["2026-11-27 10:30:00 {}", "10.20.30.40 {} 404", "{} on 2026-11-27", "at 10:30 {}"])
@pytest.mark.parametrize("writing", [NUMBER, "20 109 876 5432", "(20) 109-8765432", "20.109.876.5432"])
def test_a_number_beside_them_does_not(around: str, writing: str) -> None:
    assert NUMBER[2:8] not in ascii_digits(mask_numbers_in(around.format(writing)))


@pytest.mark.no_cover
@pytest.mark.parametrize("piece", ["&amp;", "%25", "\\", "<a ", "\\u{0", "1:", "a-1-", "1.", "::", "10:30 ", "%e2%80"])
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    """This would not end within hours if time grew with the square of the text's length."""
    text = piece * (1_000_000 // len(piece))
    assert len(mask_numbers_in(text)) == len(text)
