# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status: floods, slow senders and enormous bodies, over real connections."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.history import Known
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.receiver import TokenBucket
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.store import Store
from ansible_collections.wawp.cloud.tests.eda.support import (
    PATIENCE,
    Stuck,
    listening,
    sign,
    webhook,
)


def test_a_full_queue_refuses_and_loses_nothing_that_it_took() -> None:
    async def test() -> None:
        stuck = Stuck()
        async with listening(stuck, queue_size=5) as source:
            bodies = [webhook(session=f"s{number}") for number in range(8)]
            answers = [await source.post(body) for body in bodies]
            assert [status for status, dummy in answers] == [200] * 5 + [503] * 3
            assert (await source.health())[0] == 503
            stuck.go.set()
            while (await source.health())[1]["waiting"]:
                await asyncio.sleep(0.01)
            for body in bodies[5:]:  # as the sender tries again
                assert (await source.post(body))[0] == 200
            while (await source.health())[1]["waiting"]:
                await asyncio.sleep(0.01)
            assert [event["event_id"] for event in stuck.events] == [body["id"] for body in bodies]

    asyncio.run(test())


def test_the_rate_is_limited_for_the_genuine_only() -> None:
    async def test() -> None:
        async with listening(max_rate=1) as source:
            for dummy in range(3):
                assert (await source.post(webhook(), {"X-Webhook-Hmac": "0" * 128}))[0] == 401
            assert (await source.post(webhook()))[0] == 200
            body = json.dumps(webhook()).encode()
            headers = {"X-Webhook-Hmac": sign(body)}
            async with source.http.post(f"{source.url}/wawp", data=body, headers=headers) as reply:
                assert (reply.status, reply.headers["Retry-After"]) == (429, "1")

    asyncio.run(test())


def test_the_bucket() -> None:
    time_now = [0.0]
    bucket = TokenBucket(2, lambda: time_now[0])
    assert [bucket.take() for dummy in range(3)] == [True, True, False]
    time_now[0] += 0.5
    assert [bucket.take() for dummy in range(2)] == [True, False]
    time_now[0] += 100
    assert [bucket.take() for dummy in range(3)] == [True, True, False]
    assert all(TokenBucket(0).take() for dummy in range(100))


async def conversation(port: int, *pieces: bytes) -> bytes:
    """Send pieces over a raw connection and read until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


def head(length: int | str, signature: str = "0" * 128) -> bytes:
    size = f"Content-Length: {length}" if isinstance(length, int) else "Transfer-Encoding: chunked"
    return f"POST /wawp HTTP/1.1\r\nHost: x\r\nX-Webhook-Hmac: {signature}\r\n{size}\r\n\r\n".encode()


def test_enormous_bodies_are_refused_unread() -> None:
    async def test() -> None:
        async with listening(max_body=1000) as source:
            assert (await conversation(source.port, head(10**12), b"x" * 5000))[:12] == b"HTTP/1.1 413"
            chunk = b"%x\r\n%s\r\n" % (5000, b"x" * 5000)
            assert (await conversation(source.port, head("chunked"), *[chunk] * 3))[:12] == b"HTTP/1.1 413"
            assert (await source.post(webhook()))[0] == 200

    asyncio.run(test())


def test_a_packed_bomb_stays_packed() -> None:
    async def test() -> None:
        async with listening() as source:
            bomb = gzip.compress(b'{"a":"' + b"x" * 50_000_000 + b'"}')
            headers = {"X-Webhook-Hmac": sign(bomb), "Content-Encoding": "gzip"}
            assert (await source.post(bomb, headers))[0] == 400

    asyncio.run(test())


def test_slow_senders_are_cut_off_while_others_are_served() -> None:
    async def test() -> None:
        async with listening(body_timeout=0.3, idle_timeout=0.5) as source:
            slow = [asyncio.create_task(conversation(source.port, head(100), b"x")) for dummy in range(20)]
            silent = [asyncio.create_task(conversation(source.port, piece)) for piece in (b"", b"POST /wawp HT")]
            assert (await source.post(webhook()))[0] == 200
            assert {answer[:12] for answer in await asyncio.gather(*slow)} == {b"HTTP/1.1 408"}
            assert all(not answer for answer in await asyncio.gather(*silent))

    asyncio.run(test())


async def keep_alive(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection, send a genuine webhook on it and leave it open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps(webhook()).encode()
    writer.write(head(len(body), sign(body)) + body)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    return reader, writer


def test_one_connection_too_many_takes_the_place_of_the_oldest_that_proved_nothing() -> None:
    async def test() -> None:
        async with listening(max_connections=3) as source:
            dummy, kept = await keep_alive(source.port)
            silent = [await asyncio.open_connection("127.0.0.1", source.port) for dummy in range(2)]
            assert (await source.post(webhook()))[0] == 200
            assert await asyncio.wait_for(silent[0][0].read(), PATIENCE) == b""
            assert not silent[1][0].at_eof()
            assert not kept.is_closing()
            for writer in (kept, silent[1][1]):
                writer.close()

    asyncio.run(test())


def test_only_genuine_senders_can_fill_it() -> None:
    async def test() -> None:
        async with listening(max_connections=3) as source:
            crowd = [await keep_alive(source.port) for dummy in range(3)]
            answer = await conversation(source.port)
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"Retry-After" in answer
            for dummy, writer in crowd:
                writer.close()

    asyncio.run(test())


def test_a_flood_loses_nothing_that_was_accepted() -> None:
    async def test() -> None:
        async with listening(queue_size=200, max_rate=0) as source:
            bodies = [webhook(session=f"s{number}") for number in range(1000)]
            answers = await asyncio.gather(*(source.post(body) for body in bodies))
            accepted = [body["id"] for body, (status, dummy) in zip(bodies, answers) if status == 200]
            assert {status for status, dummy in answers} <= {200, 503}
            assert sorted(event["event_id"] for event in await source.events(len(accepted))) == sorted(accepted)
            assert source.queue.empty()

    asyncio.run(test())


def test_what_is_remembered_is_bounded() -> None:
    store = Store("", 10)
    for number in range(50):
        assert store.is_new(f"id{number}")
        store.set_known(f"s{number}", Known(number, "WORKING", "WORKING"))
    store.forget_oldest()
    assert [store.is_new(f"id{number}") for number in (45, 5)] == [False, True]
    assert store.known("s39") is None
    assert store.known("s40") is not None


def test_complaints_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with listening() as source:
            for dummy in range(50):
                await source.post(webhook(), {})

    asyncio.run(test())
    assert len([record for record in caplog.records if "refused" in record.message]) == 1


def test_a_body_that_is_nested_without_end_is_refused() -> None:
    """Each level that is passed on costs its receivers a level too."""

    async def test() -> None:
        async with listening(raw=True) as source:
            for depth, status in ((50, 200), (200, 400), (3000, 400)):
                text = json.dumps(webhook(session=f"s{depth}"))[:-1] + f', "more": {"[" * depth}{"]" * depth}}}'
                headers = {"X-Webhook-Hmac": sign(text.encode())}
                async with source.http.post(f"{source.url}/wawp", data=text.encode(), headers=headers) as reply:
                    assert reply.status == status

    asyncio.run(test())
