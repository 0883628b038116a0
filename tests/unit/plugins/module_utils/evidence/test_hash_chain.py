# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain: any change to a report shows."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.hash_chain import chained, digest, verify
from hypothesis import given
from hypothesis import strategies as st

HEADER = {"title": "t", "summary": {"total": 3}}
RECORDS = [{"instance_id": f"A{number}", "verdict": "severed", "calls": []} for number in range(3)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def test_a_whole_chain_has_no_breaks() -> None:
    records, head = chained(HEADER, RECORDS)
    assert verify(HEADER, records, head) == []
    assert verify(HEADER, [], digest(HEADER)) == []


@pytest.mark.no_cover
@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=1, max_size=4), st.data())
def test_any_changed_value_shows(bare: list[dict[str, Any]], data: st.DataObject) -> None:
    records, head = chained(HEADER, bare)
    changed = copy.deepcopy(records)
    place = data.draw(st.integers(0, len(changed) - 1))
    name = data.draw(st.sampled_from(sorted(changed[place])))
    changed[place][name] = "changed"
    assert verify(HEADER, changed, head)


@pytest.mark.parametrize(
    "change",
    [
        lambda records: records.pop(0),
        lambda records: records.pop(1),
        lambda records: records.pop(),
        lambda records: records.reverse(),
        lambda records: records.insert(1, dict(records[1])),
        lambda records: records.clear(),
    ],
    ids=["first gone", "one gone", "last gone", "other order", "one twice", "all gone"],
)
def test_taking_away_adding_and_moving_shows(change: Any) -> None:
    records, head = chained(HEADER, RECORDS)
    change(records)
    assert verify(HEADER, records, head)


def test_a_changed_heading_shows() -> None:
    records, head = chained(HEADER, RECORDS)
    assert verify({**HEADER, "title": "u"}, records, head)


def test_the_order_of_keys_means_nothing() -> None:
    assert digest({"a": 1, "b": [1, {"c": 2, "d": 3}]}) == digest({"b": [1, {"d": 3, "c": 2}], "a": 1})
