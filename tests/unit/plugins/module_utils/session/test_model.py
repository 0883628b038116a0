# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session as it is read from a reply: status, account, settings; and accounts in every usual writing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import (
    Account,
    Session,
    account_id,
    changed_settings,
    parse_account,
    parse_session,
    shown_account,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.properties import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

NUMBER = "201012345678"


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
        ("WORKING", {"id": f"{NUMBER}@c.us", "pushName": "~"}, Account(f"{NUMBER}@c.us", "~")),
        ("SCAN_QR_CODE", {"id": f"{NUMBER}@c.us", "pushName": "~"}, None),
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
    "text",
    [
        "201012345678",
        "+201012345678",
        "00201012345678",
        " +20 101 234 5678 ",
        "+20-101-234-5678",
        "+20 (101) 234.5678",
        "+20 (0) 101 2345678",
        "+20(0)1012345678",
        "+20/101/2345678",
        "+20\u2011101\u20112345678",
        "\u202a+20 101 234 5678\u202c",
        "+20\u00a0101\u202f2345678",
        "\uff0b20 101 234 5678",
        # Arabic-Indic digits
        "\u0662\u0660\u0661\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        "+\u0662\u0660 \u0661\u0660\u0661 \u0662\u0663\u0664 \u0665\u0666\u0667\u0668",
        "tel:+20-101-234-5678",
        "TEL:+201012345678",
        "whatsapp:+201012345678",
        "https://wa.me/201012345678",
        "http://wa.me/+201012345678",
        "wa.me/201012345678",
        "201012345678@c.us",
        "201012345678@C.US",
        "201012345678@s.whatsapp.net",
        "201012345678:12@s.whatsapp.net",
        "201012345678.0:12@s.whatsapp.net",
        "+201012345678@c.us",
    ],
)
def test_the_writings_of_one_number(text: str) -> None:
    assert parse_account(text) == NUMBER


def test_a_hidden_id_is_another_account_than_the_number_of_its_digits() -> None:
    assert parse_account("201012345678@lid") == parse_account("201012345678:3@LID") == "201012345678@lid"
    assert parse_account("201012345678@lid") != parse_account("201012345678@c.us")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "123456",
        "1234567890123456",
        "0101234567",
        "0049",
        "000201012345678",
        "++201012345678",
        "20101234567x",
        "john",
        "@c.us",
        "john@c.us",
        "201012345678@g.us",
        "201012345678@",
        "201012345678@example.com",
        "https://example.com/201012345678",
        "\u00b2\u20701012345678x",
    ],
)
def test_what_is_no_account_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_account(text)
    assert len(text) < 6 or text not in str(refused.value)


@EXAMPLES
@given(st.text(max_size=30))
def test_any_text_is_an_account_or_refused_and_parsing_twice_is_parsing_once(text: str) -> None:
    try:
        account = parse_account(text)
    except ValueError:
        return
    assert parse_account(account) == account
    assert account.partition("@")[0].isascii()
    assert account.partition("@")[0].isdigit()


@pytest.mark.parametrize(("jid", "known"), [(f"{NUMBER}@c.us", NUMBER), ("", ""), ("john", ""), ("1@broadcast", "")])
def test_an_account_that_cannot_be_compared_has_no_id(jid: str, known: str) -> None:
    assert account_id(Account(jid)) == known


def test_the_account_as_it_is_shown() -> None:
    account = Account(f"{NUMBER}@c.us")
    assert shown_account(account, mask=True) == "********5678@c.us"
    assert shown_account(account, mask=False) == f"{NUMBER}@c.us"
    assert shown_account(None, mask=True) is None


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
