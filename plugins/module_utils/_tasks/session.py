# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_session: from its options to the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from .._api.client import Client
from .._run.clock import RunTime
from .._run.driver import WallClock, drive, sender
from .._run.dry_run import dry_run
from .._run.interrupt import Interruption, abandoned_by_reader
from .._run.journal import WRITE_AHEAD_CALLS
from .._session.run import Call, RunStopped
from .._session.states import lifecycle
from .journaling import RunJournal
from .options import parse_connection, parse_goal, parse_instance_id, parse_token
from .result import TaskResult, outcome_diff, outcome_entry, outcome_result


def session_task(
    params: Mapping[str, Any], check_mode: bool, is_abandoned: Callable[[], bool] = lambda: False
) -> TaskResult:
    """Bring one session to the state that the options ask for.

    Args:
        params: the checked options.
        check_mode: whether nothing may be changed.
        is_abandoned: whether nobody waits for the result any more; then nothing new is started.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """
    connection = parse_connection(params)
    goal, mask = parse_goal(params), params["mask_account"]
    instance_id, token = parse_instance_id(params["instance_id"]), parse_token(params["access_token"])
    time = RunTime()
    began, journal = time.now(), RunJournal(params, check_mode, time)
    known = journal.known(instance_id)
    client, interruption = Client(connection), Interruption(is_abandoned)
    try:
        steps, send = lifecycle(replace(goal, previous=known)), sender(client, instance_id, token)
        if check_mode:
            outcome = dry_run(steps, send, WallClock())
        else:
            with interruption:
                note = partial(journal.sending, instance_id, began=began)
                outcome = drive(steps, send, WallClock(), _ending_with(interruption, note))
        entry = outcome_entry(outcome, began, goal.state, known, mask)
        journal.outcome({"instance_id": instance_id, "name": None, **entry}, outcome)
    finally:
        client.close()
        journal.close()
        interruption.pass_on()
    lost = f"The journal {journal.failure}, so a later run won't know what this one did."
    return TaskResult(
        result=outcome_result(outcome, began, mask),
        warnings=[*connection.warnings, *outcome.warnings, *([lost] if journal.failure else [])],
        diff=outcome_diff(outcome, instance_id, mask),
    )


def _ending_with(interruption: Interruption, note: Callable[[Call], RunStopped | None]) -> Callable[[Call], Any]:
    """Return the check before each call: after an interruption, only reads that verify a logout may be sent."""
    logged_out: set[str] = set()

    def sending(call: Call) -> RunStopped | None:
        ended = interruption.refusal(call.name, bool(logged_out))
        if ended:
            return RunStopped(ended)
        logged_out.update(WRITE_AHEAD_CALLS & {call.name})
        return note(call)

    return sending


def session_module_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Run the task as a module, which also ends early if the connection that waits for its output is gone."""
    return session_task(params, check_mode, abandoned_by_reader())
