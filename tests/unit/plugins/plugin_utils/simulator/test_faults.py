# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each fault as a client meets it, over real HTTP, and the truth behind it."""

from __future__ import annotations

import email.utils
import http.client
import json
import time
import typing as t
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import KINDS, Fault, FaultError
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    SANDBOX_TOKEN,
    SCAN_QR_CODE,
    WORKING,
    Instance,
)

from .conftest import Sandbox

ID = "3EB0BCB2E3D4"


@pytest.fixture
def instance(sandbox: Sandbox) -> Instance:
    return sandbox.engine.add(Instance(ID))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_before_and_after_the_effect(sandbox: Sandbox, instance: Instance, status: int, when: str) -> None:
    sandbox.engine.add_fault(Fault("http", call="logout", http_status=status, when=when))
    answer = sandbox.call("logout", ID)
    assert answer.status == status
    assert set(answer.json()) == {"code", "message"}
    assert instance.linked == (when == "before")
    assert sandbox.engine.log[-1].fault == "http"
    # once, unless told otherwise
    assert sandbox.call("info", ID).json()["status"] == (WORKING if when == "before" else SCAN_QR_CODE)
    assert sandbox.call("logout", ID).status == 201


def test_the_forms_of_an_error(sandbox: Sandbox, instance: Instance) -> None:
    def body(form: str) -> tuple[str, bytes]:
        sandbox.engine.add_fault(Fault("http", http_status=502, body=form, code="upstream", message="Gone fishing"))
        answer = sandbox.call("info", ID)
        assert answer.status == 502
        return answer.headers["content-type"], answer.body

    assert json.loads(body("json")[1]) == {"code": "upstream", "message": "Gone fishing"}
    assert json.loads(body("nested_json")[1]) == {"error": {"code": "upstream", "message": "Gone fishing"}}
    kind, text = body("xml")
    assert kind == "application/xml"
    assert ElementTree.fromstring(text).findtext("message") == "Gone fishing"  # noqa: S314  our own
    kind, text = body("html")
    assert (kind, text[:15]) == ("text/html", b"<!DOCTYPE html>")
    assert body("text") == ("text/plain", b"upstream: Gone fishing\n")
    assert body("empty")[1] == b""


def test_retry_after_in_seconds_and_as_a_date(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("http", http_status=429, retry_after=2))
    sandbox.engine.add_fault(Fault("http", http_status=429, retry_after=100, retry_after_date=True))
    sandbox.engine.add_fault(Fault("http", http_status=429))
    assert sandbox.call("info", ID).headers["retry-after"] == "2"
    date = email.utils.parsedate_to_datetime(sandbox.call("info", ID).headers["retry-after"])
    assert 30 < date.timestamp() - time.time() <= 101
    assert "retry-after" not in sandbox.call("info", ID).headers


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_timeout_keeps_the_client_waiting(sandbox: Sandbox, instance: Instance, when: str) -> None:
    sandbox.engine.add_fault(Fault("timeout", call="logout", when=when, seconds=60))
    with pytest.raises(OSError, match="timed out"):
        sandbox.call("logout", ID, timeout=0.3)
    assert instance.linked == (when == "before")
    assert sandbox.engine.log[-1].http_status == 0


def test_a_timeout_ends_with_a_closed_connection(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("timeout", seconds=0.1))
    with pytest.raises(http.client.RemoteDisconnected):
        sandbox.call("info", ID)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_connection(sandbox: Sandbox, instance: Instance, when: str) -> None:
    sandbox.engine.add_fault(Fault("drop", call="logout", when=when))
    with pytest.raises(http.client.RemoteDisconnected):
        sandbox.call("logout", ID)
    assert instance.linked == (when == "before")


def test_a_truncated_body(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("truncate", call="logout"))
    with pytest.raises(http.client.IncompleteRead):
        sandbox.call("logout", ID)
    assert not instance.linked


def test_a_slow_body_comes_whole_and_holds_nobody_up(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("slow", seconds=0.5))
    connection = sandbox.connect()
    body = json.dumps({"instance_id": ID, "access_token": SANDBOX_TOKEN})
    started = time.monotonic()
    connection.request("POST", "/v2/session/info", body)
    reply = connection.getresponse()
    assert sandbox.call("info", ID).json()["status"] == WORKING
    assert json.loads(reply.read())["status"] == WORKING
    assert time.monotonic() - started >= 0.4
    # the connection is still good
    connection.request("POST", "/v2/session/info", body)
    assert connection.getresponse().status == 201
    connection.close()


def test_a_huge_body(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("huge", mebibytes=3))
    answer = sandbox.call("info", ID)
    assert len(answer.body) > 3 * 2**20
    assert answer.json()["status"] == WORKING


def test_bodies_that_cannot_be_read(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("garbage"))
    answer = sandbox.call("info", ID)
    assert answer.status == 201
    with pytest.raises(ValueError, match=r"Expecting|Invalid"):
        json.loads(answer.body.decode("utf-8"))
    sandbox.engine.add_fault(Fault("non_utf8"))
    answer = sandbox.call("info", ID)
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")
    assert json.loads(answer.body.decode("latin-1"))["status"] == WORKING
    sandbox.engine.add_fault(Fault("empty", call="logout"))
    answer = sandbox.call("logout", ID)
    assert (answer.status, answer.body) == (201, b"")
    assert not instance.linked


def test_201_instead_of_200(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("created", call="logout"))
    answer = sandbox.call("logout", ID)
    assert (answer.status, answer.json()["status"]) == (201, "STARTING")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect(sandbox: Sandbox, instance: Instance, status: int) -> None:
    sandbox.engine.add_fault(
        Fault("redirect", call="logout", http_status=status, location="http://elsewhere.invalid/x")
    )
    answer = sandbox.call("logout", ID)
    assert (answer.status, answer.headers["location"]) == (status, "http://elsewhere.invalid/x")
    assert instance.linked


def test_a_patched_body(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(
        Fault(
            "patch",
            remove=["me", "config.proxy", "not.there"],
            replace={"config.webhooks": [], "debug": "token=$access_token"},
        )
    )
    assert sandbox.call("info", ID).json() == {
        "name": instance.name,
        "status": WORKING,
        "config": {"webhooks": []},
        "debug": f"token={SANDBOX_TOKEN}",
    }


def test_a_lie_changes_nothing(sandbox: Sandbox, instance: Instance) -> None:
    sandbox.engine.add_fault(Fault("lie", status="STOPPED"))
    before = instance.facts()
    sandbox.call("temp-link", ID)  # a lie waits for info
    lie = sandbox.call("info", ID).json()
    assert (lie["status"], lie["me"]) == ("STOPPED", None)
    assert sandbox.call("info", ID).json()["status"] == WORKING
    assert (instance.status, instance.linked) == (before["status"], before["linked"])


@pytest.mark.parametrize("call", ["logout", "delete"])
def test_a_swallowed_unpair(sandbox: Sandbox, instance: Instance, call: str) -> None:
    sandbox.engine.add_fault(Fault("swallow", call=call))
    assert sandbox.call(call, ID).status in (200, 201)
    truth = sandbox.engine.look(ID)
    assert truth.linked
    assert sandbox.call("info", ID).status == (404 if call == "delete" else 201)
    if call == "logout":
        assert (truth.status, truth.credentials) == (SCAN_QR_CODE, False)


@pytest.mark.parametrize("status", [0, 504])
def test_a_late_effect(status: int) -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    instance = engine.add(Instance(ID))
    engine.add_fault(Fault("late", call="logout", seconds=5, http_status=status))
    reply = engine.ask("logout", ID)
    assert (reply.status, reply.delivery) == ((0, "drop") if status == 0 else (504, "plain"))
    clock.advance(4)
    assert engine.ask("info", ID).json()["status"] == WORKING
    assert instance.linked
    clock.advance(1)
    assert engine.ask("info", ID).json()["status"] == WORKING
    assert not instance.linked
    clock.advance(2.1)
    assert engine.ask("info", ID).json()["status"] == "STARTING"
    clock.advance(1)
    assert engine.ask("info", ID).json()["status"] == SCAN_QR_CODE


def test_two_late_effects_come_in_their_order() -> None:
    clock = VirtualClock()
    engine = Engine(clock)
    instance = engine.add(Instance(ID))
    engine.add_fault(Fault("late", call="delete", seconds=9))
    engine.add_fault(Fault("late", call="stop", seconds=2))
    engine.ask("delete", ID)
    engine.ask("stop", ID)
    clock.advance(3)
    assert engine.ask("info", ID).json()["status"] == "STOPPED"
    clock.advance(10)
    assert engine.ask("info", ID).status == 404
    assert instance.linked


# --- which call a fault strikes ----------------------------------------------------------------------------------
def outcomes(engine: Engine, count: int = 4, call: str = "info", instance_id: str = ID) -> list[int]:
    return [engine.ask(call, instance_id).status for dummy in range(count)]


@pytest.fixture
def engine() -> Engine:
    engine = Engine(VirtualClock())
    engine.add(Instance(ID))
    engine.add(Instance("OTHER"))
    return engine


def test_times_and_skip(engine: Engine) -> None:
    engine.add_fault(Fault("http", skip=1, times=2))
    assert outcomes(engine) == [201, 500, 500, 201]
    engine.add_fault(Fault("http", times=None))
    assert outcomes(engine, 20) == [500] * 20
    engine.clear_faults()
    assert outcomes(engine) == [201] * 4


def test_a_fault_for_the_instance_goes_first_and_one_call_suffers_one_fault(engine: Engine) -> None:
    engine.add_fault(Fault("http", http_status=503))
    engine.add_fault(Fault("http", http_status=502, instance_id=ID))
    assert len(engine.faults()) == 2
    assert outcomes(engine) == [502, 503, 201, 201]
    assert engine.faults() == []


def test_a_fault_strikes_its_call_and_instance_only(engine: Engine) -> None:
    engine.add_fault(Fault("http", call="stop", instance_id=ID, times=None))
    assert outcomes(engine, 1) == [201]
    assert outcomes(engine, 1, "stop", "OTHER") == [201]
    assert outcomes(engine, 1, "stop") == [500]
    engine.clear_faults("OTHER")
    assert outcomes(engine, 1, "stop") == [500]
    engine.clear_faults(ID)
    assert outcomes(engine, 1, "stop") == [201]


def test_bodies_before_the_effect(engine: Engine) -> None:
    engine.add_fault(Fault("garbage", call="logout", when="before"))
    assert engine.ask("logout", ID).status == 200
    assert engine.instances[ID].linked
    # a read has no effect to come before
    engine.add_fault(Fault("created", call="info", when="before"))
    reply = engine.ask("info", ID)
    assert (reply.status, reply.json()["status"]) == (201, WORKING)


def test_what_changes_success_leaves_errors_alone(engine: Engine) -> None:
    engine.add_fault(Fault("garbage", instance_id="UNKNOWN"))
    reply = engine.ask("info", "UNKNOWN")
    assert (reply.status, reply.json()["code"]) == (404, "invalid_session")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "nonsense"},
        {"kind": "http", "when": "now"},
        {"kind": "http", "body": "yaml"},
        {"kind": "http", "http_status": 99},
        {"kind": "http", "http_status": 0},
        {"kind": "http", "times": 0},
        {"kind": "http", "skip": -1},
        {"kind": "redirect"},
        {"kind": "redirect", "location": "http://x.invalid", "http_status": 200},
        {"kind": "late", "when": "before"},
        {"kind": "swallow", "when": "before"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": float("nan")},
        {"kind": "http", "retry_after": float("inf")},
        {"kind": "huge", "mebibytes": 10_000},
    ],
)
def test_what_is_no_fault(fields: dict[str, t.Any]) -> None:
    with pytest.raises(FaultError):
        Fault(**fields)


def test_every_kind_is_tried_here() -> None:
    here = Path(__file__)
    source = here.read_text(encoding="utf-8") + here.with_name("test_other_replies.py").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'Fault("{kind}"' not in source and f'        "{kind}"' not in source] == []
