# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Verify a report: its chain, the files beside it, its signature and time-stamp; and say what that leaves open."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .._errors import OptionError
from .._evidence import page, table
from .._files import read_bytes
from .._version import VERSION
from .options import Spec
from .report_file import problems_of, read_report
from .result import TaskResult
from .seals import Seals, verify_seals

VERIFY_SPEC: Spec = {
    "report": {"type": "path"},
    "head": {"type": "str"},
    "allowed_signers": {"type": "path"},
    "timestamp_ca": {"type": "path"},
}


def verify_task(params: Mapping[str, Any]) -> TaskResult:
    """Follow the chain, compare page and table with what the records yield, and verify the seals."""
    path = params["report"]
    if not path:
        raise OptionError("report", "is missing; name the report's .json file")
    if params["head"] is not None and not params["head"].strip():
        raise OptionError("head", "is empty, which would skip the check; give the last hash, or leave it out")
    report = read_report(path, "report")
    problems = problems_of(report, params["head"])
    chain = report.get("chain")
    base, head = os.path.splitext(path)[0], str(chain.get("head") if isinstance(chain, dict) else None)
    compared, seals = [path], Seals()
    if not problems:
        problems += _siblings(report, base, compared)
        seals = verify_seals(head, base, params)
        problems += seals.problems
        compared += seals.files
    result: dict[str, Any] = {
        "changed": False,
        "valid": not problems,
        "authentic": not problems and (params["head"] is not None or seals.signer is not None),
        "seals": {"signer": seals.signer, "stamped_at": seals.stamped_at},
        "problems": problems,
        "compared": compared,
        "head": head,
        "lines": problems or _lines(report, params, seals, compared),
    }
    if problems:
        result.update(failed=True, msg=f"{path} is not as it was written: {'; '.join(problems)}")
    return TaskResult(result)


def _siblings(report: Mapping[str, Any], base: str, compared: list[str]) -> list[str]:
    """Return the problems of page and table beside a report; missing ones, or another version's, pass."""
    if report["environment"]["versions"].get("wawp.cloud") != VERSION:
        return []
    tables = [partial(table.render, report, name) for name in table.SEPARATORS]
    kinds: dict[str, Sequence[Callable[[], bytes]]] = {"html": [partial(page.render, report)], "csv": tables}
    problems = []
    for kind, renderings in kinds.items():
        path = f"{base}.{kind}"
        if not os.path.exists(path):
            continue
        content = read_bytes(path, "report")
        if any(content == render() for render in renderings):
            compared.append(path)
        else:
            problems.append(f"{path} doesn't show what the records say")
    return problems


def _lines(report: Mapping[str, Any], params: Mapping[str, Any], seals: Seals, compared: list[str]) -> list[str]:
    """Return what was verified, and what that leaves open."""
    lines = [f"The chain is whole: {len(report['records'])} records, last hash {report['chain']['head']}"]
    if params["head"] is not None:
        lines.append("It ends on the hash that was kept.")
    lines += seals.lines
    if params["head"] is None and seals.signer is None:
        lines.append(
            "Nobody has changed a part of it. Whether the whole was rebuilt isn't known: that takes the last hash as "
            "kept elsewhere (head), or a signature and its allowed_signers."
        )
    return [*lines, *(f"Compared: {path}" for path in compared)]
