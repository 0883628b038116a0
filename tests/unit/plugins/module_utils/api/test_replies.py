# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests and whole replies as they go over real connections: good ones, unreadable ones, redirects."""

from __future__ import annotations

import gzip
import http.client as http_client
import json
import time
import zlib
from email.utils import formatdate

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import MAX_BODY
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .calls import GOOD, ID, TOKEN, call, failure, refusal
from .raw_server import RawServer, drips, http, says

# -- the request


def test_the_request_as_it_goes_over_the_wire(make_client: MakeClient) -> None:
    with RawServer(says(http(200, GOOD))) as server:
        make_client(server.url).call("info", ID, TOKEN, phone="999000000001")
    (request,) = server.requests
    assert request.line == "POST /v2/session/info HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("wawp.cloud/")
    assert json.loads(request.body) == {"instance_id": ID, "access_token": TOKEN, "phone": "999000000001"}
    assert b"tok" not in request.head
    assert {"authorization", "cookie", "x-instance-id"}.isdisjoint(request.headers)


@pytest.mark.parametrize("calls", [1, 2])
def test_each_request_is_sent_in_one_piece(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """On a new connection, and on a kept one."""
    sent: list[bytes] = []
    send = http_client.HTTPConnection.send

    def recorded(connection: http_client.HTTPConnection, data: bytes) -> None:
        sent.append(data)
        send(connection, data)

    monkeypatch.setattr(http_client.HTTPConnection, "send", recorded)
    with RawServer(says(http(200, GOOD), keep_alive=True)) as server:
        client = make_client(server.url)
        for number in range(calls):
            client.call("info", str(number), TOKEN)
    assert [json.loads(data.partition(b"\r\n\r\n")[2])["instance_id"] for data in sent] == list(map(str, range(calls)))


def test_requests_of_one_client_go_where_each_belongs(make_client: MakeClient) -> None:
    """Whatever all requests share is looked up once; paths and headers aren't."""
    with RawServer(says(http(200, GOOD), keep_alive=True)) as server:
        client = make_client(f"{server.url}/base")
        for name in ("info", "temp_link_get", "stop", "info"):
            client.call(name, ID, TOKEN)
    paths = ["info", "temp-link", "stop", "info"]
    assert [request.line.split()[1] for request in server.requests] == [f"/base/v2/session/{path}" for path in paths]
    assert [request.headers.get("x-instance-id") for request in server.requests] == [None, ID, None, None]


# -- valid replies, in every form


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_json_will_do(make_client: MakeClient, status: int) -> None:
    assert call(make_client, says(http(status, GOOD))) == (status, {"status": "WORKING"})


def test_chunked(make_client: MakeClient) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (GOOD[:5], GOOD[5:]))
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    assert call(make_client, says(reply))[1] == {"status": "WORKING"}


def test_until_the_connection_closes(make_client: MakeClient) -> None:
    assert call(make_client, says(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD))[1] == {"status": "WORKING"}


def test_after_a_continue(make_client: MakeClient) -> None:
    assert call(make_client, says(b"HTTP/1.1 100 Continue\r\n\r\n" + http(200, GOOD)))[1] == {"status": "WORKING"}


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed(make_client: MakeClient, coding: str, pack: object) -> None:
    body = pack(GOOD)  # type: ignore[operator]
    assert call(make_client, says(http(200, body, f"Content-Encoding: {coding}")))[1] == {"status": "WORKING"}


def test_a_byte_order_mark(make_client: MakeClient) -> None:
    assert call(make_client, says(http(200, b"\xef\xbb\xbf" + GOOD)))[1] == {"status": "WORKING"}


def test_a_slow_reply_within_the_time(make_client: MakeClient) -> None:
    assert call(make_client, drips(http(200, GOOD), 0.001))[1] == {"status": "WORKING"}


def test_nearly_as_large_as_allowed(make_client: MakeClient) -> None:
    body = json.dumps({"status": "WORKING", "pad": "x" * (MAX_BODY - 100)}).encode()
    dummy, value = call(make_client, says(http(200, body)))
    assert value == json.loads(body)


# -- unreadable 2xx


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html><body>Welcome</body></html>",
        b"{'status': 'WORKING'}",
        b'{"status": "WORKING"',
        b'{"status": "\xff"}',
        b"\x1f\x8b\x08",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"[" * 100 + b"]" * 100,
        b'{"n": ' + b"9" * 10_000 + b"x}",
        b'{"n": NaN}',
        b'{"n": -Infinity}',
        b'{"n": 1e999}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_no_json(make_client: MakeClient, body: bytes) -> None:
    error = failure(make_client, says(http(200, body)))
    assert (error.kind, error.http_status) == (_errors.UNREADABLE, 200)
    assert error.ambiguous
    assert "HTTP 200" in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_body_is_named(make_client: MakeClient, status: int) -> None:
    reply = b"HTTP/1.1 204 No Content\r\n\r\n" if status == 204 else http(200)
    error = failure(make_client, says(reply))
    assert (error.kind, error.http_status) == (_errors.UNREADABLE, status)
    assert "an empty body" in str(error)


@pytest.mark.parametrize(
    "reply",
    [
        http(200, b"x" * (MAX_BODY + 1)),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BODY + 1),
        http(200, gzip.compress(bytes(64 << 20)), "Content-Encoding: gzip"),
        http(200, gzip.compress(gzip.compress(bytes(64 << 20))), "Content-Encoding: gzip, gzip"),
    ],
    ids=["content-length", "endless", "gzip bomb", "gzip bomb in gzip"],
)
def test_a_reply_that_is_too_large(make_client: MakeClient, reply: bytes) -> None:
    error = failure(make_client, says(reply))
    assert (error.kind, error.http_status) == (_errors.UNREADABLE, 200)
    assert f"larger than {MAX_BODY} bytes" in str(error)


def test_a_refusal_is_a_refusal_however_long_its_page(make_client: MakeClient) -> None:
    error = refusal(make_client, b"Bad token. " + b"x" * 2 * MAX_BODY, 401)
    assert (error.kind, error.http_status) == (_errors.BAD_TOKEN, 401)
    assert "Bad token." in str(error)


# -- redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
def test_a_redirect_is_never_followed(make_client: MakeClient, status: int) -> None:
    with RawServer(says(http(200, GOOD))) as other:
        error = refusal(make_client, b"", status, f"Location: {other.url}/v2/session/info")
    assert other.accepted == 0
    assert (error.kind, error.http_status) == (_errors.REDIRECTED, status)
    assert not error.ambiguous
    assert "127.0.0.1" in str(error)
    assert "set api_url" in str(error)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://127.0.0.1/v2/session/info", True),
        ("HTTPS://127.0.0.1:8443/", True),
        ("https://elsewhere.example/v2/session/info", False),
        ("http://127.0.0.1/x", False),
        ("/login", False),
    ],
)
def test_a_redirect_to_https_of_the_same_host_is_named(make_client: MakeClient, location: str, named: bool) -> None:
    error = refusal(make_client, b"", 308, f"Location: {location}")
    assert ("set api_url to https instead of http: https://127.0.0.1" in str(error)) == named


@pytest.mark.parametrize("frame", [b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_http_2_is_named(make_client: MakeClient, frame: bytes) -> None:
    error = failure(make_client, says(frame))
    assert error.kind == _errors.NOT_WAWP
    assert "only HTTP/2 is spoken on this port" in str(error)


def test_a_redirect_with_an_endless_body(make_client: MakeClient) -> None:
    react = drips(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n" + b"x" * 1000, 0.05)
    began = time.monotonic()
    assert failure(make_client, react, request_timeout=2.5).kind == _errors.TIMEOUT
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/elsewhere", "to the same host"),
        ("http://[::1/", "to an unreadable address"),
        ("https://user:hushed@elsewhere.example/?access_token=hushed", "to elsewhere.example"),
        ("https://evil\x1b31m/", "evil"),
    ],
)
def test_where_a_redirect_leads_is_told_without_secrets(make_client: MakeClient, location: str, shown: str) -> None:
    error = refusal(make_client, b"", 307, f"Location: {location}")
    assert shown in str(error)
    assert "hushed" not in str(error)
    assert str(error).isprintable()


# -- Retry-After


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "-1",
        "1.5",
        "nan",
        "inf",
        "1e3",
        "99999999999",
        "٣",
        ",",
        "Wed, 99 Foo 2026 99:99:99 GMT",
        "0 mon ,",
        "\x80",
    ],
)
def test_a_retry_after_that_makes_no_sense(make_client: MakeClient, value: str) -> None:
    header = "Retry-After: " + value.encode("utf-8").decode("latin-1")
    error = refusal(make_client, b"", 429, header)
    assert (error.kind, error.retry_after) == (_errors.RATE_LIMITED, None)


@pytest.mark.parametrize(
    "form",
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S -0000"],
)
def test_a_retry_after_date_is_utc_in_every_form(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        date = time.strftime(form, time.gmtime(time.time() + 500))
        error = refusal(make_client, b"", 503, f"Retry-After: {date}")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert error.retry_after is not None
    assert 300 < error.retry_after <= 500


def test_a_retry_after_in_the_past_is_now(make_client: MakeClient) -> None:
    assert refusal(make_client, b"", 429, f"Retry-After: {formatdate(0, usegmt=True)}").retry_after == 0
