# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session read from a reply: status, account, settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session import model
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import Account
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import Session, changed_settings, parse_session
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.simulated_run import SimulatedRun, instance

NUMBER = "201012345678"
STATUSES = ("STOPPED", "STARTING", "SCAN_QR_CODE", "WORKING", "FAILED", "PASSKEY_REQUIRED")


@pytest.mark.parametrize("body", [None, [], "WORKING", 1, {}, {"status": None}, {"status": ""}, {"status": " "}])
def test_a_reply_without_a_status_is_no_session(body: Any) -> None:
    with pytest.raises(ValueError, match="the reply"):
        parse_session(body)


@pytest.mark.parametrize(
    ("status", "me", "account"),
    [
        ("WORKING", {"id": f"{NUMBER}@c.us", "pushName": "John"}, Account(f"{NUMBER}@c.us", "John")),
        ("WORKING", {"id": f"{NUMBER}@c.us"}, Account(f"{NUMBER}@c.us")),
        ("WORKING", {"pushName": "John"}, Account("", "John")),
        ("WORKING", f"{NUMBER}@c.us", Account(f"{NUMBER}@c.us")),
        *((status, {"id": f"{NUMBER}@c.us", "pushName": "~", "lid": ""}, None) for status in STATUSES),
        ("STOPPED", None, None),
        ("STOPPED", {}, None),
        ("STOPPED", "", None),
        ("STOPPED", {"id": ""}, None),
        ("STOPPED", {"id": None, "pushName": None}, None),
    ],
)
def test_the_account_that_a_reply_names(status: str, me: Any, account: Account | None) -> None:
    session = parse_session({"status": f" {status}\n", "me": me})
    assert (session.status, session.account) == (status, account)
    assert session.account_given
    assert session.account_empty == (account is None)


def test_a_reply_without_me_says_nothing_about_an_account() -> None:
    session = parse_session({"status": "STOPPED"})
    assert (session.account, session.account_given, session.account_empty) == (None, False, False)


@pytest.mark.parametrize(
    "other",
    [
        {"Status": "WORKING"},
        {" status": "WORKING"},
        {"session": {"status": "WORKING"}},
        {"data": {"status": "working"}},
        {"me": None, "ME": {"id": f"{NUMBER}@c.us"}},
    ],
    ids=repr,
)
def test_a_reply_that_contradicts_itself_is_not_read(other: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="contradicts itself"):
        parse_session({"status": "SCAN_QR_CODE", **other})


@pytest.mark.parametrize(
    "other",
    [
        {"state": "CONNECTED"},
        {"engineState": "open"},
        {"connection_status": "Connected"},
        {"connected": True},
        {"isLoggedIn": True},
        {"authenticated": True},
    ],
    ids=repr,
)
def test_a_reply_that_is_connected_in_one_field_alone_is_not_read(other: dict[str, Any]) -> None:
    for status in ("SCAN_QR_CODE", "STOPPED", "FAILED"):
        with pytest.raises(ValueError, match="contradicts itself"):
            parse_session({"status": status, **other})
    for status in ("WORKING", "STARTING"):
        assert parse_session({"status": status, **other}).status == status


@pytest.mark.parametrize(
    "other",
    [{"state": "UNPAIRED"}, {"connected": False}, {"connected": "no"}, {"config": {"connected": True}}],
    ids=repr,
)
def test_a_reply_that_is_not_connected_is_read(other: dict[str, Any]) -> None:
    assert parse_session({"status": "SCAN_QR_CODE", **other}).status == "SCAN_QR_CODE"


@pytest.mark.parametrize(
    "other", [{"Status": "STOPPED"}, {"data": {"status": "stopped"}}, {"session": {"status": "active"}}, {"Me": None}]
)
def test_a_reply_may_say_a_thing_twice(other: dict[str, Any]) -> None:
    assert parse_session({"status": "STOPPED", **other}).status == "STOPPED"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("write", [str.lower, str.title, lambda status: f" {status.replace('_', '-').lower()}\n"])
def test_statuses_are_read_without_regard_to_case(status: str, write: Callable[[str], str]) -> None:
    assert parse_session({"status": write(status)}).status == status


@pytest.mark.parametrize("status", ["Sleeping", "work\u0131ng", "\u017ftopped", "WORKING.", "WORKINGS"])
def test_a_status_that_is_not_known_stays_as_it_is(status: str) -> None:
    assert parse_session({"status": status}).status == status


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (f"BOUND_{NUMBER}", "BOUND_********5678"),
        (f"of {NUMBER}@c.us", "of ********5678@c.us"),
        ("bound to +20 (101) 234-5678", "bound to +** (***) ***-5678"),
        ("20.101.234.5678", "**.***.***.5678"),
        ("20_101_234_5678", "**_***_***_5678"),
        ("2 0 1 0 1 2 3 4 5 6 7 8", "* * * * * * * * 5 6 7 8"),
        ("20x10x12x34x56x78", "**x**x**x**x56x78"),
        ("201012345678.0", "*********678.0"),
        ("2.01012345678E11", "*.*********78E11"),
        (
            "\u0662\u0660\u0661\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
            "********\u0665\u0666\u0667\u0668",
        ),
        ("\uff12\uff10\uff11\uff10\uff11\uff12\uff13\uff14", "****\uff11\uff12\uff13\uff14"),
        ("PASSKEY_2", "PASSKEY_2"),
    ],
)
def test_a_status_never_holds_a_phone_number(status: str, shown: str) -> None:
    assert parse_session({"status": status}).status == shown


def reading(config: Any) -> Session:
    return parse_session({"status": "WORKING", "config": config})


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"webhooks": {}, "proxy": None}, {"webhooks": {}, "proxy": None}, []),
        ({"webhooks": {}}, {"webhooks": []}, []),
        ({"webhooks": {}, "proxy": None}, {}, []),
        ({"webhooks": [{"url": "https://a.example"}]}, {"webhooks": {}}, ["webhooks"]),
        ({"webhooks": [], "proxy": None}, {"webhooks": [], "proxy": {"server": "p"}, "new": 1}, ["new", "proxy"]),
        ({"debug": True}, {"debug": False}, ["debug"]),
        (None, {"webhooks": [1]}, []),
        ({"webhooks": [1]}, None, []),
        ("text", {"webhooks": [1]}, []),
    ],
)
def test_settings_that_differ(before: Any, after: Any, names: list[str]) -> None:
    assert changed_settings(reading(before), reading(after)) == names


def test_a_status_that_counts_as_stopped_is_named_in_the_model_alone() -> None:
    """Others ask the session whether it is at rest or stopped; so a status that the engine adds has one place."""
    root = Path(model.__file__).parents[1]
    compared = re.compile(r"[!=]=\s*STOPPED\b|\bSTOPPED\s*[!=]=|\bin \{?\(?[^\n]*\bSTOPPED\b")
    # The probe records what an engine shows in this very status.
    others = [path for path in root.rglob("*.py") if path.name not in ("model.py", "probe.py", "probe_findings.py")]
    assert others
    assert [path.name for path in others if compared.search(path.read_text("utf-8"))] == []


def test_a_status_that_is_added_counts_as_stopped_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "STOPPED_STATUSES", frozenset({"STOPPED", "HIBERNATED"}))
    monkeypatch.setattr(model, "AT_REST", model.STOPPED_STATUSES | {"FAILED"})
    for state, writes in (("stopped", []), ("started", ["start"]), ("logged_out", ["start"])):
        sim = SimulatedRun(instance("HIBERNATED"))
        sim.run(Goal(state, start_if_stopped=True))
        assert sim.writes[:1] == writes, state
