# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table: whatever its content, no spreadsheet runs it, and a reader gets one row per instance."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.report import Evidence, build
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.request import checked_request
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.table import COLUMNS, render
from hypothesis import given
from hypothesis import strategies as st


def table(name: str, instance_id: str = "A1") -> list[dict[str, str]]:
    session = {"instance_id": instance_id, "name": name, "verdict": "severed", "state": "decommissioned"}
    moment = "2026-11-22T01:30:00.000Z"
    place: dict[str, Any] = {"api_url": None, "controller": "c", "source": "s", "versions": {}}
    evidence = Evidence("decommission", "sever", "t", moment, moment, checked_request({}), place, sessions=[session])
    content = render(build(evidence))
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "'=1", '"=1', "\t=1", "\r=1", "\uff1d1", "|cmd", "%0A=1", "\u202e=1"],
)
def test_formulas_are_text(name: str) -> None:
    assert table(name)[0]["name"].startswith("'")


@pytest.mark.parametrize("name", ["Front desk", "a=b", "Sales, Cairo", 'The "old" one', "\u0645\u0643\u062a\u0628"])
def test_names_are_left_as_they_are(name: str) -> None:
    assert table(name)[0]["name"] == name


@pytest.mark.parametrize(
    "instance_id",
    [
        "012345670123",
        "3E11",
        "12e5",
        "1-2",
        "11-12-2026",
        "MAR1",
        "SEPT-26",
        "5-MAR",
        "1JAN",
        "5-mar-26",
        "2026-dec",
        "TRUE",
    ],
)
def test_ids_that_a_spreadsheet_takes_for_something_else_are_text(instance_id: str) -> None:
    assert table("x", instance_id)[0]["instance_id"] == f"'{instance_id}"


@pytest.mark.parametrize("instance_id", ["3EB0BCB2E3D4", "wawp-84729105", "A1", "front_desk"])
def test_other_ids_are_left_as_they_are(instance_id: str) -> None:
    assert table("x", instance_id)[0]["instance_id"] == instance_id


@pytest.mark.parametrize("name", ["x;=cmd|' /C calc'!A0;y", "x; +1", "x;'@A1", "x\t=1"])
def test_formulas_behind_a_semicolon_are_text_too(name: str) -> None:
    """If the decimal separator is a comma, spreadsheets begin a cell at each semicolon, quoted or not."""
    shown = table(name)[0]["name"]
    cells = [cell.strip() for line in csv.reader([shown], delimiter=";") for cell in line]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


@given(st.text())
def test_any_name_is_one_row(name: str) -> None:
    rows = table(name.encode("utf-8", "ignore").decode())
    assert len(rows) == 1
    assert list(rows[0]) == list(COLUMNS)
    assert not rows[0]["name"].startswith(("=", "+", "-", "@", "\t", "\r"))
