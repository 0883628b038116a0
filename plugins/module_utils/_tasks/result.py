# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Results of tasks: their fields, the same on success and on failure."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .._errors import is_lack_of_memory
from .._redact import make_redactor, mask_numbers_in
from .._run.clock import utc
from .._session.account import shown_account
from .._session.model import Session
from .._session.run import Action, Known, Outcome
from .redaction import INSTANCE_LIST_OPTIONS, find_tokens


@dataclass
class TaskResult:
    """The result of a task: its fields, and the parts that Ansible shows separately."""

    result: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    diff: dict[str, Any] | None = None

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))


def crashed(error: Exception, params: Mapping[str, Any]) -> TaskResult:
    """Return the result of a task that ended in an unexpected error: what happened, redacted."""
    if is_lack_of_memory(error):
        message = "this machine has no memory left. The journal, if the task has one, has what was sent; run again"
        return TaskResult({"failed": True, "msg": message})
    tokens = {str(params.get("access_token") or "").strip()}
    hide = make_redactor(tokens.union(*(find_tokens(params.get(name)) for name in INSTANCE_LIST_OPTIONS)))
    shown, trace = (mask_numbers_in(hide(text)) for text in (str(error), traceback.format_exc()))
    message = f"unexpected {type(error).__name__}: {shown}. This is a bug in wawp.cloud, please report it"
    return TaskResult({"failed": True, "msg": message, "exception": trace})


def counted(number: int) -> str:
    """Return a number of instances, in words."""
    return f"{number} instance{'' if number == 1 else 's'}"


def outcome_result(outcome: Outcome, began: datetime, mask: bool, whole: bool = True) -> dict[str, Any]:
    """Return the fields of a run's result, the same on success and failure; documented in wawp_session's RETURN.

    Includes the last reply only if ``whole``, since that is most of the work.
    """
    last = None if outcome.gone else outcome.last
    result: dict[str, Any] = {
        "changed": outcome.changed,
        "status": last.status if last else None,
        "previous_status": outcome.first.status if outcome.first else None,
        "verdict": outcome.verdict,
        "advice": outcome.advice,
        "key": outcome.key,
        **proof_result(outcome, began),
        "account": shown_account(outcome.last_paired.account if outcome.last_paired else None, mask),
        **({"session": last.public(mask) if last else None} if whole else {}),
        "actions": [_action_result(action, began) for action in outcome.actions],
        "reads": outcome.reads,
        "open_ends": outcome.open_ends,
        "began": utc(began),
        "prediction": outcome.predicted,
        "duration": round(outcome.duration, 3),
        "error": outcome.error.as_result() if outcome.error else None,
    }
    if outcome.failed:
        result.update(failed=True, msg=outcome.message)
    return result


def outcome_entry(
    outcome: Outcome, began: datetime, state: str, previous: Known | None, mask: bool, *, whole: bool = True
) -> dict[str, Any]:
    """Return a session's entry in a fleet's result and the journal: the fields of outcome_result, and more."""
    return {
        "state": state,
        "failed": outcome.failed,
        "msg": outcome.message or None,
        "warnings": outcome.warnings,
        "left_alone": False,
        "earlier": previous.verdict if previous else None,
        **outcome_result(outcome, began, mask, whole),
    }


def proof_result(outcome: Outcome, began: datetime) -> dict[str, Any]:
    """Return when the proof was read, in UTC, and how long after the logout's reply."""
    proven_at, seconds = outcome.proven_at, outcome.proof_seconds
    if isinstance(proven_at, float):
        proven_at = utc(began + timedelta(seconds=proven_at))
    return {"proven_at": proven_at, "proof_seconds": None if seconds is None else round(seconds, 3)}


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
    """Return what Ansible shows with --diff: the session as first and last seen."""
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
