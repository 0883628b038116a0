# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task of wawp_session_info: the calls, every field, failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import INFO_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.session_info import info_task
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

ACCOUNT = "201012345678@c.us"
BROKEN: dict[str, Any] = {"kind": "http", "http_status": 400, "times": None}


def info(server: Server, check_mode: bool = False, **options: Any) -> TaskResult:
    """Run the module's task with these options."""
    given = {"access_token": SANDBOX_TOKEN, "api_url": server.url, **options}
    validated = ArgumentSpecValidator(INFO_SPEC).validate(given)
    assert not validated.error_messages
    return info_task(validated.validated_parameters, check_mode)


@pytest.mark.parametrize("check_mode", [False, True])
def test_one(server: Server, engine: Engine, check_mode: bool) -> None:
    engine.add(Instance("A1", account=ACCOUNT, push_name="Nour", name="wawp-84729105"))
    report = info(server, check_mode, instance_id="A1")

    assert report.result == {
        "changed": False,
        "sessions": [
            {
                "instance_id": "A1",
                "name": None,
                "origin": None,
                "exists": True,
                "status": "WORKING",
                "paired": True,
                "account": "********5678@c.us",
                "session": {
                    "name": "wawp-84729105",
                    "status": "WORKING",
                    "config": {"webhooks": {}, "proxy": None},
                    "me": {"id": "********5678@c.us", "pushName": "N***", "lid": "***********3697@lid"},
                },
                "error": None,
                "reads": 1,
            }
        ],
    }
    assert [(entry.call, entry.credentials) for entry in engine.log] == [("info", "body")]
    assert report.warnings == []


def test_without_the_whole_reply(server: Server, engine: Engine) -> None:
    engine.add(Instance("A1", account=ACCOUNT))
    whole, facts = (
        info(server, instance_id="A1", return_session=wanted).result["sessions"][0] for wanted in (True, False)
    )
    assert facts == {name: value for name, value in whole.items() if name != "session"}


def test_many_in_their_order(server: Server, engine: Engine) -> None:
    for number in range(40):
        engine.add(Instance(f"A{number}"))
    ids = [f"A{number}" for number in reversed(range(40))]
    report = info(server, instances=ids, calls_per_second=0)

    assert [entry["instance_id"] for entry in report.result["sessions"]] == ids
    assert len(engine.log) == 40


def test_instances_go_before_the_one(server: Server, engine: Engine) -> None:
    engine.add(Instance("A1"))
    report = info(server, instance_id="B2", instances=[{"instance_id": "A1", "name": "desk"}])

    assert [(entry["instance_id"], entry["name"]) for entry in report.result["sessions"]] == [("A1", "desk")]


def test_one_that_does_not_exist_is_a_result(server: Server) -> None:
    report = info(server, instance_id="GONE")

    assert not report.failed
    (entry,) = report.result["sessions"]
    assert entry["exists"] is False
    assert {entry[key] for key in ("status", "paired", "account", "session", "error")} == {None}


@pytest.mark.parametrize(
    ("status", "paired"), [("WORKING", True), ("SCAN_QR_CODE", False), ("FAILED", True), ("STOPPED", True)]
)
def test_whether_it_is_paired(server: Server, engine: Engine, status: str, paired: bool) -> None:
    engine.add(Instance("A1", status=status))

    assert info(server, instance_id="A1").result["sessions"][0]["paired"] is paired


def test_a_failure_beside_what_was_read(server: Server, engine: Engine) -> None:
    engine.add(Instance("A1"))
    engine.add(Instance("B2"))
    engine.add_fault(Fault(**BROKEN, instance_id="B2"))
    report = info(server, instances=["A1", "B2", "GONE"])

    assert report.failed
    assert report.result["msg"].startswith("1 of 3 sessions could not be read. B2: ")
    assert [entry["exists"] for entry in report.result["sessions"]] == [True, None, False]
    assert report.result["sessions"][1]["error"]["http_status"] == 400


def test_of_many_failures_some_are_named(server: Server, engine: Engine) -> None:
    for number in range(9):
        engine.add(Instance(f"A{number}"))
    engine.add_fault(Fault(**BROKEN))
    message = info(server, instances=[f"A{number}" for number in range(9)]).result["msg"]

    assert message.startswith("9 of 9 sessions could not be read. A0, A1, A2, A3, A4 and 4 more: ")
    assert SANDBOX_TOKEN not in message


def test_a_read_that_fails_for_a_moment_is_tried_again(server: Server, engine: Engine) -> None:
    engine.add(Instance("A1"))
    engine.add_fault(Fault("http", instance_id="A1", http_status=502))

    assert info(server, instance_id="A1").result["sessions"][0]["status"] == "WORKING"
    assert len(engine.log) == 2


class TestQrCode:
    def test_is_there_only_on_request(self, server: Server, engine: Engine) -> None:
        engine.add(Instance("A1", status="SCAN_QR_CODE"))
        without, asked = (info(server, instance_id="A1", qr=qr).result["sessions"][0] for qr in (False, True))

        assert "data:image" not in json.dumps(without)
        assert asked["qr"].startswith("data:image/png;base64,")
        assert "data:image" not in json.dumps(asked["session"])

    @pytest.mark.parametrize("instance_id", ["A1", "GONE"])
    def test_is_null_where_nothing_is_to_be_scanned(self, server: Server, engine: Engine, instance_id: str) -> None:
        engine.add(Instance("A1"))

        assert info(server, instance_id=instance_id, qr=True).result["sessions"][0]["qr"] is None


def test_an_account_is_shown_only_if_asked_for(server: Server, engine: Engine) -> None:
    engine.add(Instance("A1", account=ACCOUNT, push_name="Nour"))
    (entry,) = info(server, instance_id="A1", mask_account=False).result["sessions"]

    assert entry["account"] == entry["session"]["me"]["id"] == ACCOUNT
    assert entry["session"]["me"]["pushName"] == "Nour"
    assert ACCOUNT[:6] not in json.dumps(info(server, instance_id="A1").result)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({}, "instance_id"),
        ({"instance_id": "A1", "instances": []}, "instances"),
        ({"instance_id": "A 1"}, "instances"),
        ({"instances": ["A1", "A1"]}, "instances"),
        ({"instances": [{"instance_id": "A1", "state": "started"}]}, "instances"),
        ({"instance_id": "A1", "max_connections": 0}, "max_connections"),
        ({"instance_id": "A1", "calls_per_second": -1}, "calls_per_second"),
        ({"instance_id": "A1", "request_timeout": 0}, "request_timeout"),
        ({"instance_id": "A1", "api_url": "ftp://x"}, "api_url"),
    ],
    ids=str,
)
def test_options_that_cannot_be_used(
    server: Server, engine: Engine, environment: Path, options: dict[str, Any], option: str
) -> None:
    with pytest.raises(OptionError) as caught:
        info(server, **options)
    assert caught.value.option == option
    assert not engine.log
