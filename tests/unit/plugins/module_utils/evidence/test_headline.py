# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The headline never looks better than the report: only complete proof gets a tick."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.headline import Headline, headline
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.outcomes import GOOD, OUTCOMES, PURPOSES
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import VERDICTS
from hypothesis import given
from hypothesis import strategies as st


def headline_of(
    purpose: str = "sever", needs: int = 0, drifted: int = 0, prediction: bool = False, **outcomes: int
) -> Headline:
    total = sum(outcomes.values())
    good = all(name in GOOD[purpose] for name, count in outcomes.items() if count)
    report: dict[str, Any] = {
        "purpose": purpose,
        "records": [
            {"outcome": name, "verdict": name if name in VERDICTS else None}
            for name, count in outcomes.items()
            for dummy in range(count)
        ],
        "prediction": prediction,
        "began": "2026-11-22T01:30:00Z",
        "ended": "2026-11-22T01:31:00Z",
        "clock_set_by": None,
        "summary": {
            "total": total,
            "outcomes": {name: Counter(outcomes)[name] for name in OUTCOMES},
            "needs_human": needs,
            "drifted": drifted,
            "calls": 2,
            "reads": 7,
            "complete": bool(total) and good,
        },
    }
    return headline(report)


def shift(*records: tuple[str, str | None], needs: int = 0) -> Headline:
    """Return the headline of a shift's end, by outcome and verdict of each instance."""
    counts = Counter(outcome for outcome, dummy in records)
    complete = all(outcome in GOOD["shift"] for outcome in counts)
    return headline(
        {
            "purpose": "shift",
            "prediction": False,
            "began": "2026-11-22T01:30:00Z",
            "ended": "2026-11-22T01:31:00Z",
            "clock_set_by": None,
            "records": [{"outcome": outcome, "verdict": verdict} for outcome, verdict in records],
            "summary": {
                "total": len(records),
                "needs_human": needs,
                "drifted": 0,
                "calls": 2,
                "reads": 7,
                "outcomes": {name: counts[name] for name in OUTCOMES},
                "complete": complete,
            },
        }
    )


@pytest.mark.parametrize(
    ("report", "statement", "sign"),
    [
        (
            shift(("linked", "severed"), ("severed", "severed")),
            "All 2 links are proven severed. 1 took over.",
            "✓",
        ),
        (
            shift(("failed", "severed"), ("failed", "severed"), needs=2),
            "All 2 links are proven severed. 2 are not linked as requested. 2 need a human.",
            "!",
        ),
        (
            shift(("unproven", "unproven"), ("linked", "severed"), ("linked", None), needs=1),
            "1 of 2 links is proven severed. 2 took over. 1 needs a human.",
            "!",
        ),
        (shift(("linked", None)), "1 took over.", "✓"),
    ],
)
def test_a_shifts_end_says_who_left_and_who_came(report: Headline, statement: str, sign: str) -> None:
    assert (report.statement, report.sign) == (statement, sign)


@pytest.mark.parametrize(
    ("report", "statement", "sign"),
    [
        (headline_of(severed=25), "All 25 links are proven severed.", "✓"),
        (headline_of(severed=1), "The link is proven severed.", "✓"),
        (
            headline_of(severed=19, no_account=6),
            "19 of 25 links are proven severed. 6 had no account when first looked at.",
            "✓",
        ),
        (headline_of(no_account=2), "0 of 2 links are proven severed. 2 had no account when first looked at.", "✓"),
        (headline_of(severed=1, accepted_unproven=1), "1 of 2 links is proven severed.", "!"),
        (
            headline_of(severed=2, needs=1, drifted=1),
            "All 2 links are proven severed. 1 changed since the earlier report. 1 needs a human.",
            "!",
        ),
        (headline_of(severed=1, unproven=1, needs=1), "1 of 2 links is proven severed. 1 needs a human.", "!"),
        (headline_of(severed=2, prediction=True), "Prediction, nothing was sent: 2 of 2 links would be severed.", "i"),
        (headline_of("audit", linked=3, unlinked=1), "3 of 4 sessions are linked.", "i"),
        (
            headline_of("audit", linked=3, drifted=1, needs=1),
            "3 of 3 sessions are linked. 1 changed since the earlier report. 1 needs a human.",
            "!",
        ),
        (headline_of(not_run=3, needs=3), "Nothing was sent to any of the 3 sessions.", "!"),
        (headline_of(), "No instance was looked at.", "!"),
    ],
)
def test_statements(report: Headline, statement: str, sign: str) -> None:
    assert (report.statement, report.sign) == (statement, sign)


@given(
    st.sampled_from(PURPOSES),
    st.dictionaries(st.sampled_from(OUTCOMES), st.integers(0, 3)),
    st.integers(0, 2),
    st.integers(0, 2),
    st.booleans(),
)
def test_a_tick_stands_for_proof_without_a_remainder(
    purpose: str, outcomes: dict[str, int], needs: int, drifted: int, prediction: bool
) -> None:
    report = headline_of(purpose, needs, drifted, prediction, **outcomes)
    if report.sign == "✓":
        occurring = {name for name, count in outcomes.items() if count}
        assert occurring <= {"severed", "no_account", "linked"}
        assert not needs
        assert not drifted
        assert not prediction
        assert report.tone == "good"
