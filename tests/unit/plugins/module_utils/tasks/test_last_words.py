# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last words of an interrupted run: no more than was seen, and what to do next."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.last_words import last_words, next_step

NEXT = "Run it again."


def entry(instance_id: str, verdict: str | None) -> dict[str, Any]:
    return {"instance_id": instance_id, "verdict": verdict}


@pytest.mark.parametrize(
    ("results", "sent", "expected"),
    [
        (
            [entry("A1", "severed"), entry("A2", "no_account"), entry("A3", "unproven"), None],
            ["A1"],
            "Of 4, 1 were sent a logout or a deletion; 1 severed, 1 no account; nothing is unknown.",
        ),
        ([entry("A1", "unproven"), None], ["A1"], "Of 2, 1 were sent a logout or a deletion; 1 unproven; nothing"),
        ([None] * 9, list("ABCDEFG"), "none proven; what came of it isn't known for 7: A, B, C, D, E and 2 more."),
        ([entry("A1", "unproven")], [], "Of 1, 0 were sent a logout or a deletion; none proven; nothing is unknown."),
    ],
)
def test_what_was_sent_and_what_is_not_known(results: list[Any], sent: list[str], expected: str) -> None:
    """An unproven verdict without any call sent isn't reported: nothing was started."""
    words = last_words(results, sent, "it was interrupted", False, NEXT)
    assert expected in words
    assert words.endswith(NEXT)


def test_a_plan_has_sent_nothing() -> None:
    words = last_words([None], [], "the terminal was closed", True, NEXT)
    assert words == "Ended, since the terminal was closed. It only read, nothing was sent. Run it again."


def test_without_a_journal_the_next_run_is_said_to_know_nothing() -> None:
    assert "no journal" in next_step({"journal": None})
    assert "same journal" in next_step({"journal": "j.jsonl"})
