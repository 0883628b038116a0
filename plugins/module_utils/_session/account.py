# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""WhatsApp accounts: who is named, in which of many spellings, and whether two are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .._redact import mask_account

_SERVERS = frozenset({"c.us", "s.whatsapp.net", "lid"})
_PREFIX = re.compile(r"^(?:tel:|whatsapp:|(?:https?://)?wa\.me/)", re.IGNORECASE)
_SEPARATORS = re.compile(r"\(0\)|[\s().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MIN_DIGITS, _MAX_DIGITS = 7, 15
# The fields of `me` that name an account, the one to show first. Compared without case and separators.
_FIELDS = ("id", "jid", "wid", "serialized", "phone", "phonenumber", "number", "msisdn", "mobile", "pn", "user", "lid")
# The push name of a pairing code that was requested and not entered.
_PAIRING_CODE = "~"
# Digits that some countries write in a mobile number and WhatsApp leaves out of older accounts, or the reverse: country
# code, digit, number of digits between them, number of digits after it, and the digit's usual name.
_EXTRA_DIGITS = (
    ("55", "9", 2, 8, "Brazil's ninth digit"),
    ("52", "1", 0, 10, "Mexico's 1 for mobile phones"),
    ("54", "9", 0, 10, "Argentina's 9 for mobile phones"),
)


@dataclass(frozen=True)
class Account:
    """A WhatsApp account as ``me`` names it.

    Args:
        jid: its id, or another field that names it; empty if no field does.
        push_name: the name that its owner gave it.
        names: its ids as parse_account writes them, without those that can't be compared.
    """

    jid: str
    push_name: str = ""
    names: frozenset[str] = field(default=frozenset(), compare=False)


def parse_me(me: Any) -> Account | None:
    """Parse the account that ``me`` names, in whatever form; None if it names none.

    Any non-empty field makes it an account. A pairing code that waits to be entered isn't one: it shows the number that
    it was requested for, the name ``~``, and no lid.
    """
    if not _holds(me):
        return None
    if isinstance(me, (list, tuple)):
        accounts = [account for account in map(parse_me, me) if account]
        if not accounts:
            return None
        names = frozenset().union(*(account.names for account in accounts))
        return Account(accounts[0].jid, accounts[0].push_name, names)
    if not isinstance(me, Mapping):
        text = "" if me is True else _text(me).strip()
        return Account(text, names=frozenset(_canonical([text])))
    fields = _fold_keys(me)
    push_name = _text(fields.get("pushname") or "").strip()
    if push_name == _PAIRING_CODE and not _holds(fields.get("lid")):
        return None
    writings = list(_writings(me))
    return Account(next(iter(writings), ""), push_name, frozenset(_canonical(writings)))


def _holds(value: Any) -> bool:
    """Whether a value isn't empty, blank, or a container of such values."""
    if isinstance(value, Mapping):
        return any(map(_holds, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds, value))
    return bool(value.strip() if isinstance(value, str) else value)


def _fold_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {folded_name(str(key)): value for key, value in fields.items()}


@lru_cache(maxsize=1024)  # replies are of few kinds
def folded_name(name: str) -> str:
    """Return the name of a reply's field without case and separators."""
    return re.sub(r"[\W_]", "", name).lower()


def _text(value: Any) -> str:
    """Return an account's number or id as text: JSON may hold it as a number, or a float."""
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def _writings(value: Any, lid: bool = False) -> Iterator[str]:
    """Yield the spellings of one account in ``me``, the one to show first."""
    if isinstance(value, Mapping):
        fields = _fold_keys(value)
        lid = lid or fields.get("server") == "lid"
        for name in _FIELDS:
            if name in fields:
                yield from _writings(fields[name], lid or name == "lid")
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _writings(item, lid)
    elif _holds(value) and value is not True:
        text = _text(value).strip()
        yield f"{text}@lid" if lid and "@" not in text else text


def _canonical(writings: Iterable[str]) -> Iterator[str]:
    for writing in writings:
        try:
            yield parse_account(writing)
        except ValueError:
            continue


def parse_account(text: str) -> str:
    """Convert an account to the form in which two can be compared: digits, or digits@lid.

    Args:
        text: a phone number with its country code, or a WhatsApp id, in any usual spelling.

    Raises:
        ValueError: it is neither; the message says what is wrong, without repeating the value.
    """
    user, at, server = _PREFIX.sub("", unicodedata.normalize("NFKC", text).strip()).partition("@")
    if at and server.lower() not in _SERVERS:
        raise ValueError(
            f"unknown WhatsApp id, it ends in neither of {', '.join('@' + name for name in sorted(_SERVERS))}"
        )
    if at:
        user = re.split(r"[:.]", user)[0]
    digits = _digits(_SEPARATORS.sub("", user))
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        raise ValueError(
            f"a phone number has {_MIN_DIGITS} to {_MAX_DIGITS} digits with its country code, this has {len(digits)}"
        )
    return f"{digits}@lid" if server.lower() == "lid" else digits


def _digits(number: str) -> str:
    number = "".join(str(unicodedata.decimal(character, character)) for character in number)
    number = re.sub(r"^(?:\+|00)", "", number)
    if not re.fullmatch(r"[0-9]*", number):
        raise ValueError("neither a phone number nor a WhatsApp id")
    if number.startswith("0"):
        raise ValueError("a national number can't be compared, write it with its country code")
    return number


def account_id(account: Account) -> str:
    """Return the account as parse_account writes it, by its number if shown; empty if it can't be compared."""
    names = account.names or frozenset(_canonical([account.jid]))
    return min(names, key=lambda name: (_is_lid(name), name), default="")


def whole_account(account: Account) -> str:
    """Return the unmasked text by which the account is compared with itself at another time."""
    return account_id(account) or account.jid


def is_account(account: Account, expected: str) -> bool:
    """Whether an account is the expected one, which is given as parse_account writes it."""
    return expected in (account.names or frozenset(_canonical([account.jid])))


def are_different(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether two accounts, each given by its names, certainly differ: a number says nothing about a lid."""
    one, other = set(ours), set(theirs)
    if one & other:
        return False
    return any(any(map(same_sort, one)) and any(map(same_sort, other)) for same_sort in (_is_lid, _is_number))


def mismatch_hint(account: Account, expected: str) -> str:
    """Explain why an account may still be the expected one despite the mismatch; empty if nothing suggests it."""
    names = account.names or frozenset(_canonical([account.jid]))
    if names and all(_is_lid(name) != _is_lid(expected) for name in names):
        shown, hidden = ("number", "lid") if _is_lid(expected) else ("lid", "number")
        return f"the session shows only a {shown} and no {hidden}, so the two can't be compared"
    for name in names:
        what = _extra_digit(name, expected) or _extra_digit(expected, name)
        if what:
            return f"the two differ in {what} alone; if it is the same phone, give expect_account as WhatsApp has it"
    return ""


def _extra_digit(longer: str, shorter: str) -> str:
    """Return the name of the one extra digit of a longer number, empty if the two differ otherwise."""
    for country, digit, before, after, name in _EXTRA_DIGITS:
        found = re.fullmatch(rf"({country}\d{{{before}}}){digit}(\d{{{after}}})", longer)
        if found and shorter == found[1] + found[2]:
            return name
    return ""


def _is_lid(name: str) -> bool:
    return name.endswith("@lid")


def _is_number(name: str) -> bool:
    return not _is_lid(name)


def shown_account(account: Account | None, mask: bool) -> str | None:
    """Return the account's id, masked if asked for; None if there is no account."""
    if account is None:
        return None
    return mask_account(account.jid) if mask else account.jid
