# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_poll with servers that lie, trickle, flood or aren't Wawp's, over real connections."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp import poller, reading
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.poller import Polling, Watched
from ansible_collections.wawp.cloud.tests.eda.support import ID, PATIENCE, cancelled, session_poll

TOKEN = "the token of these tests"
WORKING = {"status": "WORKING", "me": {"id": "201012345678@c.us", "pushName": "John"}}


def http(body: Any, status: int = 200, *headers: str) -> bytes:
    """Return an HTTP reply."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Some Reason", f"Content-Length: {len(content)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Server:
    """A server that gives the same reply to all; None trickles an endless head."""

    def __init__(self) -> None:
        self.reply: bytes | None = http(WORKING)
        self.served = 0
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"}")
            self.served += 1
            if self.reply is None:
                while True:
                    writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            writer.write(self.reply)
            await writer.drain()
        writer.close()

    async def rounds(self, count: int) -> None:
        """Wait until a number of further requests were served."""
        wanted, deadline = self.served + count, time.monotonic() + PATIENCE
        while self.served < wanted:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)


@asynccontextmanager
async def polled(queue: asyncio.Queue[Any], **args: Any) -> AsyncIterator[tuple[Server, asyncio.Task[None]]]:
    """Run a server, and session_poll that reads from it without pauses."""
    server = Server()
    listener = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    quick = {"interval": 0.05, "calls_per_second": 0, "confirm_after": 0, "request_timeout": 0.3, "instances": [ID]}
    given = {"api_url": f"http://127.0.0.1:{server.port}", "access_token": TOKEN, **quick, **args}
    task = asyncio.create_task(session_poll.main(queue, given))
    try:
        await server.rounds(2)
        yield server, task
    finally:
        await cancelled(task)
        listener.close()


NOT_WAWP: dict[str, Any] = {
    "empty": b"",
    "a page": b"<html><body>404 Not Found</body></html>",
    "a route": {"message": "Cannot POST /v2/session/info", "error": "Not Found", "statusCode": 404},
    "a tunnel": b"Tunnel abc.example not found",
    "a platform": {"status": "error", "code": 404, "message": "Application not found", "request_id": "x"},
    "a gateway": {"message": "no Route matched with those values"},
    "text": b"404 page not found",
    "a list": [],
    "nothing": None,
}
NO_STATUS: dict[str, Any] = {
    "null": None,
    "a list": [WORKING],
    "no status": {"me": None},
    "a number": {"status": 7},
    "says no": {"success": False, "status": "FAILED"},
    "an error": {"error": {"code": "x", "message": "not yours"}},
    "REST error": {"code": "rest_forbidden", "message": "Sorry", "data": {"status": 401}},
    "status error": {"status": "error", "message": "no"},
    "twice": b'{"status":"WORKING","status":"FAILED"}',
    "deep": b"[" * 100_000,
    "NaN": b'{"status":"FAILED","x":NaN}',
    "half a character": b'{"status":"FAIL\\ud800ED"}',
}
ODD: dict[str, bytes | None] = {
    "redirect": http(b"", 302, "Location: http://127.0.0.1:1/"),
    "not modified": http(b"", 304),
    "unknown code": http(WORKING | {"status": "FAILED"}, 799),
    "a bomb": http(
        gzip.compress(b'{"status":"FAILED","x":"' + b"x" * 20_000_000 + b'"}'), 200, "Content-Encoding: gzip"
    ),
    "packed": http(gzip.compress(b'{"status":"FAILED"}'), 200, "Content-Encoding: gzip"),
    "too large": http(b'{"status":"FAILED","x":"' + b"x" * 2_000_000 + b'"}'),
    "many headers": http(WORKING | {"status": "FAILED"}, 200, *(f"X-{n}: y" for n in range(20_000))),
    "a long header": http({"status": "FAILED"}, 200, "X-Long: " + "x" * 100_000),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "cut": http(WORKING)[:-5],
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "endless interim replies": None,
}
HOSTILE: dict[str, bytes | None] = {
    **{f"404, {name}": http(b"null" if body is None else body, 404) for name, body in NOT_WAWP.items()},
    **{f"200, {name}": http(b"null" if body is None else body) for name, body in NO_STATUS.items()},
    **ODD,
}


def test_nothing_that_such_servers_say_is_a_change(caplog: pytest.LogCaptureFixture) -> None:
    """All of them one after the other, each for two rounds, and then a true change."""
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def test() -> None:
        async with polled(queue) as (server, task):
            for name, reply in HOSTILE.items():
                server.reply = reply
                await server.rounds(3)
                assert queue.empty(), f"{name}: {queue.get_nowait()}"
                assert not task.done(), name
            server.reply = http(WORKING | {"status": "FAILED"})
            assert (await asyncio.wait_for(queue.get(), PATIENCE))["kind"] == "lost"

    asyncio.run(test())
    assert TOKEN not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {"code": "invalid_session", "message": "Session not found"},
        {"error": {"code": "invalid_session", "message": "No such instance"}},
        {"message": 'Session "x" does not exist', "statusCode": 404},
    ],
    ids=range(3),
)
def test_a_404_that_speaks_of_a_session_is_a_change(body: Any) -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def test() -> None:
        async with polled(queue) as (server, dummy):
            server.reply = http(body, 404)
            assert (await asyncio.wait_for(queue.get(), PATIENCE))["status"] == "DELETED"

    asyncio.run(test())


def test_a_thousand_unreadable_instances_are_a_line_each_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def test() -> None:
        instances = [f"INSTANCE{number}" for number in range(100)]
        async with polled(queue, instances=instances, max_connections=20) as (server, dummy):
            for round_ in range(6):
                server.reply = http(b"", 500 + round_ % 2)
                await server.rounds(150)

    asyncio.run(test())
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= 2


def test_what_nobody_thought_of_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    real, calls = reading.parse_reading, []

    def parse(body: bytes) -> reading.Reading:
        calls.append(body)
        if len(calls) in (3, 4):
            raise ZeroDivisionError
        return real(body)

    monkeypatch.setattr(poller, "parse_reading", parse)

    async def test() -> None:
        async with polled(queue) as (server, task):
            await server.rounds(5)
            assert not task.done()

    asyncio.run(test())


ACCOUNTS: list[tuple[Any, Any, bool]] = [
    ({"id": "201012345678@c.us"}, {"id": "201012345678:12@s.whatsapp.net"}, False),
    ({"id": "201012345678@c.us"}, {"id": "201012345678@s.whatsapp.net", "lid": "777@lid"}, False),
    ({"id": "201012345678@c.us"}, "201012345678", False),
    ({"id": "201012345678@c.us"}, 201012345678, False),
    ({"id": "201012345678@c.us"}, ["201012345678@c.us"], False),
    ({"id": "201012345678@c.us"}, {"jid": "201012345678@c.us"}, False),
    ({"id": "201012345678@c.us"}, {"phone": "+20 101 2345678"}, False),
    ({"id": "201012345678@c.us"}, {"lid": "77777777777@lid"}, False),  # can't be compared
    ({"lid": "77777777777@lid"}, {"lid": "77777777777:3@lid"}, False),
    ({"id": "201012345678@c.us"}, None, False),
    ({"id": "201012345678@c.us"}, {"id": "201012345679@c.us"}, True),
    ({"id": "201012345678@c.us"}, 201012345679, True),
    ({"lid": "77777777777@lid"}, {"lid": "77777777778@lid"}, True),
]


@pytest.mark.parametrize(("before", "now", "changed"), ACCOUNTS, ids=range(len(ACCOUNTS)))
def test_the_same_account_in_two_writings_is_no_change(before: Any, now: Any, changed: bool) -> None:
    first, second = (
        reading.parse_reading(json.dumps({"status": "WORKING", "me": me}).encode()) for me in (before, now)
    )
    assert reading.differs(second, first) is changed


def test_what_an_account_was_called_before_counts_too() -> None:
    """Known by number and lid, then by lid alone, then by another lid."""
    replies = [
        {"id": "201012345678@c.us", "lid": "77777777777@lid"},
        {"lid": "77777777777@lid"},
        {"lid": "777777777@lid"},
    ]
    known = None
    found = []
    for me in replies:
        new = reading.parse_reading(json.dumps({"status": "WORKING", "me": me}).encode())
        found.append(known is not None and reading.differs(new, known.reading))
        known = reading.after(new, known)
    assert found == [False, False, True]


def test_nothing_secret_is_in_the_options_that_may_be_shown() -> None:
    polling = session_poll.read_options({"instances": [ID], "access_token": TOKEN}, {})
    assert isinstance(polling, Polling)
    assert polling.instances == (Watched(ID, TOKEN, None),)
    assert TOKEN not in repr(polling)
