# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of an error about a reply: enough to act on, no secret, no number, one short line."""

from __future__ import annotations

import html
import json
import re
import time
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import MAX_BODY
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .calls import TOKEN, refusal

# -- the text of an error


def test_a_message_is_cut(make_client: MakeClient) -> None:
    for body in (b"word " * 10_000, json.dumps({"code": "c" * 5000, "message": "m" * 5000}).encode()):
        error = refusal(make_client, body)
        assert len(str(error)) < 500
        assert len(error.api_code or "") <= 80


CONTROLS = "\x00\x07\x1b[31m\r\n\x7f\x85\x9b\u061c\u200b\u200e\u200f\u2028\u2029\u202e\u2066\u2069\u206f\ufeff\ud800"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_control_or_direction_characters(make_client: MakeClient, form: str) -> None:
    text = f"be{CONTROLS}fore"
    body = text.encode("utf-8", "surrogatepass")
    if form == "json":
        body = json.dumps({"code": text, "message": text}).encode()
    error = refusal(make_client, body)
    assert "be" in str(error)
    assert "fore" in str(error)
    for said in (str(error), error.api_code or ""):
        assert not set(said) & set(CONTROLS) - set("[31m")
        assert said.isprintable()


ECHOES = {
    "plain": TOKEN,
    "in a URL": quote(TOKEN, safe=""),
    "in a URL, small": re.sub("%..", lambda found: found.group().lower(), quote(TOKEN, safe="")),
    "in a URL's path": quote(TOKEN),
    "in a form": quote_plus(TOKEN),
    "in JSON": json.dumps(TOKEN),
    "in PHP's JSON": json.dumps(TOKEN).replace("/", "\\/"),
    "in HTML": html.escape(TOKEN),
    "in XML": html.escape(TOKEN, quote=False),
    "in HTML, by numbers": "".join(f"&#{ord(each)};" for each in TOKEN),
    "in HTML, by names": html.escape(TOKEN).replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;"),
    "in Go's JSON": json.dumps(TOKEN).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"),
    "in .NET's JSON": "".join(each if each.isalnum() else f"\\u{ord(each):04X}" for each in TOKEN),
    "in JSON in JSON": json.dumps(json.dumps(TOKEN)),
    "in a URL in a URL": quote(quote(TOKEN, safe=""), safe=""),
    "in Python": repr(TOKEN),
}


@pytest.mark.parametrize("form", ["json", "nested", "text", "html"])
@pytest.mark.parametrize("echo", ECHOES)
def test_no_echo_of_the_token(make_client: MakeClient, echo: str, form: str) -> None:
    text = f"You sent {ECHOES[echo]} here"
    body = {
        "json": json.dumps({"code": ECHOES[echo], "message": text}),
        "nested": json.dumps({"error": {"code": ECHOES[echo], "message": text}}),
        "text": text,
        "html": f"<html><p>{text}</p></html>",
    }[form].encode()
    for status in (400, 500, *([] if form in ("json", "nested") else [200])):
        error = refusal(make_client, body, status)
        for said in (str(error), error.api_code or ""):
            assert "Pass" not in said
            assert "Word" not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no session of 201012345678@c.us", "no session of ********5678@c.us"),
        ("no session of 201012345678:12@s.whatsapp.net", "no session of ********5678:12@s.whatsapp.net"),
        ("201012345678 is banned", "********5678 is banned"),
        ("call +20 10 1234-5678 now", "call +** ** ****-5678 now"),
        ("use +20(10)12345678", "use +**(**)****5678"),
        ("use 0020 101 234 5678", "use **** *** *** 5678"),
        ("use +20\u2011101\u2011234\u20115678", "use +**\u2011***\u2011***\u20115678"),
        ("in ?phone=%2B201012345678", "in ?phone=%2B********5678"),
        ("at 10:00 2026-11-22", "at 10:00 2026-11-22"),
        ("try again in 30 s, trace 3EB0BCB2E3D4", "try again in 30 s, trace 3EB0BCB2E3D4"),
        ("at 2026-11-22 10:00", "at 2026-11-22 10:00"),
    ],
)
def test_accounts_are_masked(make_client: MakeClient, text: str, shown: str) -> None:
    assert f"({shown})" in str(refusal(make_client, json.dumps({"message": text}).encode()))
    assert f"({shown})" in str(refusal(make_client, text.encode(), 200))


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b'{"code": "a", "message": "b"}', "a", "b"),
        (b'{"error": {"code": "a", "message": "b"}}', "a", "b"),
        (b'{"error": "b", "code": 7}', "7", "b"),
        (b'{"message": ["b", "c"]}', None, "b; c"),
        (b'{"error": null, "detail": "b"}', None, "b"),
        (b'{"statusCode": 422, "exception": {"message": "b", "stack": "c"}}', None, "b"),
        (b'{"data": {"message": "b", "code": "a"}}', "a", "b"),
        (b"Z\xfcrich", None, "Z\ufffdrich"),
        ("Zürich".encode("utf-16-le"), None, "Z\ufffdrich"),
        (b"<a>b<c/>d</a>", None, "b d"),
        (b"<html><head><title>t</title></head><body><style>s</style><script>x<y</script><p>b</p>", None, "b"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_where_the_words_come_from(make_client: MakeClient, body: bytes, code: str | None, said: str) -> None:
    error = refusal(make_client, body, 422)
    assert error.api_code == code
    assert f"({said}" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"<" * MAX_BODY,
        b"<script>" * (MAX_BODY // 8),
        b"<head " * (MAX_BODY // 6),
        json.dumps({"message": "11111:" * (MAX_BODY // 7)}).encode(),
        json.dumps({"message": "1" * (MAX_BODY - 100)}).encode(),
        json.dumps({"message": "+1 " * (MAX_BODY // 4)}).encode(),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_made_to_keep_us_busy(make_client: MakeClient, body: bytes) -> None:
    began = time.monotonic()
    assert refusal(make_client, body, 502).kind == _errors.GATEWAY
    assert time.monotonic() - began < 20
