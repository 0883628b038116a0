# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where instances come from: lists, CSV files as spreadsheets save them, hosts; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.roster import roster_task


def roster(**options: Any) -> dict[str, Any]:
    return roster_task({"entries": None, "csv": None, "hosts": None, **options}, False).result


@pytest.mark.parametrize(
    "content",
    [
        b"instance_id,name,expect_account\nA1,Front desk,+201012345678\nA2,,\n",
        b"\xef\xbb\xbfinstance_id;name;expect_account\r\nA1;Front desk;+201012345678\r\nA2;;\r\n;;\r\n",
        b'name, instance_id ,expect_account,note\n"Front desk",A1,+201012345678,"a, b"\n,A2,,\n',
        b'Instance_ID,NAME,Expect_Account,note,note\nA1,Front desk,+201012345678,"a\nb",\nA2,,,,\n',
    ],
    ids=["plain", "spreadsheet", "other order, more columns", "other case, line break in a cell"],
)
def test_csv(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "office.csv").write_bytes(content)
    found = roster(csv=str(tmp_path / "office.csv"))
    first = {"instance_id": "A1", "name": "Front desk"}
    assert found["instances"] == [{**first, "expect_account": "+201012345678"}, {"instance_id": "A2"}]
    assert found["targets"] == [first, {"instance_id": "A2"}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no column instance_id"),
        (b"id,name\nA1,x\n", "no column instance_id"),
        (b"instance_id,name\nA1,x,y\n", "more cells"),
        (b"instance_id,name\n,x\n", "line 2: instance_id: is missing"),
        (b"instance_id\nA1\nA1\nA b\n", "line 3: A1 is line 2 already; line 4: instance_id"),
        (b"instance_id\n\xff\n", "UTF-8"),
        (b"instance_id\n", "holds none"),
        (b'instance_id,name\nA1,"Front desk\nA2,Sales\n', "can't be read after line 1"),
        (b"instance_id,expect_account,Expect_Account\nA1,+201012345678,\n", "more than one column expect_account"),
    ],
)
def test_csv_that_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "office.csv").write_bytes(content)
    with pytest.raises(OptionError, match=told):
        roster(csv=str(tmp_path / "office.csv"))


def test_hosts_without_an_instance_are_left_out() -> None:
    hosts = [{"name": "desk1", "instance_id": "A1"}, {"name": "bastion", "instance_id": None}, "other"]
    assert roster(hosts=hosts)["instances"] == [{"instance_id": "A1", "name": "desk1"}]


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([12], "quote it"),
        ([{"instance_id": "A1", "token": "x"}], "unknown token"),
        (["A1", {"instance_id": "A1"}], "entry 2: A1 is entry 1 already"),
        ([{"instance_id": "A1", "expect_account": "0151 12"}], "entry 1: expect_account"),
        ([], "holds none"),
    ],
)
def test_lists_that_are_refused(entries: list[Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        roster(entries=entries)


def test_the_first_source_that_is_given_is_taken() -> None:
    found = roster(entries=["A1"], csv="/nowhere", hosts=[{"instance_id": "A2"}])
    assert found["instances"] == [{"instance_id": "A1"}]
