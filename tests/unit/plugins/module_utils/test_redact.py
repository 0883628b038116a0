# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redaction of the API's texts."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import MAX_BODY
from ansible_collections.wawp.cloud.plugins.module_utils._numbers_in_text import ascii_digits
from ansible_collections.wawp.cloud.plugins.module_utils._redact import (
    REDACTED,
    make_redactor,
    mask_account,
    mask_account_in,
    mask_name,
    mask_person,
    one_line,
    redact_sensitive_keys,
    redact_text,
    redact_value,
)
from hypothesis import given
from hypothesis import strategies as st

NUMBER = "201012345678"


@pytest.mark.parametrize(
    ("account", "shown"),
    [
        ("201012345678@c.us", "********5678@c.us"),
        ("+20 10 1234-5678", "+** ** ****-5678"),
        ("201012345678:12@s.whatsapp.net", "**********78:12@s.whatsapp.net"),
        ("1234567", "***4567"),
        ("201012345678@c.us, 4915112345678@c.us", "********5678@c.us, *********5678@c.us"),
        (
            "{'_serialized': '201012345678@c.us', 'user': '201012345678'}",
            "{'_serialized': '********5678@c.us', 'user': '********5678'}",
        ),
        ("123456", "******"),
        ("1", "*"),
        ("", ""),
        ("John", "John"),
    ],
)
def test_an_account_keeps_its_last_digits_where_enough_are_hidden(account: str, shown: str) -> None:
    assert mask_account(account) == shown


def test_a_name_keeps_its_first_letter() -> None:
    assert [mask_name(name) for name in ("John Doe", "J", "")] == ["J***", "J***", ""]


@pytest.mark.parametrize(
    "value",
    [
        NUMBER,
        f"+{NUMBER}",
        "+20 101 234 5678",
        "20-101-2345678",
        f"{NUMBER}@c.us",
        f"about {NUMBER}:3@s.whatsapp.net",
        int(NUMBER),
        {"deep": [{"er": f"x{NUMBER}y"}]},
        {f"{NUMBER}@c.us": True},
        {NUMBER: {NUMBER: NUMBER}},
    ],
)
def test_no_value_and_no_key_names_the_account(value: Any) -> None:
    shown = str(mask_account_in(value, NUMBER))
    assert NUMBER not in shown
    assert NUMBER not in re.sub(r"\D", "", shown)
    assert "5678" in shown


def test_ids_of_others_are_masked_too() -> None:
    assert mask_account_in(["4915112345678@c.us"], "") == ["*********5678@c.us"]
    assert mask_account_in("of +49 (151) 12345678", "") == "of +** (***) ****5678"


@pytest.mark.parametrize("value", [None, True, False, 0, 7, 1.5, "text", "3EB0BCB2E3D4", "wawp-84729105", [], {}])
def test_what_is_no_account_stays_as_it_is(value: Any) -> None:
    assert mask_account_in(value, NUMBER) == value
    assert redact_sensitive_keys(value) == value
    assert redact_value(value, ["hushed"]) == value


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "access_token",
        "accessToken",
        "X-Api-Key",
        "api_key",
        "hmac_key",
        "password",
        "proxyPassword",
        "webhook_secret",
        "Authorization",
        "customHeaders",
        "cookies",
        "credentials",
        "qr",
        "qrCode",
        "qr_image",
    ],
)
def test_secrets_by_their_names(key: str) -> None:
    assert redact_sensitive_keys({"deep": [{key: "hushed"}]}) == {"deep": [{key: REDACTED}]}
    assert redact_sensitive_keys({key: {"a": "hushed"}}) == {key: REDACTED}
    nothings: list[Any] = [None, "", [], {}]
    for nothing in nothings:
        assert redact_sensitive_keys({key: nothing}) == {key: nothing}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://example.com/hook", "https://example.com/hook"),
        ("https://user:hushed@example.com:8443/hook?token=hushed#hushed", f"https://example.com:8443/hook?{REDACTED}"),
        (
            "see https://user:hushed@example.com/a, or http://x/?hushed now",
            f"see https://example.com/a, or http://x/?{REDACTED} now",
        ),
        ("socks5://user:hushed@proxy:1080", "socks5://proxy:1080"),
        ("http://[hushed", REDACTED),
        ("https://bot:it's-hushed@example.com/o'x?hushed", f"https://example.com/o'x?{REDACTED}"),
    ],
)
def test_urls_lose_credentials_and_queries(text: str, shown: str) -> None:
    assert redact_sensitive_keys({"url": text}) == {"url": shown}


def test_a_long_word_takes_no_long_time() -> None:
    """A reply of the greatest size; this would not end within hours if time grew with the square of it."""
    word = "a" * MAX_BODY
    assert redact_sensitive_keys([word, f"{word}://me:hushed@a.example"]) == [word, f"{word}://a.example"]


@pytest.mark.no_cover
@pytest.mark.parametrize("piece", ["1", "_", "aA1_", "key ", "key=", "1 ", "+1 ", "a://b@", ".1-", "a@1 "])
def test_no_long_text_keeps_it_busy(piece: str) -> None:
    text = piece * (MAX_BODY // 4 // len(piece))
    began = time.monotonic()
    for show in (redact_sensitive_keys, mask_person, lambda value: mask_account_in(value, NUMBER)):
        assert len(show(text)) <= 10 * len(text)
    assert time.monotonic() - began < 20


def test_the_token_is_taken_out_of_keys_and_values() -> None:
    value = {"hu/shed": ["hu%2fshed", {"a": "x hu\\/shed y"}], "n": 1}
    assert redact_value(value, ["hu/shed"]) == {REDACTED: [REDACTED, {"a": f"x {REDACTED} y"}], "n": 1}


def test_a_token_that_is_a_number_is_taken_out_as_one_too() -> None:
    value = {"auth": 1234567890123, "n": 12, "b": True}
    assert redact_value(value, ["1234567890123"]) == {**value, "auth": REDACTED}


def test_control_and_direction_characters_are_taken_out() -> None:
    assert redact_sensitive_keys({"a": ["\x1b[31m\u202e\x9bx\n"]}) == {"a": [" [31m  x "]}


@pytest.mark.parametrize("key", ["phone", "user.phone", "msisdn", "mobileNumber", "phone_no"])
@pytest.mark.parametrize("number", [NUMBER, int(NUMBER)])
def test_what_is_called_a_phone_number_is_masked_as_one(key: str, number: Any) -> None:
    assert mask_account_in({"deep": [{key: number}]}, "") == {"deep": [{key: "********5678"}]}


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\U0001d7ce"])
@pytest.mark.parametrize("template", ["{}", "BANNED_{}", "banned: {} (by phone)"])
def test_a_status_that_holds_a_number_is_masked_wherever_it_stands(zero: str, template: str) -> None:
    """Anybody's number, in the digits of any script."""
    other = "".join(chr(ord(zero) + int(each)) for each in "4915112345678")
    for value in ({"status": template.format(other)}, {"payload": [{"last_Status": template.format(other)}]}):
        assert "1511234" not in ascii_digits(json.dumps(mask_account_in(value, ""), ensure_ascii=False))


@pytest.mark.parametrize("digits", ["⁰¹²³⁴⁵⁶⁷⁸⁹", "⓪①②③④⑤⑥⑦⑧⑨"])
@pytest.mark.parametrize("key", ["status", "note", "phone"])
def test_digits_that_are_no_decimals_are_digits(digits: str, key: str) -> None:
    written = "".join(digits[int(each)] for each in NUMBER)
    assert NUMBER[:8] not in ascii_digits(json.dumps(mask_account_in({key: written}, NUMBER), ensure_ascii=False))


def test_ansible_takes_no_key_for_its_own() -> None:
    """Ansible fails on its internal markers, and on text that UTF-8 can't encode, and the result would be lost."""
    strange = {"__ansible_type": "Date", "a": [{"__ansible_unsafe": "x"}], "b\x1b\ud800": "x", "_ansible": 1}
    shown = {"ansible_type": "Date", "a": [{"ansible_unsafe": "x"}], "b  ": "x", "_ansible": 1}
    assert redact_sensitive_keys(strange) == shown


def test_halves_of_characters_are_replaced() -> None:
    assert redact_value({"\ud83d": ["a\ud83d", "\U0001f600"]}, ()) == {"?": ["a?", "\U0001f600"]}


WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a URL": lambda secret: quote(secret, safe=""),
    "in a URL, wholly": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "in a URL in a URL": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "in JSON as UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "in HTML": html.escape,
    "in HTML, by numbers": lambda secret: "".join(f"&#x{ord(each):X};" for each in secret),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("writing", WRITINGS)
@given(secret=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6))
def test_no_writing_of_a_secret_is_left(writing: str, secret: str) -> None:
    # A text with escapes is searched too, even if the secret has none.
    assert redact_text(f"{WRITINGS[writing](secret)} \\%&", [secret]).startswith(f"{REDACTED} ")


def test_what_is_told_of_a_person_is_masked() -> None:
    me = {
        "id": "1@lid",
        "pushName": "Bob",
        "verifiedName": "Bob 2010",
        "number": int(NUMBER),
        "about": [f"of {NUMBER}"],
    }
    shown = {"pushName": "B***", "verifiedName": "B***", "number": "********5678", "about": ["of ********5678"]}
    assert mask_person(me) == {"id": "1@lid", **shown}


def test_a_number_in_pieces_is_masked_but_no_size_and_time() -> None:
    pieces = {"country": "20", "area": "109", "first": "876", "last": "5432", "width": 1920, "height": 1080}
    shown = {"country": "**", "area": "***", "first": "***", "last": "****", "width": "****", "height": "****"}
    assert mask_person(pieces) == shown
    assert mask_person({"part": "2", "parts": "12", "size": 123456789.5, "at": "5"})["part"] == "2"


def test_an_empty_secret_hides_nothing() -> None:
    assert redact_text("text", [""]) == "text"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  a \n b\t\tc ", "a b c"),
        ("a\x1b[31mb", "a [31mb"),
        ("a\u202eb\u061cc\ufeffd", "a b c d"),
        ("\ud800", ""),
        ("héllo …", "héllo …"),
    ],
)
def test_foreign_text_becomes_one_harmless_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_foreign_text_is_cut() -> None:
    assert one_line("x" * 240) == "x" * 240
    assert one_line("x" * 241) == "x" * 239 + "…"


# Few letters, so that secrets lie within each other and side by side.
SECRETS = st.sets(st.text("ab/", min_size=1, max_size=4), max_size=4)


@given(SECRETS, st.text("ab/ é", max_size=30))
def test_no_secret_is_left_in_a_text(secrets: set[str], text: str) -> None:
    shown = make_redactor(secrets)(text)
    assert not any(secret in shown for secret in secrets)
    if not any(secret in text for secret in secrets):
        assert shown == text


@given(SECRETS, st.text("cd", max_size=5), st.text("cd", max_size=5))
def test_only_the_secret_is_starred(secrets: set[str], before: str, after: str) -> None:
    for secret in secrets:
        assert make_redactor(secrets)(f"{before}{secret}{after}") == f"{before}{REDACTED}{after}"


def test_secrets_are_sought_in_all_values() -> None:
    hide = make_redactor({"hushed", "[1-9]", "7", ""})
    value = {"hushed": [("a hushed",), {"b": 7, "c": True, "d": None, "e": 1.5}], "f": "5 [1-9]7"}
    hidden = {
        "hushed": [[f"a {REDACTED}"], {"b": REDACTED, "c": True, "d": None, "e": 1.5}],
        "f": f"5 {REDACTED}{REDACTED}",
    }
    assert hide(value) == hidden


def test_without_secrets_to_hide_nothing_is_copied() -> None:
    value = {"a": ["b"]}
    assert make_redactor(set())(value) is value
