# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python3 -m simulator``: the simulator as a sandbox, from a shell."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request
from http.client import HTTPException
from pathlib import Path

from . import fleet
from .engine import Engine
from .faults import FaultError
from .model import SANDBOX_TOKEN, Delays, ImpossibleError
from .server import Server

PORT = 9297  # "WAWP" on a telephone's keys
PATIENCE = 30.0  # seconds for a process in the background to come up or to end


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m simulator",
        allow_abbrev=False,  # `background` must know its option again
        description="A simulated Wawp API, to rehearse in. It forgets everything when it ends.",
        epilog="Built-in fleets: demo (one session of each kind), mixed:N, or N sessions of one kind, as in working:5."
        f" Kinds: {', '.join(fleet.KINDS)}.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s); there is no authentication")
    add("--port", type=_port, default=PORT, help="port to listen on (%(default)s); 0: any free one")
    add("--scale", type=_seconds, default=1.0, help="1: real delays (default); 0.1: a tenth; 0: none")
    add(
        "--fleet",
        default="demo",
        metavar="NAME|FILE.json",
        help="sessions at the start (%(default)s): a fleet's name or a file",
    )
    add("--lifetime", type=_seconds, metavar="SECONDS", help="stop after this time")
    add(
        "--ready-file",
        type=Path,
        metavar="PATH",
        help='write {"url", "pid", "nonce"} to this file once it is listening',
    )
    add("--pid-file", type=Path, metavar="PATH", help="write the process id to this file once it is listening")
    add(
        "--background",
        action="store_true",
        help="run in the background; needs --ready-file; does nothing if that one is still running",
    )
    add("--stop", action="store_true", help="stop only the one that wrote --ready-file")
    options = parser.parse_args(arguments)
    if (options.background or options.stop) and options.ready_file is None:
        parser.error("--background and --stop need --ready-file")
    return options


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 10**9:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError("must be between 0 and 65535")
    return value


def write_file(path: Path, text: str) -> None:
    """Write a file completely or not at all, readable only by the user."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(name).replace(path)


def running(ready_file: Path) -> dict[str, t.Any] | None:
    """Return the content of `ready_file` if the simulator that wrote it still answers: same process, same nonce."""
    try:
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        # Loopback without the environment's proxies; our own process wrote the address.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(ready["url"] + "/_simulator/", timeout=5) as reply:
            shown = json.load(reply)
        same = ready["nonce"] and (shown["pid"], shown["nonce"]) == (ready["pid"], ready["nonce"])
    except (OSError, ValueError, KeyError, TypeError, HTTPException):
        return None
    return ready if same else None


def stop(ready_file: Path) -> int:
    """End the simulator that wrote `ready_file`."""
    ready = running(ready_file)
    if ready is None:
        print("No simulator of ours is running.")
        ready_file.unlink(missing_ok=True)
        return 0
    os.kill(ready["pid"], signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while ready_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if ready_file.exists():
        print(f"The simulator with process id {ready['pid']} does not end.", file=sys.stderr)
        return 1
    print(f"Stopped the simulator at {ready['url']}.")
    return 0


def background(options: argparse.Namespace, arguments: list[str]) -> int:
    """Start the same command in the background and wait until it listens."""
    ready = running(options.ready_file)
    if ready is not None:
        print(f"Already running.\n{how_to(ready['url'])}")
        return 0
    options.ready_file.unlink(missing_ok=True)
    command = [
        sys.executable,
        *(["-B"] if sys.dont_write_bytecode else []),
        "-m",
        __package__ or "simulator",
        *(item for item in arguments if item != "--background"),
    ]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(  # noqa: S603  this very program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not options.ready_file.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        if options.ready_file.exists():
            print(f"Started.\n{how_to(json.loads(options.ready_file.read_text(encoding='utf-8'))['url'])}")
            return 0
        process.terminate()
        process.wait()
        errors.seek(0)
        print(errors.read().strip() or "The simulator did not come up.", file=sys.stderr)
        return 1


def how_to(url: str) -> str:
    """Return the lines to print for a person."""
    return (
        f"The sandbox is at {url}. Point the collection at it:\n"
        f"  export WAWP_API_URL={url} WAWP_ACCESS_TOKEN={SANDBOX_TOKEN}\n"
        f"See its sessions and the truth about them:\n"
        f"  curl {url}/_simulator/instances"
    )


def serve(options: argparse.Namespace) -> int:
    """Serve until a signal comes or the lifetime is over."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    engine = Engine(delays=Delays(scale=options.scale))
    described = fleet.read(options.fleet)
    instances = fleet.load(engine, described)
    server = Server(engine, options.host, options.port, nonce=secrets.token_hex(16))
    files = [path for path in (options.pid_file, options.ready_file) if path is not None]

    def ready() -> None:
        if options.pid_file is not None:
            write_file(options.pid_file, f"{os.getpid()}\n")
        if options.ready_file is not None:
            ready_text = {"url": server.url, "pid": os.getpid(), "nonce": server.nonce}
            write_file(options.ready_file, json.dumps(ready_text) + "\n")
        examples = "".join(f"\n  {item.instance_id}  {item.status}" for item in instances[:25])
        print(f"{how_to(server.url)}\n{len(instances)} sessions:{examples}", flush=True)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.shutdown)
        await server.main(ready, options.lifetime)

    try:
        asyncio.run(main())
    finally:
        for path in files:
            path.unlink(missing_ok=True)
    return 0


def run(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parse(given)
    try:
        if options.stop:
            return stop(options.ready_file)
        return background(options, given) if options.background else serve(options)
    except (ImpossibleError, FaultError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(run())
