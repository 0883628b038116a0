# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status: its arguments, its start, its end and what survives it."""

from __future__ import annotations

import asyncio
import os
import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.store import Store
from ansible_collections.wawp.cloud.tests.eda.support import (
    KEY,
    PATIENCE,
    SOURCES,
    Stuck,
    cancelled,
    free_port,
    listening,
    session_status,
    webhook,
)

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"hmac_keys": []}, "give hmac_keys"),
    ({"hmac_keys": ""}, "give hmac_keys"),
    ({"hmac_keys": ["", "k"]}, "hmac_keys must be"),
    ({"hmac_keys": 5}, "hmac_keys must be"),
    ({"hmac_keys": ["k", 5]}, "hmac_keys must be"),
    ({"port": "http"}, "port must be a whole number"),
    ({"port": 65536}, "port must be a whole number from 0 to 65535"),
    ({"port": -1}, "port must be"),
    ({"port": True}, "port must be"),
    ({"max_rate": "nan"}, "max_rate must be"),
    ({"queue_size": 0}, "queue_size must be a whole number of at least 1"),
    ({"raw": "perhaps"}, "raw must be a boolean"),
    ({"path": "wawp"}, "path must start"),
    ({"path": "/{x}"}, "path must start"),
    ({"health_path": "/wawp"}, "must differ"),
    ({"keyfile": "k"}, "need certfile"),
    ({"sessions": ["a"]}, "sessions must be a mapping"),
    ({"sessions": {"a": "b/c"}}, "instance ids"),
    ({"host": 5}, "host must be a string"),
]


@pytest.mark.parametrize(("args", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_arguments_are_named(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        session_status.read_options({"hmac_keys": [KEY], **args}, {})


def test_arguments_from_templates_and_the_environment() -> None:
    args = {"port": "9000", "max_rate": "2.5", "raw": "True", "certfile": None, "eda_feedback_queue": object()}
    options = session_status.read_options(args, {"WAWP_WEBHOOK_KEYS": "new,old"})
    listening = options.listening
    assert (listening.port, listening.max_rate, options.appearance.raw, listening.certfile) == (9000, 2.5, True, "")
    assert options.secrets.hmac_keys == ("new", "old")
    assert "new" not in repr(options)


def test_cancelled_it_closes_its_port_and_says_what_was_lost(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with listening(Stuck()) as source:
            await source.post(webhook())
            await cancelled(source.task)
            with pytest.raises(OSError, match="onnect"):
                await asyncio.open_connection("127.0.0.1", source.port)

    asyncio.run(test())
    assert "1 events were accepted but not passed on; they are lost" in caplog.text


def test_what_was_accepted_is_passed_on_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state")

    async def test() -> None:
        async with listening(Stuck(), state_file=state) as source:
            for number in range(3):
                await source.post(webhook(session=f"s{number}"))
        async with listening(state_file=state) as source:
            assert [event["subject"] for event in await source.events(3)] == ["s0", "s1", "s2"]

    asyncio.run(test())


KILLED = """
import asyncio, os, runpy, sys

class Dead:
    async def put(self, event):
        os.kill(os.getpid(), 9)

source = runpy.run_path(sys.argv[1])
asyncio.run(source["main"](Dead(), {"port": int(sys.argv[2]), "allow_unsigned": True, "state_file": sys.argv[3]}))
"""


def test_killed_while_passing_on_it_passes_on_again(tmp_path: Path) -> None:
    state, port = str(tmp_path / "state"), free_port()
    command = [sys.executable, "-c", KILLED, str(SOURCES / "session_status.py"), str(port), state]

    async def send(body: Any) -> None:
        async with aiohttp.ClientSession() as http:
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                try:
                    await http.post(f"http://127.0.0.1:{port}/wawp", json=body)
                except aiohttp.ServerDisconnectedError:
                    return  # killed before the answer was out: the event was written before
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
                else:
                    return

    with subprocess.Popen(command) as process:
        asyncio.run(send(webhook(id="evt_kept")))
        assert process.wait(PATIENCE) == -9

    async def test() -> None:
        async with listening(state_file=state) as source:
            assert (await source.event())["event_id"] == "evt_kept"
            assert (await source.post(webhook(id="evt_kept")))[1] == {"result": "duplicate"}

    asyncio.run(test())


def test_a_state_file_is_for_one_process_and_must_be_one(tmp_path: Path) -> None:
    state = str(tmp_path / "state")

    async def test() -> None:
        async with listening(state_file=state):
            with pytest.raises(ValueError, match="state_file can't be used: database is locked"):
                await session_status.main(None, {"allow_unsigned": True, "port": 0, "state_file": state})

    asyncio.run(test())
    Path(state).write_text("something else, long enough to be read as the head of a database " * 10)
    for path in (state, str(tmp_path / "no/such/folder")):
        with pytest.raises(ValueError, match="state_file can't be used"):
            Store(path, 10)


def test_a_state_file_is_a_file_of_one_s_own(tmp_path: Path) -> None:
    """No link, nothing that blocks, nothing that others may read."""
    link, fifo, open_to_all = tmp_path / "link", tmp_path / "fifo", tmp_path / "open"
    link.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(fifo)
    for path in (link, fifo, tmp_path, Path("/dev/null")):
        with pytest.raises(ValueError, match="state_file can't be used"):
            Store(str(path), 10)
    assert not (tmp_path / "elsewhere").exists()
    open_to_all.touch(0o644)
    Store(str(open_to_all), 10).close()
    assert open_to_all.stat().st_mode & 0o777 == 0o600


def test_a_port_in_use_ends_it_with_an_error() -> None:
    async def test() -> None:
        async with listening() as source:
            with pytest.raises(OSError, match="in use"):
                await session_status.main(None, {"allow_unsigned": True, "port": source.port})

    asyncio.run(test())


@pytest.mark.parametrize("args", [{"enabled": False, "allow_unsigned": True}, {"port": 0, "allow_unsigned": "yes"}])
def test_it_never_returns(args: dict[str, Any]) -> None:
    source = runpy.run_path(str(SOURCES / "session_status.py"))

    async def test() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(source["main"](asyncio.Queue(), args), 0.3)

    asyncio.run(test())
