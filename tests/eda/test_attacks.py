# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status under attack, in a separate process: silent connections, floods, hostile requests, a full disk."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.tests.eda.support import (
    KEY,
    Crowd,
    Spawned,
    crowd,
    free_port,
    genuine,
    make_certificate,
    spawned,
    webhook,
)

SILENT = 391  # as many as once shut genuine webhooks out for a minute
HELLO = b"\x16\x03\x01\x02\x00\x01\x00"  # the beginning of a TLS handshake
REQUESTS = {
    "no HTTP": b"\x00\xff" * 50 + b"\r\n\r\n",
    "a secret in a bad header": b"POST /wawp HTTP/1.1\r\nX-Webhook-Secret SECRET\r\n\r\n",
    "a long header": b"POST /wawp HTTP/1.1\r\nX-Long: SECRET" + b"x" * 20_000 + b"\r\n\r\n",
    "two lengths": b"POST /wawp HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\nX: SECRET\r\n\r\nab",
    "a bad chunk": b"POST /wawp HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Webhook-Hmac: SECRET\r\n\r\nZZ\r\n",
    "wrong signature": b"POST /wawp HTTP/1.1\r\nHost: x\r\nX-Webhook-Hmac: SECRET\r\nContent-Length: 2\r\n\r\n{}",
    "other method": b"BREW /wawp HTTP/1.1\r\nX: SECRET\r\n\r\n",
    "other path": b"GET /../../etc/passwd?SECRET HTTP/1.1\r\n\r\n",
}


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def send_among(attackers: Crowd, url: str, context: ssl.SSLContext | None, says: bytes, number: int) -> list[int]:
    """Send genuine webhooks while the crowd keeps coming; return their statuses."""
    statuses = []
    for dummy in range(number):
        attackers.add(20, says)
        statuses.append(genuine(url, webhook(), context))
    return statuses


@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "plain"])
def test_silent_connections_shut_nobody_out(tmp_path: Path, tls: bool) -> None:
    """Few descriptors, hundreds of connections that say nothing or the beginning of something."""
    port, context = free_port(), None
    args: dict[str, Any] = {"port": port, "hmac_keys": [KEY]}
    if tls:
        certificate, key = make_certificate(tmp_path)
        args |= {"certfile": certificate, "keyfile": key}
        context = ssl.create_default_context(cafile=certificate)
    says = HELLO if tls else b"POST /wawp HT"

    async def test(source: Spawned) -> None:
        await source.until(lambda: listens(port))
        with crowd(port) as attackers:
            began = time.monotonic()
            attackers.add(SILENT)
            attackers.add(100, says)
            url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/wawp"
            statuses = send_among(attackers, url, context, says, number=10)
            took = time.monotonic() - began
        assert statuses == [200] * 10
        assert took < 15, "a genuine webhook had to wait for the crowd"
        await source.until(lambda: len(source.events()) == 10)
        assert len(os.listdir(f"/proc/{source.process.pid}/fd")) < 256
        assert len(source.log().splitlines()) <= 8
        assert "Traceback" not in source.log()

    with spawned(tmp_path, "session_status", {resource.RLIMIT_NOFILE: 256}, **args) as source:
        asyncio.run(test(source))


def test_descriptors_are_left_for_everything_else(tmp_path: Path) -> None:
    """Fewer descriptors than connections allowed: some stay free, and genuine webhooks come through."""
    port = free_port()

    async def test(source: Spawned) -> None:
        await source.until(lambda: listens(port))
        with crowd(port) as attackers:
            attackers.add(150)
            await asyncio.sleep(0.3)
            used = len(os.listdir(f"/proc/{source.process.pid}/fd"))
            assert send_among(attackers, f"http://127.0.0.1:{port}/wawp", None, b"", number=3) == [200] * 3
        assert 40 < used <= 64 - 8
        assert "too many connections" in source.log()

    state = str(tmp_path / "state")
    limits = {resource.RLIMIT_NOFILE: 64}
    with spawned(tmp_path, "session_status", limits, port=port, hmac_keys=[KEY], state_file=state) as source:
        asyncio.run(test(source))


def test_hostile_requests_fill_no_log_and_show_no_secret(tmp_path: Path) -> None:
    port = free_port()

    async def test(source: Spawned) -> None:
        await source.until(lambda: listens(port))
        for request in [*REQUESTS.values()] * 25:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as one:
                one.sendall(request)
                one.shutdown(socket.SHUT_WR)
                one.recv(100)
        assert genuine(f"http://127.0.0.1:{port}/wawp", webhook()) == 200
        assert "SECRET" not in source.log()
        assert "Traceback" not in source.log()
        assert 1 <= len(source.log().splitlines()) <= 8

    with spawned(tmp_path, "session_status", port=port, hmac_keys=[KEY]) as source:
        asyncio.run(test(source))


def test_a_full_disk_pauses_and_loses_nothing(tmp_path: Path) -> None:
    """The file may grow no further; then it may again."""
    port, state = free_port(), tmp_path / "state"
    url = f"http://127.0.0.1:{port}/wawp"

    def send(number: int) -> list[str]:
        bodies = [webhook(session=f"s{index}", metadata={"pad": "x" * 500}) for index in range(number)]
        return [body["id"] for body in bodies if genuine(url, body) == 200]

    async def test(source: Spawned) -> None:
        await source.until(lambda: listens(port))
        accepted = send(5)
        size = max(path.stat().st_size for path in tmp_path.glob("state*"))
        resource.prlimit(source.process.pid, resource.RLIMIT_FSIZE, (size + 150_000, resource.RLIM_INFINITY))
        accepted += send(60)
        assert 5 < len(accepted) < 65, "the disk was not full"
        assert genuine(url, webhook()) == 503
        resource.prlimit(source.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        await source.until(lambda: genuine(url, webhook(id="evt_afterwards")) == 200)
        await source.until(lambda: len(source.events()) > len(accepted))
        said = [event["event_id"] for event in source.events()]
        assert said == [*accepted, "evt_afterwards"]
        assert "state_file can't be written" in source.log()
        assert len(source.log().splitlines()) <= 4

    with spawned(tmp_path, "session_status", port=port, hmac_keys=[KEY], state_file=str(state), raw=True) as source:
        asyncio.run(test(source))


def test_a_disk_that_is_full_from_the_start_is_waited_for(tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "state"

    async def test(source: Spawned) -> None:
        await source.until(lambda: "state_file can't be opened" in source.log())
        resource.prlimit(source.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        await source.until(lambda: genuine(f"http://127.0.0.1:{port}/wawp", webhook()) == 200)

    # Enough for the log, not for a database.
    limits = {resource.RLIMIT_FSIZE: 3000}
    with spawned(tmp_path, "session_status", limits, port=port, hmac_keys=[KEY], state_file=str(state)) as source:
        asyncio.run(test(source))
