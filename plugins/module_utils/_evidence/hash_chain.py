# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Records chained by hash, so that an edit to any of them shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .._json_values import converted
from .._redact import printable

ALGORITHM = "sha256"


def neutral(value: Any) -> Any:
    """Return a JSON value that every tool writes in the same way, so that it can be verified without Python.

    Whole numbers have no fraction, and texts none of the characters that some tools escape or replace: control
    characters, direction marks, lone surrogates.
    """
    return converted(value, _neutral_scalar)


def _neutral_scalar(value: Any) -> Any:
    if isinstance(value, str):
        # Not a subclass, as Ansible's tagged texts are.
        own = type(value) is str  # pylint: disable=unidiomatic-typecheck
        same = own and value.isascii() and value.isprintable()
        return value if same else printable(value.encode("utf-8", "replace").decode())
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digest(value: Any) -> str:
    """Return the hash of a JSON value. The order of keys doesn't matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def chained(header: Mapping[str, Any], records: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Chain records: each gets the hash of the one before (the first, of the header) and its own hash.

    Returns:
        The records, and the last hash.
    """
    head = digest(header)
    chain = []
    for record in records:
        linked = {**record, "previous": head}
        head = digest(linked)
        chain.append({**linked, "hash": head})
    return chain, head


def verify(header: Mapping[str, Any], records: Iterable[Mapping[str, Any]], head: str) -> list[str]:
    """Describe where a chain is broken, in words; empty if it is whole."""
    problems = []
    expected = digest(header)
    what = "what stands before the records"
    for number, record in enumerate(records, start=1):
        if record.get("previous") != expected:
            problems.append(f"{what} was changed, or a record between it and record {number} added or taken away")
        bare = {key: value for key, value in record.items() if key != "hash"}
        if record.get("hash") != digest(bare):
            problems.append(f"record {number} ({record.get('instance_id')}) was changed")
        expected, what = str(record.get("hash")), f"record {number}"
    if expected != head:
        problems.append("the last hash isn't the one that the report ends on: the end was changed or cut off")
    return problems
