# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure session_status within the real ansible-rulebook: events.py [--rate 1000] [--seconds 10].

Signed webhooks go to a rulebook whose rule prints each event's id. An event's time to the rule is measured from just
before it is sent until its line is read: first at ease, one event after the other, then under load. At the end every
event that was answered with 200 must have come through exactly once, or the benchmark fails. Prints a table. Both ends
and the rulebook share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import platform
import re
import socket
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

ROOT = Path(__file__).resolve().parent.parent.parent
TREE = ROOT / ".work" / "tree"
BIN = Path(sys.executable).parent
KEY = b"a key for the benchmark"
EASE = 100  # events at ease
PATIENCE = 300.0  # seconds to start, and for accepted events to come through
SESSIONS = 500
RULEBOOK = """
- name: Benchmark
  hosts: localhost
  sources:
    - wawp.cloud.session_status:
        port: %d
        max_rate: 0
        max_connections: 500
        queue_size: %d
        state_file: "%s"
  rules:
    - name: Print the id
      condition: event.kind == "lost"
      action:
        debug:
          msg: "{{ event.event_id }}"
"""


@dataclass
class Run:
    """The events sent, answered and seen; times by time.perf_counter."""

    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    seen: dict[str, float] = field(default_factory=dict)
    repeated: int = 0
    output: deque[str] = field(default_factory=lambda: deque(maxlen=30))

    def row(self, name: str, ids: list[str], rate: str) -> str:
        """Return a line of the table."""
        took = sorted((self.answered[one] - self.sent[one]) * 1000 for one in ids if one in self.answered)
        way = sorted((self.seen[one] - self.sent[one]) * 1000 for one in ids if one in self.seen)
        accepted = [one for one in ids if one in self.accepted]
        lost = len(set(accepted) - set(self.seen))
        figures = " | ".join(f"{quantile(values, part):.1f}" for values in (took, way) for part in (0.5, 0.99))
        return f"| {name} | {rate} | {len(ids)} | {len(accepted)} | {lost} | {figures} |"

    def rest(self, ids: list[str]) -> str:
        """Return further facts about the load."""
        through = sorted(self.seen[one] for one in ids if one in self.seen)
        took = through[-1] - through[0] if len(through) > 1 else float("nan")
        lag = through[-1] - max(self.answered[one] for one in ids) if through else float("nan")
        answers = ", ".join(f"{count} times {status or 'none'}" for status, count in sorted(self.statuses.items()))
        return (
            f"The rules took {len(through) / took:.0f} events/s, the last {lag:.1f} s after the last answer. "
            f"Answers: {answers}. Told twice: {self.repeated}."
        )


def quantile(values: list[float], part: float) -> float:
    """Return the value below which that part of the sorted values lies."""
    return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


def webhook(number: int) -> tuple[str, bytes]:
    """Make an event that no other one supersedes: each session has one only once in a while."""
    event_id = f"evt_{number:026d}"
    body = {
        "id": event_id,
        "timestamp": time.time_ns() // 1_000_000,
        "session": f"wawp-{number % SESSIONS:08d}",
        "event": "session.status",
        "engine": "WEBJS",
        "payload": {"name": f"wawp-{number % SESSIONS:08d}", "status": "DISCONNECTED"},
        "me": {"id": "201012345678@c.us", "pushName": "John Doe"},
    }
    return event_id, json.dumps(body).encode()


async def send(run: Run, http: aiohttp.ClientSession, url: str, number: int) -> str:
    """Send one event."""
    event_id, body = webhook(number)
    headers = {"X-Webhook-Hmac": hmac.new(KEY, body, hashlib.sha512).hexdigest()}
    run.sent[event_id] = time.perf_counter()
    try:
        async with http.post(url, data=body, headers=headers) as reply:
            await reply.read()
            run.statuses[reply.status] += 1
            if reply.status == 200:
                run.accepted.add(event_id)
    except (TimeoutError, aiohttp.ClientError):
        run.statuses[0] += 1
    run.answered[event_id] = time.perf_counter()
    return event_id


async def read_lines(run: Run, stream: asyncio.StreamReader) -> None:
    """Note when each event's id is printed, and the last lines."""
    while line := await stream.readline():
        now = time.perf_counter()
        text = line.decode(errors="replace")
        run.output.append(text)
        for event_id in re.findall(r"evt_\d{26}", text):
            run.repeated += event_id in run.seen
            run.seen.setdefault(event_id, now)


async def at_ease(run: Run, http: aiohttp.ClientSession, url: str) -> list[str]:
    """Send one event after the other, each when the one before has come through."""
    ids = []
    for number in range(EASE):
        ids.append(await send(run, http, url, number))
        await until(lambda: ids[-1] in run.seen or ids[-1] not in run.accepted)
    return ids


async def under_load(
    run: Run, http: aiohttp.ClientSession, url: str, rate: int, seconds: int
) -> tuple[list[str], float]:
    """Send events at a rate per second, whatever becomes of earlier ones. Returns them and the rate reached."""
    tasks, start = [], time.perf_counter()
    for number in range(rate * seconds):
        ahead = start + number / rate - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        tasks.append(asyncio.create_task(send(run, http, url, EASE + number)))
    reached = len(tasks) / (time.perf_counter() - start)
    return list(await asyncio.gather(*tasks)), reached


async def until(what: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is true, or the time is up."""
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        await asyncio.sleep(0.001)


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def rulebook(run: Run, folder: Path, port: int, queue_size: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the rulebook within the context, and read what it prints."""
    (folder / "rulebook.yml").write_text(RULEBOOK % (port, queue_size, folder / "state"))
    (folder / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")
    surroundings = {
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "WAWP_WEBHOOK_KEYS": KEY.decode(),
    }
    process = await asyncio.create_subprocess_exec(
        *(BIN / "ansible-rulebook", "--rulebook", "rulebook.yml", "--inventory", "inventory.yml"),
        env={**os.environ, **surroundings},
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reader = asyncio.create_task(read_lines(run, process.stdout or asyncio.StreamReader()))
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await reader


async def listening(run: Run, http: aiohttp.ClientSession, url: str, process: asyncio.subprocess.Process) -> None:
    """Wait until the rulebook listens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.returncode is None:
        try:
            async with http.get(url):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"ansible-rulebook does not listen:\n{''.join(run.output)}")


async def measure(folder: Path, rate: int, seconds: int) -> int:
    """Run the whole benchmark, print the table and return the number of events that went wrong."""
    run, port = Run(), free_port()
    url = f"http://127.0.0.1:{port}/wawp"
    connector, timeout = aiohttp.TCPConnector(limit=64), aiohttp.ClientTimeout(total=PATIENCE)
    async with (
        rulebook(run, folder, port, rate * seconds) as process,
        aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
    ):
        await listening(run, http, f"http://127.0.0.1:{port}/health", process)
        eased = await at_ease(run, http, url)
        loaded, reached = await under_load(run, http, url, rate=rate, seconds=seconds)
        await until(lambda: run.accepted <= run.seen.keys())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}; times in ms\n")
    print("| | events/s | sent | accepted | lost | answer, median | p99 | to the rule, median | p99 |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(run.row("at ease", eased, "one by one"))
    print(run.row("under load", loaded, f"{reached:.0f} of {rate}"))
    print(f"\n{run.rest(loaded)}")
    return len(run.accepted ^ run.seen.keys()) + run.repeated


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rate", type=int, default=1000, help="events a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=10, help="how long (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = asyncio.run(measure(Path(folder), options.rate, options.seconds))
    if wrong:
        raise SystemExit(f"{wrong} events were lost, repeated or not accepted")


if __name__ == "__main__":
    main()
