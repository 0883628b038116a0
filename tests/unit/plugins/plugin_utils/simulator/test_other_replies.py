# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies and spellings that misled clients, injected by name."""

from __future__ import annotations

import json

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault, FaultError
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import ACCOUNT_FORMS, ImpossibleError, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.other_replies import (
    APPLICATION_ERRORS,
    FOREIGN_404,
    OTHER_REPLIES,
    REFUSALS,
)

ID = "3EB0BCB2E3D4"


@pytest.fixture
def engine() -> Engine:
    engine = Engine(VirtualClock())
    engine.add(Instance(ID))
    return engine


@pytest.mark.parametrize("name", OTHER_REPLIES)
def test_another_reply_comes_instead_and_nothing_happens(engine: Engine, name: str) -> None:
    engine.add_fault(Fault("reply", call="logout", name=name))
    reply = engine.ask("logout", ID)
    expected = OTHER_REPLIES[name]
    assert (reply.status, reply.body.decode(), reply.headers["Content-Type"]) == (
        expected.http_status,
        expected.body,
        expected.content_type,
    )
    assert engine.instances[ID].linked
    assert engine.instances[ID].credentials


@pytest.mark.parametrize("name", [*REFUSALS, *APPLICATION_ERRORS])
def test_a_refusal_may_come_after_the_key_was_wiped(engine: Engine, name: str) -> None:
    engine.add_fault(Fault("reply", call="logout", name=name, when="after", swallow=True))
    engine.ask("logout", ID)
    assert (engine.instances[ID].linked, engine.instances[ID].credentials) == (True, False)


def test_the_groups_are_what_they_are_called() -> None:
    assert all(200 <= reply.http_status < 300 for reply in REFUSALS.values())
    assert all(reply.http_status == 404 for reply in FOREIGN_404.values())
    assert not any("session" in reply.body.replace("/v2/session/", "").lower() for reply in FOREIGN_404.values())
    assert not any("instance" in reply.body.lower() for reply in FOREIGN_404.values())
    assert all(reply.http_status >= 500 for reply in APPLICATION_ERRORS.values())
    assert all(isinstance(json.loads(reply.body), dict) for reply in APPLICATION_ERRORS.values())


@pytest.mark.parametrize("status", [408, 409, 423, 425, 460, 499])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_status_that_may_mean_either(engine: Engine, status: int, when: str) -> None:
    engine.add_fault(Fault("http", call="logout", http_status=status, when=when))
    assert engine.ask("logout", ID).status == status
    assert engine.instances[ID].linked == (when == "before")


@pytest.mark.parametrize(("case", "shown"), [("lower", "working"), ("title", "Working"), ("upper", "WORKING")])
def test_statuses_in_another_case(engine: Engine, case: str, shown: str) -> None:
    engine.add_fault(Fault("case", call="info", case=case))
    assert engine.ask("info", ID).json()["status"] == shown


def test_a_key_that_stands_twice(engine: Engine) -> None:
    engine.add_fault(Fault("twice", call="info", status="SCAN_QR_CODE"))
    pairs = json.loads(engine.ask("info", ID).body, object_pairs_hook=list)
    assert [value for name, value in pairs if name == "status"] == ["SCAN_QR_CODE", "WORKING"]


def test_a_body_that_contradicts_itself(engine: Engine) -> None:
    replaced = {"status": "SCAN_QR_CODE", "engine": {"state": "CONNECTED"}}
    engine.add_fault(Fault("patch", call="info", replace=replaced))
    data = engine.ask("info", ID).json()
    assert (data["status"], data["engine"]["state"], data["me"]["pushName"]) == (
        "SCAN_QR_CODE",
        "CONNECTED",
        "Sandbox 550",
    )


@pytest.mark.parametrize("form", ACCOUNT_FORMS)
def test_an_account_may_be_named_in_many_ways(form: str) -> None:
    engine = Engine(VirtualClock())
    instance = engine.add(Instance(ID, names_account_by=form))
    me = engine.ask("info", ID).json()["me"]
    number = instance.account.partition("@")[0]
    forms = {
        "id": me == {"id": instance.account, "pushName": instance.push_name, "lid": "000003010455550@lid"},
        "lid": me == {"lid": "000003010455550@lid"},
        "jid": me == {"jid": f"{number}:12@s.whatsapp.net"},
        "phone": me == {"phone": number},
        "list": me == [instance.account],
        "number": me == int(number),
    }
    assert [name for name, fits in forms.items() if fits] == [form]
    assert engine.ask("me", ID).status == 200


def test_what_is_no_other_reply() -> None:
    with pytest.raises(FaultError, match="name must be one of success_false"):
        Fault("reply", name="nonsense")
    with pytest.raises(FaultError, match="case must be one of"):
        Fault("case", case="camel")
    with pytest.raises(FaultError, match="cannot strike before"):
        Fault("reply", name="null", swallow=True)
    with pytest.raises(ImpossibleError, match="names_account_by must be one of id"):
        Instance(ID, names_account_by="shoe size")
