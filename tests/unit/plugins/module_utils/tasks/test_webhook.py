# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merging webhooks: others' webhooks stay, and an equivalent list isn't a change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._session.temp_link import parse_link
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.webhook import (
    merged,
    normal_url,
    parse_webhooks,
    same,
)

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


# URLs as people write them, and `new URL(x).href` of each.
HREFS = [
    ("https://a.example", "https://a.example/"),
    ("HTTPS://A.Example/Path", "https://a.example/Path"),
    ("https://a.example:443/x", "https://a.example/x"),
    ("http://a.example:80", "http://a.example/"),
    ("https://a.example:8443/x", "https://a.example:8443/x"),
    ("https://a.example/a b?c=d e", "https://a.example/a%20b?c=d%20e"),
    ("https://a.example/a%20b", "https://a.example/a%20b"),
    ("https://a.example?x=1", "https://a.example/?x=1"),
    ("https://münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC"),
    ("https://bot:PW@A.example", "https://bot:PW@a.example/"),
    ("https://[::1]:443/x", "https://[::1]/x"),
    (" https://a.example/ ", "https://a.example/"),
    ("https://a.example/a/../b/./c/..", "https://a.example/b/"),
    ("https://a.example/%2e%2E/a\\b", "https://a.example/a/b"),
    ("https://a.example/?q='x'#ä b", "https://a.example/?q=%27x%27#%C3%A4%20b"),
    ("https://bot:@a.example/", "https://bot@a.example/"),
    ("https://[0:0:0:0:0:0:0:1]/x", "https://[::1]/x"),
    ("https://0x7f.1/x", "https://127.0.0.1/x"),
    ("https://%61.example/x", "https://a.example/x"),
]


@pytest.mark.parametrize(("url", "href"), HREFS)
def test_a_url_that_the_server_writes_anew_is_the_same(url: str, href: str) -> None:
    """Otherwise each run would fail and add it again."""
    assert normal_url(url) == normal_url(href) == href
    given = [{"url": url, "events": ["message"]}]
    stored = [{"url": href, "events": ["message"], "is_active": True}]
    assert same(merged([], given, "present"), stored)
    for state in ("present", "exact"):
        assert merged(stored, given, state) == stored
    assert merged(stored, given, "absent") == []


def test_what_differs_in_more_than_its_writing_is_another_url() -> None:
    urls = ["https://a.example/x", "https://a.example/X", "https://a.example/x/", "http://a.example/x"]
    assert len(set(map(normal_url, urls))) == len(urls)
    assert normal_url("http://[::1") == "http://[::1"


@pytest.mark.parametrize("active", [True, 1, "1", "true", "on", "TRUE"])
@pytest.mark.parametrize("inactive", [False, 0, "0", "false", "", None])
def test_the_forms_of_php(active: Any, inactive: Any) -> None:
    hooks = {
        "0": {"url": "https://a.example", "events": {"0": "message", "1": "session.status"}, "is_active": active},
        "1": {"url": "https://b.example", "events": [], "is_active": inactive},
    }
    assert parse_webhooks({"webhooks": hooks}) == [
        {"url": "https://a.example", "events": ["message", "session.status"], "is_active": True},
        {"url": "https://b.example", "events": [], "is_active": False},
    ]


@pytest.mark.parametrize("hook", [{"is_active": "perhaps"}, {"is_active": [1]}, {"events": {"a": "b"}}, {"events": 5}])
def test_forms_that_mean_nothing(hook: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="webhooks"):
        parse_webhooks({"webhooks": [{"url": "https://a.example", **hook}]})


def test_links() -> None:
    assert parse_link({"link": None}) is None
    assert parse_link({"link": ""}) is None
    assert parse_link({"link": "https://link.wawp.example/x"}) == "https://link.wawp.example/x"
    bodies: tuple[Any, ...] = (None, [], {}, {"link": {"url": "x"}})
    for body in bodies:
        with pytest.raises(ValueError, match="link"):
            parse_link(body)
