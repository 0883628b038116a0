# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON values whose scalars are converted."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._json_values import converted
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


class Text(str):
    """A text as templating returns it."""


@given(VALUES)
def test_what_stays_the_same_is_not_copied(value: Any) -> None:
    assert converted(value, lambda scalar: scalar) is value


def test_every_scalar_is_converted_where_it_stands() -> None:
    value = {"a": [1, {"b": "x"}, []], "c": None, "d": ({"e": 0.5},)}
    assert converted(value, repr) == {"a": ["1", {"b": "'x'"}, []], "c": "None", "d": [{"e": "0.5"}]}
    assert value == {"a": [1, {"b": "x"}, []], "c": None, "d": ({"e": 0.5},)}


def test_containers_and_keys_become_pythons_own() -> None:
    value = converted(OrderedDict([(Text("a"), ({Text("b"): 1},))]), lambda scalar: scalar)
    assert (type(value), type(value["a"]), type(value["a"][0])) == (dict, list, dict)
    assert [type(next(iter(fields))) for fields in (value, value["a"][0])] == [str, str]


def test_keys_that_are_no_text_become_text() -> None:
    assert converted({1: "x", "y": [True]}, lambda scalar: scalar) == {"1": "x", "y": [True]}
