# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts in every usual spelling: who is named, whether two are the same, and what is shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import (
    Account,
    account_id,
    are_different,
    is_account,
    mismatch_hint,
    parse_account,
    parse_me,
    shown_account,
)
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.session.properties import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

NUMBER = "201012345678"
LID = "99887766554433@lid"

NOBODY: list[Any] = [
    None,
    {},
    [],
    "",
    " ",
    False,
    0,
    {"id": ""},
    {"id": None, "pushName": None},
    {"id": " ", "lid": ""},
    {"id": {}, "jid": []},
    {"id": {"user": "", "server": None}},
    [None],
    [{}],
    [{"id": ""}, None],
]
PAIRING: list[Any] = [
    {"id": f"{NUMBER}@c.us", "pushName": "~"},
    {"id": f"{NUMBER}@c.us", "pushName": "~", "lid": ""},
    {"id": f"{NUMBER}@c.us", "pushName": " ~ ", "lid": None},
    {"jid": NUMBER, "push_name": "~"},
    {"id": {"_serialized": f"{NUMBER}@c.us"}, "pushname": "~", "lid": {}},
    [{"id": f"{NUMBER}@c.us", "pushName": "~"}],
]
# Accounts, and the names by which each can be compared.
SOMEBODY: list[tuple[Any, set[str]]] = [
    ({"id": f"{NUMBER}@c.us", "pushName": "John"}, {NUMBER}),
    ({"id": f"{NUMBER}:12@s.whatsapp.net", "lid": LID}, {NUMBER, LID}),
    ({"id": f"{NUMBER}@c.us", "pushName": "~", "lid": LID}, {NUMBER, LID}),
    ({"jid": f"{NUMBER}@s.whatsapp.net"}, {NUMBER}),
    ({"lid": LID}, {LID}),
    ({"lid": "99887766554433"}, {LID}),
    ({"lid": "99887766554433:7@lid"}, {LID}),
    ({"phone": f"+{NUMBER}"}, {NUMBER}),
    ({"phoneNumber": NUMBER}, {NUMBER}),
    ({"phone": int(NUMBER)}, {NUMBER}),
    ({"id": int(NUMBER)}, {NUMBER}),
    ({"id": float(NUMBER)}, {NUMBER}),
    ({"id": {"_serialized": f"{NUMBER}@c.us", "user": NUMBER, "server": "c.us"}}, {NUMBER}),
    ({"id": {"user": "99887766554433", "server": "lid"}}, {LID}),
    ({"id": [f"{NUMBER}@c.us", LID]}, {NUMBER, LID}),
    ({"ID": f"{NUMBER}@c.us"}, {NUMBER}),
    ([f"{NUMBER}@c.us"], {NUMBER}),
    ([{"id": f"{NUMBER}@c.us"}, {"lid": LID}], {NUMBER, LID}),
    (f"{NUMBER}@c.us", {NUMBER}),
    (int(NUMBER), {NUMBER}),
    (float(NUMBER), {NUMBER}),
    ({"pushName": "John"}, set()),
    ({"platform": "android"}, set()),
    ({"id": "john"}, set()),
    ("null", set()),
    (True, set()),
    ({"connected": True}, set()),
]


@pytest.mark.parametrize("me", [*NOBODY, *PAIRING], ids=repr)
def test_who_names_nobody(me: Any) -> None:
    assert parse_me(me) is None


@pytest.mark.parametrize(
    ("me", "names"), SOMEBODY, ids=lambda part: repr(sorted(part) if isinstance(part, set) else part)
)
def test_who_names_somebody(me: Any, names: set[str]) -> None:
    account = parse_me(me)
    assert account is not None
    assert account.names == names
    assert (account.jid != "") == bool(names or me in ({"id": "john"}, "null"))


@EXAMPLES
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda deeper: st.lists(deeper) | st.dictionaries(st.sampled_from(["id", "lid", "pushName", "x"]), deeper),
        max_leaves=5,
    )
)
def test_whatever_me_holds_can_be_read(me: Any) -> None:
    account = parse_me(me)
    assert account is None or all(parse_account(name) == name for name in account.names)


def account(*names: str) -> Account:
    return Account(names[0] if names else "", names=frozenset(names))


@pytest.mark.parametrize(
    ("ours", "expected", "same"),
    [
        (account(NUMBER), NUMBER, True),
        (account(NUMBER, LID), NUMBER, True),
        (account(NUMBER, LID), LID, True),
        (account(LID), NUMBER, False),
        (account(), NUMBER, False),
        (account("4917123456789"), NUMBER, False),
        (Account(f"{NUMBER}:3@s.whatsapp.net"), NUMBER, True),
    ],
)
def test_whether_it_is_the_expected_account(ours: Account, expected: str, same: bool) -> None:
    assert is_account(ours, expected) == same


@pytest.mark.parametrize(
    ("ours", "theirs", "different"),
    [
        ({NUMBER}, {NUMBER}, False),
        ({NUMBER}, {"4917123456789"}, True),
        ({LID}, {"1234567@lid"}, True),
        ({NUMBER}, {LID}, False),  # impossible to know
        ({NUMBER, LID}, {LID}, False),
        ({NUMBER, LID}, {NUMBER, "1234567@lid"}, False),  # a lid may change, the number is theirs
        ({NUMBER, LID}, {"4917123456789", "1234567@lid"}, True),
        (set(), {NUMBER}, False),
        (set(), set(), False),
    ],
)
def test_whether_two_accounts_are_certainly_different(ours: set[str], theirs: set[str], different: bool) -> None:
    turned = are_different(theirs, ours)  # pylint: disable=arguments-out-of-order
    assert are_different(ours, theirs) == turned == different


@pytest.mark.parametrize(
    ("shown", "expected", "said"),
    [
        ("5511987654321", "551187654321", "Brazil's ninth digit"),
        ("551187654321", "5511987654321", "Brazil's ninth digit"),
        ("5215512345678", "525512345678", "Mexico's 1"),
        ("541112345678", "5491112345678", "Argentina's 9"),
        (LID, NUMBER, "shows only a lid and no number"),
        (NUMBER, LID, "shows only a number and no lid"),
        ("5511987654321", "551187654322", ""),
        ("4915987654321", "491587654321", ""),
        (NUMBER, "201012345679", ""),
    ],
)
def test_why_an_account_may_be_the_expected_one_all_the_same(shown: str, expected: str, said: str) -> None:
    hint = mismatch_hint(account(shown), expected)
    assert said in hint
    assert bool(hint) == bool(said)
    assert not any(number in hint for number in (shown, expected))


def test_an_account_that_shows_nothing_comparable_has_no_hint() -> None:
    assert mismatch_hint(Account("john"), NUMBER) == ""


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
