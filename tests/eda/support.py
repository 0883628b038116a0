# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared parts of the event sources' tests: the sources, run as by ansible-rulebook, and senders."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import json
import resource
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from ansible_collections.wawp.cloud.extensions.eda.plugins.event_source import session_poll, session_status

__all__ = ["session_poll", "session_status"]

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "extensions/eda/plugins/event_source"
KEY = "a key for tests"
PATIENCE = 20.0  # seconds; far more than anything takes, for slow machines
ID = "3EB0BCB2E3D4"
_numbers = itertools.count(1)


def templates(command: str) -> list[str]:
    """Return texts that run a command if Ansible takes them for templates. The last one declares its own brackets."""
    run = f"lookup('pipe', '{command}')"
    own = "#jinja2:variable_start_string:'[%', variable_end_string:'%]'\n"
    return [f"{{{{ {run} }}}}", f"{{% if {run} %}}{{% endif %}}", f"{own}[% {run} %]"]


def leave_trace(prefix: str) -> dict[str, Any]:
    """Return a user's task that writes a file with the subject's name and text, without a module's process."""
    subject = "(ansible_eda.event.subject | quote)"
    command = f"'echo ' ~ {subject} ~ ' > {prefix}' ~ {subject}"
    return {"ansible.builtin.debug": {"msg": f"{{{{ lookup('pipe', {command}) }}}}"}}


def strings_in(value: Any) -> Iterator[str]:
    """Yield all strings in a value, including the names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from strings_in(part)


def is_template(text: str) -> bool:
    """Whether Ansible might take a text for a template."""
    return any(mark in text for mark in ("{{", "{%", "{#")) or text.startswith("#jinja2:")


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def now() -> int:
    """Return the time in ms."""
    return time.time_ns() // 1_000_000


def webhook(status: str = "FAILED", **values: Any) -> dict[str, Any]:
    """Make a webhook in the engine's form, with a unique id."""
    return {
        "id": f"evt_{next(_numbers):026d}",
        "timestamp": now(),
        "session": "wawp-84729105",
        "metadata": {},
        "engine": "WEBJS",
        "event": "session.status",
        "payload": {"name": "wawp-84729105", "status": status},
        "me": {"id": "201012345678@c.us", "pushName": "John Doe"},
        **values,
    }


def with_history(*steps: tuple[str, int], **values: Any) -> dict[str, Any]:
    """Make a webhook about the last of the steps (status, ms), with the list of all."""
    statuses = [{"status": status, "timestamp": at} for status, at in steps]
    status, at = steps[-1]
    payload = {"name": "wawp-84729105", "status": status, "statuses": statuses}
    return webhook(**{"payload": payload, "timestamp": at + 5, **values})


def sign(body: bytes, key: str = KEY, digest: str = "sha512") -> str:
    """Return the signature of a body."""
    return hmac.new(key.encode(), body, digest).hexdigest()


def make_certificate(folder: Path) -> tuple[str, str]:
    """Make a self-signed certificate for 127.0.0.1, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    return str(certificate), str(key)


class Source:
    """A running event source: its address, and the events that it gave to the rules."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.http = http
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task: asyncio.Task[None]

    async def post(self, body: Any, headers: dict[str, str] | None = None, path: str = "/wawp") -> tuple[int, Any]:
        """Send a webhook, signed unless headers are given; returns the status and the parsed answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"X-Webhook-Hmac": sign(data)} if headers is None else headers
        async with self.http.post(self.url + path, data=data, headers=given) as reply:
            return reply.status, await reply.json(content_type=None)

    async def health(self, subject: str = "") -> tuple[int, dict[str, Any]]:
        """Return the reply of the health path."""
        async with self.http.get(f"{self.url}/health{'/' + subject if subject else ''}") as reply:
            return reply.status, await reply.json()

    async def event(self) -> dict[str, Any]:
        """Return the next event."""
        return await asyncio.wait_for(self.queue.get(), PATIENCE)

    async def events(self, count: int) -> list[dict[str, Any]]:
        """Return the next events."""
        return [await self.event() for dummy in range(count)]


class Stuck:
    """A rulebook that takes no events until released."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.events: list[dict[str, Any]] = []

    async def put(self, event: dict[str, Any]) -> None:
        await self.go.wait()
        self.events.append(event)


SPAWNED = """
import asyncio, json, logging, runpy, sys

class Rules:
    async def put(self, event):
        print(json.dumps(event), flush=True)

logging.basicConfig()
source = runpy.run_path(sys.argv[1])
asyncio.run(source["main"](Rules(), json.loads(sys.argv[2])))
"""


class Spawned:
    """An event source in a separate process, run by its path as by ansible-rulebook."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder

    def events(self) -> list[dict[str, Any]]:
        """Return the events given to the rules so far."""
        lines = (self.folder / "events").read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def log(self) -> str:
        """Return the log so far."""
        return (self.folder / "log").read_text()

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait for something to be true."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            await asyncio.sleep(0.02)


@contextmanager
def spawned(folder: Path, name: str, limits: dict[int, int] | None = None, **args: Any) -> Iterator[Spawned]:
    """Run an event source in a separate process within the context.

    Args:
        folder: the folder for its output.
        name: the source's name.
        limits: its soft resource limits.
        args: its arguments.
    """
    command = [sys.executable, "-c", SPAWNED, str(SOURCES / f"{name}.py"), json.dumps(args)]
    with (folder / "events").open("wb") as events, (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=events, stderr=log)
    for limit, value in (limits or {}).items():
        resource.prlimit(process.pid, limit, (value, resource.prlimit(process.pid, limit)[1]))
    try:
        yield Spawned(process, folder)
    finally:
        process.kill()
        process.wait()


class Crowd:
    """Connections that are opened and then left alone."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open: list[socket.socket] = []
        self.refused = 0

    def add(self, count: int, says: bytes = b"") -> None:
        for dummy in range(count):
            try:
                one = socket.create_connection(("127.0.0.1", self.port), timeout=5)
                one.sendall(says)
            except OSError:
                self.refused += 1
            else:
                self.open.append(one)

    def close(self) -> None:
        for one in self.open:
            one.close()


@contextmanager
def crowd(port: int) -> Iterator[Crowd]:
    attackers = Crowd(port)
    try:
        yield attackers
    finally:
        attackers.close()


def genuine(url: str, body: Any, context: ssl.SSLContext | None = None, key: str = KEY) -> int:
    """Send a signed webhook on a separate connection; return the status, 0 for none."""
    data = json.dumps(body).encode()
    headers = {"X-Webhook-Hmac": sign(data, key), "Connection": "close"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310  the loopback's
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as reply:  # noqa: S310
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@asynccontextmanager
async def listening(queue: Any = None, **args: Any) -> AsyncIterator[Source]:
    """Run session_status within the context, and cancel it at the end."""
    arguments = {"port": free_port(), "hmac_keys": [KEY], **args}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http:
        source = Source(arguments["port"], http)
        source.queue = queue or source.queue
        source.task = asyncio.create_task(session_status.main(source.queue, arguments))
        try:
            await until_open(source)
            yield source
        finally:
            await cancelled(source.task)


async def until_open(source: Source) -> None:
    """Wait until the source listens; raise the error if it ended instead."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if source.task.done():
            source.task.result()
        with suppress(OSError):
            dummy, writer = await asyncio.open_connection("127.0.0.1", source.port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the source doesn't listen")


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a source as ansible-rulebook does."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
