# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Facts that a journal has and a run's results don't: lost outcomes, earlier runs, earlier reports.

A task that ends without a result, since it was killed or the connection broke, leaves what it sent in the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._session.model import UNPROVEN
from .times import parse_time

_ABSENT = "absent"
ADVICE_NO_END = (
    "A logout was sent, and its end isn't known: the task ended without its result. Run again: the journal remembers "
    "it, and the session is read first. Until then, the phone may or may not list the device."
)
_FROM_JOURNAL = "Taken from the journal, since the task that ran it ended without its result."


@dataclass
class JournalFacts:
    """A journal's facts about a run and the time before it.

    Attributes:
        sessions: results of runs since then, in place of lost ones.
        deleted: the same for runs that delete.
        history: what happened to each instance before.
        previous: time, file and last hash of the previous report, None if there is none.
        interrupted: runs since that report that left no report, None if there are none.
        accounts: whose session it was, as the journal has it.
        count: the number of its events.
    """

    sessions: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    previous: dict[str, Any] | None = None
    interrupted: dict[str, Any] | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    count: int = 0


def journal_facts(
    events: Iterable[Mapping[str, Any]],
    began: str,
    instances: Collection[str],
    known: Collection[str] = (),
    before: int | None = None,
) -> JournalFacts:
    """Read a journal for the report of a run. Keeps only the events needed, since there may be thousands.

    Args:
        events: the journal's events, in order.
        began: when the run began.
        instances: the run's instances.
        known: the instances whose result came back, except a deletion's.
        before: the number of events at that time. If not counted, the events' times decide which are earlier.
    """
    facts, start = JournalFacts(), parse_time(began)
    since: dict[str, list[Mapping[str, Any]]] = {}
    between = _Between()
    for event in events:
        instance_id = str(event["instance_id"])
        earlier = parse_time(str(event["time"])) < start if before is None else facts.count < before
        facts.count += 1
        if event["event"] == "report":
            if earlier:
                facts.previous = {name: event.get(name) for name in ("time", "file", "head")}
                between = _Between()
            continue
        if event.get("account") and instance_id in instances:
            facts.accounts[instance_id] = str(event["account"])
        if earlier:
            between.add(event)
            if instance_id in instances:
                _remember(facts, instance_id, event)
        elif instance_id in instances and (instance_id not in known or _of_deletion(event)):
            since.setdefault(instance_id, []).append(event)
    facts.interrupted = between.summary
    for instance_id, lost in since.items():
        _take_lost(facts, instance_id, lost)
    return facts


def _of_deletion(event: Mapping[str, Any]) -> bool:
    return event.get("state") == _ABSENT or event.get("action") == "delete"


def _remember(facts: JournalFacts, instance_id: str, event: Mapping[str, Any]) -> None:
    what = _told(event)
    if what:
        facts.history.setdefault(instance_id, []).append({"time": str(event["time"]), "what": what})


def _told(event: Mapping[str, Any]) -> str | None:
    """Describe an event in words; None if it doesn't matter to a reader."""
    if event["event"] == "sending":
        return f"{event.get('action')} is sent, while {event.get('status')}"
    if event["event"] == "closed":
        return f"closed by {event.get('by')}, who saw at {event.get('at')}: {event.get('seen')}"
    if event["event"] != "outcome":
        return None
    sent = ", ".join(f"{action['action']} {action['outcome']}" for action in event.get("actions") or [])
    return f"run ended: {event.get('verdict') or event.get('status')}; sent: {sent or 'nothing'}"


class _Between:
    """Runs that left no report, as one stretch of time."""

    def __init__(self) -> None:
        self._began = self._ended = ""
        self._open_ends: dict[str, bool] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        if event["event"] not in ("sending", "outcome"):
            return
        time = str(event["time"])
        self._began, self._ended = min(self._began or time, time), max(self._ended, time)
        self._open_ends[str(event["instance_id"])] = event["event"] == "sending"

    @property
    def summary(self) -> dict[str, Any] | None:
        """Return the report's field about them, None if there were none."""
        if not self._open_ends:
            return None
        return {
            "began": self._began,
            "ended": self._ended,
            "instances": len(self._open_ends),
            "without_end": sum(self._open_ends.values()),
        }


def _take_lost(facts: JournalFacts, instance_id: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Rebuild what lost results would have said: a noted outcome, or what was sent without one."""
    sent: list[Mapping[str, Any]] = []
    for event in events:
        if event["event"] == "sending":
            sent.append(event)
        elif event["event"] == "outcome":
            sent = []
            entry = {name: value for name, value in event.items() if name not in ("event", "time", "session")}
            entry["warnings"] = [*(entry.get("warnings") or []), _FROM_JOURNAL]
            (facts.deleted if event.get("state") == _ABSENT else facts.sessions).append(entry)
    logouts = [event for event in sent if event.get("action") == "logout"]
    deletions = [event for event in sent if event.get("action") == "delete"]
    if logouts:
        known = {"verdict": UNPROVEN, "advice": ADVICE_NO_END, "key": "unknown"}
        facts.sessions.append(_without_end(instance_id, logouts, "a logout was sent, its end isn't known", known))
    if deletions:
        facts.deleted.append(
            _without_end(instance_id, deletions, "a deletion was sent, its end isn't known", {"state": _ABSENT})
        )


def _without_end(
    instance_id: str, sent: Sequence[Mapping[str, Any]], message: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "instance_id": instance_id,
        "failed": True,
        "msg": message,
        "previous_status": sent[0].get("status"),
        "account": next((event["account"] for event in sent if event.get("account")), None),
        "began": str(sent[0]["time"]),
        "duration": 0,
        "actions": [
            {
                "action": str(event.get("action")),
                "time": str(event["time"]),
                "status": event.get("status"),
                "outcome": "unknown",
                "http_status": None,
                "duration": 0.0,
            }
            for event in sent
        ],
        **known,
    }
