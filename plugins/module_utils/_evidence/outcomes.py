# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Possible outcomes of an instance, and the purposes of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .._session.model import NO_ACCOUNT, PROVEN, SEVERED, UNPROVEN

ACCEPTED = "accepted_unproven"
CLOSED = "closed"
FAILED = "failed"
LEFT_ALONE = "left_alone"
NOT_RUN = "not_run"
LINKED = "linked"
UNLINKED = "unlinked"
UNKNOWN = "unknown"
MISSING = "missing"
UNREADABLE = "unreadable"
# In the page's order: what needs a person first.
OUTCOMES = (
    *(UNPROVEN, FAILED, UNREADABLE, LEFT_ALONE, NOT_RUN, ACCEPTED, UNKNOWN, MISSING),
    *(UNLINKED, LINKED, CLOSED, NO_ACCOUNT, SEVERED),
)

# The purposes of a run.
SEVER, RELINK, SHIFT, AUDIT, CLOSE = "sever", "relink", "shift", "audit", "close"
PURPOSES = (SEVER, RELINK, SHIFT, AUDIT, CLOSE)
GOOD: Mapping[str, frozenset[str]] = {
    SEVER: PROVEN | {ACCEPTED},
    RELINK: frozenset({LINKED}),
    SHIFT: PROVEN | {ACCEPTED, LINKED},
    AUDIT: frozenset({LINKED, UNLINKED, UNKNOWN, MISSING}),
    CLOSE: frozenset({CLOSED}),
}
# Outcomes that are shown even if none has them.
EXPECTED: Mapping[str, frozenset[str]] = {
    SEVER: frozenset({SEVERED, NO_ACCOUNT, UNPROVEN}),
    RELINK: frozenset({LINKED}),
    SHIFT: frozenset({LINKED, SEVERED, NO_ACCOUNT, UNPROVEN}),
    AUDIT: frozenset({LINKED, UNLINKED}),
    CLOSE: frozenset({CLOSED}),
}


class Label(NamedTuple):
    """An outcome in words: its name, the sign that tells it apart without colour, its meaning, and its prediction."""

    name: str
    sign: str
    meaning: str
    predicted: str


OUTCOME_LABELS: Mapping[str, Label] = {
    SEVERED: Label("Severed", "✓", "logged out while working, and SCAN_QR_CODE read in time", "would be severed"),
    NO_ACCOUNT: Label("No account", "○", "no account was there when it was first looked at", "have no account"),
    CLOSED: Label("Closed by a person", "●", "somebody saw on the phone that the device is gone", "would be closed"),
    ACCEPTED: Label(
        "Unproven, accepted",
        "≈",
        "the phone may still list the device; accepted beforehand",
        "would be unproven, accepted",
    ),
    UNPROVEN: Label("Unproven", "!", "the phone may still list the device", "would be unproven"),
    FAILED: Label("Failed", "✕", "the state was not reached", "would fail"),
    LEFT_ALONE: Label("Left alone", "\u2013", "too many others had failed before its turn came", "would be left alone"),
    NOT_RUN: Label("Not run", "\u2013", "nothing was sent to it", "not run"),
    UNREADABLE: Label("Unreadable", "✕", "its status could not be read", "can't be read"),
    UNKNOWN: Label("Unknown", "?", "it doesn't say whether an account is logged in", "unknown"),
    MISSING: Label("Missing", "∅", "there is no such session", "missing"),
    LINKED: Label("Linked", "●", "an account is logged in, or its key is still there", "would be linked"),
    UNLINKED: Label("Not linked", "○", "no account is logged in", "would not be linked"),
}


def counted(count: int, outcome: str, predicted: bool) -> str:
    """Return a number of instances with an outcome, in words."""
    words = OUTCOME_LABELS[outcome].predicted if predicted else outcome.replace("_", " ")
    return f"{count} {words}"
