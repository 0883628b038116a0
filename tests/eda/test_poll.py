# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_poll: its events about the simulator's sessions, and its use of the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.poller import retry_after
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.eda.support import (
    ID,
    PATIENCE,
    cancelled,
    is_template,
    session_poll,
    strings_in,
    templates,
)

OTHER = "3EB0BCB2E3D5"


class World:
    """A simulated API, and the source that polls it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.engine = server.engine
        self.url = server.url
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @asynccontextmanager
    async def polled(self, **args: Any) -> AsyncIterator[None]:
        """Poll within the context, quickly; the first round is over when it begins."""
        quick = {"interval": 0.05, "calls_per_second": 0, "confirm_after": 0, "instances": [ID]}
        given = {"api_url": self.url, "access_token": SANDBOX_TOKEN, **quick, **args}
        task = asyncio.create_task(session_poll.main(self.queue, given))
        try:
            await self.rounds(1)
            yield
            assert not task.done()
        finally:
            await cancelled(task)

    async def rounds(self, count: int) -> None:
        """Let a number of rounds pass, counted by the calls for the first instance."""
        wanted = len(self.engine.calls(ID)) + count + 1  # when these are over, one more has begun
        deadline = time.monotonic() + PATIENCE
        while len(self.engine.calls(ID)) < wanted:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    async def event(self) -> dict[str, Any]:
        """Return the next event."""
        return await asyncio.wait_for(self.queue.get(), PATIENCE)


@pytest.fixture
def world() -> Iterator[World]:
    engine = Engine(delays=Delays(scale=0))
    engine.add(Instance(ID, account="201012345678@c.us"))
    with Server(engine) as server:
        yield World(server)


def scenario(test: Callable[[], Awaitable[None]]) -> None:
    async def within_time() -> None:
        await asyncio.wait_for(test(), 3 * PATIENCE)

    asyncio.run(within_time())


def test_only_changes_are_told(world: World) -> None:
    async def test() -> None:
        async with world.polled(instances=[{"instance_id": ID, "session": "front desk"}]):
            await world.rounds(3)
            assert world.queue.empty()
            world.engine.world("unlink_on_phone", ID)
            event = await world.event()
            await world.rounds(3)
            assert world.queue.empty()
            world.engine.ask("logout", ID)
            assert (await world.event())["kind"] == "logged_out"
            world.engine.world("scan", ID)
            assert (await world.event())["kind"] == "restored"
        assert event.pop("occurred_at") == event.pop("received_at")
        assert event == {
            "source": "poll",
            "authenticated": True,
            "subject": ID,
            "instance_id": ID,
            "session": "front desk",
            "event_id": None,
            "event_name": "poll",
            "status": "FAILED",
            "previous_status": "WORKING",
            "changed": True,
            "kind": "lost",
            "reason": None,
            "account": "********5678@c.us",
            "late": False,
            "recovered": False,
        }

    scenario(test)


@pytest.mark.parametrize("hostile", templates("id"), ids=["expression", "statement", "own brackets"])
def test_no_field_is_a_template(world: World, hostile: str) -> None:
    """A playbook gets the event as an extra variable, in which Ansible would run a template."""

    async def test() -> None:
        lie = {"status": hostile.replace("\n", " ")[:60], "me": {"id": hostile}, "name": hostile}
        world.engine.add_fault(Fault(kind="patch", call="info", replace=lie, times=4))
        watched = {"instance_id": ID, "session": hostile}
        async with world.polled(instances=[watched], emit_first=True, mask_accounts=False):
            for dummy in range(2):  # the lie, then the truth with the lie as the previous status
                event = await world.event()
                assert not [text for text in strings_in(event) if is_template(text)]
                assert "id" in event["session"]

    scenario(test)


def test_the_first_status_is_told_if_asked_for(world: World) -> None:
    async def test() -> None:
        async with world.polled(emit_first="true", mask_accounts="no"):
            event = await world.event()
            assert (event["status"], event["previous_status"], event["kind"]) == ("WORKING", None, "restored")
            assert event["account"] == "201012345678@c.us"

    scenario(test)


def test_another_account_is_a_change(world: World) -> None:
    async def test() -> None:
        async with world.polled():
            world.engine.change(ID, {"account": "201099999999@c.us"})
            event = await world.event()
            assert (event["status"], event["reason"]) == ("WORKING", "the account changed")
            assert event["account"] == "********9999@c.us"

    scenario(test)


def test_a_deleted_session_is_a_change(world: World) -> None:
    async def test() -> None:
        async with world.polled():
            world.engine.ask("delete", ID)
            event = await world.event()
            assert (event["status"], event["kind"]) == ("DELETED", "other")
            assert event["reason"] == "there is no such session"

    scenario(test)


def test_one_reading_that_lies_is_not_believed(world: World) -> None:
    async def test() -> None:
        async with world.polled():
            for status in ("STOPPED", "STARTING", "FAILED"):
                world.engine.add_fault(Fault(kind="lie", call="info", status=status))
                await world.rounds(4)
            assert not world.engine.faults()
            assert world.queue.empty()

    scenario(test)


OUTAGES = [
    {"kind": "http", "http_status": 500},
    {"kind": "http", "http_status": 502, "body": "html"},
    {"kind": "http", "http_status": 401},
    {"kind": "http", "http_status": 404, "body": "html"},
    {"kind": "drop"},
    {"kind": "garbage"},
    {"kind": "non_utf8"},
    {"kind": "empty"},
    {"kind": "truncate"},
    {"kind": "timeout", "seconds": 5.0},
    {"kind": "slow", "seconds": 5.0},
    {"kind": "huge", "mebibytes": 3},
    {"kind": "patch", "remove": ["status"]},
]


@pytest.mark.parametrize("fault", OUTAGES, ids=lambda fault: f"{fault['kind']} {fault.get('http_status', '')}")
def test_outages_are_survived_and_are_no_change(
    world: World, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def test() -> None:
        async with world.polled(request_timeout=0.3):
            world.engine.add_fault(Fault(call="info", times=3, **fault))
            while world.engine.faults():
                await asyncio.sleep(0.01)
            await world.rounds(1)
            assert world.queue.empty()
            world.engine.world("crash", ID)
            assert (await world.event())["kind"] == "lost"

    scenario(test)
    said = [record.getMessage() for record in caplog.records if ID in record.getMessage()]
    assert len([line for line in said if "can't be read" in line]) == 1
    assert len([line for line in said if "can be read again" in line]) == 1
    assert SANDBOX_TOKEN not in caplog.text


def test_an_api_that_is_not_there_is_waited_for(world: World) -> None:
    async def test() -> None:
        with Server(Engine()) as gone:
            port = gone.port
        args = {"instances": [ID], "access_token": SANDBOX_TOKEN, "interval": 0.05, "emit_first": True}
        task = asyncio.create_task(session_poll.main(world.queue, {"api_url": f"http://127.0.0.1:{port}", **args}))
        await asyncio.sleep(0.3)
        with Server(world.engine, port=port):
            assert (await world.event())["status"] == "WORKING"
            await cancelled(task)

    scenario(test)


def test_too_many_calls_pause_all_of_them(world: World) -> None:
    async def test() -> None:
        world.engine.add(Instance(OTHER))
        async with world.polled(instances=[ID, OTHER]):
            world.engine.add_fault(Fault(kind="http", http_status=429, retry_after=1, call="info", instance_id=OTHER))
            while world.engine.faults():
                await asyncio.sleep(0.01)
            await world.rounds(2)
        calls = [entry for entry in world.engine.calls() if entry.call == "info"]
        refused = next(number for number, entry in enumerate(calls) if entry.http_status == 429)
        # a call that was under way already may still come
        assert calls[refused + 2].time - calls[refused].time >= 0.95

    scenario(test)


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("100000", 300), ("", 10), ("-1", 10), ("Wed, 21 Oct 2026 07:28:00 GMT", 10)]
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value) == seconds


def test_calls_are_paced_and_credentials_are_in_the_body_alone(world: World) -> None:
    async def test() -> None:
        others = [f"INSTANCE{number}" for number in range(9)]
        for name in others:
            world.engine.add(Instance(name))
        async with world.polled(instances=[ID, *others], calls_per_second=50, interval=1, jitter=0):
            pass
        times = [entry.received for entry in world.engine.calls()][:10]
        assert times[-1] - times[0] >= 9 / 50 * 0.9
        assert {entry.credentials for entry in world.engine.calls()} == {"body"}
        assert {entry.method for entry in world.engine.calls()} == {"POST"}

    scenario(test)


def test_no_more_calls_at_once_than_allowed(world: World) -> None:
    async def test() -> None:
        world.engine.delays = Delays(scale=1, call=0.02)
        names = [f"INSTANCE{number}" for number in range(20)]
        for name in names:
            world.engine.add(Instance(name))
        async with world.polled(instances=[ID, *names], max_connections=3):
            await world.rounds(1)
        assert 1 < world.server.peak <= 3

    scenario(test)


def test_the_loop_is_never_blocked(world: World) -> None:
    async def test() -> None:
        world.engine.add_fault(Fault(kind="timeout", seconds=5.0, call="info", times=None))
        task = asyncio.create_task(
            session_poll.main(
                world.queue,
                {"api_url": world.url, "instances": [ID], "access_token": SANDBOX_TOKEN, "request_timeout": 2},
            )
        )
        ticks = 0
        end = time.monotonic() + 1
        while time.monotonic() < end:
            await asyncio.sleep(0.01)
            ticks += 1
        await cancelled(task)
        assert ticks > 10  # blocked, it would be one or two

    scenario(test)


def test_no_redirect_is_followed() -> None:
    async def test() -> None:
        bodies: list[Any] = []

        async def answer(request: web.Request) -> web.StreamResponse:
            bodies.append((request.path, await request.json()))
            raise web.HTTPTemporaryRedirect("/elsewhere")

        app = web.Application()
        app.router.add_post("/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        queue: asyncio.Queue[Any] = asyncio.Queue()
        args = {"instances": [ID], "access_token": "secret", "interval": 0.05, "emit_first": True, "api_url": url}
        task = asyncio.create_task(session_poll.main(queue, args))
        while len(bodies) < 3:
            await asyncio.sleep(0.01)
        await cancelled(task)
        await runner.cleanup()
        sent = ("/v2/session/info", {"instance_id": ID, "access_token": "secret"})
        assert bodies == [sent] * len(bodies)
        assert queue.empty()

    scenario(test)


def test_it_never_returns_even_with_nothing_to_do() -> None:
    async def test() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session_poll.main(asyncio.Queue(), {"instances": []}), 0.2)

    scenario(test)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"instances": None}, "instances must be a list"),
    ({"instances": "3EB0"}, "instances must be a list"),
    ({"instances": [12]}, "not an instance id"),
    ({"instances": ["a/b"]}, "not an instance id"),
    ({"instances": [{}]}, "not an instance id"),
    ({"instances": [ID, {"instance_id": ID}]}, "twice"),
    ({"access_token": ""}, "no access_token for"),
    ({"api_url": "ftp://host"}, "api_url"),
    ({"api_url": "https://user:pw@host"}, "api_url"),
    ({"api_url": "https://host?access_token=x"}, "api_url"),
    ({"interval": 0}, "interval must be"),
    ({"interval": True}, "interval must be"),
    ({"jitter": 2}, "jitter must be a number from 0 to 1"),
    ({"calls_per_second": "many"}, "calls_per_second must be"),
    ({"max_connections": 0}, "max_connections must be"),
    ({"emit_first": "maybe"}, "emit_first must be a boolean"),
]


@pytest.mark.parametrize(("args", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_arguments_are_named(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        session_poll.read_options({"instances": [ID], "access_token": "secret", **args}, {})
    assert "secret" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_arguments_from_templates_and_the_environment(caplog: pytest.LogCaptureFixture) -> None:
    environment = {"WAWP_ACCESS_TOKEN": "secret", "WAWP_API_URL": "http://wawp.example/"}
    options = session_poll.read_options({"instances": [ID], "interval": "5", "unknown": object()}, environment)
    assert (options.interval, options.api_url) == (5.0, "http://wawp.example")
    assert options.instances[0].access_token == "secret"
    assert "secret" not in repr(options)
    assert "plain http" in caplog.text
