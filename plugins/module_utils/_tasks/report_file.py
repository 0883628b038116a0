# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Report files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from .._evidence.hash_chain import ALGORITHM, verify
from .._evidence.report import FORMAT, header_of
from .._files import read_bytes


def read_report(path: str, option: str) -> dict[str, Any]:
    """Read a report without verifying its chain. Raises OptionError if it isn't one."""
    content = read_bytes(path, option)
    twice: set[str] = set()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, dummy in pairs]
            twice.update(name for name in names if names.count(name) > 1)
        return found

    try:
        report = json.loads(content, object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise OptionError(option, f"{path} is not valid JSON; name the report's .json file") from None
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise OptionError(option, f"{path} is not a report of the format {FORMAT}")
    if twice:  # the code would use one value, and people may read the other
        raise OptionError(option, f"{path} is not as it was written: it gives {', '.join(sorted(twice))} twice")
    return report


def whole_report(path: str, option: str) -> dict[str, Any]:
    """Read a report and verify its chain. Raises OptionError."""
    report = read_report(path, option)
    problems = problems_of(report, None)
    if problems:
        raise OptionError(option, f"{path} is not as it was written: {'; '.join(problems)}")
    return report


def problems_of(report: Mapping[str, Any], head: str | None) -> list[str]:
    """Describe the problems of a report's chain, or of its last hash if that was kept elsewhere."""
    records, chain = report.get("records"), report.get("chain")
    if not isinstance(records, list) or not isinstance(chain, dict) or not all(isinstance(r, dict) for r in records):
        return ["its records or its chain are missing"]
    if not _is_shaped(report):
        return ["it hasn't the parts of a report, though its chain may be whole: nothing of ours has written it"]
    problems = verify(header_of(report), records, str(chain.get("head")))
    if chain != {"algorithm": ALGORITHM, "head": chain.get("head")}:
        problems.append("what it says of its chain was changed")
    if head is not None and head.strip().lower() != chain.get("head"):
        problems.append("it ends on another hash than the one given as head: it is not the report that was kept")
    return problems


def _is_shaped(report: Mapping[str, Any]) -> bool:
    """Whether a report has the fields that its readers rely on: anybody can chain anything."""
    environment, links = report.get("environment"), report.get("links")
    return (
        isinstance(environment, dict)
        and isinstance(environment.get("versions"), dict)
        and (links is None or isinstance(links, dict))
        and all(isinstance(record.get("instance_id"), str) for record in report["records"])
    )
