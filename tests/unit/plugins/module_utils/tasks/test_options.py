# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options: what is refused, and how people are told."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Client
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.module_utils._session.states import STATES
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import (
    CONNECTION,
    FLEET_SPEC,
    INFO_SPEC,
    SESSION_SPEC,
    Spec,
    at_least,
    parse_connection,
    parse_expected_account,
    parse_goal,
    parse_instance_id,
    parse_limit,
    parse_members,
    parse_rate,
    parse_targets,
    parse_token,
)
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.pairing import PAIRING_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.redaction import find_tokens, redact_options
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.temp_link import LINK_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.webhook import WEBHOOK_SPEC
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

GIVEN = {"instance_id": "3EB0BCB2E3D4", "access_token": "geheim", "state": "logged_out"}


def checked(spec: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """The options as Ansible hands them to a module."""
    result = ArgumentSpecValidator(spec).validate(given)
    assert result.error_messages == []
    params: dict[str, Any] = result.validated_parameters
    return params


def problem(function: Any, *args: Any) -> OptionError:
    """The error with which a check ends."""
    with pytest.raises(OptionError) as caught:
        function(*args)
    error = caught.value
    assert str(error).startswith(f"{error.option}: ")
    assert str(error).isprintable()
    return error


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
    assert (params["access_token"], params["instance_id"]) == ("geheim", "3EB0BCB2E3D4")
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
    assert parse_token(" geheim\n") == "geheim"


@pytest.mark.parametrize(
    "value", ["", " ", "\n", "Bearer geheim", "ge\nheim", "ge\x00heim", "ge\u202eheim", "ge\u00a0heim"]
)
def test_no_token(value: str) -> None:
    error = problem(parse_token, value)
    assert error.option == "access_token"
    assert "heim" not in str(error)


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


# -- many instances


def fleet(*instances: Any, **given: Any) -> Any:
    return parse_members(
        checked(FLEET_SPEC, instances=list(instances), **{"access_token": "geheim", "state": "stopped", **given})
    )


def test_ids_and_mappings(environment: Path) -> None:
    plain, full = fleet(
        "A1",
        {
            "instance_id": "B2",
            "name": "office",
            "access_token": "anderes",
            "expect_account": "+201012345678",
            "state": "logged_out",
        },
        start_if_stopped=True,
    )
    assert (plain.instance_id, plain.name, plain.access_token, plain.goal.state) == ("A1", None, "geheim", "stopped")
    assert (full.instance_id, full.name, full.access_token) == ("B2", "office", "anderes")
    assert full.goal == Goal("logged_out", start_if_stopped=True, expect_account="201012345678")


# 012345670123 and 1_234 in YAML 1.1, and what spreadsheets, INI inventories and slips of the pen leave.
NOT_TEXT = (1402433619, 1234, 999679218162.0, 0, True, ["A1"], date(2026, 11, 26))


@pytest.mark.parametrize("value", NOT_TEXT)
@pytest.mark.parametrize("entry", [lambda value: value, lambda value: {"instance_id": value}], ids=["id", "mapping"])
def test_ids_that_are_not_text_are_refused(environment: Path, value: Any, entry: Callable[[Any], Any]) -> None:
    error = problem(fleet, "A1", entry(value))
    assert "entry 2: instance_id: is a number or another value that isn't text" in str(error)


@pytest.mark.parametrize("value", NOT_TEXT)
def test_an_id_that_is_not_text_is_refused(value: Any) -> None:
    error = problem(parse_instance_id, value)
    assert error.option == "instance_id"
    assert "in an INI inventory write wawp_instance_id='\"…\"'" in str(error)


@pytest.mark.parametrize("field", ["access_token", "expect_account", "name"])
def test_fields_that_are_not_text_are_refused(environment: Path, field: str) -> None:
    error = problem(fleet, {"instance_id": "A1", field: 201012345678})
    assert f"entry 1: {field}: is a number" in str(error)
    assert "2010" not in str(error)


@pytest.mark.parametrize(
    "spec",
    [SESSION_SPEC, INFO_SPEC, PAIRING_SPEC, LINK_SPEC, WEBHOOK_SPEC],
    ids=["session", "info", "pairing", "link", "webhook"],
)
def test_no_module_lets_ansible_make_text_of_an_id(spec: Spec) -> None:
    only_id = {"instance_id": {**spec["instance_id"], "required": False}}
    validated = ArgumentSpecValidator(only_id).validate({"instance_id": 1402433619})
    assert validated.validated_parameters["instance_id"] == 1402433619


def test_everything_that_is_wrong_is_named_at_once(environment: Path) -> None:
    error = problem(
        fleet,
        "A1",
        "A1",
        "b d",
        {"instance_id": "C3", "tokn": "geheimnis"},
        {"name": "nobody"},
        {"instance_id": True},
        {"instance_id": "D4", "state": "gone"},
        {"instance_id": "E5", "expect_account": "01012345678"},
        {"instance_id": " "},
        {"instance_id": "G7", "access_token": "a b"},
        {"instance_id": "H8", "access_token": ""},
    )
    assert error.option == "instances"
    for number, words in enumerate(
        (
            "A1 is entry 1",
            "instance_id",
            "unknown tokn",
            "missing",
            "isn't text",
            "logged_out",
            "expect_account",
            "instance_id: is empty",
            "access_token",
            "access_token: is empty",
        ),
        start=2,
    ):
        (said,) = [
            part
            for part in str(error).split("; entry ")
            if part.startswith((f"{number}:", f"instances: entry {number}:"))
        ]
        assert words in said
    assert "geheimnis" not in str(error)
    assert "01012345678" not in str(error).replace("+201012345678 or 201012345678@c.us", "")


def test_an_empty_list_is_a_mistake(environment: Path) -> None:
    assert "empty" in str(problem(fleet))
    assert "empty" in str(problem(parse_targets, [], "geheim"))


def test_a_token_is_needed_somewhere(environment: Path) -> None:
    params = checked(FLEET_SPEC, instances=["A1"], state="stopped")
    assert "access_token" in str(problem(parse_members, params))
    (target,) = parse_targets([{"instance_id": "A1", "access_token": "eigenes"}], None)
    assert target.access_token == "eigenes"


def test_tokens_are_found_before_anything_is_checked() -> None:
    assert find_tokens(["A1", {"access_token": "a"}, {"access_token": 7}, {"access_token": ""}, None, 3]) == {"a", "7"}


INSTANCE_LIST_OPTIONS: Spec = {name: {} for name in ("instances", "entries", "hosts")}


@pytest.mark.parametrize("option", list(INSTANCE_LIST_OPTIONS))
@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("A1", "A1"),
        ("A1, B2", "A1, B2"),
        ("A1/geheim", "********"),
        ("A1 geheim", "********"),
        (5, 5),
        (None, None),
        (
            {"instance_id": "A1", "name": "x", "state": "stopped"},
            {"instance_id": "A1", "name": "x", "state": "stopped"},
        ),
        ({"access_token": "a"}, {"access_token": "********"}),
        ({"acces_token": ["geheim"]}, {"acces_token": "********"}),
        ({"instance_id": {"access_token": "geheim"}}, {"instance_id": "********"}),
        ({"Geheim1": "A1"}, {"********": "********"}),
        ({"access_token": None, "expect_account": None}, {"access_token": None, "expect_account": None}),
        ({"expect_account": 201012345678}, {"expect_account": "********5678"}),
    ],
)
def test_what_is_shown_of_an_entry(option: str, entry: Any, shown: Any) -> None:
    assert redact_options({option: [entry]}, INSTANCE_LIST_OPTIONS) == {option: [shown]}
    assert redact_options({option: entry}, INSTANCE_LIST_OPTIONS) == {option: shown}


def test_of_thousands_of_entries_only_their_number_is_logged() -> None:
    many = [{"instance_id": f"A{number}"} for number in range(101)]
    assert redact_options({"instances": many, "planned": many}, {"instances": {}, "planned": {}}) == {
        "instances": "101 entries",
        "planned": "101 entries",
    }
    assert redact_options({"planned": many[:100]}, {"planned": {}}) == {"planned": many[:100]}


def test_what_is_shown_of_options() -> None:
    given = {"state": "started", "expect_account": "+20 101 234 5678", "wait": True, "mask_account": True}
    assert redact_options(given, SESSION_SPEC) == {**given, "expect_account": "+** *** *** 5678"}
    assert redact_options({**given, "mask_account": False}, SESSION_SPEC) == {**given, "mask_account": False}
    assert redact_options({"api_url": "https://me:geheim@a.example/?t=geheim"}, SESSION_SPEC) == {
        "api_url": "https://a.example/?********"
    }
    assert redact_options({"acces_token": "geheim"}, SESSION_SPEC) == {"acces_token": "********"}


def test_what_is_shown_of_webhooks() -> None:
    hook = {"url": "https://me:it's-geheim@a.example/o'x?token=geheim", "events": ["message"], "is_active": None}
    bare = {"url": "https://a.example/o'x?********", "events": ["message"], "is_active": None}
    given = {"webhooks": [hook, {"url": "https://b.example/", "hmac": "geheim"}, "geheim"]}
    shown = {"webhooks": [bare, {"url": "https://b.example/", "hmac": "********"}, "********"]}
    assert redact_options(given, WEBHOOK_SPEC) == shown


def test_accounts_in_entries_are_shown_if_that_is_wanted() -> None:
    given = {"mask_account": False, "instances": [{"expect_account": "201012345678", "access_token": "geheim"}]}
    (entry,) = redact_options(given, FLEET_SPEC)["instances"]
    assert entry == {"expect_account": "201012345678", "access_token": "********"}


@pytest.mark.parametrize(
    "entry",
    [
        {"instance_id": {"access_token": "geheim-geheim"}},
        {"name": ["geheim-geheim"], "x": {"y": "geheim-geheim"}},
        {"Geheim-geheim": "geheim-geheim"},
        "A1 geheim-geheim",
    ],
)
def test_a_token_in_the_wrong_place_is_found(entry: Any) -> None:
    found = find_tokens([entry])
    assert any("geheim-geheim" in text for text in found)


def test_a_field_that_may_be_a_token_is_not_named(environment: Path) -> None:
    error = problem(fleet, {"Geheim-geheim": "A1", "colour": "blue"})
    assert "Geheim" not in str(error)
    assert "colour" in str(error)


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
