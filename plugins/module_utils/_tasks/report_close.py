# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Closing unproven records of a report: a person has seen on the phone that the device is gone.

The report stays unchanged. A separate one is written, which names the last hash of the one whose records it closes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._evidence.outcomes import CLOSE
from .._evidence.request import checked_time
from .._evidence.times import parse_time
from .._identity import identity_of, says_something
from .._redact import mask_numbers_in, one_line
from .._session.model import UNPROVEN
from .options import Spec
from .report_file import whole_report

CLOSE_SPEC: Spec = {
    "closed": {"type": "list", "elements": "str", "default": []},
    "closed_by": {"type": "str"},
    "closed_at": {"type": "str"},
    "closed_seen": {"type": "str"},
}
_REQUIRED = {
    "report": "name the report's .json file whose records are closed",
    "closed": "name the instances whose device was removed on the phone",
    "closed_by": "name the person who looked at the phone",
    "closed_at": "say when that was, like 2026-11-30T18:00:00+01:00",
    "closed_seen": "say what was seen, such as: Linked devices listed no device",
    "ticket": "name the ticket that it belongs to",
}


def closing_evidence(params: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Return the evidence for a closing report, except who wrote it and where.

    Raises:
        OptionError: the person, time, observation or ticket is missing, or a record isn't unproven.
    """
    for option, way_out in _REQUIRED.items():
        value = params[option]
        if not value or (isinstance(value, str) and not says_something(value)):
            raise OptionError(option, f"is missing; {way_out}")
    at = checked_time("closed_at", params["closed_at"])
    if parse_time(at) > parse_time(now):
        raise OptionError("closed_at", "lies in the future")
    report = whole_report(params["report"], "report")
    if parse_time(at) < parse_time(report["began"]):
        raise OptionError("closed_at", "lies before the run whose records it would close")
    return {
        "purpose": CLOSE,
        "began": now,
        "ended": now,
        "instances": [identity_of(record).fields for record in _chosen(report["records"], params["closed"])],
        "accounts": {record["instance_id"]: record["account"] for record in report["records"] if record["account"]},
        "closing": {
            "by": one_line(params["closed_by"]),
            "at": at,
            "seen": mask_numbers_in(one_line(params["closed_seen"], 1000)),
            "file": os.path.basename(params["report"]),
            "head": report["chain"]["head"],
        },
    }


def journal_of(report: str | None) -> str | None:
    """Return the journal that a report names. Raises OptionError if the report was changed."""
    links = whole_report(report, "report")["links"] if report else None
    return str(links["journal"]) if links else None


def _chosen(records: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> list[Mapping[str, Any]]:
    known = {record["instance_id"]: record for record in records}
    problems = []
    for instance_id in dict.fromkeys(wanted):
        record = known.get(instance_id)
        if record is None:
            problems.append(f"{instance_id} isn't in the report")
        elif record["verdict"] != UNPROVEN:
            problems.append(f"{instance_id} isn't unproven there, but {record['outcome'].replace('_', ' ')}")
    if problems:
        raise OptionError("closed", "; ".join(problems))
    return [known[instance_id] for instance_id in dict.fromkeys(wanted)]
