# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies that no simulator of an API gives: broken, slow, huge and hostile bytes over real connections."""

from __future__ import annotations

import gzip
import html
import json
import re
import socket
import time
import zlib
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import MAX_BODY
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .raw_server import RawServer, React, Request, drips, hangs_up, http, says

TOKEN = "tok/en+Kenn=Wort\"cha'rs&<x>"
ID = "3EB0BCB2E3D4"
GOOD = json.dumps({"status": "WORKING"}).encode()


def call(make_client: MakeClient, react: React, request_timeout: float = 30.0) -> tuple[int, object]:
    """One info call that is answered so."""
    with RawServer(react) as server:
        return make_client(server.url, request_timeout).call("info", ID, TOKEN)


def failure(make_client: MakeClient, react: React, request_timeout: float = 30.0) -> WawpError:
    """The error with which a call that is answered so ends."""
    with pytest.raises(WawpError) as caught:
        call(make_client, react, request_timeout)
    return caught.value


def refusal(make_client: MakeClient, body: bytes, status: int = 400, *headers: str) -> WawpError:
    """The error that a reply of this status and body becomes."""
    return failure(make_client, says(http(status, body, *headers)))


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


# -- good replies, in every dress


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


# -- 2xx that nobody can read


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
    """And the final one, whenever it comes, is never taken for that to the next call."""

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
    """Without a word, after a reply that promised to keep it."""
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


# -- what an error says


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
            assert "Kenn" not in said
            assert "Wort" not in said


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
        (b'{"message": ["b", "c"]}', None, "['b', 'c']"),
        (b'{"error": {"code": null}}', None, '{"error": {"code": null}}'),
        (b'{"error": null, "detail": "b"}', None, '{"error": null, "detail": "b"}'),
        (b'["b"]', None, '["b"]'),
        (b'"b"', None, '"b"'),
        (b"null", None, "null"),
        (b"{}", None, "{}"),
        (b"Z\xfcrich", None, "Z\ufffdrich"),
        ("Zürich".encode("utf-16-le"), None, "Z\ufffdrich"),
        (b"<a>b<c/>d</a>", None, "b d"),
        (b"<html><head><title>t</title></head><body><style>s</style><script>x<y</script><p>b</p>", None, "b"),
        (b"[" * 100_000, None, "[[["),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_where_the_words_come_from(make_client: MakeClient, body: bytes, code: str | None, said: str) -> None:
    error = refusal(make_client, body, 403)
    assert error.kind == _errors.FORBIDDEN
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


@pytest.mark.parametrize(
    "page",
    [
        b"<html><h1>404</h1></html>",
        b"\xef\xbb\xbf<!DOCTYPE html><title>404</title>",
        b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html></html>',
        b"<!-- page --><HTML>",
        b"<h1>Not Found</h1>",
        b"404 page not found\n",
        b'{"statusCode":404,"message":"Cannot POST /v2/session/info","error":"Not Found"}',
    ],
    ids=lambda page: repr(page[:30]),
)
def test_a_404_of_something_else_is_a_wrong_api_url(make_client: MakeClient, page: bytes) -> None:
    error = refusal(make_client, page, 404)
    assert (error.kind, error.http_status) == (_errors.NOT_WAWP, 404)
    assert "check api_url" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"code": "invalid_session", "message": "gone"}',
        b"<error><code>invalid_session</code></error>",
        b"invalid_session: gone",
    ],
)
def test_a_404_of_the_api_is_an_unknown_session(make_client: MakeClient, body: bytes) -> None:
    assert refusal(make_client, body, 404).kind == _errors.UNKNOWN_SESSION


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
        ("https://user:geheim@elsewhere.example/?access_token=geheim", "to elsewhere.example"),
        ("https://evil\x1b31m/", "evil"),
    ],
)
def test_where_a_redirect_leads_is_told_without_secrets(make_client: MakeClient, location: str, shown: str) -> None:
    error = refusal(make_client, b"", 307, f"Location: {location}")
    assert shown in str(error)
    assert "geheim" not in str(error)
    assert str(error).isprintable()
