# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_check_api."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._api.client import Client, Connection
from .._errors import OptionError, WawpError
from .._files import write_private
from .._run.driver import WallClock, drive, execute, sender
from .._session.probe import FOUND, Pace, Recording, life
from .._session.probe_findings import (
    GET_BODY,
    GET_HEADERS,
    UNKNOWN_ID,
    WRONG_TOKEN,
    as_text,
    suggested_options,
    table,
)
from .._session.run import Answer, Call
from .._version import VERSION
from .options import CONNECTION, INSTANCE, Spec, parse_connection, parse_instance_id, parse_seconds, parse_token
from .result import TaskResult

CHECK_API_SPEC: Spec = {
    **CONNECTION,
    **INSTANCE,
    "confirm": {"type": "str"},
    "path": {"type": "path"},
    "wait_timeout": {"type": "float", "default": Pace.wait_timeout},
    "wait_sleep": {"type": "float", "default": Pace.wait_sleep},
    "drift_timeout": {"type": "float", "default": Pace.drift_timeout},
}
# Nobody can have either of these.
_NO_TOKEN = "wawp-cloud-check-api-wrong-token"  # noqa: S105  it is meant to be refused
_NO_INSTANCE = "wawp-cloud-check-api-no-such-instance"


def check_api_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Check how the API behaves and, if confirmed, take a session through its whole life. Raises OptionError."""
    connection = parse_connection(params)
    instance_id, token = parse_instance_id(params["instance_id"]), parse_token(params["access_token"])
    pace = Pace(
        parse_seconds(params, "wait_timeout"),
        parse_seconds(params, "wait_sleep", zero=False),
        parse_seconds(params, "drift_timeout"),
    )
    confirmed = _confirmed(params["confirm"], instance_id)
    recording, clock = Recording((token,)), WallClock()
    message, changed = _look(recording, connection, instance_id, token, clock), False
    if confirmed and check_mode:
        changed = True
    elif confirmed and not message:
        client = Client(connection)
        try:
            outcome = drive(life(recording, pace), sender(client, instance_id, token), clock)
        finally:
            client.close()
        message, changed = outcome.message, outcome.changed
    if params["path"] and not check_mode:
        kept = json.dumps(recording.as_file(VERSION), indent=1) + "\n"
        write_private(params["path"], [kept.encode()], "path")
    return _result(recording, message, changed, connection.warnings)


def _confirmed(confirm: str | None, instance_id: str) -> bool:
    """Whether the session may be taken through its whole life. Raises OptionError for a wrong phrase."""
    phrase = f"lose {instance_id}"
    if confirm and confirm.strip() != phrase:
        problem = f"to log {instance_id} out and lose its pairing, it must be exactly: {phrase}"
        raise OptionError("confirm", f"{problem}; to change nothing, leave it out")
    return bool(confirm)


def _look(recording: Recording, connection: Connection, instance_id: str, token: str, clock: WallClock) -> str:
    """Run the part that changes nothing. Returns why the rest can't follow, empty if it can."""
    lookups = (
        (FOUND, "info", instance_id, token, ("body", "headers")),
        (WRONG_TOKEN, "info", instance_id, _NO_TOKEN, ("body", "headers")),
        (UNKNOWN_ID, "info", _NO_INSTANCE, token, ("body", "headers")),
        (GET_BODY, "temp_link_get", instance_id, token, ("body",)),
        (GET_HEADERS, "temp_link_get", instance_id, token, ("headers",)),
    )
    found: Answer | None = None
    for phase, call, name, credential, places in lookups:
        client = Client(connection, get_credentials=places)
        try:
            answer = execute(Call(call), sender(client, name, credential), clock)
        finally:
            client.close()
        found = found or answer
        recording.note(phase, call, answer)
    error: WawpError | None = found.error if found is not None else None
    return "" if error is None else str(error)


def _result(recording: Recording, message: str, changed: bool, warnings: list[str]) -> TaskResult:
    rows = table(recording)
    result: dict[str, Any] = {
        "changed": changed,
        "findings": rows,
        "table": as_text(rows),
        "options": suggested_options(recording),
        "recording": recording.as_file(VERSION),
    }
    if message:
        result.update(failed=True, msg=message)
    return TaskResult(result, warnings)
