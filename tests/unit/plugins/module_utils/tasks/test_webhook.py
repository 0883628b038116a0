# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merging webhooks: what others have put there stays, and what means the same is no change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.temp_link import parse_link
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.webhook import merged, parse_webhooks, same

ONE = {"url": "https://a.example", "events": ["message", "session.status"], "is_active": True, "retries": 3}
TWO = {"url": "https://b.example", "events": [], "is_active": False}


@pytest.mark.parametrize(
    ("state", "given", "wanted"),
    [
        (
            "present",
            [{"url": "https://c.example"}],
            [ONE, TWO, {"url": "https://c.example", "events": [], "is_active": True}],
        ),
        ("present", [{"url": "https://a.example", "events": ["message"]}], [{**ONE, "events": ["message"]}, TWO]),
        ("present", [{"url": "https://b.example", "is_active": True}], [ONE, {**TWO, "is_active": True}]),
        ("absent", [{"url": "https://a.example"}], [TWO]),
        ("absent", [{"url": "https://c.example"}], [ONE, TWO]),
        ("exact", [{"url": "https://b.example"}], [TWO]),
        ("exact", [], []),
    ],
)
def test_merged(state: str, given: list[Any], wanted: list[Any]) -> None:
    result = merged([ONE, TWO], given, state)
    assert result == wanted
    assert same(merged(result, given, state), result), "a second run changes nothing"


def test_order_means_nothing() -> None:
    assert same([ONE, TWO], [TWO, {**ONE, "events": ["session.status", "message"]}])
    assert not same([ONE], [ONE, TWO])
    assert not same([ONE], [{**ONE, "is_active": False}])


@pytest.mark.parametrize("body", [None, [], {}, {"webhooks": "x"}, {"webhooks": [{"events": []}]}, {"webhooks": [1]}])
def test_replies_that_say_nothing(body: Any) -> None:
    with pytest.raises(ValueError, match="webhooks"):
        parse_webhooks(body)


@pytest.mark.parametrize("empty", [None, {}, []])
def test_no_webhooks_however_they_are_written(empty: Any) -> None:
    assert parse_webhooks({"webhooks": empty}) == []


def test_links() -> None:
    assert parse_link({"link": None}) is None
    assert parse_link({"link": ""}) is None
    assert parse_link({"link": "https://link.wawp.example/x"}) == "https://link.wawp.example/x"
    bodies: tuple[Any, ...] = (None, [], {}, {"link": {"url": "x"}})
    for body in bodies:
        with pytest.raises(ValueError, match="link"):
            parse_link(body)
