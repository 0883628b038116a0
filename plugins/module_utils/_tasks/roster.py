# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the instances of a run come from: a list, a CSV file, or an inventory's hosts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._files import read_bytes
from .options import TARGET_FIELDS, Spec, parse_expected_account, parse_instance_id
from .result import TaskResult, counted

ROSTER_SPEC: Spec = {
    "entries": {"type": "list", "elements": "raw", "no_log": False},
    "csv": {"type": "path"},
    "hosts": {"type": "list", "elements": "raw"},
}
_FIELDS = (*TARGET_FIELDS, "expect_account")
_COLUMNS = frozenset(_FIELDS)


def roster_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """The instances of the first source that is given.

    Raises:
        OptionError: none is, or one can't be used; names everything that is wrong.
    """
    if params["entries"]:
        source, found = "a variable", [(f"entry {n}", entry) for n, entry in enumerate(params["entries"], start=1)]
    elif params["csv"]:
        source, found = params["csv"], _rows(params["csv"])
    else:
        source = "the inventory"
        found = [(str(host.get("name")), host) for host in params["hosts"] or [] if _has_one(host)]
    if not found:
        raise OptionError("instances", f"{source} holds none; name them in a list, a CSV file, or an inventory")
    instances = _checked(found)
    return TaskResult(
        {
            "changed": False,
            "source": f"{source}, {counted(len(instances))}",
            "instances": instances,
            "targets": [{name: entry[name] for name in TARGET_FIELDS if name in entry} for entry in instances],
        }
    )


def _has_one(host: Any) -> bool:
    return isinstance(host, Mapping) and bool(host.get("instance_id"))


def _checked(found: Sequence[tuple[str, Any]]) -> list[dict[str, str]]:
    instances, problems, seen = [], [], dict[str, str]()
    for where, entry in found:
        values = entry if isinstance(entry, Mapping) else {"instance_id": entry}
        unknown = sorted(str(key) for key in set(values) - _COLUMNS)
        try:
            if unknown:
                raise OptionError("instances", f"unknown {', '.join(unknown)}; there is {', '.join(_FIELDS)}")
            instance_id = parse_instance_id(_instance_id(values.get("instance_id")))
            parse_expected_account(str(values["expect_account"]) if values.get("expect_account") else None)
        except OptionError as error:
            problems.append(f"{where}: {error}")
            continue
        if instance_id in seen:
            problems.append(f"{where}: {instance_id} is {seen[instance_id]} already")
        seen.setdefault(instance_id, where)
        texts = {name: str(values[name]).strip() for name in _FIELDS if values.get(name) is not None}
        instances.append({**{name: text for name, text in texts.items() if text}, "instance_id": instance_id})
    if problems:
        raise OptionError("instances", "; ".join(problems))
    return instances


def _instance_id(value: Any) -> str:
    if not isinstance(value, str):
        raise OptionError("instance_id", "is missing, or no text; quote it, since some ids look like numbers")
    return value.strip()


def _rows(path: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The rows of a CSV file: comma or semicolon, with a heading line, as spreadsheets save them."""
    try:
        text = read_bytes(path, "csv").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError("csv", f"{path} is not in UTF-8; save it as such") from None
    heading = text.splitlines()[0] if text.strip() else ""
    # Strict, or a quote that is never closed would swallow all rows after it.
    rows = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if heading.count(";") > heading.count(",") else ",", strict=True
    )
    try:
        return _found(rows, path)
    except csv.Error as error:
        raise OptionError("csv", f"{path} can't be read after line {rows.line_num} ({error}); see its quotes") from None


def _found(rows: csv.DictReader[str], path: str) -> list[tuple[str, Mapping[str, Any]]]:
    names = [_column(str(name)) for name in rows.fieldnames or []]
    if "instance_id" not in names:
        raise OptionError("csv", f"{path} has no column instance_id; its first line must name its columns")
    twice = sorted(name for name in _COLUMNS if names.count(name) > 1)
    if twice:
        raise OptionError("csv", f"{path} has more than one column {', '.join(twice)}")
    rows.fieldnames = names
    found: list[tuple[str, Mapping[str, Any]]] = []
    for row in rows:
        # Columns that are ours are taken, others are for people. A row longer than the heading has lost its order.
        if None in row:
            raise OptionError("csv", f"line {rows.line_num} of {path} has more cells than the first line")
        values = {name: value for name, value in row.items() if name in _COLUMNS and value}
        if any((value or "").strip() for value in row.values()):
            found.append((f"line {rows.line_num}", values))
    return found


def _column(heading: str) -> str:
    """A column's name. Ours are known in any case: a missed Expect_Account would skip the check that it asks for."""
    name = heading.strip()
    return name.lower() if name.lower() in _COLUMNS else name
