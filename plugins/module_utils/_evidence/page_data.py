# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The records of a report as its page's script reads them: each text once, everything else as numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._identity import identity_of
from .._redact import one_line
from .._session.model import UNPROVEN
from .advice import Group
from .outcomes import FAILED, LEFT_ALONE, NOT_RUN, OUTCOME_LABELS, OUTCOMES, UNREADABLE
from .times import date_and_time, parse_time

_LOUD = frozenset({UNPROVEN, FAILED, UNREADABLE, LEFT_ALONE, NOT_RUN})
_LONGEST = 2000
_CALLS: Mapping[str, str] = {"temp_link_revoke": "revoke link", "temp_link_create": "create link"}


class _Texts:
    """Texts by number; 0 stands for no text."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {"": 0}

    def number(self, value: Any) -> int:
        text = "" if value is None else one_line(str(value), _LONGEST)
        return self.known.setdefault(text, len(self.known))


def page_data(report: Mapping[str, Any], groups: Sequence[Group]) -> str:
    """Return the records as JSON for a script element; page_script.py documents its layout."""
    texts = _Texts()
    group_of = {record["number"]: place for place, group in enumerate(groups) for record in group.records}
    began = min([report["began"], *(record["when"]["began"] for record in report["records"])], key=parse_time)
    # Rows become text at once: as lists, thousands of them would take ten times the memory.
    rows = [_json(_row(record, texts, began, group_of.get(record["number"], -1))) for record in report["records"]]
    ended = max([report["ended"], *(record["when"]["ended"] for record in report["records"])], key=parse_time)
    labels = [[name, *OUTCOME_LABELS[name][:3]] for name in OUTCOMES]
    data = {
        "outcomes": labels,
        "began": int(parse_time(began).timestamp() * 1000),
        "span": max(1, _milliseconds(began, ended)),
        "texts": list(texts.known),
    }
    text = f'{_json(data)[:-1]},"rows":[{",".join(rows)}]}}'
    # So that no end tag, comment or entity can begin in it.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def _milliseconds(began: str, ended: str) -> int:
    return round((parse_time(ended) - parse_time(began)).total_seconds() * 1000)


def _row(record: Mapping[str, Any], texts: _Texts, began: str, group: int) -> list[Any]:
    when, after, number = record["when"], record["after"], texts.number
    notes = [record["needs_human"], record["message"], *record["warnings"], *record["open_ends"]]
    return [
        record["number"],
        number(record["instance_id"]),
        number(record["name"]),
        OUTCOMES.index(record["outcome"]),
        number(record["before"]["status"]),
        number(after["status"]),
        number(record["account"]),
        [_call(call, texts, began) for call in record["calls"]],
        _milliseconds(began, when["began"]),
        _milliseconds(began, when["ended"]),
        group,
        int(bool(record["needs_human"]) or record["outcome"] in _LOUD),
        [number(note) for note in dict.fromkeys(note for note in notes if note)],
        [[number(date_and_time(event["time"])), number(event["what"])] for event in record["history"]],
        [[number(name), number(value)] for name, value in _facts(record)],
        record["hash"],
    ]


def _call(call: Mapping[str, Any], texts: _Texts, began: str) -> list[int]:
    return [
        texts.number(_CALLS.get(call["action"], call["action"])),
        _milliseconds(began, call["time"]),
        texts.number(call["status"]),
        texts.number(call["outcome"]),
        int(call.get("http_status") or 0),
        round(float(call.get("duration") or 0) * 1000),
    ]


def _facts(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the facts that unfold below a row, by name; unknown ones are left out."""
    after, before = record["after"], record["before"]["account"]
    again = "read again at the end" if after["read_again"] else "as its run saw it last"
    proof = None if record["proof_seconds"] is None else f"{record['proof_seconds']} s after the logout's reply"
    who = identity_of(record).fields.items()
    facts = [
        *((name.replace("_", " ").capitalize(), value) for name, value in who if name not in ("instance_id", "name")),
        ("Account before", before if before != record["account"] else None),
        ("Stands at", f"{after['status'] or 'no session'}, {again}"),
        ("Proven", date_and_time(record["proven_at"]) if record["proven_at"] else None),
        ("Proof", proof),
        ("Its key", record["key"]),
        ("Earlier runs", record["earlier"]),
        ("Deadline", {True: "met", False: "missed", None: None}[record["when"]["deadline_met"]]),
        ("Deleted", {True: "yes", False: "no, it failed", None: None}[record["deleted"]]),
        ("Reads", str(record["reads"])),
    ]
    return [(name, value) for name, value in facts if value]
