# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No error quotes others' secrets: keys, proxy passwords, temporary links, QR codes, in any context."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._redact import redact_prose
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .calls import refusal

LINK = "https://app.wawp.net/qr/" + "a1B2c3D4" * 8
QR = "2@Ab12Cd34Ef56Gh78Ij90,Kl12Mn34Op56,Qr78St90=="
IMAGE = "data:image/png;base64," + base64.b64encode(bytes(range(90))).decode()
BODY = {
    "name": "wawp-84729105",
    "status": "SCAN_QR_CODE",
    "config": {
        "webhooks": [{"url": "https://hooks.example.com/x", "hmac": {"key": "hushed-1"}}],
        "proxy": {"server": "proxy.example:3128", "username": "bot", "password": "hushed-2"},
    },
    "qr": IMAGE,
    "qrCode": QR,
    "link": LINK,
    "apiKey": "hushed-3",
}
SECRETS = ("hushed", "a1B2c3D4", "Ab12Cd34", base64.b64encode(bytes(range(9))).decode())
WHOLE = json.dumps(BODY)
BROKEN = {
    "cut": WHOLE[:-2],
    "cut early": WHOLE[: WHOLE.index("hushed-2") + 8],
    "begins late": WHOLE[40:],
    "twice": WHOLE + WHOLE,
    "a key twice": '{"qr": "x", ' + WHOLE[1:].replace("}}, ", "}}, ", 1)[:-1] + ', "qr": "y"}',
    "with a comma too many": WHOLE[:-1] + ",}",
    "behind words": f"Warning: slow. {WHOLE} trailing",
    "in a call": f"callback({WHOLE})",
    "in quotes": json.dumps(WHOLE)[:-1],
    "in a page": f"<html><body><pre>{WHOLE}</pre></body></html>",
    "in XML": f"<error><message>{WHOLE}</message></error>",
    "of Python": repr(BODY),
    "of JavaScript": "{name: 'wawp', hmac: {key: 'hushed-1'}, link: '" + LINK + "'}",
    "not ended": '["hushed-1", "hushed-2"',
    "a string": json.dumps("hushed-1"),
    "a list": json.dumps(["hushed-1"]),
    "no message": json.dumps({"config": {"key": "hushed-1"}}),
}


# These are JSON, and a valid reply if the status is 200.
SOUND = ("a string", "a list", "no message")
CASES = [(name, status) for name in BROKEN for status in (200, 400, 502) if status != 200 or name not in SOUND]


@pytest.mark.parametrize(("name", "status"), CASES)
def test_json_is_never_quoted(make_client: MakeClient, name: str, status: int) -> None:
    error = refusal(make_client, BROKEN[name].encode(), status)
    assert [secret for secret in SECRETS if secret in str(error)] == []
    assert len(str(error)) < 300


TEXTS = [
    ("the hmac key=hushed-1 is wrong", "the hmac key=******** is wrong"),
    ("password: hushed-2", "password: ********"),
    ("proxyPassword = 'hushed 2' refused", "proxyPassword = ******** refused"),
    ("Array [hmac_key] => hushed-1", "Array [hmac_key] => ********"),
    ("Authorization: Bearer hushed-3", "Authorization: ********"),
    ("sent Bearer hushed-3 twice", "sent Bearer ******** twice"),
    ("api_key=hushed&x=1", "api_key=********&x=1"),
    ("X-Webhook-Signature: hushed", "X-Webhook-Signature: ********"),
    ("cannot connect through bot:hushed-2@proxy.example:3128", "cannot connect through ********@proxy.example:3128"),
    ("http://bot:hushed-2@proxy.example:3128/", "http://proxy.example:3128/"),
    (f"see {LINK} now", "see https://app.wawp.net/… now"),
    ("see https://wawp.net/t/hushed1 now", "see https://wawp.net/… now"),
    ("see https://wawp.net/pricing", "see https://wawp.net/pricing"),
    (f"scan {IMAGE}", "scan ********"),
    (f"scan {QR}", "scan ********"),
    ("enter AB1D-12E4", "enter ********"),
    ("token a1B2c3D4a1B2c3D4a1B2c3D4", "token ********"),
    ("error ERR-1042 on 2026-11-26 at 10:00:01", "error ERR-1042 on 2026-11-26 at 10:00:01"),
    ("no session 3EB0BCB2E3D4 of wawp-84729105", "no session 3EB0BCB2E3D4 of wawp-84729105"),
    ("Cannot POST /v2/session/temp-link", "Cannot POST /v2/session/temp-link"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_words_are_shown_without_what_may_be_a_secret(make_client: MakeClient, text: str, shown: str) -> None:
    assert redact_prose(text) == shown
    for body in (text, json.dumps({"message": text}), json.dumps({"error": {"message": text}})):
        assert f"({shown})" in str(refusal(make_client, body.encode(), 422))


def test_xml_is_shown_without_what_is_named_like_a_secret(make_client: MakeClient) -> None:
    body = b"<error><message>no</message><hmac_key>hushed-1</hmac_key><password a='b'>hushed-2</password></error>"
    error = refusal(make_client, body, 422)
    assert "(no" in str(error)
    assert "hushed" not in str(error)


def test_an_error_code_is_words_too(make_client: MakeClient) -> None:
    error = refusal(make_client, json.dumps({"code": f"x {LINK}", "message": "no"}).encode(), 422)
    assert error.api_code == "x https://app.wawp.net/…"


@pytest.mark.parametrize("text", ["a" * 8000, "key" * 2700, "key=" * 2000, "a:b@" * 2000, "0@" * 4000, "A1-" * 2700])
def test_no_text_keeps_it_busy(text: str) -> None:
    assert len(redact_prose(text)) <= 3 * len(text)
