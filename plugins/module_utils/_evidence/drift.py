# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Changes since an earlier report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._session.model import PROVEN, UNPROVEN
from .outcomes import ACCEPTED, CLOSED, LINKED, MISSING, UNLINKED, UNREADABLE


def drift(records: Sequence[Mapping[str, Any]], seen: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes since an earlier report, by instance.

    Args:
        records: the earlier report's records.
        seen: the sessions as read now.
    """
    found = []
    now = {str(entry["instance_id"]): entry for entry in seen}
    for record in records:
        what = _drifted(record, now.get(record["instance_id"]))
        if what:
            found.append({"instance_id": record["instance_id"], "what": what})
    return found


def _drifted(record: Mapping[str, Any], seen: Mapping[str, Any] | None) -> str | None:
    if seen is None or seen.get("exists") is None:
        return None if seen is not None else "It is in the earlier report, but was not read now."
    account, before = seen.get("account"), record["after"].get("account")
    unlinked = record["outcome"] in (*PROVEN, ACCEPTED, CLOSED, UNLINKED) or record.get("verdict") == UNPROVEN
    if unlinked and seen.get("paired") and record["after"].get("paired") is not True:
        whose = account or "an account that it does not show"
        return f"It is paired again, with {whose}; the earlier report says {record['outcome']}."
    if before and account and before != account:
        return f"It belongs to {account} now, to {before} in the earlier report."
    if record["outcome"] == LINKED and seen.get("paired") is False:
        return "It was linked in the earlier report and isn't any more."
    return _came_or_went(record, seen["exists"])


def _came_or_went(record: Mapping[str, Any], exists: bool) -> str | None:
    if record["outcome"] == MISSING:
        return "It didn't exist in the earlier report and does now." if exists else None
    went = not exists and record["outcome"] != UNREADABLE and not record.get("deleted")
    return "It existed in the earlier report and doesn't any more." if went else None
