# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings of verifying a report, and their limits."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.hash_chain import chained
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.report import header_of
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.evidence.results import (
    report,
    session,
)


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"format": "other"}', "[" * 100_000])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(OptionError, match="is no"):
        report(state="verified", report=str(tmp_path / "x.json"))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of a JSON value's leaves."""
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], (*path, key))
    else:
        yield path


def test_every_edit_of_a_value_shows(tmp_path: Path) -> None:
    """Also of values outside the records, such as those about the chain."""
    path = Path(report(directory=str(tmp_path), sessions=[session()], ticket="CHG-1")["files"]["json"])
    whole = json.loads(path.read_text())
    for place in leaves(whole):
        holder = edited = copy.deepcopy(whole)
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = f"{holder[place[-1]]} "
        path.write_text(json.dumps(edited))
        try:
            assert report(state="verified", report=str(path))["failed"], place
        except OptionError:
            assert place == ("format",)


@pytest.mark.parametrize("other", ["x", 1, None, [], {}, [1]])
def test_a_part_of_another_kind_shows(tmp_path: Path, other: Any) -> None:
    path = Path(report(directory=str(tmp_path), sessions=[session()])["files"]["json"])
    whole = json.loads(path.read_text())
    for name in set(whole) - {"format"}:
        if whole[name] != other:
            path.write_text(json.dumps({**whole, name: other}))
            assert report(state="verified", report=str(path))["failed"], name


@pytest.mark.parametrize(
    "place", [("environment",), ("environment", "versions"), ("links",), ("records", 0, "instance_id")]
)
def test_a_chain_around_anything_else_is_no_report(tmp_path: Path, place: tuple[Any, ...]) -> None:
    """Anybody can rebuild the chain, and leave out required fields."""
    path = Path(report(directory=str(tmp_path), sessions=[session()])["files"]["json"])
    whole = holder = json.loads(path.read_text())
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = []
    bare = [{name: value for name, value in record.items() if name != "hash"} for record in whole["records"]]
    records, head = chained(header_of(whole), bare)
    path.write_text(json.dumps({**whole, "records": records, "chain": {**whole["chain"], "head": head}}))
    assert "hasn't the parts of a report" in report(state="verified", report=str(path))["msg"]
    with pytest.raises(OptionError, match=r"baseline: .* hasn't the parts of a report"):
        report(directory=str(tmp_path), sessions=[session()], baseline=str(path))


@pytest.mark.parametrize("key", ["verdict", "title", "records", "head"])
def test_a_key_that_stands_twice_shows(tmp_path: Path, key: str) -> None:
    """The chain uses the last one; a reader of the file, or another program, may see the first."""
    path = Path(report(directory=str(tmp_path), sessions=[session(verdict="unproven")])["files"]["json"])
    path.write_text(path.read_text().replace(f'"{key}":', f'"{key}": "severed", "{key}":', 1))
    with pytest.raises(OptionError, match=f"not as it was written: it gives {key} twice"):
        report(state="verified", report=str(path))


def test_a_report_without_records_is_not_valid(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"format": "wawp.cloud/report/1"}')
    result = report(state="verified", report=str(tmp_path / "x.json"))
    assert result["failed"]
    assert not result["valid"]


@pytest.mark.parametrize("separator", ["comma", "semicolon", "tab"])
def test_any_separator_is_verified(tmp_path: Path, separator: str) -> None:
    result = report(directory=str(tmp_path), sessions=[session()], csv_separator=separator)
    assert result["files"]["csv"] in report(state="verified", report=result["files"]["json"])["compared"]


def test_without_head_or_signature_verifying_says_what_it_cannot_tell(tmp_path: Path) -> None:
    result = report(directory=str(tmp_path), sessions=[session()])
    bare = report(state="verified", report=result["files"]["json"])
    kept = report(state="verified", report=result["files"]["json"], head=result["head"])
    assert (bare["authentic"], kept["authentic"]) == (False, True)
    assert any("Whether the whole was rebuilt isn't known" in line for line in bare["lines"])
    assert not any("isn't known" in line for line in kept["lines"])
