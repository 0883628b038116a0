# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status's reading of a webhook: times, signatures, words for a status, its session, and what is hidden."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp import event_queue, history
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.authenticator import (
    Authenticator,
    Secrets,
)
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.event import kind_of, make_event
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.times import iso, milliseconds
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.webhook import (
    WebhookEvent,
    WebhookRejected,
    body_time,
    parse_json,
    parse_webhook,
    redact_body,
)
from ansible_collections.wawp.cloud.tests.eda.support import ID, KEY, sign, strings_in, webhook

AT = 1634567890123  # 2021-10-18T14:38:10.123Z
TIMES: list[tuple[Any, int | None]] = [
    (AT, AT),
    (1634567890, AT - 123),
    (1634567890.123, AT),
    (AT * 1000, AT),
    (AT * 1_000_000, AT),
    (str(AT), AT),
    ("1634567890", AT - 123),
    ("1634567890.123456", AT),
    (" 1634567890 ", AT - 123),
    ("1.634567890123e12", AT),
    (f"{AT}456789", AT),
    ("2021-10-18T14:38:10.123Z", AT),
    ("2021-10-18T14:38:10.123456789Z", AT),
    ("2021-10-18T16:38:10.123+02:00", AT),
    ("2021-10-18T09:08:10.123-0530", AT),
    ("2021-10-18 14:38:10,123", AT),
    ("20211018T143810Z", AT - 123),
    ("2021-10-18T14:38:10 UTC", AT - 123),
    *((value, None) for value in ("", "soon", "2021-13-18T14:38:10Z", "٢٠٢١", "-5", "1e99", "0x10", "10 o'clock")),
    *(
        (number, None)
        for number in list[Any]((0, -AT, True, None, [], {}, 10**20, float("nan"), float("inf"), 10**400))
    ),
]


@pytest.mark.parametrize(("given", "at"), TIMES, ids=[repr(given)[:30] for given, dummy in TIMES])
def test_times_in_every_writing(given: Any, at: int | None) -> None:
    assert milliseconds(given) == at


@pytest.mark.parametrize("part", ["timestamp", "ts"])
@pytest.mark.parametrize("given", [given for given, at in TIMES if at is None and given is not None], ids=repr)
def test_a_time_that_cannot_be_read_is_not_left_to_the_header(part: str, given: Any) -> None:
    for body in ({part: given}, {"payload": {"status": "FAILED", part: given}}, {part: given, "data": {part: AT}}):
        with pytest.raises(WebhookRejected, match="timestamp can't be read"):
            body_time(body)


def authenticator(window: float = 300, keys: tuple[str, ...] = (KEY,)) -> Authenticator:
    return Authenticator(Secrets(hmac_keys=keys), window, clock=lambda: AT)


NEAR: list[tuple[int, bool]] = [(0, True), (-299_000, True), (-301_000, False), (4_000, True), (6_000, False)]


@pytest.mark.parametrize(("away", "fine"), [*NEAR, (300_000, False)])
@pytest.mark.parametrize("where", ["body", "header"])
def test_hardly_anything_comes_from_the_future(away: int, fine: bool, where: str) -> None:
    body, header = (AT + away, AT) if where == "body" else (AT, AT + away)
    headers = {"X-Webhook-Timestamp": str(header)}
    if fine:
        authenticator().check_time(body, headers)
    else:
        with pytest.raises(WebhookRejected) as caught:
            authenticator().check_time(body, headers)
        assert caught.value.status == 403


def test_what_is_signed_has_to_hold_the_time() -> None:
    with pytest.raises(WebhookRejected, match="no timestamp"):
        authenticator().check_time(None, {"X-Webhook-Timestamp": str(AT)})
    authenticator(keys=()).check_time(None, {})  # nothing vouches for its other parts either
    authenticator(window=0).check_time(None, {})
    with pytest.raises(WebhookRejected, match="outside the replay window"):
        authenticator(keys=()).check_time(None, {"X-Webhook-Timestamp": str(AT - 301_000)})


BODY = b'{"a":1}'
SHA256 = hmac.digest(KEY.encode(), BODY, "sha256")
SHA512 = hmac.digest(KEY.encode(), BODY, "sha512")
SIGNATURES = {
    "hex 256": SHA256.hex(),
    "hex 512": SHA512.hex(),
    "upper case": SHA512.hex().upper(),
    "sha256=": f"sha256={SHA256.hex()}",
    "sha512=": f"sha512={SHA512.hex()}",
    "SHA-256: ": f"SHA-256: {SHA256.hex()}",
    "hmac-sha256=": f"hmac-sha256={SHA256.hex()}",
    "Base64 256": base64.b64encode(SHA256).decode(),
    "Base64 512": base64.b64encode(SHA512).decode(),
    "Base64 without padding": base64.b64encode(SHA512).decode().rstrip("="),
    "Base64 for URLs": base64.urlsafe_b64encode(SHA256).decode(),
    "sha256= Base64": f"sha256={base64.b64encode(SHA256).decode()}",
}
WRONG = {
    "nothing": "",
    "sha1": hmac.new(KEY.encode(), BODY, "sha1").hexdigest(),
    "unsigned digest": hashlib.sha256(BODY).hexdigest(),
    "another algorithm's name": f"sha512={SHA256.hex()}",
    "one digit less": SHA256.hex()[:-1],
    "one digit off": SHA256.hex()[:-1] + format(15 - int(SHA256.hex()[-1], 16), "x"),
    "Base64 of the hex": base64.b64encode(SHA256.hex().encode()).decode(),
    "two": f"{SHA256.hex()},{SHA256.hex()}",
    "not ASCII": "é" * 64,
    "half a character": "\udc80" * 64,
    "only a prefix": "sha256=",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_signatures_in_every_writing(signature: str) -> None:
    authenticator().check_signature({"X-Webhook-Hmac": signature}, BODY)
    with pytest.raises(WebhookRejected):
        authenticator().check_signature({"X-Webhook-Hmac": signature}, BODY + b" ")


@pytest.mark.parametrize("signature", WRONG.values(), ids=WRONG)
def test_signatures_that_are_none(signature: str) -> None:
    with pytest.raises(WebhookRejected, match="signature is wrong"):
        authenticator().check_signature({"X-Webhook-Hmac": signature}, BODY)


def read(**body: Any) -> WebhookEvent:
    found = parse_webhook({"session": "s", **body}, hint=None, sessions={})
    assert found is not None
    return found


LOGGED_OUT = ["logged_out", "LoggedOut", "logged out", "LOGGED-OUT", "logout", "remote_logout", "loggedOut", "UNPAIRED"]
LOST = ["stream_replaced", "StreamReplaced", "temporary_ban", "TemporaryBan", "banned", "account_banned", "TEMP_BANNED"]
LOST += ["client_outdated", "disconnected", "DISCONNECT"]
# Words that count only where a status is expected.
TROUBLE = ["CONFLICT", "connection_lost", "ConnectFailure", "device_removed", "session_expired", "SMB_TOS_BLOCK"]
TROUBLE += ["PROXYBLOCK", "close", "blocked", "timeout", "unauthorized"]


@pytest.mark.parametrize(("word", "kind"), [*((w, "logged_out") for w in LOGGED_OUT), *((w, "lost") for w in LOST)])
def test_words_for_a_lost_link_count_wherever_they_stand(word: str, kind: str) -> None:
    found = [
        read(status=word),
        read(data={"status": word}),
        read(payload={"status": word}),
        read(event=word),
        read(event=f"session.{word}"),
        read(event="engine.event", payload={"event": f"events.{word}"}),
        read(event="engine.event", payload={"event": "connection", "data": {"reason": word}}),
    ]
    assert {(each.status, kind_of(each.status, "WORKING")) for each in found} == {(found[0].status, kind)}


@pytest.mark.parametrize("word", TROUBLE)
def test_words_for_trouble_count_as_a_status(word: str) -> None:
    assert kind_of(read(status=word).status, "WORKING") == "lost"
    assert parse_webhook({"session": "s", "event": f"call.{word}"}, None, {}) is None


@pytest.mark.parametrize(
    "name", ["message.banned", "group.banned", "contact.disconnected", "message", "presence.update"]
)
def test_what_others_do_is_not_the_session_s_status(name: str) -> None:
    assert parse_webhook({"session": "s", "event": name}, None, {}) is None
    engine = {"event": name, "data": {"body": "logout"}}
    assert parse_webhook({"session": "s", "event": "engine.event", "payload": engine}, None, {}) is None


@pytest.mark.parametrize("word", ["working", "Working", " WORKING "])
def test_case_makes_no_difference(word: str) -> None:
    assert read(status=word).status == "WORKING"
    assert read(status="scan_qr_code").status == read(status="ScanQrCode").status == "SCAN_QR_CODE"


def test_statuses_that_nobody_knows_are_shown_as_they_are_without_numbers() -> None:
    assert read(status="some 201012345678 status").status == "SOME ********5678 STATUS"
    assert kind_of(read(status="passkey_required").status, "WORKING") == "other"


def test_whose_it_is() -> None:
    assert read(session=None, session_id="a", status="FAILED").session == "a"
    assert read(session=None, data={"status": "FAILED", "sessionId": "b"}).session == "b"
    assert read(instanceId=ID, status="FAILED") == read(instance_id=ID, status="FAILED")
    for wrong in (123456789012, ["x"], "a/b", True):
        with pytest.raises(WebhookRejected, match="instance_id"):
            read(instance_id=wrong, status="FAILED")


@pytest.mark.parametrize(
    "me",
    [
        {"id": "201012345678@c.us"},
        {"id": "201012345678:12@s.whatsapp.net"},
        {"jid": "201012345678@c.us"},
        {"phone": "+20 101 2345678"},
        {"lid": "201012345678@lid"},
        {"id": 201012345678},
        ["201012345678@c.us"],
        201012345678,
        "201012345678@c.us",
    ],
    ids=repr,
)
def test_an_account_in_every_writing_is_masked(me: Any) -> None:
    body = webhook(me=me)
    said = parse_webhook(body, None, {})
    assert said is not None
    (change,) = history.changes_of(said, None, AT)
    event = event_queue.event_of(said, change, body, event_queue.Appearance(raw=True))
    assert event["account"]
    assert "20101234" not in json.dumps(event).replace(" ", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_does_no_harm(encoding: str) -> None:
    assert parse_json(json.dumps({"a": "é"}).encode(encoding)) == {"a": "é"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_json_does_not_have_are_refused(number: str) -> None:
    with pytest.raises(WebhookRejected):
        parse_json(b'{"a":[%s]}' % number.encode())


def test_nothing_in_an_event_is_unwritable() -> None:
    """A lone surrogate can't be encoded, and the rule engine's numbers are limited to Java's."""
    body = webhook(session="a\ud800b", metadata={"\udfff": "x\ud800", "big": 10**30, "less": -(10**30), "float": 1e300})
    said = parse_webhook(parse_json(json.dumps(body).encode()), None, {})
    assert said is not None
    (change,) = history.changes_of(said, None, AT)
    event = event_queue.event_of(said, change, body, event_queue.Appearance(raw=True))
    for text in strings_in(event):
        text.encode()
    assert event["session"] == "a b"
    assert isinstance(event["raw"]["metadata"]["big"], str)
    assert make_event(event) == event


SECRETS = ["qrCode", "qr_image", "qr", "access_token", "accessToken", "apiKey", "X-Api-Key", "password", "cookies"]


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_redacted_as_everywhere(name: str) -> None:
    for body in ({name: "SECRET"}, {"payload": {name: {"data": "SECRET"}}}, {"a": [{name: ["SECRET"]}]}):
        assert "SECRET" not in json.dumps(redact_body(body, mask=False))


NUMBERS: list[Any] = [
    201012345678,
    "201012345678",
    "+20 101 234 5678",
    "+20-101-234-5678",
    "+20/101/234/5678",
    "0020 (101) 234.5678",
    "201012345678@c.us",
    "201012345678:3@s.whatsapp.net",
    "wa.me/201012345678",
]


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_numbers_are_masked_as_everywhere(number: Any) -> None:
    body = {"from": number, "list": [number, [number]], "payload": {"deep": {"to": number}}, "text": f"call {number}!"}
    digits = "".join(filter(str.isdigit, json.dumps(redact_body(body, mask=True))))
    assert "234" not in digits
    assert redact_body({"a": number}, mask=False) == {"a": number}


def test_names_of_persons_are_masked_and_the_session_s_is_not() -> None:
    body = {"shortName": "John", "me": {"pushName": "John", "name": "John"}, "payload": {"name": "desk", "at": [AT]}}
    shown = redact_body(body | {"timestamp": AT, "ts": str(AT)}, mask=True, keep=frozenset({"desk"}))
    assert "John" not in json.dumps(shown)
    assert (shown["payload"]["name"], shown["timestamp"], shown["ts"]) == ("desk", AT, str(AT))


def test_the_test_s_own_signature_is_the_engine_s() -> None:
    assert sign(BODY) == SHA512.hex()
    assert iso(AT) == "2021-10-18T14:38:10.123Z"
