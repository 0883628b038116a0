# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call of the API outside the lifecycle table: its checks and its replies."""

from __future__ import annotations

import base64
import re
import struct
import typing as t

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import calls
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    SANDBOX_TOKEN,
    SCAN_QR_CODE,
    STARTING,
    STOPPED,
    WORKING,
    Delays,
    Instance,
)

ID = "3EB0BCB2E3D4"


class World:
    """An engine with one instance and a virtual clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock)

    def add(self, **fields: t.Any) -> Instance:
        return self.engine.add(Instance(ID, **fields))


@pytest.fixture
def world() -> World:
    return World()


GOOD = {"instance_id": ID, "access_token": SANDBOX_TOKEN}


@pytest.mark.parametrize("call", sorted(calls.METHODS))
@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({}, 400, "missing_parameters"),
        ({"instance_id": ID}, 400, "missing_parameters"),
        ({**GOOD, "access_token": ""}, 400, "missing_parameters"),
        ({**GOOD, "access_token": 7}, 400, "missing_parameters"),
        ({**GOOD, "access_token": "wrong"}, 401, "unauthorized"),
        ({"instance_id": "UNKNOWN", "access_token": SANDBOX_TOKEN}, 404, "invalid_session"),
        ({"instance_id": "UNKNOWN", "access_token": "wrong"}, 401, "unauthorized"),
    ],
)
def test_what_every_call_checks(world: World, call: str, params: dict[str, t.Any], status: int, code: str) -> None:
    instance = world.add()
    before = instance.facts()
    reply = world.engine.handle(call, calls.METHODS[call][0], params)
    if call == "create" and status == 404:  # it needs no instance_id
        assert reply.status == 201
    elif call in ("stop", "delete") and status == 404:
        assert (reply.status, reply.json()) == (200, None)
    else:
        assert (reply.status, reply.json()["code"]) == (status, code)
    assert instance.facts() == before


@pytest.mark.parametrize("call", sorted(calls.METHODS))
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_methods(world: World, call: str, method: str) -> None:
    world.add(status=SCAN_QR_CODE, paid=True)
    params = {**GOOD, "webhooks": [], "policies": {}, "phone_number": "+999 1"}
    reply = world.engine.handle(call, method, params)
    success = 201 if method == "POST" else 200
    assert reply.status == (success if method in calls.METHODS[call] else 405)


def test_an_instance_takes_its_own_token_only(world: World) -> None:
    world.add(access_token="mine")
    assert world.engine.handle("info", "POST", GOOD).status == 401
    assert world.engine.handle("info", "POST", {**GOOD, "access_token": "mine"}).status == 201


def test_a_deleted_session_is_unknown_but_its_truth_remains(world: World) -> None:
    world.add(status=STOPPED)
    assert world.engine.ask("delete", ID).json() is None
    assert world.engine.ask("info", ID).status == 404
    assert world.engine.look(ID).linked
    world.engine.world("unlink_on_phone", ID)
    assert not world.engine.look(ID).linked


def test_settings_survive_a_logout(world: World) -> None:
    hooks = [{"url": "https://example.com/hook", "events": ["session.status"], "is_active": True}]
    world.add(webhooks=hooks, config={"proxy": {"server": "proxy.example:3128"}})
    before = world.engine.ask("info", ID).json()["config"]
    world.engine.ask("logout", ID)
    world.clock.advance(10)
    assert world.engine.ask("info", ID).json()["config"] == before
    assert before == {"webhooks": hooks, "proxy": {"server": "proxy.example:3128"}}


def test_a_get_of_info_may_be_stale_for_a_moment(world: World) -> None:
    world.add()
    assert world.engine.ask("info", ID, "GET").json()["status"] == WORKING
    world.engine.ask("logout", ID)
    assert world.engine.ask("info", ID, "GET").json()["status"] == WORKING
    assert world.engine.ask("info", ID).json()["status"] == STARTING
    world.clock.advance(1)
    assert world.engine.ask("info", ID, "GET").json()["status"] == SCAN_QR_CODE


def test_me(world: World) -> None:
    instance = world.add()
    assert world.engine.ask("me", ID).json() == {
        "id": instance.account,
        "pushName": instance.push_name,
        "lid": "000003010455550@lid",
        "platform": "android",
    }
    world.engine.ask("logout", ID)
    assert world.engine.ask("me", ID).json() is None


def test_webhooks_are_replaced_and_need_a_paid_plan(world: World) -> None:
    instance = world.add()
    hook = {"url": "https://example.com/hook", "events": ["session.status"]}
    refused = world.engine.ask("webhook", ID, webhooks=[hook])
    assert (refused.status, refused.json()["code"]) == (403, "subscription_required")
    instance.paid = True
    assert world.engine.ask("webhook", ID, webhooks=[hook]).json()["webhooks"] == [{**hook, "is_active": True}]
    other = {"url": "http://example.com/other", "events": [], "is_active": False}
    world.engine.ask("webhook", ID, webhooks=[other])
    shown = world.engine.ask("webhook", ID, "GET").json()
    assert shown["webhooks"] == [other]
    assert shown["systemConfig"]


@pytest.mark.parametrize(
    "webhooks", [None, {}, "x", [1], [{}], [{"url": "ftp://x"}], [{"url": "http://x", "events": 1}]]
)
def test_what_is_no_webhook(world: World, webhooks: t.Any) -> None:
    instance = world.add(paid=True, webhooks=[{"url": "http://example.com"}])
    assert world.engine.ask("webhook", ID, webhooks=webhooks).status == 400
    assert instance.webhooks == [{"url": "http://example.com"}]


def test_temporary_links(world: World) -> None:
    world.add()
    assert world.engine.ask("temp_link", ID, "GET").json() == {"link": None}
    first = world.engine.ask("temp_link", ID).json()["link"]
    second = world.engine.ask("temp_link", ID).json()["link"]
    assert re.fullmatch(r"https://link\.wawp\.example/[0-9a-f]{64}", first)
    assert first != second
    assert world.engine.ask("temp_link", ID, "GET").json() == {"link": second}
    assert world.engine.ask("temp_link", ID, "DELETE").json() == {"link": None}
    world.engine.ask("temp_link", ID)
    world.clock.advance(1799)
    assert world.engine.ask("temp_link", ID, "GET").json()["link"]
    world.clock.advance(1)
    assert world.engine.ask("temp_link", ID, "GET").json() == {"link": None}


def test_a_logout_leaves_a_temporary_link_alive(world: World) -> None:
    instance = world.add()
    world.engine.ask("temp_link", ID)
    world.engine.ask("logout", ID)
    world.clock.advance(10)
    world.engine.world("scan", ID, via_link=True)
    assert instance.linked


def test_create(world: World) -> None:
    world.engine.quota = 2
    made = [world.engine.handle("create", "POST", {"access_token": SANDBOX_TOKEN}).json() for dummy in range(2)]
    assert len({item["instance_id"] for item in made}) == 2
    assert set(made[0]) == {"instance_id", "session_name", "server_name"}
    assert re.fullmatch(r"[0-9A-F]{12}", made[0]["instance_id"])
    assert re.fullmatch(r"wawp-\d{8}", made[0]["session_name"])
    assert world.engine.ask("info", made[0]["instance_id"]).json()["status"] == STOPPED
    refused = world.engine.handle("create", "POST", {"access_token": SANDBOX_TOKEN})
    assert (refused.status, refused.json()["code"]) == (403, "quota_exceeded")


def test_rate_limits_are_settings(world: World) -> None:
    world.add()
    assert world.engine.ask("rate_limit", ID, "PATCH", policies={"per_second": 1}).status == 200
    assert world.engine.ask("rate_limit", ID, "GET").json()["policies"]["per_second"] == 1
    assert world.engine.ask("rate_limit", ID, "PATCH", policies=3).status == 400


@pytest.mark.parametrize("call", ["qr", "qr_image"])
def test_the_qr_code_is_a_picture_and_changes(world: World, call: str) -> None:
    world.add(status=SCAN_QR_CODE)
    seen = []
    for moment in (0, 59, 60, 79, 80, 159):
        world.clock.now = moment
        seen.append(world.engine.ask(call, ID).json()["qr"])
        assert world.engine.ask("info", ID).json()["qr"] == seen[-1]
    assert [seen.index(code) for code in seen] == [0, 0, 2, 2, 4, 5]
    picture = base64.b64decode(seen[0].partition("base64,")[2])
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (148, 148)
    world.engine.ask("restart", ID)
    world.clock.advance(1)
    assert world.engine.ask(call, ID).json()["qr"] not in seen


def test_a_pairing_code_waits_to_be_entered(world: World) -> None:
    instance = world.add(status=SCAN_QR_CODE)
    assert re.fullmatch(
        r"[A-Z]{4}-[A-Z]{4}", world.engine.ask("request_code", ID, phone_number="+999 12").json()["code"]
    )
    assert world.engine.ask("info", ID).json()["me"] == {"id": "99912@c.us", "pushName": "~", "lid": ""}
    assert not instance.linked
    assert world.engine.ask("request_code", ID).status == 400
    world.engine.ask("restart", ID)
    assert world.engine.ask("info", ID).json()["me"] is None


@pytest.mark.parametrize("call", ["qr", "qr_image", "request_code"])
def test_there_is_no_code_elsewhere(world: World, call: str) -> None:
    world.add()
    assert world.engine.delay(call, ID) == 5.0
    assert world.engine.ask(call, ID, phone_number="1").status == 422


@pytest.mark.parametrize(("kind", "seconds"), [("GOWS", 1.43), ("NOWEB", 2.03), ("WEBJS", 8.03)])
def test_a_logout_takes_as_long_as_the_engine(world: World, kind: str, seconds: float) -> None:
    world.add(engine=kind)
    assert world.engine.delay("logout", ID) == pytest.approx(seconds)
    world.engine.delays = Delays(scale=0.1)
    assert world.engine.delay("logout", ID) == pytest.approx(seconds / 10)
    world.engine.delays = Delays(scale=0)
    assert world.engine.delay("logout", ID) == 0


def test_the_log_tells_all_but_the_token(world: World) -> None:
    world.add(access_token="s3cret-token-of-mine")
    world.engine.ask("info", ID)
    world.engine.ask("logout", ID)
    world.engine.handle("info", "GET", {"instance_id": ID, "access_token": "guessed"}, location="query", path="/x")
    assert [(entry.call, entry.http_status, entry.token_ok, entry.write) for entry in world.engine.log] == [
        ("info", 201, True, False),
        ("logout", 201, True, True),
        ("info", 401, False, False),
    ]
    assert [entry.credentials for entry in world.engine.log] == ["body", "body", "query"]
    assert world.engine.writes(ID) == ["logout"]
    assert [entry.sequence for entry in world.engine.calls(ID, "info")] == [1, 3]
    assert world.engine.calls_by_instance() == {ID: list(world.engine.log)}
    assert "s3cret" not in repr(world.engine.log)
    assert "guessed" not in repr(world.engine.log)


def test_the_log_is_bounded() -> None:
    engine = Engine(VirtualClock(), log_size=3)
    engine.add(Instance(ID))
    for dummy in range(5):
        engine.ask("info", ID)
    assert [entry.sequence for entry in engine.log] == [3, 4, 5]


@pytest.mark.no_cover
def test_ten_thousand_instances() -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    ids = [f"{number:012X}" for number in range(10_000)]
    for name in ids:
        engine.add(Instance(name))
    for name in ids:
        engine.ask("logout", name)
    clock.advance(10)
    assert {engine.ask("info", name).json()["status"] for name in ids} == {SCAN_QR_CODE}
    assert not any(engine.instances[name].linked for name in ids)
    assert {tuple(entry.call for entry in found) for found in engine.calls_by_instance().values()} == {
        ("logout", "info")
    }
