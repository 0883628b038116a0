# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible runs it: options from its only argument, the result as one JSON line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import syslog
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.module import run_module
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import FLEET_SPEC, SESSION_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.modules import wawp_session
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import TOKEN_MARK, Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

ID = "3EB0BCB2E3D4"
OPTIONS = {"instance_id": ID, "access_token": SANDBOX_TOKEN, "state": "logged_out", "api_url": "http://127.0.0.1:9"}
# From ansible-core 2.21 on, results include their invocation only on request.
INVOCATION = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}


def shown(line: str) -> dict[str, Any]:
    """Return a module's result as the controller reads it.

    From ansible-core 2.22 on, a module also passes the secrets to mask to a controller that doesn't know them. It does
    know them if it started the module; the integration target `secrets` seeks them in all output.
    """
    result: dict[str, Any] = json.loads(line)
    result.pop("_ansible_new_secrets", None)
    return result


@contextmanager
def module_arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Pass a module its arguments, in the way of the installed ansible-core."""
    try:
        from ansible.module_utils.testing import patch_module_args  # noqa: PLC0415 - since ansible-core 2.19
    except ImportError:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}).encode())
            yield
    else:
        with patch_module_args(dict(arguments)):
            yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], environment: Path) -> Any:
    """Return a function that runs a module's main function and returns exit code and result."""

    def run(main: Any = wawp_session.main, **arguments: Any) -> tuple[int, dict[str, Any]]:
        with module_arguments(arguments), pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        (line,) = printed.out.split("\n")[-2:-1]
        result = shown(line)
        assert SANDBOX_TOKEN not in json.dumps(result) + printed.err
        # From 2.19, warnings go to the controller's display if some other test has imported it.
        result["warnings"] = [*result.get("warnings", []), " ".join(printed.err.split())]
        return int(ended.value.code or 0), result

    return run


def words(result: Mapping[str, Any]) -> str:
    """Return all warnings of a result, which are objects or texts depending on the ansible-core."""
    return json.dumps(result.get("warnings", []))


def test_success(run: Any, server: Server, engine: Engine) -> None:
    instance = engine.add(Instance(ID))
    code, result = run(**{**OPTIONS, "api_url": server.url})
    assert code == 0
    assert (result["changed"], result["verdict"], result["status"]) == (True, "severed", "SCAN_QR_CODE")
    assert "diff" not in result
    assert not instance.linked


def test_diff_is_given_if_asked_for(run: Any, server: Server, engine: Engine) -> None:
    engine.add(Instance(ID))
    dummy, result = run(**{**OPTIONS, "api_url": server.url, "_ansible_diff": True})
    assert (result["diff"]["before"]["status"], result["diff"]["after"]["status"]) == ("WORKING", "SCAN_QR_CODE")


def test_check_mode(run: Any, server: Server, engine: Engine) -> None:
    engine.add(Instance(ID))
    code, result = run(**{**OPTIONS, "api_url": server.url, "_ansible_check_mode": True})
    assert code == 0
    assert (result["changed"], result["verdict"], result["prediction"]) == (True, "severed", True)
    assert engine.writes() == []


def test_a_failure_has_every_field(run: Any, server: Server, engine: Engine) -> None:
    engine.add(Instance(ID))
    engine.add_fault(Fault("http", http_status=401, message=f"{TOKEN_MARK} is wrong"))
    failed = run(**{**OPTIONS, "api_url": server.url})
    good = run(**{**OPTIONS, "api_url": server.url})
    assert (failed[0], good[0]) == (1, 0)
    assert set(good[1]) <= set(failed[1])
    assert failed[1]["failed"] is True
    assert failed[1]["error"]["kind"] == "bad_token"
    assert "******** is wrong" in failed[1]["msg"]


def test_warnings_reach_the_user(run: Any, server: Server, engine: Engine) -> None:
    engine.add(Instance(ID, status="STOPPED", generation="A"))
    code, result = run(**{**OPTIONS, "api_url": server.url, "wait_sleep": 0.01})
    assert code == 0
    assert result["verdict"] == "unproven"
    assert "could not be proven" in words(result)


def test_an_option_that_cannot_be_used(run: Any) -> None:
    code, result = run(**{**OPTIONS, "instance_id": "a b"})
    assert code == 1
    assert result["failed"] is True
    assert result["msg"].startswith("instance_id: ")


def test_an_option_that_is_unknown(run: Any) -> None:
    code, result = run(**{**OPTIONS, "instance": "x"})
    assert code == 1
    assert "instance" in result["msg"]


def test_options_from_the_environment(
    run: Any, server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add(Instance(ID))
    monkeypatch.setenv("WAWP_INSTANCE_ID", ID)
    monkeypatch.setenv("WAWP_ACCESS_TOKEN", SANDBOX_TOKEN)
    monkeypatch.setenv("WAWP_API_URL", server.url)
    code, result = run(state="started")
    assert (code, result["changed"]) == (0, False)
    assert [entry.call for entry in engine.log] == ["info"]


def test_hostile_text_survives_the_way_out(run: Any, server: Server, engine: Engine) -> None:
    """Lone surrogates and control characters in a reply must not break the printing of the result."""
    engine.add(Instance(ID))
    hostile = "\ud800 \x1b[31m \u202e {{ 7 * 7 }}"
    engine.add_fault(Fault("patch", times=None, replace={"config.note": hostile, "name": hostile}))
    code, result = run(**{**OPTIONS, "api_url": server.url, "state": "started"})
    assert code == 0
    assert "{{ 7 * 7 }}" in result["session"]["config"]["note"]


def test_tokens_inside_of_instances_are_secret(run: Any) -> None:
    """Also where a task itself repeats them."""

    def task(params: Mapping[str, Any], dummy: bool) -> TaskResult:
        return TaskResult({"changed": False, "said": f"{params['instances'][0]['access_token']}!"})

    entry = {"instance_id": "A1", "access_token": "inner-hushed"}
    code, result = run(lambda: run_module(FLEET_SPEC, task), instances=[entry], state="stopped")
    assert code == 0
    assert "inner-hushed" not in json.dumps(result)


@pytest.mark.parametrize("shown", [{}, {"mask_account": False}])
def test_what_is_logged_and_kept_of_options(run: Any, monkeypatch: pytest.MonkeyPatch, shown: dict[str, Any]) -> None:
    """Accounts are masked in the host's log and in the invocation, and the task gets them unchanged."""
    logged, handed = list[str](), list[str]()
    monkeypatch.setattr(basic, "has_journal", False)
    monkeypatch.setattr(syslog, "syslog", lambda dummy, line: logged.append(str(line)))

    def task(params: Mapping[str, Any], dummy: bool) -> TaskResult:
        handed.extend(entry["expect_account"] for entry in params["instances"])
        return TaskResult({"changed": False})

    entry = {"instance_id": "A1", "expect_account": "+20 101 234 5678"}
    options = {"instances": [entry], "state": "stopped", **INVOCATION, **shown}
    dummy, result = run(lambda: run_module(FLEET_SPEC, task), **options)
    assert handed == ["+20 101 234 5678"]
    for kept in ("".join(logged), json.dumps(result["invocation"])):
        assert "A1" in kept
        assert ("+20 101 234 5678" in kept) == bool(shown)
        assert ("+** *** *** 5678" in kept) != bool(shown)


def test_an_account_in_a_refused_task_is_masked(run: Any) -> None:
    options = {**OPTIONS, "expect_account": "+201012345678", "colour": "blue", **INVOCATION}
    code, result = run(**options)
    assert code == 1
    assert "colour" in result["msg"]
    assert "1012345678" not in json.dumps(result)


def test_what_nobody_foresaw_is_told_without_secrets(run: Any) -> None:
    """Ansible would show the exception unredacted."""

    def breaks(params: Mapping[str, Any], dummy: bool) -> TaskResult:
        try:
            raise KeyError(str(params))
        except KeyError as error:
            raise RuntimeError(f"{params} of 201012345678") from error

    instances = [{"instance_id": "a", "access_token": "hushed-1-token"}]
    options = {name: value for name, value in OPTIONS.items() if name != "instance_id"}
    code, result = run(lambda: run_module(FLEET_SPEC, breaks), **options, **INVOCATION, instances=instances)
    assert code == 1
    assert "unexpected RuntimeError" in result["msg"]
    assert "hushed-1-token" not in json.dumps(result)
    assert "201012345678" not in json.dumps(result)


def test_a_task_is_handed_checked_options(run: Any) -> None:
    handed: list[Any] = []

    def task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        handed.extend([params["wait_sleep"], params["validate_certs"], check_mode])
        return TaskResult({"changed": False})

    run(lambda: run_module(SESSION_SPEC, task), **{**OPTIONS, "wait_sleep": "0.5", "validate_certs": "no"})
    assert handed == [0.5, False, False]


WITHOUT_REQUESTS = """
import contextlib, json, sys
sys.modules["requests"] = None
from ansible.module_utils import basic
arguments = sys.stdin.read()
try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    basic._ANSIBLE_ARGS, given = arguments.encode(), contextlib.nullcontext()
else:
    given = patch_module_args(json.loads(arguments)["ANSIBLE_MODULE_ARGS"])
from ansible_collections.wawp.cloud.plugins.modules import wawp_session
with given:
    wawp_session.main()
"""


def test_without_requests(environment: Path) -> None:
    """The options are read, the missing library is named, and nothing else goes wrong."""
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_REQUESTS],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": OPTIONS}),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    result = shown(done.stdout)
    assert result["failed"] is True
    assert "requests" in result["msg"]
    assert SANDBOX_TOKEN not in json.dumps(result) + done.stderr
