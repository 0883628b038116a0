# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of instances: lists, CSV files as spreadsheets save them, hosts; and the refusals."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.roster import roster_task

# The options that an ignored column would have set.
NEAR = (
    ("Expected account", "expect_account"),
    ("expectacount", "expect_account"),
    ("Account expected", "expect_account"),
    ("Account", "expect_account"),
    ("expected number", "expect_account"),
    ("wawp_expect_account", "expect_account"),
    ("Token", "access_token"),
    ("Acces token", "access_token"),  # codespell:ignore acces
    ("Names", "name"),
)


def roster(**options: Any) -> dict[str, Any]:
    return roster_task({"entries": None, "csv": None, "hosts": None, **options}, False).result


@pytest.mark.parametrize(
    "content",
    [
        b"instance_id,name,expect_account\nA1,Front desk,+201012345678\nA2,,\n",
        b"\xef\xbb\xbfinstance_id;name;expect_account\r\nA1;Front desk;+201012345678\r\nA2;;\r\n;;\r\n",
        b'name, instance_id ,expect_account,note\n"Front desk",A1,+201012345678,"a, b"\n,A2,,\n',
        b'Instance_ID,NAME,Expect_Account,note,note\nA1,Front desk,+201012345678,"a\nb",\nA2,,,,\n',
        b"Instance ID\tName\tExpect account\nA1\tFront desk\t+201012345678\nA2\t\t\n",
        b"instanceId,NAME,expect-account\nA1,Front desk,+201012345678\nA2,,\n",
    ],
    ids=["plain", "spreadsheet", "other order, more columns", "other case, line break in a cell", "tabs", "camels"],
)
def test_csv(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "office.csv").write_bytes(content)
    found = roster(csv=str(tmp_path / "office.csv"))
    bare = [{key: value for key, value in entry.items() if key != "origin"} for entry in found["instances"]]
    first = {"instance_id": "A1", "name": "Front desk"}
    assert bare == [{**first, "expect_account": "+201012345678"}, {"instance_id": "A2"}]
    assert found["targets"] == [
        {name: value for name, value in entry.items() if name != "expect_account"} for entry in found["instances"]
    ]
    assert found["input"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert found["input"]["count"] == 2
    assert set(found["input"]["columns"]) == {"instance_id", "name", "expect_account"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column instance_id"),
        (b"id,name\nA1,x\n", "no column instance_id"),
        (b"instance_id,name\nA1,x,y\n", "more cells"),
        (b"instance_id,name\n,x\n", "line 2: instance_id: is missing"),
        (b"instance_id\nA1\nA1\nA b\n", "line 3: A1 is line 2 already; line 4: instance_id"),
        (b"instance_id\n\xff\n", "UTF-8"),
        (b"instance_id\n", "holds none"),
        (b'instance_id,name\nA1,"Front desk\nA2,Sales\n', "can't be read after line 1"),
        (b"instance_id,name\n999679218162.0,x\n", "line 2: instance_id: was turned into a number"),
        (b"instance_id,name\n9.99679E+11,x\n", "line 2: instance_id: was turned into a number"),
        (b"instance_id,expect_account\nA1,999679218162.0\n", "line 2: expect_account: was turned into a number"),
        (b'instance_id,expect_account\nA1,"9,99679E+11"\n', "line 2: expect_account: was turned into a number"),
        *((f"instance_id,{heading}\nA1,1\n".encode(), f"{heading} .did you mean {name}") for heading, name in NEAR),
        (b"instance_id,expect_account,Expect_Account\nA1,+201012345678,\n", "more than one column expect_account"),
    ],
)
def test_csv_that_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "office.csv").write_bytes(content)
    with pytest.raises(OptionError, match=message):
        roster(csv=str(tmp_path / "office.csv"))


def test_hosts_without_an_instance_are_left_out() -> None:
    hosts = [{"name": "desk1", "instance_id": "A1"}, {"name": "bastion", "instance_id": None}, "other"]
    assert roster(hosts=hosts)["instances"] == [{"instance_id": "A1", "name": "desk1", "origin": "host desk1"}]


@pytest.mark.parametrize("heading", ["Surname", "ID", "Phone", "Display name", "Note", "No."])
def test_columns_for_people_are_left_to_them_and_named(tmp_path: Path, heading: str) -> None:
    (tmp_path / "office.csv").write_text(f"instance_id,{heading}\nA1,x\n")
    found = roster(csv=str(tmp_path / "office.csv"))
    assert found["input"]["ignored_columns"] == [heading]
    assert found["input"]["columns"] == ["instance_id"]
    assert found["instances"] == [{"instance_id": "A1", "origin": "line 2"}]


@pytest.mark.parametrize("order", [["A1", "A2"], ["A2", "A1"]])
def test_the_hash_of_a_list_is_that_of_its_sorted_ids(order: list[str]) -> None:
    assert roster(entries=order)["input"]["sha256"] == hashlib.sha256(b"A1\nA2\n").hexdigest()


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([12], "quote it"),
        ([999679218162.0], "quote it"),
        ([{"instance_id": "A1", "expect_account": 201012345678}], "expect_account: .* quote it"),
        ([{"instance_id": "A1", "name": 101}], "name: .* quote it"),
        ([{"instance_id": "A1", "expected_account": "x"}], "unknown expected_account; did you mean expect_account"),
        ([{"instance_id": "999679218162.0"}], "turned into a number"),
        ([{"instance_id": "A1", "token": "x"}], "unknown token"),
        (["A1", {"instance_id": "A1"}], "entry 2: A1 is entry 1 already"),
        ([{"instance_id": "A1", "expect_account": "0151 12"}], "entry 1: expect_account"),
        ([], "holds none"),
    ],
)
def test_lists_that_are_refused(entries: list[Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        roster(entries=entries)


def test_the_first_source_that_is_given_is_taken() -> None:
    found = roster(entries=["A1"], csv="/nowhere", hosts=[{"instance_id": "A2"}])
    assert found["instances"] == [{"instance_id": "A1", "origin": "entry 1"}]


@pytest.mark.parametrize("number", [123456789012, 1402433619, 3e11])
def test_numbers_of_hosts_are_refused_with_the_way_to_write_them(number: float) -> None:
    with pytest.raises(OptionError, match=r"host desk: instance_id: .* wawp_instance_id='\"…\"'"):
        roster(hosts=[{"name": "desk", "instance_id": number}])


def test_a_table_of_nothing_but_columns_is_refused_at_once(tmp_path: Path) -> None:
    """Each of five million headings would be compared with ours."""
    (tmp_path / "odd.csv").write_text("instance_id" + "," * 5_000_000)
    with pytest.raises(OptionError, match=r"has more than 1000 columns; is it the right file\?"):
        roster(csv=str(tmp_path / "odd.csv"))
