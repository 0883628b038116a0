# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options: the refusals, and their messages."""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Client
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.module_utils._session.states import STATES
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import (
    CONNECTION,
    FLEET_SPEC,
    INFO_SPEC,
    SESSION_SPEC,
    at_least,
    parse_connection,
    parse_expected_account,
    parse_goal,
    parse_instance_id,
    parse_limit,
    parse_rate,
    parse_token,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.option_checks import (
    GIVEN,
    checked,
    problem,
)

# -- the specifications


def test_what_is_set_if_nothing_is_said(environment: Path) -> None:
    params = checked(SESSION_SPEC, **GIVEN)
    assert parse_goal(params) == Goal("logged_out")
    connection = parse_connection(params)
    assert connection.api_url == "https://api.wawp.net"
    assert connection.request_timeout >= 60
    assert connection.validate_certs
    assert connection.ca_path is None
    assert params["mask_account"] is True


@pytest.mark.parametrize("spec", [SESSION_SPEC, FLEET_SPEC, INFO_SPEC])
def test_the_token_is_secret_everywhere(spec: Mapping[str, Any]) -> None:
    assert spec["access_token"]["no_log"] is True
    assert {name for name in spec if "token" in name} == {"access_token"}


def test_the_variables_are_used_where_an_option_is_unset(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAWP_ACCESS_TOKEN", "from-variable")
    monkeypatch.setenv("WAWP_INSTANCE_ID", "VARIABLE")
    monkeypatch.setenv("WAWP_API_URL", "https://variable.example")
    params = checked(SESSION_SPEC, state="stopped")
    assert params["access_token"] == "from-variable"
    assert params["instance_id"] == "VARIABLE"
    assert parse_connection(params).base == "https://variable.example"
    params = checked(SESSION_SPEC, **GIVEN, api_url="https://option.example")
    assert (params["access_token"], params["instance_id"]) == ("hushed", "3EB0BCB2E3D4")
    assert parse_connection(params).base == "https://option.example"


@pytest.mark.parametrize("missing", GIVEN)
def test_what_must_be_given(environment: Path, missing: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    assert ArgumentSpecValidator(SESSION_SPEC).validate(given).error_messages == [
        f"missing required arguments: {missing}"
    ]


def test_every_state_is_offered_and_no_other(environment: Path) -> None:
    for state in STATES:
        assert parse_goal(checked(SESSION_SPEC, **{**GIVEN, "state": state})).state == state
    assert ArgumentSpecValidator(SESSION_SPEC).validate({**GIVEN, "state": "gone"}).error_messages


def test_fractions_of_a_second(environment: Path) -> None:
    params = checked(SESSION_SPEC, **GIVEN, request_timeout="0.5", wait_sleep=0.25, wait_timeout="1.5", start_timeout=0)
    goal = parse_goal(params)
    assert (goal.wait_sleep, goal.wait_timeout, goal.start_timeout) == (0.25, 1.5, 0.0)
    assert parse_connection(params).request_timeout == 0.5


# -- numbers


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, -0.001, 1e9, 1e300])
@pytest.mark.parametrize("option", ["request_timeout", "wait_timeout", "wait_sleep", "start_timeout", "confirm_after"])
def test_numbers_of_seconds_that_make_no_sense(environment: Path, option: str, value: float) -> None:
    params = checked(SESSION_SPEC, **GIVEN, **{option: value})
    error = problem(parse_connection if option in CONNECTION else parse_goal, params)
    assert error.option == option
    assert "must be" in str(error)


@pytest.mark.parametrize(
    ("option", "zero"),
    [
        ("request_timeout", False),
        ("wait_sleep", False),
        ("confirm_after", False),
        ("wait_timeout", True),
        ("start_timeout", True),
    ],
)
def test_zero_seconds(environment: Path, option: str, zero: bool) -> None:
    params = checked(SESSION_SPEC, **GIVEN, **{option: 0})
    check = parse_connection if option in CONNECTION else parse_goal
    if zero:
        check(params)
    else:
        assert "more than 0" in str(problem(check, params))


def test_the_longest_time_out_is_one_that_sockets_take(environment: Path, make_client: MakeClient) -> None:
    longest = 604800
    connection = parse_connection(checked(SESSION_SPEC, **GIVEN, request_timeout=longest))
    with socket.socket() as end:
        end.settimeout(connection.request_timeout)
    Client(connection).close()


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_at_least(value: float) -> None:
    error = problem(at_least, {"max_connections": value}, "max_connections", 1)
    assert error.option == "max_connections"
    assert "1 or more" in str(error)
    assert at_least({"max_connections": 1}, "max_connections", 1) == 1


# -- instances, tokens, accounts


@pytest.mark.parametrize("value", ["3EB0BCB2E3D4", "1234567890123", "a-b_c", "x"])
def test_an_instance_id(value: str) -> None:
    assert parse_instance_id(value) == value


@pytest.mark.parametrize(
    "value", ["", " ", "3EB0 ", " 3EB0", "3EB0\n", "a/b", "../x", "a?b", "{{ x }}", "é", "٣", "a.b"]
)
def test_no_instance_id(value: str) -> None:
    error = problem(parse_instance_id, value)
    assert error.option == "instance_id"
    assert "dashboard" in str(error)


def test_a_token_is_stripped() -> None:
    assert parse_token(" hushed\n") == "hushed"


@pytest.mark.parametrize(
    "value", ["", " ", "\n", "Bearer hushed", "hu\nshed", "hu\x00shed", "hu\u202eshed", "hu\u00a0shed"]
)
def test_no_token(value: str) -> None:
    error = problem(parse_token, value)
    assert error.option == "access_token"
    assert "shed" not in str(error)


@pytest.mark.parametrize(
    "value",
    ["+201012345678", "201012345678@c.us", "tel:+20 10 1234-5678", "https://wa.me/201012345678", "0020 (10) 12345678"],
)
def test_an_account_in_any_usual_writing(value: str) -> None:
    assert parse_expected_account(value) == "201012345678"


def test_no_account_expected() -> None:
    assert parse_expected_account(None) is None


@pytest.mark.parametrize(
    "value", ["", " ", "01012345678", "123", "2" * 16, "John Doe", "201012345678@g.us", "x201012345678"]
)
def test_an_account_that_cannot_be_compared(value: str) -> None:
    error = problem(parse_expected_account, value)
    assert error.option == "expect_account"
    assert "12345678" not in str(error).replace("+201012345678 or 201012345678@c.us", "")
    assert "write it" in str(error) or "leave the option out" in str(error)


def test_a_missing_ca_path(environment: Path) -> None:
    params = checked(SESSION_SPEC, **GIVEN, ca_path="/no/such/file")
    assert problem(parse_connection, params).option == "ca_path"


def test_numbers_beyond_reason() -> None:
    assert problem(at_least, {"max_connections": 10**400}, "max_connections", 1).option == "max_connections"
    assert problem(parse_rate, {"calls_per_second": 1e-12}).option == "calls_per_second"
    assert parse_rate({"calls_per_second": 0}) == 0


@pytest.mark.parametrize(
    ("value", "limit"), [(None, 200), ("5", 5), ("0", 0), ("10%", 20), ("0.4%", 0), ("100%", 200), (" 7 ", 7)]
)
def test_a_limit_of_failures(value: str | None, limit: int) -> None:
    assert parse_limit(value, 200) == limit


@pytest.mark.parametrize(("value", "size", "limit"), [("32.3%", 1000, 323), ("64.1%", 1000, 641), ("0.57%", 10000, 57)])
def test_a_percentage_of_failures_is_exact(value: str, size: int, limit: int) -> None:
    assert parse_limit(value, size) == limit


@pytest.mark.parametrize("value", ["", "-1", "1.5", "9" * 400 + "%", "9" * 5000, "x", "%", "5 %%", "nan%", "1e3"])
def test_no_limit_of_failures(value: str) -> None:
    assert problem(parse_limit, value, 200).option == "max_failures"
