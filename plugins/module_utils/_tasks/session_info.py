# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Read many sessions, for wawp_session_info and the inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._api.client import Client, Connection
from .._errors import OptionError
from .._run.driver import WallClock, sender
from .._run.fleet import Fleet
from .._run.job import Job
from .._run.pace import Pace
from .._session.account import shown_account
from .._session.run import Goal, Outcome
from .._session.states import READ, lifecycle
from .causes import by_cause, named
from .options import (
    Target,
    at_least,
    parse_connection,
    parse_rate,
    parse_targets,
)
from .result import TaskResult


def read_all(
    connection: Connection, targets: Sequence[Target], max_connections: int, calls_per_second: float
) -> list[Outcome]:
    """Read each session, once if all goes well.

    Returns:
        An outcome for each target, in order; for one that could not be read, a failed outcome.
    """
    client = Client(connection, min(max_connections, len(targets)))
    outcomes: dict[int, Outcome] = {}

    def start(index: int) -> Job:
        target = targets[index]
        send = sender(client, target.instance_id, target.access_token)
        return Job(index, lifecycle(Goal(READ)), send, WallClock())

    def finished(job: Job, outcome: Outcome) -> bool:
        outcomes[job.index] = outcome
        return True

    try:
        Fleet(
            size=len(targets),
            start=start,
            sending=lambda job, call: None,
            finished=finished,
            max_connections=max_connections,
            pace=Pace(calls_per_second),
        ).run()
    finally:
        client.close()
    return [outcomes[index] for index in range(len(targets))]


def session_facts(outcome: Outcome, mask: bool, whole: bool = True) -> dict[str, Any]:
    """Return the facts of a reading, with the reply if ``whole``; documented in wawp_session_info's RETURN."""
    session = outcome.last
    return {
        "exists": None if outcome.failed else session is not None,
        "status": session.status if session else None,
        "paired": session.paired if session else None,
        "account": shown_account(session.account if session else None, mask),
        **({"session": session.public(mask) if session else None} if whole else {}),
        "error": outcome.error.as_result() if outcome.error else None,
        "reads": outcome.reads,
    }


def info_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Read one or many sessions; the same in check mode.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """
    instances = params["instances"]
    if instances is None and params["instance_id"] not in (None, ""):
        instances = [params["instance_id"]]
    if instances is None:
        raise OptionError("instance_id", "is missing, and so is instances; name one session, or many")
    targets = parse_targets(instances, params["access_token"])
    connection = parse_connection(params)
    connections, pace = at_least(params, "max_connections", 1), parse_rate(params)
    outcomes = read_all(connection, targets, connections, pace)
    sessions = [_entry(target, outcome, params) for target, outcome in zip(targets, outcomes)]
    result: dict[str, Any] = {"changed": False, "sessions": sessions}
    failed = [(entry["instance_id"], entry["error"]["message"]) for entry in sessions if entry["error"]]
    if failed:
        message = f"{len(failed)} of {len(sessions)} sessions could not be read. {named(by_cause(failed))}"
        result.update(failed=True, msg=message)
    return TaskResult(result, connection.warnings)


def _entry(target: Target, outcome: Outcome, params: Mapping[str, Any]) -> dict[str, Any]:
    facts = session_facts(outcome, params["mask_account"], params["return_session"])
    entry = {**target.fields, **facts}
    if params["qr"]:
        entry["qr"] = outcome.last.body.get("qr") if outcome.last else None
    return entry
