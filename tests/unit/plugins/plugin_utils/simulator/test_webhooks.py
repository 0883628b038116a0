# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The webhooks that the simulator sends, as a receiver over HTTP sees them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import control
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.delivery import Watch, request_of
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.generations import GENERATIONS
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, ImpossibleError, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.webhooks import Settings

PATIENCE = 20.0  # seconds
ID = "3EB0BCB2E3D4"


class Receiver:
    """A receiver that keeps its requests, and answers with the given statuses, then with 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def wait(self, count: int) -> list[Any]:
        """Return the parsed bodies, once there are `count` of them."""
        deadline = time.monotonic() + PATIENCE
        while len(self.got) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return [json.loads(body) for dummy, body in self.got]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def engine(receiver: Receiver) -> Iterator[Engine]:
    found = Engine(delays=Delays(scale=0))
    hook = {"url": receiver.url, "events": ["session.status"], "is_active": True}
    found.add(Instance(ID, webhooks=[hook]))
    found.webhooks = Settings(key="my-secret-key", delay=0.01)
    with Server(found):
        time.sleep(0.2)  # until the first look: earlier events aren't reported
        yield found


def test_what_happens_is_sent_in_the_engine_s_form(engine: Engine, receiver: Receiver) -> None:
    before = engine.instances[ID].me()
    engine.ask("logout", ID)
    stopped, starting, scanning = sorted(receiver.wait(3), key=lambda body: str(body["id"]))
    assert [step["status"] for step in stopped["payload"]["statuses"]] == ["WORKING", "STOPPED"]
    assert starting["payload"]["status"] == "STARTING"
    assert scanning["payload"]["status"] == "SCAN_QR_CODE"
    assert [step["status"] for step in scanning["payload"]["statuses"]] == ["STARTING", "SCAN_QR_CODE"]
    assert abs(scanning["payload"]["statuses"][-1]["timestamp"] - time.time() * 1000) < 1000 * PATIENCE
    assert scanning["session"] == scanning["payload"]["name"] == engine.instances[ID].name
    assert scanning["event"] == "session.status"
    assert before is not None
    assert scanning["me"] is None


def test_it_is_signed_as_the_engine_signs(engine: Engine, receiver: Receiver) -> None:
    engine.world("crash", ID)
    receiver.wait(1)
    headers, body = receiver.got[0]
    assert headers["X-Webhook-Hmac"] == hmac.new(b"my-secret-key", body, hashlib.sha512).hexdigest()
    assert headers["X-Webhook-Hmac-Algorithm"] == "sha512"
    assert abs(int(headers["X-Webhook-Timestamp"]) - time.time() * 1000) < 1000 * PATIENCE


def test_it_is_sent_again_until_it_is_taken(engine: Engine, receiver: Receiver) -> None:
    receiver.answers = [500, 429]
    engine.world("crash", ID)
    bodies = receiver.wait(3)
    assert [body["id"] for body in bodies] == [bodies[0]["id"]] * 3
    deadline = time.monotonic() + PATIENCE
    while len(engine.webhooks.log) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [entry.http_status for entry in engine.webhooks.log] == [500, 429, 200]


def test_the_old_form(engine: Engine, receiver: Receiver) -> None:
    engine.webhooks.form, engine.webhooks.key = "old", ""
    engine.world("crash", ID)
    (body,) = receiver.wait(1)
    assert (body["instance_id"], body["status"]) == (ID, "FAILED")
    assert "X-Webhook-Hmac" not in receiver.got[0][0]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_only_newer_engines_number_date_and_sign_them(generation: str) -> None:
    engine = Engine(VirtualClock())
    hook = {"url": "http://127.0.0.1:9/", "events": ["session.status"], "is_active": True}
    engine.add(Instance(ID, generation=generation, webhooks=[hook]))
    watch = Watch(engine)
    watch.news()
    engine.world("crash", ID)
    (webhook,) = watch.news()
    body = json.loads(webhook.body)
    headers = {name.lower() for name in request_of(webhook, Settings(key="my-secret-key"), 1).headers}
    newer = generation != "K"
    assert ({"id", "timestamp"} <= set(body), {"id", "timestamp"} & set(body) == set()) == (newer, not newer)
    signed = {"x-webhook-hmac", "x-webhook-hmac-algorithm", "x-webhook-timestamp", "x-webhook-request-id"}
    assert headers & signed == (signed if newer else set())
    assert (body["payload"]["status"], body["me"] is not None) == ("FAILED", True)


def test_while_whatsapp_refuses_starting_is_told_again_every_two_seconds() -> None:
    clock, engine, watch = watched()
    engine.add_outage("refused", 0, 20)
    heard = []
    for tenths in range(300):
        clock.now = tenths / 10
        heard += [(clock.now, webhook.status) for webhook in watch.news()]
    assert heard == [*((2.0 * number, "STARTING") for number in range(1, 10)), (21.5, "WORKING")]


def watched(**hook: Any) -> tuple[VirtualClock, Engine, Watch]:
    clock = VirtualClock()
    engine = Engine(clock, wall=lambda: clock.now)
    given = {"url": "http://127.0.0.1:9/", "events": ["session.status"], "is_active": True, **hook}
    engine.add(Instance(ID, webhooks=[given]))
    watch = Watch(engine)
    assert watch.news() == []
    return clock, engine, watch


@pytest.mark.parametrize("hook", [{"is_active": False}, {"events": ["message"]}, {"events": []}])
def test_only_active_webhooks_for_this_event_get_it(hook: dict[str, Any]) -> None:
    dummy, engine, watch = watched(**hook)
    engine.world("crash", ID)
    assert watch.news() == []


def test_each_new_code_is_told_until_the_session_fails() -> None:
    clock, engine, watch = watched()
    engine.ask("logout", ID)
    heard = []
    for dummy in range(300):
        clock.advance(1)
        heard += [event.status for event in watch.news()]
    assert heard[:3] == ["STOPPED", "STARTING", "SCAN_QR_CODE"]
    assert heard[-1] == "FAILED"
    assert heard.count("SCAN_QR_CODE") == 6  # 60 s, then every 20 s up to 160 s


def test_the_control_api_sets_how_they_are_sent_and_never_shows_the_key() -> None:
    engine = Engine()
    status, shown = control.respond(engine, "PATCH", "webhooks", {}, {"key": "my-secret-key", "retries": 2})
    assert (status, shown["signed"], shown["retries"], shown["sent"]) == (200, True, 2, [])
    assert "my-secret-key" not in repr(control.respond(engine, "GET", "webhooks", {}, None))
    assert engine.webhooks.key == "my-secret-key"
    for wrong in ({"algorithm": "md5"}, {"retries": -1}, {"form": "new"}, {"colour": 1}):
        assert control.respond(engine, "PATCH", "webhooks", {}, wrong)[0] == 400
    with pytest.raises(ImpossibleError):
        Settings(delay=-1).check()
