# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of tasks as a report gets them, and the report on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import encode
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import REPORT_SPEC, report_task

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs/schema/report-1.json").read_text())

MOMENT = "2026-11-22T01:30:00.000Z"


def report(check: bool = False, **options: Any) -> dict[str, Any]:
    validated = ArgumentSpecValidator(REPORT_SPEC).validate(options)
    assert not validated.error_messages
    return report_task(validated.validated_parameters, check).result


def session(instance_id: str = "A1", verdict: str | None = "severed", **changes: Any) -> dict[str, Any]:
    call = {
        "action": "logout",
        "time": MOMENT,
        "duration": 1.0,
        "status": "WORKING",
        "outcome": "ok",
        "http_status": 200,
    }
    return {
        "instance_id": instance_id,
        "state": "decommissioned",
        "verdict": verdict,
        "failed": False,
        "msg": None,
        "actions": [call],
        "began": MOMENT,
        "duration": 2.0,
        "status": "STOPPED",
        "previous_status": "WORKING",
        **changes,
    }


def seen(instance_id: str = "A1", **changes: Any) -> dict[str, Any]:
    facts = {"exists": True, "status": "STOPPED", "paired": False, "account": None, "error": None}
    return {"instance_id": instance_id, **facts, **changes}


def written(result: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(result["files"]["json"]).read_text())
    jsonschema.validate(content, SCHEMA)
    return content


def record(outcome: str, **after: Any) -> dict[str, Any]:
    facts = {"status": "STOPPED", "paired": False, "account": None, **after}
    return {"instance_id": "A1", "outcome": outcome, "verdict": None, "deleted": None, "after": facts}


def sending(instance_id: str = "A1", action: str = "logout", time: str = "2026-11-22T01:30:05.000Z") -> dict[str, Any]:
    status = "WORKING" if action == "logout" else "SCAN_QR_CODE"
    return {"event": "sending", "instance_id": instance_id, "time": time, "action": action, "status": status}


def outcome(time: str = "2026-11-22T01:30:09.000Z", **changes: Any) -> dict[str, Any]:
    return {**session(**changes), "event": "outcome", "time": time}


def written_journal(folder: Path, *events: dict[str, Any]) -> str:
    path = folder / "j.jsonl"
    path.write_bytes(b"".join(encode({"event": event["event"], **event}) for event in events))
    return str(path)
