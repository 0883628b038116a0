# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The instances of a run, from a list, a CSV file, or an inventory's hosts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._identity import identity_of
from .columns import Table, near_miss, read_table
from .options import INI_HINT, PACKED, TARGET_FIELDS, Spec, parse_expected_account, parse_instance_id, parse_text
from .result import TaskResult, counted

ROSTER_SPEC: Spec = {
    "entries": {"type": "list", "elements": "raw", "no_log": False},
    "csv": {"type": "path"},
    "hosts": {"type": "list", "elements": "raw"},
    **PACKED,
}
FIELDS = (*TARGET_FIELDS, "expect_account")
# Tables and inventories know the place of an instance; only an entry of a list may give it.
COLUMNS = tuple(name for name in FIELDS if name != "origin")
# A long number as spreadsheets save it: 999679218162.0, 9.99679E+11. A digit too many, or digits lost.
_SPREADSHEET_NUMBER = re.compile(r"\+?\d+[.,]\d+([eE]\+?\d+)?|\+?\d[eE]\+\d+")


def roster_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Return the instances of the first source given.

    Raises:
        OptionError: no source is given, or an instance can't be used; names everything that is wrong.
    """
    source, found, table = _source(params)
    if not found:
        raise OptionError("instances", f"{source} holds none; name them in a list, a CSV file, or an inventory")
    instances = _checked(found)
    return TaskResult(
        {
            "changed": False,
            "source": f"{source}, {counted(len(instances))}",
            "input": _input(source, instances, table),
            "instances": instances,
            "identities": [identity_of(entry).fields for entry in instances],
            "targets": [{name: entry[name] for name in TARGET_FIELDS if name in entry} for entry in instances],
        }
    )


def _source(params: Mapping[str, Any]) -> tuple[str, Sequence[tuple[str, Any]], Table | None]:
    """Return the first source given: its kind, its entries with their places, and the table if it is one."""
    if params["entries"]:
        return "a variable", [(f"entry {n}", entry) for n, entry in enumerate(params["entries"], start=1)], None
    if params["csv"]:
        table = read_table(params["csv"], COLUMNS)
        return params["csv"], table.rows, table
    hosts = [(f"host {host.get('name')}", host) for host in params["hosts"] or [] if _has_one(host)]
    return "the inventory", hosts, None


def _input(source: str, instances: Sequence[Mapping[str, str]], table: Table | None) -> dict[str, Any]:
    """Describe the list for the evidence, with the hash of the file or of the sorted ids."""
    ids = "".join(f"{instance_id}\n" for instance_id in sorted(entry["instance_id"] for entry in instances))
    return {
        "source": source,
        "count": len(instances),
        "sha256": hashlib.sha256(table.content if table else ids.encode("ascii")).hexdigest(),
        "hashed": "file" if table else "ids",
        "columns": table.used if table else [],
        "ignored_columns": table.ignored if table else [],
    }


def _has_one(host: Any) -> bool:
    return isinstance(host, Mapping) and host.get("instance_id") not in (None, "")


def _checked(found: Sequence[tuple[str, Any]]) -> list[dict[str, str]]:
    instances, problems, seen = [], [], dict[str, str]()
    for where, entry in found:
        try:
            checked = _instance(where, entry)
        except OptionError as error:
            problems.append(f"{where}: {error}")
            continue
        instance_id = checked["instance_id"]
        if instance_id in seen:
            problems.append(f"{where}: {instance_id} is {seen[instance_id]} already")
        seen.setdefault(instance_id, where)
        instances.append(checked)
    if problems:
        raise OptionError("instances", "; ".join(problems))
    return instances


def _instance(where: str, entry: Any) -> dict[str, str]:
    """Return the checked fields of an entry, without empty ones."""
    values = entry if isinstance(entry, Mapping) else {"instance_id": entry}
    for key in values:
        if key not in FIELDS:
            meant = near_miss(str(key), FIELDS)
            raise OptionError("instances", f"unknown {key}; " + (f"did you mean {meant}?" if meant else _known()))
    texts = {name: _text(name, values[name], where) for name in FIELDS if values.get(name) is not None}
    texts = {name: text for name, text in texts.items() if text}
    if "instance_id" not in texts:
        raise OptionError("instance_id", "is missing")
    parse_instance_id(texts["instance_id"])
    parse_expected_account(texts.get("expect_account"))
    return {"origin": where, **texts}


def _known() -> str:
    return f"there is {', '.join(FIELDS)}"


def _text(name: str, value: Any, where: str) -> str:
    """Return a field's text. Refuses a number: the conversion to one may have changed its digits."""
    text = parse_text(name, value, INI_HINT.format(name=name) if where.startswith("host ") else "").strip()
    if name == "instance_id":
        text = text[1:] if text.startswith("'") else text  # the report's table protects it so from spreadsheets
    if name not in ("name", "origin") and _SPREADSHEET_NUMBER.fullmatch(text):
        raise OptionError(
            name, "was turned into a number by a spreadsheet; format its cells as text, and enter it anew"
        )
    return text
