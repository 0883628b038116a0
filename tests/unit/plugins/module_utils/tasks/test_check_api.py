# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_check_api over HTTP: its findings and its recording. Its decisions: session/test_probe.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.check_api import CHECK_API_SPEC, check_api_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

TOKEN = "wawp-3c1fb1a6c0ffee"
ACCOUNT = "201012345678@c.us"
PHRASE = "lose A1"
# A twentieth of the real delays, so that a whole life takes seconds.
SCALE = 0.05
WRITES = {"start", "stop", "restart", "logout", "delete"}


class Stage:
    """One instance, and the module."""

    def __init__(self, server: Server) -> None:
        self.engine, self.url = server.engine, server.url

    def add(self, status: str = "WORKING", **fields: Any) -> Instance:
        owned = {"account": ACCOUNT, "push_name": "Jane Doe"} if status != "SCAN_QR_CODE" else {}
        return self.engine.add(Instance("A1", TOKEN, status=status, **{**owned, **fields}))

    def run(self, check: bool = False, **options: Any) -> TaskResult:
        given = {"instance_id": "A1", "access_token": TOKEN, "api_url": self.url, "wait_sleep": 0.01, **options}
        validated = ArgumentSpecValidator(CHECK_API_SPEC).validate(given)
        assert not validated.error_messages
        return check_api_task(validated.validated_parameters, check)


@pytest.fixture
def stage(server: Server) -> Stage:
    server.engine.delays = Delays(scale=SCALE, qr_lifetime=30.0)
    return Stage(server)


def seen(report: TaskResult, what: str) -> str:
    (found,) = [row["seen"] for row in report.result["findings"] if row["what"].startswith(what)]
    return str(found)


def test_by_itself_it_changes_nothing(stage: Stage) -> None:
    instance = stage.add()
    report = stage.run()
    assert (report.result["changed"], report.failed) == (False, False)
    assert stage.engine.writes() == []
    assert (instance.status, instance.linked) == ("WORKING", True)
    assert seen(report, "A wrong token") == "HTTP 401, bad_token"
    assert seen(report, "An instance that doesn't exist") == "HTTP 404, unknown_session"
    assert seen(report, "A GET with credentials in the body") == "HTTP 200"
    assert seen(report, "A GET with credentials in the headers") == "HTTP 200"
    assert seen(report, "The session as found") == "HTTP 201, WORKING, me: account (id, lid, pushName)"
    assert seen(report, "reply to logout until") == "not seen"
    assert report.result["options"] == {"trust_empty_account": None, "proof_timeout": None}
    assert not any("query" in entry.credentials for entry in stage.engine.log)


def test_a_whole_life(stage: Stage, tmp_path: Path) -> None:
    instance = stage.add()
    path = tmp_path / "recording.json"
    report = stage.run(confirm=PHRASE, path=str(path))
    assert (report.result["changed"], report.failed) == (True, False)
    assert stage.engine.writes() == ["stop", "start", "restart", "logout", "stop"]
    assert (instance.status, instance.credentials, instance.linked) == ("STOPPED", False, False)
    assert report.result["options"] == {"trust_empty_account": True, "proof_timeout": 30.0}
    assert seen(report, "Left alone, until FAILED") in ("1 s", "2 s")
    assert json.loads(path.read_text()) == report.result["recording"]
    assert {step["error"] for step in report.result["recording"]["steps"]} == {None, "bad_token", "unknown_session"}


def test_the_recording_holds_neither_token_nor_number(stage: Stage, tmp_path: Path) -> None:
    """Whatever a server puts in place of statuses, codes and accounts."""
    stage.add()
    leaks = {"status": f"on {ACCOUNT}", "me": {"id": ACCOUNT, "pushName": TOKEN, ACCOUNT: TOKEN}}
    stage.engine.add_fault(Fault("patch", call="info", replace=leaks))
    stage.engine.add_fault(Fault("http", call="info", http_status=401, code=TOKEN, message=f"{TOKEN} {ACCOUNT}"))
    stage.engine.add_fault(Fault("http", call="info", http_status=404, code="x201012345678"))
    path = tmp_path / "recording.json"
    report = stage.run(path=str(path))
    kept = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept) == report.result["recording"]
    for secret in (TOKEN, "3c1fb1a6", "201012345678", "Jane", "A1", SANDBOX_URL.sub("", stage.url)):
        assert secret not in kept
        assert secret not in json.dumps(report.result["findings"])
    assert not re.search(r"\d{5}", kept)
    assert '"status": "other"' in kept
    assert '"code": "other"' in kept


SANDBOX_URL = re.compile(r"^http://127\.0\.0\.1:")


def test_a_token_that_is_a_word_is_not_kept_as_a_status(stage: Stage) -> None:
    engine = stage.engine
    engine.add(Instance("B2", "opensesame"))
    engine.add_fault(Fault("patch", call="info", replace={"status": "OPEN_opensesame"}))
    report = stage.run(instance_id="B2", access_token="opensesame")
    assert "opensesame" not in json.dumps(report.result)


@pytest.mark.parametrize("phrase", ["yes", "lose", "lose A2", "LOSE A1"])
def test_another_phrase_is_refused_before_anything_is_sent(stage: Stage, phrase: str) -> None:
    stage.add()
    with pytest.raises(OptionError, match="exactly: lose A1"):
        stage.run(confirm=phrase)
    assert stage.engine.calls() == []


def test_check_mode_predicts_and_writes_nothing(stage: Stage, tmp_path: Path) -> None:
    stage.add()
    report = stage.run(check=True, confirm=PHRASE, path=str(tmp_path / "recording.json"))
    assert report.result["changed"]
    assert stage.engine.writes() == []
    assert list(tmp_path.glob("*.json")) == []


def test_a_life_that_cannot_begin_fails_with_what_was_seen(stage: Stage) -> None:
    stage.add("FAILED")
    report = stage.run(confirm=PHRASE)
    assert report.failed
    assert not report.result["changed"]
    assert seen(report, "The session as found").startswith("HTTP 201, FAILED")
    assert stage.engine.writes() == []


def test_an_api_that_cannot_be_reached_is_a_failure_with_a_table(stage: Stage) -> None:
    stage.add()
    stage.engine.add_fault(Fault("drop", times=None))
    report = stage.run(confirm=PHRASE)
    assert report.failed
    assert "the connection failed" in report.result["msg"]
    assert seen(report, "The session as found") == "no reply, unreachable"
    assert report.result["table"][0].split() == ["what", "expected", "seen"]
    assert [entry.call for entry in stage.engine.calls() if entry.call in WRITES] == []
