# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status: the forms of a webhook, and the event that each becomes, over real connections."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp import webhook as webhook_parts
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.event import neutralize
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.times import iso
from ansible_collections.wawp.cloud.tests.eda.support import (
    ID,
    KEY,
    PATIENCE,
    is_template,
    listening,
    now,
    sign,
    strings_in,
    templates,
    webhook,
)

DAY = 86400  # seconds; the bodies in tables are made before the first test runs


def engine_event(event: str, data: Any) -> dict[str, Any]:
    return webhook(event="engine.event", payload={"event": event, "data": data})


FORMS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        webhook("STOPPED"),
        {"subject": "wawp-84729105", "session": "wawp-84729105", "instance_id": None, "kind": "stopped"},
    ),
    (
        {"instance_id": ID, "status": "SCAN_QR_CODE", "qr": "data:image/png;base64,AAAA", "ts": now() // 1000},
        {"subject": ID, "instance_id": ID, "session": None, "kind": "logged_out", "status": "SCAN_QR_CODE"},
    ),
    (webhook("FAILED"), {"kind": "lost", "status": "FAILED", "previous_status": None, "changed": True}),
    (webhook("WORKING"), {"kind": "restored", "account": "********5678@c.us"}),
    (webhook("STARTING", me=None), {"kind": "starting", "account": None}),
    (webhook("working"), {"status": "WORKING"}),
    (webhook("PASSKEY_REQUIRED"), {"kind": "other", "status": "PASSKEY_REQUIRED"}),
    (webhook("DISCONNECTED"), {"kind": "lost", "status": "DISCONNECTED", "reason": "DISCONNECTED"}),
    (webhook("x", event="LOGOUT"), {"kind": "logged_out", "status": "LOGOUT", "reason": "LOGOUT"}),
    (webhook("x", event="session.disconnected"), {"kind": "lost", "status": "DISCONNECTED"}),
    (engine_event("events.disconnected", ["LOGOUT"]), {"kind": "logged_out", "event_name": "engine.event"}),
    (engine_event("DISCONNECTED", {"reason": "NAVIGATION"}), {"kind": "lost", "status": "DISCONNECTED"}),
    (engine_event("state", {"reason": "LOGOUT"}), {"kind": "logged_out"}),
    (
        webhook(payload={"name": "s", "status": "FAILED", "reason": "201012345678@c.us\nremoved"}),
        {"reason": "********5678@c.us removed"},
    ),
]


@pytest.mark.parametrize(("body", "expected"), FORMS, ids=range(len(FORMS)))
def test_each_form_becomes_one_flat_event(body: dict[str, Any], expected: dict[str, Any]) -> None:
    async def test() -> None:
        async with listening(replay_window=DAY) as source:
            assert await source.post(body) == (200, {"result": "accepted"})
            event = await source.event()
            assert {name: event[name] for name in expected} == expected
            assert not [value for value in event.values() if isinstance(value, (dict, list))]
            assert source.queue.empty()

    asyncio.run(test())


def test_the_event_has_exactly_the_documented_fields() -> None:
    async def test() -> None:
        async with listening() as source:
            await source.post(webhook("FAILED", id="evt_1", timestamp=1634567890123), path=f"/wawp/{ID}")
            assert source.queue.empty()  # that one is years old
            at = now()
            await source.post(webhook("FAILED", id="evt_1", timestamp=at), path=f"/wawp/{ID}")
            event = await source.event()
            received = event.pop("received_at")
            assert received >= iso(at)
            assert event == {
                "source": "webhook",
                "authenticated": True,
                "subject": ID,
                "instance_id": ID,
                "session": "wawp-84729105",
                "event_id": "evt_1",
                "event_name": "session.status",
                "status": "FAILED",
                "previous_status": None,
                "changed": True,
                "kind": "lost",
                "reason": None,
                "account": "********5678@c.us",
                "occurred_at": iso(at),
                "late": False,
                "recovered": False,
            }

    asyncio.run(test())


def test_whose_webhook_it_is() -> None:
    async def test() -> None:
        async with listening(sessions={"wawp-84729105": "MAPPED"}) as source:
            for body, path in (
                (webhook(instance_id="GIVEN"), "/wawp/HINT"),
                (webhook(), "/wawp/HINT"),
                (webhook(session="other", payload={"status": "FAILED"}), "/wawp/HINT"),
            ):
                assert (await source.post(body, path=path))[0] == 200
            assert [event["instance_id"] for event in await source.events(3)] == ["GIVEN", "MAPPED", "HINT"]

    asyncio.run(test())


def test_a_slash_at_the_end_makes_no_difference() -> None:
    async def test() -> None:
        async with listening(path="/wawp/", health_path="/health/") as source:
            for path in ("/wawp", "/wawp/", "/wawp/HINT", "/wawp/HINT/"):
                assert await source.post(webhook(), path=path) == (200, {"result": "accepted"})
            assert [event["instance_id"] for event in await source.events(4)] == [None, None, "HINT", "HINT"]
            for path in ("/health", "/health/", "/health/HINT", "/health/HINT/"):
                async with source.http.get(source.url + path) as reply:
                    assert reply.status == 200

    asyncio.run(test())


def test_other_events_are_ignored_and_counted() -> None:
    async def test() -> None:
        async with listening() as source:
            assert await source.post(webhook(event="message")) == (200, {"result": "ignored"})
            assert await source.post(engine_event("state", "CONNECTED")) == (200, {"result": "ignored"})
            assert (await source.health())[1]["ignored"] == 2
            assert source.queue.empty()

    asyncio.run(test())


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"FAILED"',
    b"\xff\xfe{}",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    json.dumps(webhook(timestamp="soon")).encode(),
    json.dumps(webhook(timestamp=True)).encode(),
    b'{"event":"session.status","session":"s","timestamp":NaN,"payload":{"status":"FAILED"}}',
    b'{"event":"session.status","session":"s","timestamp":1e999,"payload":{"status":"FAILED"}}',
    b'{"timestamp":' + b"9" * 5000 + b"}",
    json.dumps(webhook(payload={"name": "s"})).encode(),
    json.dumps(webhook(payload={"name": "s", "status": 7})).encode(),
    json.dumps(webhook(instance_id="../../etc")).encode(),
    json.dumps({"status": "FAILED", "timestamp": now()}).encode(),
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_bodies_are_refused_and_do_no_harm(body: bytes) -> None:
    async def test() -> None:
        async with listening(replay_window=DAY) as source:
            status, answer = await source.post(body)
            assert (status, list(answer)) == (400, ["error"])
            assert (await source.post(webhook()))[0] == 200
            await source.event()

    asyncio.run(test())


def test_odd_parts_of_a_webhook_are_survived() -> None:
    odd = {"name": "s", "status": "FAILED", "statuses": [None, 1, {"status": 5}, {"status": "X", "timestamp": "y"}]}

    async def test() -> None:
        async with listening() as source:
            for body in (webhook(payload=odd), webhook(me=[1]), webhook(me={"id": 5}), webhook(id=7)):
                assert (await source.post(body))[0] == 200
                assert (await source.event())["status"] == "FAILED"
            nasty = webhook(session="a\x00b\u202e\nc" + "x" * 500, payload={"status": "FAILED"})
            await source.post(nasty)
            assert (await source.event())["session"] == "a b c" + "x" * 194 + "…"

    asyncio.run(test())


def test_raw_holds_neither_secrets_nor_accounts() -> None:
    secrets: dict[str, Any] = {
        "qr": "data:image/png;base64,SECRET",
        "access_token": "SECRET",
        "payload": {
            "name": "s",
            "status": "SCAN_QR_CODE",
            "config": {"webhooks": [{"hmac": {"key": "SECRET"}}]},
            "from": ["201012345678:12@s.whatsapp.net", 5, None],
            "participants": {"201012345678": True, "20 101 234-5678": "admin"},
            "pieces": [["20", "101", "23"], {"country": "20", "area": "101", "rest": "23-45"}],
        },
    }

    async def test() -> None:
        async with listening(raw=True) as source:
            await source.post(webhook(**secrets))
            event = await source.event()
            shown = json.dumps(event)
            assert "SECRET" not in shown
            assert "20101234" not in shown
            assert "John" not in shown
            assert event["raw"]["me"] == {"id": "********5678@c.us", "pushName": "J***"}
            pieces = [["**", "***", "**"], {"country": "**", "area": "***", "rest": "**-**"}]
            assert event["raw"]["payload"]["pieces"] == pieces
            assert event["raw"]["payload"]["participants"] == {"********5678": True, "** *** ***-5678": "admin"}
        async with listening(raw=True, mask_accounts=False) as source:
            await source.post(webhook(**secrets))
            event = await source.event()
            assert "SECRET" not in json.dumps(event)
            assert event["account"] == event["raw"]["me"]["id"] == "201012345678@c.us"

    asyncio.run(test())


@pytest.mark.parametrize("hostile", templates("id"), ids=["expression", "statement", "own brackets"])
def test_no_field_is_a_template(hostile: str) -> None:
    """A playbook gets the event as an extra variable, in which Ansible would run a template."""
    many = {hostile: [hostile, {hostile: hostile}], "pushName": "{", "token": None}
    named = webhook(hostile, id=hostile, session=hostile, me={"id": hostile, **many}, metadata=many)
    named["payload"] = {"status": hostile, "reason": hostile, "statuses": [{"status": hostile, "timestamp": now()}]}
    unnamed = {"event": f"{hostile}.LOGOUT", "name": hostile, "message": hostile, "ts": now(), hostile: hostile}

    async def test() -> None:
        for mask in (True, False):
            async with listening(raw=True, mask_accounts=mask, replay_window=DAY) as source:
                await source.post(named)
                await source.post(unnamed)
                await source.post({**named, "id": "another", "payload": {"status": "WORKING"}})
                for event in await source.events(3):
                    assert not [text for text in strings_in(event) if is_template(text)]
                    assert "id" in event["subject"]  # it still shows what it was
            assert (await refused(hostile))[0] == 400

    async def refused(instance_id: str) -> tuple[int, Any]:
        async with listening() as source:
            return await source.post(webhook(instance_id=instance_id))

    asyncio.run(test())


def test_what_is_left_of_a_template() -> None:
    kept = neutralize({"{{ a }}": ["{% b %}", "{# c #}", "#jinja2:x", 1, None, True]})
    assert kept == {"(( a ))": ["(% b %)", "(# c #)", "# jinja2:x", 1, None, True]}


URLS = [
    ("https://bot:it's-PW@host.example/x?sig=Q", "https://host.example/x?********"),
    ("https://bot:a@b@host.example/", "https://host.example/"),
    (
        "see https://host.example/it's#part, or ftp://bot@host.example",
        "see https://host.example/it's or ftp://host.example",
    ),
    ("https://host.example/https://bot:PW@other.example/", "https://host.example/https://other.example/"),
    ("mail bot@host.example, or not?", "mail bot@host.example, or not?"),
]


@pytest.mark.parametrize(("given", "shown"), URLS, ids=range(len(URLS)))
def test_urls_are_shown_without_credentials_and_queries(given: str, shown: str) -> None:
    async def test() -> None:
        async with listening(raw=True, mask_accounts=False) as source:
            await source.post(webhook(payload={"name": "s", "status": "FAILED", "reason": given, given: 1}))
            event = await source.event()
            assert event["reason"] == shown
            assert event["raw"]["payload"] == {"name": "s", "status": "FAILED", "reason": shown, shown: 1}

    asyncio.run(test())


def test_a_password_at_the_end_of_a_long_reason_is_not_shown_either() -> None:
    reason = webhook_parts.parse_webhook(
        {"session": "s", "status": "FAILED", "reason": "x" * 180 + " https://bot:it's-a-long-PW@host"}, None, {}
    )
    assert reason is not None
    assert reason.reason == "x" * 180 + " https://host"


def test_a_long_body_is_looked_through_in_no_time() -> None:
    began = time.monotonic()
    for text in ("a" * 250_000, "://" * 80_000, "a://@" * 50_000):
        webhook_parts.redact_body({"a": text}, mask=True)
    assert time.monotonic() - began < PATIENCE


def test_neither_the_log_nor_the_answers_show_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    async def test() -> None:
        async with listening() as source:
            body = json.dumps(webhook()).encode()
            answers = [
                await source.post(body, {"X-Webhook-Hmac": "guess"}),
                await source.post(body),
                await source.post(b"{"),
                await source.health(),
            ]
            told_text = caplog.text + repr(answers)
            assert KEY not in told_text
            assert sign(body) not in told_text
            assert "guess" not in told_text
            assert "201012345678" not in told_text

    asyncio.run(test())


def test_health_tells_counts_and_when_a_session_was_heard_of() -> None:
    async def test() -> None:
        async with listening() as source:
            body = webhook(timestamp=now())
            await source.post(body, path=f"/wawp/{ID}")
            await source.post(body, path=f"/wawp/{ID}")
            await source.event()
            while (await source.health())[1]["waiting"]:
                await asyncio.sleep(0.01)
            counts = {"status": "ok", "waiting": 0, "accepted": 1, "duplicate": 1, "ignored": 0, "refused": 0}
            assert await source.health() == (200, counts)
            heard = {**counts, "last_event": iso(body["timestamp"])}
            assert await source.health(ID) == (200, heard)
            assert (await source.health("unknown"))[1]["last_event"] is None

    asyncio.run(test())
