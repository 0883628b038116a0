# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status: who may send, over real connections."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path

import aiohttp
import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.authenticator import (
    Authenticator,
    Secrets,
)
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.webhook import WebhookRejected
from ansible_collections.wawp.cloud.tests.eda.support import (
    ID,
    Source,
    listening,
    make_certificate,
    now,
    sign,
    webhook,
)

VECTOR_KEY = "my-secret-key"
VECTOR_BODY = b'{"event":"message","session":"default","engine":"WEBJS"}'
VECTOR_SIGNATURE = (
    "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
    "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89"
)


def test_the_published_vector() -> None:
    authenticator = Authenticator(Secrets(hmac_keys=(VECTOR_KEY,)), replay_window=300)
    authenticator.check_signature({"X-Webhook-Hmac": VECTOR_SIGNATURE}, VECTOR_BODY)
    with pytest.raises(WebhookRejected):
        authenticator.check_signature({"X-Webhook-Hmac": VECTOR_SIGNATURE}, VECTOR_BODY + b" ")

    async def test() -> None:
        async with listening(hmac_keys=VECTOR_KEY) as source:
            headers = {"X-Webhook-Hmac": VECTOR_SIGNATURE, "X-Webhook-Timestamp": str(now())}
            assert await source.post(VECTOR_BODY, headers) == (200, {"result": "ignored"})

    asyncio.run(test())


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("key", ["old", "new"])
def test_either_key_and_digest_is_taken(digest: str, key: str) -> None:
    async def test() -> None:
        async with listening(hmac_keys=["new", "old"], hmac_header="X-Signature") as source:
            body = json.dumps(webhook()).encode()
            assert (await source.post(body, {"X-Signature": sign(body, key, digest).upper()}))[0] == 200

    asyncio.run(test())


def test_bad_signatures_are_refused() -> None:
    body = json.dumps(webhook()).encode()
    right = sign(body)
    wrong = {
        "none": {},
        "empty": {"X-Webhook-Hmac": ""},
        "short": {"X-Webhook-Hmac": right[:-1]},
        "long": {"X-Webhook-Hmac": right + "0"},
        "one digit off": {"X-Webhook-Hmac": ("0" if right[0] != "0" else "1") + right[1:]},
        "other key": {"X-Webhook-Hmac": sign(body, "another")},
        "other body": {"X-Webhook-Hmac": sign(body + b" ")},
        "weak digest": {"X-Webhook-Hmac": sign(body, digest="md5"), "X-Webhook-Hmac-Algorithm": "md5"},
        "not ASCII": {"X-Webhook-Hmac": "é" * 128},
        "other header": {"X-Hub-Signature": right},
    }

    async def test() -> None:
        async with listening() as source:
            answers = {name: (await source.post(body, headers))[0] for name, headers in wrong.items()}
            assert answers == dict.fromkeys(wrong, 401)
            assert source.queue.empty()
            assert (await source.health())[1]["refused"] == len(wrong)
            assert (await source.post(body))[0] == 200  # refused ones are not remembered as seen

    asyncio.run(test())


def test_a_shared_secret_is_enough_and_with_keys_both_are_needed() -> None:
    async def test() -> None:
        body = json.dumps(webhook()).encode()
        async with listening(hmac_keys=None, secrets=["s1", "s2"], secret_header="X-Secret") as source:
            assert (await source.post(body, {}))[0] == 401
            assert (await source.post(body, {"X-Secret": "s"}))[0] == 401
            assert (await source.post(body, {"X-Secret": "s2"}))[0] == 200
        async with listening(secrets="s1") as source:
            assert (await source.post(body, {"X-Webhook-Hmac": sign(body)}))[0] == 401
            assert (await source.post(body, {"X-Webhook-Secret": "s1"}))[0] == 401
            assert (await source.post(body, {"X-Webhook-Hmac": sign(body), "X-Webhook-Secret": "s1"}))[0] == 200

    asyncio.run(test())


def test_replays_are_refused() -> None:
    old, soon = now() - 400_000, now() + 400_000

    async def test() -> None:
        async with listening(replay_window="300") as source:
            assert (await source.post(webhook(timestamp=old)))[0] == 403
            assert (await source.post(webhook(timestamp=soon)))[0] == 403
            assert (await source.post(webhook(timestamp=old // 1000)))[0] == 403
            assert (await source.post({"instance_id": ID, "status": "FAILED"}))[0] == 400
            body = json.dumps(webhook()).encode()
            assert (await source.post(body, {"X-Webhook-Hmac": sign(body), "X-Webhook-Timestamp": str(old)}))[0] == 403
            stale = json.dumps(webhook(timestamp=old)).encode()
            # the header isn't signed: it can't make an old body young
            fresh = {"X-Webhook-Hmac": sign(stale), "X-Webhook-Timestamp": str(now())}
            assert (await source.post(stale, fresh))[0] == 403
        async with listening(replay_window=0) as source:
            assert (await source.post(webhook(timestamp=old)))[0] == 200
            assert (await source.post({"instance_id": ID, "status": "FAILED"}))[0] == 200

    asyncio.run(test())


def test_tls_and_client_certificates(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)
    known = ssl.create_default_context(cafile=certificate)
    known.load_cert_chain(certificate, key)

    async def status(source: Source, context: ssl.SSLContext) -> int:
        body = json.dumps(webhook()).encode()
        url, headers = f"https://127.0.0.1:{source.port}/wawp", {"X-Webhook-Hmac": sign(body)}
        async with source.http.post(url, data=body, headers=headers, ssl=context) as reply:
            return reply.status

    async def test() -> None:
        async with listening(certfile=certificate, keyfile=key) as source:
            assert await status(source, trusting) == 200
            with pytest.raises(aiohttp.ClientError):
                await source.post(webhook())  # plain HTTP
        async with listening(certfile=certificate, keyfile=key, cafile=certificate) as source:
            assert await status(source, known) == 200
            with pytest.raises(aiohttp.ClientError):
                await status(source, trusting)

    asyncio.run(test())
