# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event that both sources give to the rules: its fields, its kinds, and text that is safe in it."""

from __future__ import annotations

import math
import re
from typing import Any

from .collection import mask_numbers_in, one_line

KINDS = {
    "WORKING": "restored",
    "STARTING": "starting",
    "STOPPED": "stopped",
    "SCAN_QR_CODE": "logged_out",
}
# Words that Wawp's guides, other gateways and the engines beneath use instead of a status. The rulebooks read the
# session before they believe one, so an extra word costs a reading, and a missing one an unnoticed loss.
_LOGGED_OUT = re.compile(
    r"(?:[A-Z]+_){0,2}(?:LOG(?:GED)?_?(?:OUT|OFF)|UN(?:PAIR|LINK|REGISTER)(?:ED)?(?:_IDLE)?)"
    r"(?:_(?:BY|FROM|ON)(?:_[A-Z]+){1,3})?"
)
_LINK_LOST = re.compile(r"(?:[A-Z]+_){0,2}(?:DISCONNECT(?:ED)?|STREAM_REPLACED|BAN(?:NED)?|CLIENT_OUTDATED)")
# These are about a session only where a status is expected: a contact can be blocked, a call can time out.
_TROUBLE = re.compile(
    r"(?:[A-Z]+_){0,2}(?:REPLACED|CONFLICT|(?:TOS_?|PROXY_?)?BLOCK(?:ED)?|SUSPENDED|RESTRICTED|KICKED|REMOVED|REVOKED"
    r"|EXPIRED|UNAUTHORI[SZ]ED|OUTDATED|DEPRECATED_VERSION|CLOSED?|LOST|OFFLINE|TIME_?OUT|UNLAUNCHED"
    r"|CONNECT(?:ION)?_(?:FAIL(?:ED|URE)|ERROR)|STREAM_ERROR)"
)
LARGEST_INTEGER = 2**63 - 1  # the rule engine is written in Java
# Fields of an event, in order; `raw` is added on demand.
FIELDS = (
    *("source", "authenticated", "subject", "instance_id", "session", "event_id", "event_name", "status"),
    *("previous_status", "changed", "kind", "reason", "account", "occurred_at", "received_at", "late", "recovered"),
)


def kind_of(status: str, settled: str) -> str:
    """Return the kind of event that a status means after the last settled one (empty if unknown).

    FAILED is a lost link unless the session is known to have had none: better a false alarm than none.
    """
    if status == "FAILED":
        return "lost" if settled in ("", "WORKING") else "failed"
    if status in KINDS:
        return KINDS[status]
    return signal_kind(status) or ("lost" if _TROUBLE.fullmatch(status) else "other")


def signal_kind(word: str) -> str:
    """Return `logged_out` or `lost` for a word that means it in any place, else an empty string."""
    if _LOGGED_OUT.fullmatch(word):
        return "logged_out"
    return "lost" if _LINK_LOST.fullmatch(word) else ""


def status_word(text: str) -> str:
    """Convert a status or the name of an event to the engine's form: ``events.LoggedOut`` is LOGGED_OUT."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text.rpartition(".")[2])
    return re.sub(r"[\s_-]+", "_", words.strip()).upper()


def status_of(text: str) -> str:
    """Return a known status as the engine writes it, any other in upper case; numbers masked."""
    word = status_word(text)
    known = word == "FAILED" or word.startswith("PASSKEY_") or kind_of(word, "") != "other"
    return word if known else mask_numbers_in(text.upper())


def line(value: Any, length: int = 200) -> str | None:
    """Return foreign text on one line, cut to a length; None if it is empty or not text."""
    return (one_line(value, length) or None) if isinstance(value, str) else None


def make_event(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the event with its fields in order, and nothing in it on which Ansible or the rule engine would fail."""
    return {name: neutralize(fields[name]) for name in (*FIELDS, *(["raw"] if "raw" in fields else []))}


def neutralize(value: Any) -> Any:
    """Return a copy of a value that is safe for playbooks and rules: no templates, no unwritable parts."""
    if isinstance(value, dict):
        return {neutralize(name): neutralize(item) for name, item in value.items()}
    if isinstance(value, list):
        return [neutralize(item) for item in value]
    if isinstance(value, str):
        return neutralize_templates(value.encode("utf-8", "replace").decode())  # a lone surrogate can't be written
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return value if math.isfinite(value) and abs(value) <= LARGEST_INTEGER else str(value)


def neutralize_templates(text: str) -> str:
    """Return a text in which Ansible finds no template.

    A playbook gets the event as an extra variable, and Ansible runs templates in those, with any command in them.
    Without curly brackets there are none, unless a text begins by declaring other delimiters.
    """
    return text.replace("{", "(").replace("}", ")").replace("#jinja2:", "# jinja2:")
