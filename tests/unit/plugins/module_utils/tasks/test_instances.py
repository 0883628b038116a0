# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of instances: entries, tokens, accounts, and their redaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import (
    FLEET_SPEC,
    INFO_SPEC,
    SESSION_SPEC,
    Spec,
    parse_instance_id,
    parse_members,
    parse_targets,
)
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.pairing import PAIRING_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.redaction import find_tokens, redact_options
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.temp_link import LINK_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.webhook import WEBHOOK_SPEC
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.tasks.option_checks import (
    checked,
    problem,
)

# -- many instances


def fleet(*instances: Any, **given: Any) -> Any:
    return parse_members(
        checked(FLEET_SPEC, instances=list(instances), **{"access_token": "hushed", "state": "stopped", **given})
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
    assert (plain.instance_id, plain.name, plain.access_token, plain.goal.state) == ("A1", None, "hushed", "stopped")
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
        {"instance_id": "C3", "tokn": "hush-hush"},
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
    assert "hush-hush" not in str(error)
    assert "01012345678" not in str(error).replace("+201012345678 or 201012345678@c.us", "")


def test_an_empty_list_is_a_mistake(environment: Path) -> None:
    assert "empty" in str(problem(fleet))
    assert "empty" in str(problem(parse_targets, [], "hushed"))


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
        ("A1/hushed", "********"),
        ("A1 hushed", "********"),
        (5, 5),
        (None, None),
        (
            {"instance_id": "A1", "name": "x", "state": "stopped"},
            {"instance_id": "A1", "name": "x", "state": "stopped"},
        ),
        ({"access_token": "a"}, {"access_token": "********"}),
        ({"acces_token": ["hushed"]}, {"acces_token": "********"}),
        ({"instance_id": {"access_token": "hushed"}}, {"instance_id": "********"}),
        ({"Hushed1": "A1"}, {"********": "********"}),
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
    assert redact_options({"api_url": "https://me:hushed@a.example/?t=hushed"}, SESSION_SPEC) == {
        "api_url": "https://a.example/?********"
    }
    assert redact_options({"acces_token": "hushed"}, SESSION_SPEC) == {"acces_token": "********"}


def test_what_is_shown_of_webhooks() -> None:
    hook = {"url": "https://me:it's-hushed@a.example/o'x?token=hushed", "events": ["message"], "is_active": None}
    bare = {"url": "https://a.example/o'x?********", "events": ["message"], "is_active": None}
    given = {"webhooks": [hook, {"url": "https://b.example/", "hmac": "hushed"}, "hushed"]}
    shown = {"webhooks": [bare, {"url": "https://b.example/", "hmac": "********"}, "********"]}
    assert redact_options(given, WEBHOOK_SPEC) == shown


def test_accounts_in_entries_are_shown_if_that_is_wanted() -> None:
    given = {"mask_account": False, "instances": [{"expect_account": "201012345678", "access_token": "hushed"}]}
    (entry,) = redact_options(given, FLEET_SPEC)["instances"]
    assert entry == {"expect_account": "201012345678", "access_token": "********"}


@pytest.mark.parametrize(
    "entry",
    [
        {"instance_id": {"access_token": "hushed-hushed"}},
        {"name": ["hushed-hushed"], "x": {"y": "hushed-hushed"}},
        {"Hushed-hushed": "hushed-hushed"},
        "A1 hushed-hushed",
    ],
)
def test_a_token_in_the_wrong_place_is_found(entry: Any) -> None:
    found = find_tokens([entry])
    assert any("hushed-hushed" in text for text in found)


def test_a_field_that_may_be_a_token_is_not_named(environment: Path) -> None:
    error = problem(fleet, {"Hushed-hushed": "A1", "colour": "blue"})
    assert "Hushed" not in str(error)
    assert "colour" in str(error)
