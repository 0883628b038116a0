# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reading of a session, and whether it is a change."""

from __future__ import annotations

from typing import Any, NamedTuple

from .collection import are_different, mask_account, parse_session, read_json, says_no, shown_account
from .event import kind_of, make_event, status_of
from .times import iso, now_ms

DELETED = "DELETED"


class Unreadable(Exception):  # noqa: N818  a state of the world, not an error of ours
    """A session can't be read; the message is one of a few reasons."""


class Reading(NamedTuple):
    """A reading of a session.

    Args:
        account: the account as the API writes it, None if it names none.
        names: the account in the forms in which two can be compared.
    """

    status: str
    account: str | None = None
    names: frozenset[str] = frozenset()


class Known(NamedTuple):
    """The last known state of a session.

    Args:
        settled: the last status but STARTING; empty if that isn't known.
    """

    reading: Reading
    settled: str


def parse_reading(body: bytes) -> Reading:
    """Parse the reply to an info call. Raises Unreadable if it has no status."""
    try:
        parsed = read_json(body)
        session = parse_session(parsed)
    except ValueError:
        raise Unreadable("the reply does not show a status") from None
    if says_no(parsed, "info"):
        raise Unreadable("the reply says that the call failed")
    if session.account is None:
        return Reading(status_of(session.status))
    return Reading(status_of(session.status), shown_account(session.account, mask=False) or None, session.account.names)


def differs(new: Reading, old: Reading) -> bool:
    """Whether the status changed, or a working session's account. Some replies omit that, which means nothing."""
    return new.status != old.status or (new.status == "WORKING" and are_different(new.names, old.names))


def after(new: Reading, known: Known | None) -> Known:
    """Return the known state of a session after a reading."""
    old = known or Known(Reading(""), "")
    settled = old.settled if new.status == "STARTING" else new.status
    if not new.names or not are_different(new.names, old.reading.names):
        # The same account, so all of its names hold.
        new = Reading(new.status, new.account or old.reading.account, new.names | old.reading.names)
    return Known(new, settled)


def event_of(instance_id: str, session: str | None, new: Reading, known: Known | None, mask: bool) -> dict[str, Any]:
    """Return the event for the rules."""
    now = iso(now_ms())
    return make_event(
        {
            "source": "poll",
            "authenticated": True,
            "subject": instance_id,
            "instance_id": instance_id,
            "session": session,
            "event_id": None,
            "event_name": "poll",
            "status": new.status,
            "previous_status": known.reading.status if known else None,
            "changed": True,
            "kind": kind_of(new.status, known.settled if known else ""),
            "reason": _reason(new, known),
            "account": mask_account(new.account) if new.account and mask else new.account,
            "occurred_at": now,  # at the latest
            "received_at": now,
            "late": False,
            "recovered": False,
        }
    )


def _reason(new: Reading, known: Known | None) -> str | None:
    if new.status == DELETED:
        return "there is no such session"
    return "the account changed" if known and new.status == known.reading.status else None
