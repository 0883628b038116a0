# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A report as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from .._identity import IDENTITY_FIELDS
from .._redact import one_line

SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t"}
COLUMNS = (
    *("number", *IDENTITY_FIELDS, "outcome", "verdict", "key", "proven_at", "proof_seconds", "needs_human", "account"),
    *("account_before", "status_before", "status_after", "paired_after", "calls", "reads", "began", "ended"),
    *("deadline", "deadline_met", "ticket", "requester", "approver", "operator", "runbook", "source", "api_url"),
    *("controller", "open_ends", "deleted", "drift", "versions", "previous", "hash"),
)
# Characters that begin a formula in spreadsheets, in any width, also after blanks and quotes.
_FORMULA = re.compile(r"^[\s'\"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]")
# Separators at which a spreadsheet in another language begins a new cell.
_INNER_FORMULA = re.compile(r"([;\t][\s'\"]*)(?=[=+\-@|%\uff1d\uff0b\uff0d\uff20])")
# Texts that spreadsheets turn into another number or date: 012345670123, 3E11, 1-2, MAR1, 5-MAR.
_NUMBER = re.compile(
    r"[\d.,+-]*\d[\d.,]*(e[+-]?\d+)?|\d{1,4}-\d{1,2}(-\d{1,4})?|(\d{1,4}-?)?[a-z]{3,9}-?\d{1,4}"
    r"|\d{1,4}-?[a-z]{3,9}|true|false",
    re.IGNORECASE,
)
_LONGEST = 4000


def render(report: Mapping[str, Any], separator: str = "comma") -> bytes:
    """Render a report as CSV (RFC 4180), with the byte order mark by which spreadsheets recognize UTF-8.

    Args:
        separator: a name in SEPARATORS; spreadsheets expect semicolons where the decimal separator is a comma.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", delimiter=SEPARATORS[separator])
    writer.writerow(COLUMNS)
    for record in report["records"]:
        row = _row(record)
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    instance_id = record["instance_id"]
    return {
        **record,
        **record["who"],
        **record["when"],
        **record["where"],
        "instance_id": f"'{instance_id}" if _NUMBER.fullmatch(instance_id) else instance_id,
        "account_before": record["before"]["account"],
        "status_before": record["before"]["status"],
        "status_after": record["after"]["status"],
        "paired_after": record["after"]["paired"],
        "calls": "; ".join(f"{call['time']} {call['action']} {call['outcome']}" for call in record["calls"]),
        "runbook": record["what"]["runbook"],
        "open_ends": " ".join(record["open_ends"]),
        "versions": ", ".join(f"{name} {version}" for name, version in record["versions"].items()),
    }


def _cell(value: Any) -> str:
    """Return a value as text that no spreadsheet runs: a quote precedes anything like a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = _INNER_FORMULA.sub(r"\1'", one_line(str(value), _LONGEST))
    return f"'{text}" if _FORMULA.match(text) else text
