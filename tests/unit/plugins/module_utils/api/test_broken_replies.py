# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies that end early or never, and the connection afterwards."""

from __future__ import annotations

import gzip
import socket
import time
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .calls import GOOD, ID, TOKEN, failure
from .raw_server import RawServer, React, Request, drips, hangs_up, http, says

# -- replies that end early, or never


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + GOOD,
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        http(200, b"this is no gzip", "Content-Encoding: gzip"),
        http(200, gzip.compress(GOOD)[:-12], "Content-Encoding: gzip"),
    ],
    ids=lambda reply: repr(reply[:60]),
)
def test_a_broken_reply(make_client: MakeClient, reply: bytes) -> None:
    error = failure(make_client, says(reply))
    assert error.kind in (_errors.UNREACHABLE, _errors.UNREADABLE)
    assert error.ambiguous
    assert str(error).isprintable()
    assert "/v2/session/info: " in str(error)


def test_a_connection_that_is_reset(make_client: MakeClient) -> None:
    def reset(connection: socket.socket, dummy: Request) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return False

    error = failure(make_client, reset)
    assert error.kind == _errors.UNREACHABLE
    assert error.ambiguous


def test_nobody_listens(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WawpError) as caught:
        make_client(f"http://127.0.0.1:{port}").call("info", ID, TOKEN)
    assert caught.value.kind == _errors.UNREACHABLE
    assert caught.value.transient
    assert "refused" in str(caught.value)
    assert "0x" not in str(caught.value)


def test_an_unknown_host(make_client: MakeClient) -> None:
    with pytest.raises(WawpError) as caught:
        make_client("http://no-such-host.invalid").call("info", ID, TOKEN)
    assert caught.value.kind == _errors.UNREACHABLE
    assert "no-such-host.invalid" in str(caught.value)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "slow",
    [HEAD + b"x" * 1000, HEAD.replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 300],
    ids=["body", "chunks"],
)
def test_a_dripping_reply_ends_near_the_time_out(make_client: MakeClient, slow: bytes) -> None:
    began = time.monotonic()

    def react(connection: socket.socket, request: Request) -> bool:
        end = slow.index(b"\r\n\r\n") + 4
        connection.sendall(slow[:end])
        return drips(slow[end:], 0.05)(connection, request)

    error = failure(make_client, react, request_timeout=0.5)
    assert error.kind == _errors.TIMEOUT
    assert error.ambiguous
    assert time.monotonic() - began < 10


def interim(connection: socket.socket, dummy: Request) -> bool:
    """Answer with one interim reply after another."""
    end = time.monotonic() + 12
    while time.monotonic() < end:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)
    return False


@pytest.mark.parametrize(
    "react",
    [drips(b"HTTP/1.1 200 OK\r\n", 0.1), drips(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000, 0.1), interim],
    ids=["status line", "header", "interim replies"],
)
def test_a_dripping_head_ends_near_the_time_out(make_client: MakeClient, react: React) -> None:
    began = time.monotonic()
    error = failure(make_client, react, request_timeout=0.3)
    assert error.kind == _errors.TIMEOUT
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dripping_head_of_a_proxy_too(
    environment: Path, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient, scheme: str
) -> None:
    with RawServer(drips(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000, 0.1)) as proxy:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url)
        began = time.monotonic()
        with pytest.raises(WawpError):
            make_client(f"{scheme}://api.example", 0.3).call("info", ID, TOKEN)
        assert proxy.requests
    assert time.monotonic() - began < 10


def test_the_time_of_a_reply_begins_anew_on_a_kept_connection(make_client: MakeClient) -> None:
    def react(connection: socket.socket, dummy: Request) -> bool:
        time.sleep(0.7)
        return says(http(200, GOOD), keep_alive=True)(connection, dummy)

    with RawServer(react) as server:
        client = make_client(server.url, request_timeout=2.5)
        for dummy in range(4):
            assert client.call("info", ID, TOKEN)[0] == 200
    assert server.accepted == 1


@pytest.mark.parametrize("status", [101, 102, 103])
def test_an_interim_reply_leaves_open_what_was_done(make_client: MakeClient, status: int) -> None:
    """And the final one, whenever it comes, never passes for the next call's reply."""

    def react(connection: socket.socket, request: Request) -> bool:
        if b"logout" in request.head:
            connection.sendall(b"HTTP/1.1 %d Wait\r\n\r\n" % status)
            time.sleep(0.1)
            connection.sendall(http(200, b'{"status": "SCAN_QR_CODE"}'))
            return True
        return says(http(200, GOOD))(connection, request)

    with RawServer(react) as server:
        client = make_client(server.url)
        with pytest.raises(WawpError, match="no final reply") as caught:
            client.call("logout", ID, TOKEN)
        assert client.call("info", ID, TOKEN) == (200, {"status": "WORKING"})
    assert caught.value.ambiguous


def test_a_reply_that_stops_in_the_middle(make_client: MakeClient) -> None:
    def react(connection: socket.socket, dummy: Request) -> bool:
        connection.sendall(HEAD + b"some bytes")
        return True

    assert failure(make_client, react, request_timeout=0.3).kind == _errors.TIMEOUT


# -- a kept connection


def test_the_server_closes_an_idle_connection(make_client: MakeClient) -> None:
    """Silently, after a reply that promised to keep it."""
    with RawServer(says(http(200, GOOD))) as server:
        client = make_client(server.url)
        for dummy in range(3):
            assert client.call("info", ID, TOKEN)[0] == 200
            time.sleep(0.05)
    assert [request.line for request in server.requests] == ["POST /v2/session/info HTTP/1.1"] * 3
    assert server.accepted == 3


def test_a_write_on_a_connection_that_dies_is_not_sent_again(make_client: MakeClient) -> None:
    def react(connection: socket.socket, request: Request) -> bool:
        return (hangs_up if b"logout" in request.head else says(http(200, GOOD), keep_alive=True))(connection, request)

    with RawServer(react) as server:
        client = make_client(server.url)
        client.call("info", ID, TOKEN)
        with pytest.raises(WawpError) as caught:
            client.call("logout", ID, TOKEN)
    assert caught.value.ambiguous
    assert [request.line.split()[1] for request in server.requests] == ["/v2/session/info", "/v2/session/logout"]


def test_a_reply_that_was_given_up_is_not_taken_for_the_next(make_client: MakeClient) -> None:
    def react(connection: socket.socket, request: Request) -> bool:
        if b"logout" in request.head:
            connection.sendall(HEAD)
            return True
        connection.sendall(http(200, GOOD))
        return True

    with RawServer(react) as server:
        client = make_client(server.url, request_timeout=0.5)
        with pytest.raises(WawpError):
            client.call("logout", ID, TOKEN)
        assert client.call("info", ID, TOKEN) == (200, {"status": "WORKING"})


def test_cookies_are_never_sent_back(make_client: MakeClient) -> None:
    with RawServer(says(http(200, GOOD, "Set-Cookie: a=b; Path=/"), keep_alive=True)) as server:
        client = make_client(server.url)
        client.call("info", ID, TOKEN)
        client.call("info", ID, TOKEN)
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]
