# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Advice for the person in charge, and the instances grouped by it."""

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
    """Instances that need the same action.

    Attributes:
        key: whether their sessions' key still exists.
        records: their records, in the order of the report.
    """

    outcome: str
    advice: str
    key: str | None
    records: Sequence[Mapping[str, Any]]


def reached(record: Mapping[str, Any], purpose: str) -> bool:
    """Whether an instance reached everything requested. A link accepted as unproven still fails its run."""
    if record["outcome"] == ACCEPTED:
        return record["deleted"] is not False
    return record["outcome"] in GOOD[purpose] and not record["failed"]


def needs_human(record: Mapping[str, Any], purpose: str) -> str | None:
    """Return what a person has to do or know about an instance, None if nothing."""
    if not reached(record, purpose):
        texts = (record["drift"], record["advice"], record["message"])
        plain = _PLAIN.get(record["outcome"], "It did not reach the requested state.")
        return next((str(text) for text in texts if text), plain)
    return record["drift"] or (" ".join(record["open_ends"]) or None)


def grouped(records: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Group the instances that need a person by advice: changed ones first, then by outcome, then largest first."""
    found: dict[tuple[bool, str, str, str | None], list[Mapping[str, Any]]] = {}
    for record in records:
        if record["needs_human"]:
            # Messages may name the instance, which would put each in a group of one.
            cause = str(record["needs_human"]).replace(record["instance_id"], "it")
            place = (not record["drift"], str(record["outcome"]), cause, record["key"])
            found.setdefault(place, []).append(record)
    groups = sorted(found.items(), key=lambda item: (item[0][0], OUTCOMES.index(item[0][1]), -len(item[1])))
    return [Group(outcome, cause, key, those) for (dummy, outcome, cause, key), those in groups]
