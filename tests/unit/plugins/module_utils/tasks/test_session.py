# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task from its options to its result, over real HTTP: the exact calls, and every field of the result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import SESSION_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.session import session_task
from ansible_collections.wawp.cloud.plugins.modules import wawp_session
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import TOKEN_MARK, Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, STARTING, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.session_rows import (
    ROWS,
    Row,
)

ID = "3EB0BCB2E3D4"

ACCOUNT = "999012345678@c.us"

FIELDS = set(re.findall(r"(?m)^(\w+):$", wawp_session.RETURN)) | {"changed"}

WRITES = {"start", "stop", "restart", "logout", "delete"}


def writes(calls: str) -> list[str]:
    return [call for call in calls.split() if call in WRITES]


class Task:
    """A runner of tasks on one instance of a simulator."""

    def __init__(self, server: Server) -> None:
        self.engine: Engine = server.engine
        self.url = server.url

    def add(self, status: str = "WORKING", **fields: Any) -> Instance:
        if status != "SCAN_QR_CODE":
            fields = {"account": ACCOUNT, "push_name": "Jane Doe", **fields}
        return self.engine.add(Instance(ID, status=status, **fields))

    # True once nobody waits for the result any more.
    is_abandoned: Callable[[], bool] = staticmethod(lambda: False)

    def run(self, state: str, check_mode: bool = False, **options: Any) -> TaskResult:
        """Run the task with these options and short waits."""
        given = {"instance_id": ID, "access_token": SANDBOX_TOKEN, "api_url": self.url, "state": state}
        short = {"wait_sleep": 0.001, "start_timeout": 0}
        validated = ArgumentSpecValidator(SESSION_SPEC).validate({**given, **short, **options})
        assert validated.error_messages == []
        report = session_task(validated.validated_parameters, check_mode, self.is_abandoned)
        assert set(report.result) - {"failed", "msg"} == FIELDS
        assert json.loads(json.dumps(report.result, allow_nan=False)) == report.result
        assert SANDBOX_TOKEN not in json.dumps([report.result, report.diff, report.warnings])
        assert report.failed == ("msg" in report.result)
        return report

    @property
    def calls(self) -> str:
        """Return the names of the calls since the last time."""
        made = " ".join(entry.call for entry in self.engine.log)
        self.engine.log.clear()
        return made


@pytest.fixture
def task(server: Server) -> Iterator[Task]:
    yield Task(server)
    assert all(entry.credentials in ("body", "body+header") for entry in server.engine.log)


def add_row(task: Task, row: Row) -> Instance:
    return task.add(row.status, starts_into=STARTING if row.status == STARTING else None)


row_of = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.state}, {row.status}{', start' * row.start}")


@row_of
def test_a_run_and_another_one(task: Task, row: Row) -> None:
    instance = add_row(task, row)
    result = task.run(row.state, start_if_stopped=row.start).result
    assert task.calls == row.calls
    assert [action["action"] for action in result["actions"]] == writes(row.calls)
    assert all(action["outcome"] == "ok" and action["http_status"] in (200, 201) for action in result["actions"])
    assert result["changed"] == bool(writes(row.calls))
    assert (result["verdict"], result["status"], result["previous_status"]) == (row.verdict, row.ends, row.status)
    assert (result["advice"] is None) == (row.verdict != "unproven")
    assert result.get("failed", False) == row.fails
    assert not result["prediction"]
    assert instance.linked is False or row.verdict != "severed"

    result = task.run(row.state, start_if_stopped=row.start).result
    assert task.calls == row.again
    assert result["changed"] == bool(writes(row.again))
    assert result["verdict"] == row.again_verdict
    assert result.get("failed", False) == row.fails


@row_of
def test_check_mode_sends_no_write_and_foretells_the_run(task: Task, row: Row) -> None:
    instance = add_row(task, row)
    before = instance.facts()
    predicted = task.run(row.state, check_mode=True, start_if_stopped=row.start)
    assert task.engine.writes() == []
    assert instance.facts() == before
    actual = task.run(row.state, start_if_stopped=row.start)
    planned = predicted.result["actions"]
    assert predicted.result["prediction"] == bool(planned)
    assert {action["outcome"] for action in planned} <= {"planned"}
    assert {action["http_status"] for action in planned} <= {None}
    assert [action["action"] for action in planned] == writes(row.calls)
    same = ["changed", "verdict", "advice", "previous_status"]
    assert [predicted.result[name] for name in same] == [actual.result[name] for name in same]
    assert predicted.failed == actual.failed
    if row.status != STARTING:  # one that hangs, and whose it is, was not to be foreseen
        assert predicted.result["status"] == actual.result["status"]
        assert predicted.result["account"] == actual.result["account"]
        assert predicted.diff == actual.diff
        assert predicted.warnings == actual.warnings


# -- the result's fields


def test_the_whole_result_of_a_logout(task: Task) -> None:
    task.add(config={"proxy": None})
    report = task.run("logged_out")
    result = report.result
    (action,) = result.pop("actions")
    assert result.pop("duration") >= action["duration"] >= 0
    assert 0 <= result.pop("proof_seconds") < 30
    for moment in (action.pop("time"), result.pop("began"), result.pop("proven_at")):
        assert datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ")
    del action["duration"]
    assert action == {"action": "logout", "status": "WORKING", "outcome": "ok", "http_status": 201}
    session = result.pop("session")
    assert session.pop("qr") == "********"
    assert re.fullmatch("wawp-[0-9]{8}", session.pop("name"))
    assert session == {"status": "SCAN_QR_CODE", "config": {"webhooks": {}, "proxy": None}, "me": None}
    assert result == {
        "changed": True,
        "status": "SCAN_QR_CODE",
        "previous_status": "WORKING",
        "verdict": "severed",
        "advice": None,
        "key": "gone",
        "account": "********5678@c.us",
        "reads": 2,
        "open_ends": [],
        "prediction": False,
        "error": None,
    }
    assert report.warnings == []
    assert report.diff == {
        "before_header": ID,
        "after_header": ID,
        "before": {"status": "WORKING", "account": "********5678@c.us"},
        "after": {"status": "SCAN_QR_CODE", "account": None},
    }


def test_the_diff_of_a_deletion_ends_empty(task: Task) -> None:
    task.add("SCAN_QR_CODE")
    report = task.run("absent")
    assert report.diff is not None
    assert report.diff["before"] == {"status": "SCAN_QR_CODE", "account": None}
    assert report.diff["after"] == {}
    assert report.result["session"] is None


def test_the_diff_of_nothing_is_empty(task: Task) -> None:
    report = task.run("absent")
    assert (report.diff or {})["before"] == (report.diff or {})["after"] == {}
    assert not report.result["changed"]
    assert report.result["previous_status"] is None


def nasty(task: Task) -> None:
    """Let the account, the name and the token show up wherever an API may show them."""
    number = ACCOUNT.partition("@")[0]
    task.engine.add_fault(
        Fault(
            "patch",
            times=None,
            replace={
                "me": {"id": ACCOUNT, "pushName": "Jane Doe", "lid": "123456789012345@lid", "phone": int(number)},
                "config.note": f"phone +{number}, token {TOKEN_MARK}",
                "config.by": {ACCOUNT: [number]},
                "config.webhooks": [{"url": f"https://u:p@hook.example/x?to={number}", "hmac": {"key": "hushed"}}],
                "config.proxy": {"server": "proxy:1", "username": "u", "password": "hushed"},
            },
        )
    )


@pytest.mark.parametrize("state", ["logged_out", "stopped", "started"])
def test_masked(task: Task, state: str) -> None:
    task.add()
    nasty(task)
    report = task.run(state, wait_timeout=0, proof_timeout=0.2)
    everything = json.dumps([report.result, report.diff, report.warnings])
    for secret in ("99901234", "Jane", "hushed", "1234567890123", "u:p"):
        assert secret not in everything
    assert report.result["account"] == "********5678@c.us"
    assert report.result["session"]["me"]["pushName"] == "J***"


def test_not_masked_if_that_is_wanted(task: Task) -> None:
    task.add()
    nasty(task)
    report = task.run("started", mask_account=False)
    assert report.result["account"] == ACCOUNT
    assert report.result["session"]["me"]["pushName"] == "Jane Doe"
    assert (report.diff or {})["before"]["account"] == ACCOUNT
    everything = json.dumps([report.result, report.diff])
    for secret in ("hushed", "u:p"):
        assert secret not in everything


@pytest.mark.parametrize("mask", [True, False])
def test_an_account_that_was_not_expected(task: Task, mask: bool) -> None:
    task.add()
    result = task.run("logged_out", expect_account="+999 11 111 1111", mask_account=mask).result
    assert task.calls == "info"
    assert result["failed"]
    assert not result["changed"]
    assert result["msg"].startswith("expect_account: ")
    assert "9990123" not in result["msg"]
    assert "9991111" not in result["msg"]


def test_the_account_that_was_expected(task: Task) -> None:
    instance = task.add()
    assert task.run("logged_out", expect_account="+999 012 345 678").result["verdict"] == "severed"
    assert not instance.linked


# -- warnings


def test_unproven_draws_a_warning_or_fails(task: Task) -> None:
    task.add("STOPPED", generation="A")
    report = task.run("logged_out")
    (warning,) = report.warnings
    assert not report.failed
    assert report.result["advice"] in warning
    report = task.run("logged_out", on_unproven="fail")
    assert report.failed
    assert report.result["advice"] in report.result["msg"]
    assert report.result["verdict"] == "unproven"
    assert report.warnings == []


def test_changed_settings_are_told(task: Task) -> None:
    task.add(config={"proxy": "http://proxy:1"})
    task.engine.add_fault(Fault("patch", call="info", skip=1, replace={"config.proxy": None, "config.debug": True}))
    report = task.run("logged_out")
    (warning,) = report.warnings
    assert "debug, proxy" in warning
    assert not report.failed
    assert report.result["verdict"] == "severed"


def test_kept_settings_are_no_news(task: Task) -> None:
    task.add(config={"proxy": "http://proxy:1"}, webhooks=[{"url": "http://hook"}])
    assert task.run("logged_out").warnings == []


def test_plain_http_is_warned_of(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", task.url)  # the simulator answers as if it were the server
    task.add()
    (warning,) = task.run("logged_out", api_url="http://api.example").warnings
    assert "not encrypted" in warning


# -- failures


@pytest.mark.parametrize("state", ["logged_out", "started", "stopped", "restarted"])
def test_no_such_session(task: Task, state: str) -> None:
    result = task.run(state).result
    assert task.calls == "info info"
    assert result["failed"]
    assert not result["changed"]
    assert "instance_id" in result["msg"]
    assert result["status"] is None


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"), [(400, "bad_request"), (401, "bad_token"), (403, "forbidden"), (422, "wrong_status")]
)
def test_a_refused_read_ends_the_run_with_every_field(task: Task, status: int, kind: str, check_mode: bool) -> None:
    task.add()
    task.engine.add_fault(Fault("http", http_status=status, code="c", message=f"{TOKEN_MARK} of {ACCOUNT}"))
    result = task.run("logged_out", check_mode=check_mode).result
    assert task.calls == "info"
    assert result["failed"]
    assert result["error"] == {"kind": kind, "http_status": status, "code": "c", "message": result["msg"]}
    assert "******** of ********5678@c.us" in result["msg"]


def test_a_refused_write_is_reported_with_what_was_seen_then(task: Task) -> None:
    instance = task.add()
    task.engine.add_fault(Fault("http", call="logout", http_status=403))
    result = task.run("logged_out").result
    assert task.calls == "info logout info"
    assert (result["failed"], result["changed"], result["verdict"]) == (True, False, "unproven")
    assert (result["status"], result["error"]["kind"]) == ("WORKING", "forbidden")
    assert [(action["outcome"], action["http_status"]) for action in result["actions"]] == [("forbidden", 403)]
    assert instance.linked


def test_a_gateway_that_gives_up_while_the_logout_goes_through(task: Task) -> None:
    instance = task.add()
    task.engine.add_fault(Fault("http", call="logout", http_status=504, body="html", when="after"))
    result = task.run("logged_out").result
    assert task.calls == "info logout info"
    assert (result["changed"], result["verdict"], result.get("failed")) == (True, "severed", None)
    assert [(action["outcome"], action["http_status"]) for action in result["actions"]] == [("gateway", 504)]
    assert not instance.linked


@pytest.mark.parametrize("status", ["WORK\x1b[31mING", "SCAN_QR_CODE\u200b", "x" * 65])
def test_a_status_that_cannot_be_shown_is_read_again(task: Task, status: str) -> None:
    task.add()
    task.engine.add_fault(Fault("patch", call="info", replace={"status": status}))
    assert task.run("started").result["status"] == "WORKING"
    assert task.calls == "info info"


@pytest.mark.parametrize(
    "options",
    [
        {"instance_id": "a/b"},
        {"access_token": " "},
        {"api_url": "nowhere"},
        {"request_timeout": 0},
        {"wait_timeout": -1},
        {"expect_account": "012"},
        {"ca_path": "/no/such/file"},
    ],
    ids=str,
)
def test_nothing_is_sent_with_an_option_that_cannot_be_used(task: Task, options: dict[str, Any]) -> None:
    task.add()
    with pytest.raises(OptionError, match=next(iter(options))):
        task.run("logged_out", **options)
    assert task.calls == ""


def test_the_connection_is_kept_and_then_closed(server: Server, task: Task) -> None:
    task.add("STOPPED")
    task.run("logged_out", start_if_stopped=True)
    assert server.accepted == 1


class TestAbandoned:
    """A killed controller: nothing new is started, and a logout that was sent is read to its end."""

    def test_from_the_beginning_nothing_is_sent(self, task: Task) -> None:
        instance = task.add()
        task.is_abandoned = lambda: True
        result = task.run("logged_out").result
        assert (result["verdict"], task.calls) == ("unproven", "")
        assert "logout was not sent" in result["msg"] or "info was not sent" in result["msg"]
        assert instance.linked

    def test_before_the_logout_the_key_stays(self, task: Task) -> None:
        instance = task.add()
        task.is_abandoned = lambda: len(task.engine.log) > 0
        result = task.run("logged_out").result
        assert (result["verdict"], task.calls) == ("unproven", "info")
        assert instance.linked
        assert instance.credentials

    def test_after_the_logout_its_proof_is_read_and_no_more(self, task: Task) -> None:
        instance = task.add()
        task.is_abandoned = lambda: any(entry.call == "logout" for entry in task.engine.log)
        result = task.run("decommissioned").result
        assert result["verdict"] == "severed"
        assert task.calls == "info temp_link logout info"
        assert not instance.linked
        assert instance.status == "SCAN_QR_CODE"
