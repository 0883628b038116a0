# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a task does with its options, from the checked values to the result. Private to the collection."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._arguments import (
    LISTS,
    connection_of,
    goal_of,
    instance_of,
    token_of,
    tokens_in,
)
from ansible_collections.wawp.cloud.plugins.module_utils._client import Client
from ansible_collections.wawp.cloud.plugins.module_utils._drive import WallClock, drive, rehearse, sender
from ansible_collections.wawp.cloud.plugins.module_utils._lifecycle import lifecycle
from ansible_collections.wawp.cloud.plugins.module_utils._privacy import hider, mask_numbers_in
from ansible_collections.wawp.cloud.plugins.module_utils._session import Session, shown_account
from ansible_collections.wawp.cloud.plugins.module_utils._steps import Action, Outcome


@dataclass
class Report:
    """What a task gives back: the result's fields, and beside them what Ansible shows in its own ways."""

    result: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    diff: dict[str, Any] | None = None

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))


def crashed(error: Exception, params: Mapping[str, Any]) -> Report:
    """What a task gives back that ended where nobody foresaw it: what happened, without what mustn't be shown."""
    tokens = {str(params.get("access_token") or "").strip()}
    hide = hider(tokens.union(*(tokens_in(params.get(name)) for name in LISTS)))
    told, trace = (mask_numbers_in(hide(text)) for text in (str(error), traceback.format_exc()))
    message = f"unexpected {type(error).__name__}: {told}. This is a defect of wawp.cloud, please report it"
    return Report({"failed": True, "msg": message, "exception": trace})


def counted(number: int) -> str:
    """So many instances, in words."""
    return f"{number} instance{'' if number == 1 else 's'}"


def session_task(params: Mapping[str, Any], check_mode: bool) -> Report:
    """Bring one session to the state that the options ask for.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """
    connection = connection_of(params)
    goal = goal_of(params)
    instance_id, token = instance_of(params["instance_id"]), token_of(params["access_token"])
    began = datetime.now(timezone.utc)
    client = Client(connection)
    try:
        send, clock = sender(client, instance_id, token), WallClock()
        outcome = (rehearse if check_mode else drive)(lifecycle(goal), send, clock)
    finally:
        client.close()
    mask = params["mask_account"]
    return Report(
        result=outcome_result(outcome, began, mask),
        warnings=connection.warnings + outcome.warnings,
        diff=outcome_diff(outcome, instance_id, mask),
    )


def outcome_result(outcome: Outcome, began: datetime, mask: bool) -> dict[str, Any]:
    """The fields that a run returns, on success and on failure alike; documented in wawp_session's RETURN."""
    last = None if outcome.gone else outcome.last
    result: dict[str, Any] = {
        "changed": outcome.changed,
        "status": last.status if last else None,
        "previous_status": outcome.first.status if outcome.first else None,
        "verdict": outcome.verdict,
        "advice": outcome.advice,
        "account": shown_account(outcome.seen.account if outcome.seen else None, mask),
        "session": last.public(mask) if last else None,
        "actions": [_action_result(action, began) for action in outcome.actions],
        "open_ends": outcome.open_ends,
        "began": utc(began),
        "prediction": outcome.predicted,
        "duration": round(outcome.duration, 3),
        "error": outcome.error.as_result() if outcome.error else None,
    }
    if outcome.failed:
        result.update(failed=True, msg=outcome.message)
    return result


def utc(moment: datetime | None = None) -> str:
    """A moment, now if none is given, as it stands in results and journals."""
    return (moment or datetime.now(timezone.utc)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _action_result(action: Action, began: datetime) -> dict[str, Any]:
    return {
        "action": action.name,
        "time": utc(began + timedelta(seconds=action.sent_at)),
        "duration": round(action.duration, 3),
        "status": action.seen,
        "outcome": action.outcome,
        "http_status": action.http_status,
    }


def outcome_diff(outcome: Outcome, instance_id: str, mask: bool) -> dict[str, Any]:
    """What Ansible shows with --diff: the session as it was first and last seen."""
    return {
        "before_header": instance_id,
        "after_header": instance_id,
        "before": _diff_side(outcome.first, mask),
        "after": _diff_side(None if outcome.gone else outcome.last, mask),
    }


def _diff_side(session: Session | None, mask: bool) -> dict[str, Any]:
    if session is None:
        return {}
    return {"status": session.status, "account": shown_account(session.account, mask)}
