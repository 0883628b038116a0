# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A report as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._identity import identity_of
from .._redact import one_line
from .advice import Group, grouped
from .headline import clock_was_set
from .outcomes import ACCEPTED, AUDIT, OUTCOME_LABELS, counted

# Instances that a person reads in a terminal: in all, and of each group.
_READABLE = 40
_OF_A_GROUP = 20


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the report in lines; the last one has the last hash."""
    numbers, predicted = report["summary"], report["prediction"]
    lines = [*table_lines(report["records"], predicted), ""] if numbers["total"] <= _READABLE else []
    total = numbers["total"]
    counts = [counted(count, name, predicted) for name, count in numbers["outcomes"].items() if count]
    lines.append(f"{total} instance{'' if total == 1 else 's'}: {', '.join(reversed(counts)) or 'none'}")
    if predicted:
        lines.append("This is a prediction: nothing was sent.")
    elif report["purpose"] == AUDIT:
        lines.append("Read only: nothing was sent. The API can't list instances: those outside the list aren't known.")
    if report["abort_reason"]:
        lines.append(f"It ended early: {one_line(report['abort_reason'], 300)}")
    if report["clock_set_by"] is not None:
        lines.append(clock_was_set(report))
    if numbers["outcomes"][ACCEPTED]:
        lines.append(f"{numbers['outcomes'][ACCEPTED]} accepted as unproven beforehand")
    for group in grouped(report["records"]):
        lines += _group_lines(group)
    lines.append(f"Last hash: {report['chain']['head']}")
    return lines


def _group_lines(group: Group) -> list[str]:
    """Return what to do, and for which instances."""
    count, label = len(group.records), OUTCOME_LABELS[group.outcome].name.lower()
    lines = [f"{count} {label}: {one_line(group.advice, 400)}"]
    for record in group.records[:_OF_A_GROUP]:
        account = f", {record['account']}" if record["account"] else ""
        lines.append(f"  {identity_of(record)}{account}")
    if count > _OF_A_GROUP:
        lines.append(f"  and {count - _OF_A_GROUP} more, all in the report")
    return lines


def table_lines(records: Sequence[Mapping[str, Any]], predicted: bool) -> list[str]:
    """Return one line per instance, in columns."""
    rows = [("INSTANCE", "NAME", "WAS", "IS", "OUTCOME", "SENT")]
    for record in records:
        sent = ", ".join(call["action"] for call in record["calls"]) or "nothing"
        name = one_line(record["name"] or "", 24)
        before, after = record["before"]["status"] or "-", record["after"]["status"] or "-"
        outcome = record["outcome"]
        words = OUTCOME_LABELS[outcome].predicted if predicted else outcome.replace("_", " ")
        rows.append((record["instance_id"], name, before, after, words, f"{'would be: ' if predicted else ''}{sent}"))
    if not any(row[1] for row in rows[1:]):
        rows = [(row[0], *row[2:]) for row in rows]  # type: ignore[misc]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
