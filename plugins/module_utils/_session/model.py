# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The model of a session: statuses, the parsed reply, and verdicts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._numbers_in_text import ascii_digits
from .._redact import mask_account_in, mask_person, mask_status, redact_sensitive_keys
from .account import Account, account_id, folded_name, parse_me

STOPPED = "STOPPED"
STARTING = "STARTING"
SCAN_QR_CODE = "SCAN_QR_CODE"
WORKING = "WORKING"
FAILED = "FAILED"
# Statuses that the engine added later: somebody has to confirm a passkey.
PASSKEY = frozenset({"PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED"})
# Statuses that count as STOPPED, and those in which nothing runs. A status that the engine adds goes here.
STOPPED_STATUSES = frozenset({STOPPED})
AT_REST = STOPPED_STATUSES | {FAILED}
STATUSES = PASSKEY | AT_REST | {STARTING, SCAN_QR_CODE, WORKING}

SEVERED = "severed"
NO_ACCOUNT = "no_account"
UNPROVEN = "unproven"
VERDICTS = (SEVERED, NO_ACCOUNT, UNPROVEN)
PROVEN = frozenset({SEVERED, NO_ACCOUNT})

# The state of the stored credentials; only they can unlink the session from here.
THERE = "there"
GONE = "gone"
UNKNOWN = "unknown"
KEYS = (THERE, GONE, UNKNOWN)

_CONNECTED = "CONNECTED"
_MAX_STATUS = 64
# Statuses without a connection, which other gateways' fields may contradict.
_UNCONNECTED = frozenset({SCAN_QR_CODE, STOPPED, FAILED})
_FLAGS = frozenset({"connected", "isconnected", "loggedin", "isloggedin", "authenticated", "isauthenticated"})
_STATES = frozenset({"state", "enginestate", "connection", "connectionstate", "connectionstatus"})
_CONNECTED_WORDS = frozenset({"connected", "open", "authenticated", "working"})
# Fields in which a reply may repeat the session's status.
_ENVELOPES = frozenset({"session", "instance", "data", "result", "response"})
_OF_CONNECTION = _FLAGS | _STATES | _ENVELOPES | {"engine"}


@dataclass(frozen=True)
class Session:
    """One reading of a session.

    Args:
        status: the status that the API reports.
        account: the account that the reply names, None if it names none.
        account_given: whether the reply has ``me`` at all; without it, an absent account means nothing.
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
        """Whether the reply says that there is no account, rather than just not naming one."""
        return self.account_given and self.account is None

    @property
    def stopped(self) -> bool:
        return self.status in STOPPED_STATUSES

    @property
    def at_rest(self) -> bool:
        """Whether nothing runs, so nothing can be unlinked."""
        return self.status in AT_REST

    @property
    def contradictory(self) -> bool:
        """Whether the reply says both that a scan is awaited and that somebody is logged in."""
        engine = self.body.get("engine")
        state = engine.get("state") if isinstance(engine, Mapping) else None
        connected = isinstance(state, str) and state.strip().upper() == _CONNECTED
        return self.status == SCAN_QR_CODE and (self.account is not None or connected)

    @property
    def awaits_scan(self) -> bool:
        """Whether a QR code is on show, so there is no key. No other reading shows that."""
        return self.status == SCAN_QR_CODE and not self.contradictory

    @property
    def paired(self) -> bool | None:
        """Whether an account is logged in, None if the reply doesn't show it: engines hide the account at rest."""
        if self.account or self.status == WORKING:
            return True
        return False if self.awaits_scan else None

    def imagined(self, status: str, without_account: bool = False) -> Session:
        """Return the session as it would be in another status, without what its reply said about a connection."""
        kept = {key: value for key, value in self.body.items() if folded_name(str(key)) not in _OF_CONNECTION}
        body = {**kept, "status": status}
        if without_account:
            return replace(self, status=status, account=None, account_given=True, body={**body, "me": None})
        return replace(self, status=status, body=body)

    def public(self, mask: bool = True) -> dict[str, Any]:
        """Return the reply, safe to show and keep: without secrets, the account masked if asked for."""
        shown: dict[str, Any] = redact_sensitive_keys(self.body)
        if not mask:
            return shown
        names = {account_id(self.account), *self.account.names} if self.account else {""}
        for name in sorted(names, key=len, reverse=True):
            shown = mask_account_in(shown, ascii_digits(name))
        if "me" in shown:
            shown["me"] = mask_person(shown["me"])
        return shown


def parse_session(body: Any) -> Session:
    """Read the reply of ``/v2/session/info``.

    Raises:
        ValueError: the reply has no status, so it says nothing.
    """
    if not isinstance(body, Mapping):
        raise ValueError("the reply is not a JSON object")
    status = body.get("status")
    if not isinstance(status, str) or not status.strip():
        raise ValueError("the reply has no status")
    # Messages show it, whatever a server puts there.
    status = _canonical_status(status)
    if not status.isprintable() or len(status) > _MAX_STATUS:
        raise ValueError("the reply's status can't be read")
    _refuse_contradiction(body, status)
    return Session(
        status=status,
        account=parse_me(body.get("me")),
        account_given="me" in body,
        config=body.get("config"),
        body=body,
    )


def _refuse_contradiction(body: Mapping[str, Any], status: str) -> None:
    """Raise ValueError if a reply names two statuses or two accounts: it is unclear which one is meant."""
    for key, value in body.items():
        name = str(key).strip().lower()
        if name in ("status", "me") and key != name and value != body.get(name, value):
            raise ValueError(f"the reply contradicts itself: it has {name} twice")
        inner = value.get("status") if name in _ENVELOPES and isinstance(value, Mapping) else None
        if isinstance(inner, str) and _canonical_status(inner) in STATUSES - {status}:
            raise ValueError("the reply contradicts itself: it names two statuses")
        if status in _UNCONNECTED and _says_connected(name, value):
            raise ValueError(f"the reply contradicts itself: it is {status}, and {name} says that it is connected")


def _says_connected(name: str, value: Any) -> bool:
    """Whether a field other than the status and the engine's state says that somebody is logged in."""
    name = folded_name(name)
    if name in _FLAGS:
        return value is True
    return name in _STATES and isinstance(value, str) and value.strip().lower() in _CONNECTED_WORDS


def _canonical_status(text: str) -> str:
    """Return a known status as the engine writes it, whatever its case and separators; any other one unchanged."""
    folded = re.sub(r"[\s-]+", "_", text.strip())
    # Only in ASCII: some letters of other scripts become Latin ones when their case changes.
    known = folded.upper() if folded.isascii() else ""
    return known if known in STATUSES else mask_status(text.strip())


def changed_settings(before: Session, after: Session) -> list[str]:
    """Return the names of settings that differ between two readings; none if one of them shows no settings."""
    if not isinstance(before.config, Mapping) or not isinstance(after.config, Mapping):
        return []
    names = sorted(set(before.config) | set(after.config))
    return [name for name in names if (before.config.get(name) or None) != (after.config.get(name) or None)]
