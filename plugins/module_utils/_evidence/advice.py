# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a human has to do, and the instances grouped by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .outcomes import ACCEPTED, GOOD, NOT_RUN, OUTCOMES, UNREADABLE

ADVICE_PAIRED_AGAIN = (
    "It was logged out, but when it was read again it was paired: somebody has linked it since. Find out who, revoke "
    "its temporary link, and run again."
)
ADVICE_LOST = (
    "Somebody linked an account, but when it was read again none was there. Look at the session, and link again."
)
_PLAIN = {NOT_RUN: "Nothing was sent to it.", UNREADABLE: "It could not be read."}


@dataclass(frozen=True)
class Group:
    """Instances that need the same.

    Attributes:
        key: whether the key of their sessions is still there.
        records: all of them, in the order of the report.
    """

    outcome: str
    advice: str
    key: str | None
    records: Sequence[Mapping[str, Any]]


def reached(record: Mapping[str, Any], purpose: str) -> bool:
    """Whether it came to all that was wanted. A link that was accepted as unproven fails its run all the same."""
    if record["outcome"] == ACCEPTED:
        return record["deleted"] is not False
    return record["outcome"] in GOOD[purpose] and not record["failed"]


def needs_human(record: Mapping[str, Any], purpose: str) -> str | None:
    """What somebody has to do or to know about an instance, None if there is nothing."""
    if not reached(record, purpose):
        texts = (record["drift"], record["advice"], record["message"])
        plain = _PLAIN.get(record["outcome"], "It did not reach what was wanted.")
        return next((str(text) for text in texts if text), plain)
    return record["drift"] or (" ".join(record["open_ends"]) or None)


def grouped(records: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The instances that need a human, by what they need: what has changed first, then by outcome, then the most."""
    found: dict[tuple[bool, str, str, str | None], list[Mapping[str, Any]]] = {}
    for record in records:
        if record["needs_human"]:
            # Messages may name the instance, which would make each a cause of its own.
            cause = str(record["needs_human"]).replace(record["instance_id"], "it")
            place = (not record["drift"], str(record["outcome"]), cause, record["key"])
            found.setdefault(place, []).append(record)
    groups = sorted(found.items(), key=lambda item: (item[0][0], OUTCOMES.index(item[0][1]), -len(item[1])))
    return [Group(outcome, cause, key, those) for (dummy, outcome, cause, key), those in groups]
