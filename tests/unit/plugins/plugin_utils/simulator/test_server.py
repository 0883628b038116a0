# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server: valid and invalid HTTP, from many clients at once."""

from __future__ import annotations

import http.client
import json
import resource
import socket
import ssl
import subprocess
import threading
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    SANDBOX_TOKEN,
    SCAN_QR_CODE,
    STARTING,
    WORKING,
    Delays,
    Instance,
)
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

from .conftest import Sandbox

ID = "3EB0BCB2E3D4"
GOOD = {"instance_id": ID, "access_token": SANDBOX_TOKEN}


@pytest.fixture
def instance(sandbox: Sandbox) -> Instance:
    return sandbox.engine.add(Instance(ID))


def raw(sandbox: Sandbox, data: bytes) -> bytes:
    """Send bytes and read until the server closes."""
    with socket.create_connection((sandbox.server.host, sandbox.server.port), timeout=30) as client:
        client.sendall(data)
        received = b""
        while True:
            more = client.recv(65536)
            if not more:
                return received
            received += more


def request(body: bytes, head: str = "POST /v2/session/info HTTP/1.1") -> bytes:
    return f"{head}\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


INFO = request(json.dumps(GOOD).encode())
CLOSE = b"GET /_simulator/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_the_port_is_a_real_one(sandbox: Sandbox) -> None:
    assert sandbox.server.url == f"http://127.0.0.1:{sandbox.server.port}"
    assert sandbox.server.port != 0


@pytest.mark.parametrize(
    ("query", "data", "headers", "credentials"),
    [
        ("", GOOD, {}, "body"),
        (f"?instance_id={ID}&access_token={SANDBOX_TOKEN}", None, {}, "query"),
        ("", None, {"Authorization": f"Bearer {SANDBOX_TOKEN}", "X-Instance-ID": ID}, "header"),
        ("", GOOD, {"Authorization": "Bearer wrong"}, "body+header"),
        (f"?access_token={SANDBOX_TOKEN}", {"instance_id": ID}, {}, "query"),
        ("", GOOD, {"Authorization": "Basic bmV0cmM6bmV0cmM="}, "body+basic"),
    ],
)
def test_credentials_are_taken_from_three_places(
    sandbox: Sandbox, query: str, data: t.Any, headers: dict[str, str], credentials: str
) -> None:
    sandbox.engine.add(Instance(ID))
    answer = sandbox.ask("POST", f"/v2/session/info{query}", data, headers)
    assert answer.json()["status"] == WORKING
    entry = sandbox.engine.log[-1]
    assert (entry.credentials, entry.token_ok, entry.path) == (credentials, True, "/v2/session/info")


def test_a_get_may_have_a_body(sandbox: Sandbox, instance: Instance) -> None:
    assert sandbox.ask("GET", "/v2/session/me", GOOD).json()["id"] == instance.account


def test_keep_alive(sandbox: Sandbox, instance: Instance) -> None:
    connection = sandbox.connect()
    for dummy in range(50):
        connection.request("POST", "/v2/session/info", json.dumps(GOOD))
        assert json.loads(connection.getresponse().read())["status"] == WORKING
    connection.close()
    assert sandbox.server.accepted == 1


def test_pipelined_requests_are_answered_in_order(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.delays = Delays(scale=0.01)  # the logout is delayed, the rest must wait for it
    logout = request(json.dumps(GOOD).encode(), "POST /v2/session/logout HTTP/1.1")
    received = raw(sandbox, INFO + logout + INFO + CLOSE)
    assert received.count(b"HTTP/1.1 201 Created") == 3
    assert [entry.call for entry in sandbox.engine.log] == ["info", "logout", "info"]
    assert sandbox.engine.log[-1].before != WORKING


def test_a_request_may_come_byte_by_byte(sandbox: Sandbox, instance: Instance) -> None:
    with socket.create_connection((sandbox.server.host, sandbox.server.port), timeout=30) as client:
        for number in range(len(INFO)):
            client.sendall(INFO[number : number + 1])
        assert client.recv(65536).startswith(b"HTTP/1.1 201 Created")


def test_a_proxy_form_of_the_target(sandbox: Sandbox, instance: Instance) -> None:
    data = request(json.dumps(GOOD).encode(), "POST http://wawp.invalid/v2/session/info HTTP/1.1")
    assert raw(sandbox, data + CLOSE).count(b"201 Created") == 1


def test_expect_100_continue(sandbox: Sandbox, instance: Instance) -> None:
    head, dummy, body = INFO.partition(b"\r\n\r\n")
    with socket.create_connection((sandbox.server.host, sandbox.server.port), timeout=30) as client:
        client.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert client.recv(65536).startswith(b"HTTP/1.1 201 Created")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (request(b"{"), 400),
        (request(b"[1]"), 400),
        (request(b"\xff"), 400),
        (request(b"[" * 100_000), 400),
    ],
)
def test_what_is_no_request_gets_an_answer_and_the_door(sandbox: Sandbox, data: bytes, status: int) -> None:
    received = raw(sandbox, data)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in received
    assert b"Traceback" not in received


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v2/session/nothing", 404),
        ("GET", "/v2/session/delete", 405),
        ("PUT", "/v2/session/info", 405),
        ("POST", "/v2/session/info", 400),
        ("GET", "/v2/session/info?instance_id=%00&access_token=%ff", 401),
    ],
)
def test_unknown_paths_and_methods(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    answer = sandbox.ask(method, path)
    assert answer.status == status
    assert answer.json()["message"]
    assert sandbox.engine.log[-1].http_status == status


def test_http_1_0_and_close(sandbox: Sandbox, instance: Instance) -> None:
    assert raw(sandbox, b"GET /_simulator/ HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    assert raw(sandbox, CLOSE).startswith(b"HTTP/1.1 200 OK")


def test_a_call_is_carried_out_even_if_the_client_left(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.delays = Delays(lead=1.0, call=0)
    with pytest.raises(OSError, match="timed out"):
        sandbox.call("logout", ID, timeout=0.2)
    assert sandbox.call("info", ID).json()["status"] == WORKING
    deadline = time.monotonic() + 30
    while not sandbox.engine.calls(ID, "logout") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (instance.linked, instance.credentials) == (False, False)
    entry = sandbox.engine.calls(ID, "logout")[0]
    assert entry.time - entry.received >= 1.9


def test_a_slow_call_holds_nobody_up(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.delays = Delays(lead=600.0, call=0)
    connection = sandbox.connect()
    connection.request("POST", "/v2/session/logout", json.dumps(GOOD))
    for dummy in range(20):
        assert sandbox.call("info", ID).status == 201
    connection.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Allow two thousand sockets in this process; the usual limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted) if soft != resource.RLIM_INFINITY else soft, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.no_cover
@pytest.mark.usefixtures("many_files")
def test_a_thousand_clients_at_once(sandbox: Sandbox) -> None:
    ids = [f"{number:012X}" for number in range(1000)]
    for name in ids:
        sandbox.engine.add(Instance(name))
    clients = [sandbox.connect() for dummy in ids]
    try:
        for call, expected in (("info", WORKING), ("logout", STARTING), ("info", SCAN_QR_CODE)):
            for client, name in zip(clients, ids):
                client.request("POST", f"/v2/session/{call}", json.dumps({**GOOD, "instance_id": name}))
            for client in clients:
                assert json.loads(client.getresponse().read())["status"] == expected
    finally:
        for client in clients:
            client.close()
    assert (sandbox.server.accepted, sandbox.server.peak) == (1000, 1000)
    assert not any(sandbox.engine.instances[name].linked for name in ids)


def test_the_engine_may_be_used_while_it_is_served(sandbox: Sandbox, instance: Instance) -> None:
    def look() -> None:
        for dummy in range(500):
            sandbox.engine.ask("info", ID)
            sandbox.engine.calls(ID, "logout")

    thread = threading.Thread(target=look)
    thread.start()
    try:
        statuses = {sandbox.call("info", ID).status for dummy in range(50)}
    finally:
        thread.join()
    assert statuses == {201}
    log = list(sandbox.engine.log)
    assert [entry.sequence for entry in log] == list(range(1, 551))


def test_a_taken_port_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(Engine(), port=sandbox.server.port).start()


def test_stopping_closes_the_port_and_the_connections() -> None:
    server = Server(Engine(delays=Delays(scale=0))).start()
    client = http.client.HTTPConnection(server.host, server.port, timeout=30)
    client.request("GET", "/_simulator/")
    client.getresponse().read()
    server.stop()
    assert client.sock.recv(1) == b""
    client.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((server.host, server.port), timeout=5)


def test_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    engine = Engine(delays=Delays(scale=0))
    engine.add(Instance(ID))
    with Server(engine, ssl_context=context) as server:
        assert server.url.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(certificate))
        client = http.client.HTTPSConnection(server.host, server.port, timeout=30, context=trust)
        for dummy in range(2):
            client.request("POST", "/v2/session/info", json.dumps(GOOD))
            assert json.loads(client.getresponse().read())["status"] == WORKING
        client.close()
