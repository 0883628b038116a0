# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What wawp_session does with its options, from the checked values to the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._api.client import Client
from .._run.clock import RunTime
from .._run.driver import WallClock, drive, sender
from .._run.dry_run import dry_run
from .._session.states import lifecycle
from .journaling import RunJournal
from .options import parse_connection, parse_goal, parse_instance_id, parse_token
from .result import TaskResult, outcome_diff, outcome_entry, outcome_result


def session_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Bring one session to the state that the options ask for.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """
    connection = parse_connection(params)
    goal, mask = parse_goal(params), params["mask_account"]
    instance_id, token = parse_instance_id(params["instance_id"]), parse_token(params["access_token"])
    time = RunTime()
    began, journal = time.now(), RunJournal(params, check_mode, time)
    known = journal.known(instance_id)
    client = Client(connection)
    try:
        steps, send = lifecycle(replace(goal, previous=known)), sender(client, instance_id, token)
        if check_mode:
            outcome = dry_run(steps, send, WallClock())
        else:
            outcome = drive(steps, send, WallClock(), lambda call: journal.sending(instance_id, call, began))
        entry = outcome_entry(outcome, began, goal.state, known, mask)
        journal.outcome({"instance_id": instance_id, "name": None, **entry}, outcome)
    finally:
        client.close()
        journal.close()
    lost = f"The journal {journal.failure}, so a later run won't know what this one did."
    return TaskResult(
        result=outcome_result(outcome, began, mask),
        warnings=[*connection.warnings, *outcome.warnings, *([lost] if journal.failure else [])],
        diff=outcome_diff(outcome, instance_id, mask),
    )
