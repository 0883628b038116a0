# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pace of a fleet's calls: the limit, and the effect of a 429."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import RATE_LIMITED, SERVER_ERROR, WawpError
from ansible_collections.wawp.cloud.plugins.module_utils._run.pace import RATE_AFTER_429, WIDEST_GAP, Pace
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import MAX_RETRY_AFTER, RETRY_DELAYS, Answer
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.no_cover

START = 1000.0
GOOD = Answer(at=0.0)
RATES = st.sampled_from([0.1, 1.0, 7.0, 20.0, 333.0])


def too_many(retry_after: float | None = None) -> Answer:
    return Answer(at=0.0, error=WawpError(RATE_LIMITED, "too many calls", retry_after=retry_after))


def send_eagerly(pace: Pace, now: float, count: int) -> list[float]:
    """Send as soon as allowed; return the times."""
    moments = []
    for dummy in range(count):
        now += pace.wait(now)
        pace.on_sent(now)
        moments.append(now)
    return moments


def gap_of(pace: Pace, now: float) -> float:
    """Return the current seconds between calls."""
    moments = send_eagerly(pace, now, 4)
    return moments[-1] - moments[-2]


def test_without_a_rate_nobody_waits() -> None:
    assert send_eagerly(Pace(0), START, 1000) == [START] * 1000


@given(RATES, st.lists(st.floats(0, 3), max_size=60))
def test_no_span_of_time_sees_more_calls_than_the_rate_allows(rate: float, idle: list[float]) -> None:
    """Whatever the pauses between calls are: rate times span, and two for the edges."""
    pace, now, moments = Pace(rate), START, []
    for seconds in [*idle, *[0.0] * 60]:
        now += seconds
        now += pace.wait(now)
        pace.on_sent(now)
        moments.append(now)
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            span = moments[last] - moments[first]
            assert last - first + 1 <= rate * span + 2 + 1e-6


@given(RATES, st.lists(st.floats(0, 0.9), min_size=50, max_size=50))
def test_one_who_is_late_now_and_then_still_reaches_the_rate(rate: float, late: list[float]) -> None:
    """A machine that wakes up late by less than a gap loses nothing in the long run."""
    pace, now = Pace(rate), START
    for share in late:
        now += pace.wait(now)
        now += share / rate
        pace.on_sent(now)
    assert now - START <= (len(late) + 1) / rate + 1e-6


@pytest.mark.parametrize("rate", [0, 20, 1000])
def test_a_429_holds_everybody_back_for_as_long_as_the_server_asks(rate: float) -> None:
    pace = Pace(rate)
    pace.on_reply(too_many(retry_after=7), START)
    assert pace.wait(START) == 7
    assert pace.wait(START + 6.5) == 0.5


@pytest.mark.parametrize(
    ("asked", "kept"), [(None, RETRY_DELAYS[0]), (0.0, RETRY_DELAYS[0]), (86400.0, MAX_RETRY_AFTER)]
)
def test_a_server_that_asks_for_nothing_or_too_much(asked: float | None, kept: float) -> None:
    pace = Pace(20)
    pace.on_reply(too_many(asked), START)
    assert pace.wait(START) == kept


def test_a_server_that_goes_on_refusing_is_asked_less_often() -> None:
    """With the back-off of a single session; one good reply resets it."""
    pace, now, waits = Pace(20), START, []
    for dummy in range(6):
        pace.on_reply(too_many(), now)
        waits.append(pace.wait(now))
        now += waits[-1]
    assert waits == [*RETRY_DELAYS, RETRY_DELAYS[-1], RETRY_DELAYS[-1]]
    pace.on_reply(GOOD, now)
    pace.on_reply(too_many(), now)
    assert pace.wait(now) == RETRY_DELAYS[0]


def test_a_shorter_wish_does_not_cut_a_longer_one_short() -> None:
    pace = Pace(20)
    pace.on_reply(too_many(30), START)
    pace.on_reply(too_many(1), START + 1)
    assert pace.wait(START + 1) == 29


def test_a_429_slows_down_and_good_replies_recover() -> None:
    pace = Pace(100)
    pace.on_reply(too_many(), START)
    slowed = gap_of(pace, START + 100)
    assert slowed == pytest.approx(1 / RATE_AFTER_429)
    for dummy in range(20):
        pace.on_reply(GOOD, START + 200)
    assert 0.01 < gap_of(pace, START + 200) < slowed
    for dummy in range(500):
        pace.on_reply(GOOD, START + 300)
    assert gap_of(pace, START + 300) == pytest.approx(0.01)


def test_other_errors_are_no_reason_to_slow_down() -> None:
    pace = Pace(100)
    pace.on_reply(Answer(at=0.0, error=WawpError(SERVER_ERROR, "HTTP 500")), START)
    assert gap_of(pace, START) == pytest.approx(0.01)


def test_calls_that_were_under_way_together_slow_down_once() -> None:
    """Sixteen connections that all get a 429 at the same moment are one reason, not sixteen."""
    pace = Pace(20)
    for number in range(16):
        pace.on_reply(too_many(), START + number / 100)
    assert gap_of(pace, START + 100) == pytest.approx(0.1)


@given(RATES, st.integers(1, 200))
def test_no_storm_stops_a_fleet(rate: float, storms: int) -> None:
    pace, now = Pace(rate), START
    for dummy in range(storms):
        pace.on_reply(too_many(), now)
        pace.on_reply(GOOD, now)
        now += 100
    assert gap_of(pace, now) <= max(WIDEST_GAP, 1 / rate) + 1e-6


@given(st.floats(0.5, 50))
def test_a_slow_rate_is_not_made_faster_by_a_429(gap: float) -> None:
    pace = Pace(1 / gap)
    pace.on_reply(too_many(), START)
    assert gap_of(pace, START + 100) >= gap - 1e-6
