# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a session is: statuses, the parsed reply, accounts and verdicts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._redact import (
    mask_account,
    mask_account_in,
    mask_accounts_in,
    mask_person,
    redact_sensitive_keys,
)

STOPPED = "STOPPED"
STARTING = "STARTING"
SCAN_QR_CODE = "SCAN_QR_CODE"
WORKING = "WORKING"
FAILED = "FAILED"
# Statuses that the engine added later: somebody has to confirm a passkey.
PASSKEY = frozenset({"PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED"})
# Where a logged-out session is seen without an account. Never WORKING, never a status that isn't known.
UNPAIRED_STATUSES = frozenset({STARTING, STOPPED, FAILED})

SEVERED = "severed"
NO_ACCOUNT = "no_account"
UNPROVEN = "unproven"
VERDICTS = (SEVERED, NO_ACCOUNT, UNPROVEN)
PROVEN = frozenset({SEVERED, NO_ACCOUNT})

_SERVERS = frozenset({"c.us", "s.whatsapp.net", "lid"})
_PREFIX = re.compile(r"^(?:tel:|whatsapp:|(?:https?://)?wa\.me/)", re.IGNORECASE)
_SEPARATORS = re.compile(r"\(0\)|[\s().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MIN_DIGITS, _MAX_DIGITS = 7, 15
_MAX_STATUS = 64


@dataclass(frozen=True)
class Account:
    """A WhatsApp account as ``me`` names it."""

    jid: str
    push_name: str = ""


@dataclass(frozen=True)
class Session:
    """One reading of a session.

    Args:
        status: what the API reports.
        account: the account that the reply names, None if it names none.
        account_given: whether the reply has ``me`` at all; without it an absent account means nothing.
        config: the instance's settings, None if the reply has none.
        body: the whole reply.
    """

    status: str
    account: Account | None = None
    account_given: bool = False
    config: Any = None
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def account_empty(self) -> bool:
        """Whether the reply says that there is no account, which is more than not naming one."""
        return self.account_given and self.account is None

    @property
    def paired(self) -> bool | None:
        """Whether an account is logged in, None where the reply doesn't tell."""
        if self.account or self.status == WORKING:
            return True
        return False if self.status == SCAN_QR_CODE or (self.account_given and self.status != STARTING) else None

    def public(self, mask: bool = True) -> dict[str, Any]:
        """The reply as it may be shown and kept: without secrets, the account masked if asked for."""
        shown: dict[str, Any] = redact_sensitive_keys(self.body)
        if not mask:
            return shown
        shown = mask_account_in(shown, account_id(self.account).partition("@")[0] if self.account else "")
        if "me" in shown:
            shown["me"] = mask_person(shown["me"])
        return shown


def parse_session(body: Any) -> Session:
    """Read the reply of ``/v2/session/info``.

    Raises:
        ValueError: the reply has no status, so nothing can be read from it.
    """
    if not isinstance(body, Mapping):
        raise ValueError("the reply is not a JSON object")
    status = body.get("status")
    if not isinstance(status, str) or not status.strip():
        raise ValueError("the reply has no status")
    # It is shown in messages, whatever a server may put there.
    status = mask_accounts_in(status.strip())
    if not status.isprintable() or len(status) > _MAX_STATUS:
        raise ValueError("the reply's status can't be read")
    return Session(
        status=status,
        account=_account(body.get("me"), status),
        account_given="me" in body,
        config=body.get("config"),
        body=body,
    )


def _account(me: Any, status: str) -> Account | None:
    """The account that ``me`` names; a pairing code that waits to be entered shows as ``~`` and is none."""
    if not me:
        return None
    if not isinstance(me, Mapping):
        return Account(jid=str(me))
    jid, push_name = str(me.get("id") or ""), str(me.get("pushName") or "")
    if not jid and not push_name:
        return None
    if status == SCAN_QR_CODE and push_name == "~":
        return None
    return Account(jid=jid, push_name=push_name)


def parse_account(text: str) -> str:
    """Bring an account to the one writing in which two can be compared: digits, or digits@lid.

    Args:
        text: a phone number with its country code, or a WhatsApp id, in any usual writing.

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
    """The account in the writing of parse_account, empty if it has none that can be compared."""
    try:
        return parse_account(account.jid)
    except ValueError:
        return ""


def shown_account(account: Account | None, mask: bool) -> str | None:
    """The account's id as it may be shown, None if there is no account."""
    if account is None:
        return None
    return mask_account(account.jid) if mask else account.jid


def changed_settings(before: Session, after: Session) -> list[str]:
    """Names of the settings that differ between two readings, empty if one of them shows no settings."""
    if not isinstance(before.config, Mapping) or not isinstance(after.config, Mapping):
        return []
    names = sorted(set(before.config) | set(after.config))
    return [name for name in names if (before.config.get(name) or None) != (after.config.get(name) or None)]
