# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What wawp_session does with its options, from the checked values to the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .._api.client import Client
from .._run.driver import WallClock, drive, sender
from .._run.dry_run import dry_run
from .._session.states import lifecycle
from .options import parse_connection, parse_goal, parse_instance_id, parse_token
from .result import TaskResult, outcome_diff, outcome_result


def session_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Bring one session to the state that the options ask for.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """
    connection = parse_connection(params)
    goal = parse_goal(params)
    instance_id, token = parse_instance_id(params["instance_id"]), parse_token(params["access_token"])
    began = datetime.now(timezone.utc)
    client = Client(connection)
    try:
        send, clock = sender(client, instance_id, token), WallClock()
        outcome = (dry_run if check_mode else drive)(lifecycle(goal), send, clock)
    finally:
        client.close()
    mask = params["mask_account"]
    return TaskResult(
        result=outcome_result(outcome, began, mask),
        warnings=connection.warnings + outcome.warnings,
        diff=outcome_diff(outcome, instance_id, mask),
    )
