# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_fleet: from its options to the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from .._api.client import Client
from .._evidence.outcomes import FAILED
from .._evidence.outcomes import counted as worded
from .._redact import mask_account
from .._run.clock import RunTime, steady
from .._run.driver import ReadBefore, Reading, Reply, Send, WallClock, sender
from .._run.dry_run import DryRun
from .._run.fleet import Fleet
from .._run.interrupt import Interruption, abandoned_by_reader
from .._run.job import Job
from .._run.journal import WRITE_AHEAD_CALLS
from .._run.pace import Pace
from .._session.account import whole_account
from .._session.model import SEVERED, UNPROVEN, VERDICTS, WORKING, Session
from .._session.run import MAX_READING_AGE, Call, Outcome, RunStopped
from .._session.states import lifecycle
from .causes import by_cause, named
from .journaling import RunJournal
from .last_words import ending, last_words, next_step
from .options import (
    Member,
    at_least,
    parse_connection,
    parse_limit,
    parse_members,
    parse_rate,
)
from .result import (
    TaskResult,
    outcome_diff,
    outcome_entry,
)

# Calls per second. A reading and its logout are one call's gap apart: at half this pace no reading would be fresh.
SLOWEST = 2 / MAX_READING_AGE

Say = Callable[[str], None]


class Listener(NamedTuple):
    """The user of a run, as far as the run knows.

    Attributes:
        say: shows a line of progress during the run; None where nobody would see it.
        is_abandoned: whether nobody waits for the result any more.
        say_last: shows a line after an interruption, when Ansible itself shows no more.
    """

    say: Say | None = None
    is_abandoned: Callable[[], bool] = lambda: False
    say_last: Say = lambda line: None


NOBODY = Listener()


@dataclass(frozen=True)
class Terms:
    """A plan's terms for a fleet's run, where they differ from the module's.

    Args:
        next_step: what to do after an interruption; empty for the module's text.
        excused: instances whose failures don't count against ``max_failures``, though the run still fails.
        accepted: instances that may fail.
        permit: called before each irreversible call, with the member, the call and the account last seen; returns why
            it must not be sent, None if it may be.
        read_before: readings of the run before, by instance; fresh ones aren't read again.
        returns_session: whether results and journal hold the last reply.
        looks_for_links: whether check mode looks for temporary links.
    """

    next_step: str = ""
    excused: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    permit: Callable[[Member, str, str], str | None] = lambda member, call, account: None
    read_before: Mapping[str, Reading] = field(default_factory=dict)
    returns_session: bool = True
    looks_for_links: bool = True


class FleetRun:
    """One run of a fleet.

    Args:
        params: the module's options.
        check_mode: whether nothing may be changed.
        listener: who waits for the result.
        terms: a plan's terms for the run.

    Attributes:
        accounts: the unmasked account last seen of each member, by index.
        readings: the readings of sessions that were WORKING when the run began, by instance, for a following run.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        check_mode: bool,
        listener: Listener = NOBODY,
        terms: Terms = Terms(),
    ) -> None:
        self.terms = terms
        self.members = parse_members(params)
        self.connection = parse_connection(params)
        self.limit = parse_limit(params["max_failures"], len(self.members))
        self._check_mode, self._mask = check_mode, params["mask_account"]
        self._connections = at_least(params, "max_connections", 1)
        self._pace = Pace(parse_rate(params, SLOWEST))
        self._progress = Progress(len(self.members), at_least(params, "progress", 0), listener.say, check_mode)
        self.time, self._interruption = RunTime(params.get("start")), Interruption(listener.is_abandoned)
        self._say_last, self._ending = listener.say_last, False
        self._next_step = terms.next_step or next_step(params)
        self._committed: set[int] = set()
        self._client = Client(self.connection, min(self._connections, len(self.members)))
        self._journal = RunJournal(params, check_mode, self.time)
        self._began: dict[int, datetime] = {}
        self.results: list[dict[str, Any] | None] = [None] * len(self.members)
        self.accounts: dict[int, str] = {}
        self.readings: dict[str, Reading] = {}
        self.diffs: dict[int, dict[str, Any]] = {}
        self.failures = 0
        self.calls = 0
        self.out_of_memory = False
        self.duration = self._began_at = 0.0

    def run(self) -> None:
        """Bring every session to its goal, or as many as ``max_failures`` allows."""
        fleet = Fleet(
            size=len(self.members),
            start=self._start,
            sending=self._sending,
            finished=self._finished,
            max_connections=self._connections,
            pace=self._pace,
            tick=self._tick,
            interrupted=lambda: self._interruption.reason is not None,
        )
        began = self._began_at = steady()
        try:
            with self._interruption:
                fleet.run()
        finally:
            self.calls, self.duration = fleet.calls, steady() - began
            self.out_of_memory = fleet.out_of_memory
            self._client.close()
            self._journal.close()
            if self._interruption.reason:
                self._say_last(self._last_words(self._interruption.reason))
            self._interruption.pass_on()

    def _tick(self) -> None:
        self._progress.tick()
        if self._interruption.reason and not self._ending:
            self._ending = True
            self._say_last(ending(self._interruption.reason))

    def _last_words(self, reason: str) -> str:
        sent = [self.members[index].instance_id for index in sorted(self._committed)]
        return last_words(self.results, sent, reason, self._check_mode, self._next_step)

    def _start(self, index: int) -> Job:
        member = self.members[index]
        steps = lifecycle(replace(member.goal, previous=self._journal.known(member.instance_id)))
        send, clock = self._noting_account(index, member), WallClock()
        self._began[index] = self.time.now()
        if self._check_mode:
            rehearsal = DryRun(send, clock, self.terms.looks_for_links)
            return Job(index, steps, rehearsal, rehearsal, rehearsal.is_simulated)
        reading = self.terms.read_before.get(member.instance_id)
        if reading is None:
            return Job(index, steps, send, clock)
        self._note_account(index, reading.session)
        known = ReadBefore(send, reading)
        return Job(index, steps, known, clock, known.is_known)

    def _noting_account(self, index: int, member: Member) -> Send:
        """Return the sender of a member's calls, which notes the session's account for the plan."""
        send = sender(self._client, member.instance_id, member.access_token)

        def noting(name: str) -> Reply:
            asked_at = steady()
            reply = send(name)
            if reply.session is not None:
                self._note_account(index, reply.session)
                # Later ones would be too old once it is their turn.
                if reply.session.status == WORKING and asked_at - self._began_at < MAX_READING_AGE:
                    self.readings[member.instance_id] = Reading(reply.session, asked_at)
            return reply

        return noting

    def _note_account(self, index: int, session: Session) -> None:
        if session.account is not None:
            self.accounts[index] = whole_account(session.account)

    def _sending(self, job: Job, call: Call) -> RunStopped | None:
        """Journal a call that can burn a key before it is sent, or return why it must not be sent."""
        ended = self._interruption.refusal(call.name, job.index in self._committed)
        if ended:
            return RunStopped(ended)
        if call.name not in WRITE_AHEAD_CALLS:
            return None
        refusal = self.terms.permit(self.members[job.index], call.name, self.accounts.get(job.index, ""))
        if refusal:
            return RunStopped(f"{refusal}, so it was not sent")
        self._committed.add(job.index)
        return self._journal.sending(self.members[job.index].instance_id, call, self._began[job.index])

    def _finished(self, job: Job, outcome: Outcome) -> bool:
        """Note an outcome. Called again if there was no memory for all of it."""
        if self.results[job.index] is None:
            member = self.members[job.index]
            entry = self._entry(member, outcome, self._began[job.index])
            if outcome.changed:
                self.diffs[job.index] = outcome_diff(outcome, member.instance_id, self._mask)
            self._journal.outcome(entry, outcome)
            self.failures += outcome.failed and member.instance_id not in self.terms.excused
            self.results[job.index] = entry
            self._progress.count(entry)
            self._began.pop(job.index)
        return self.stop_reason is None

    @property
    def stop_reason(self) -> str | None:
        """The reason to start no more sessions, None if there is none."""
        if self._journal.failure:
            return f"the journal {self._journal.failure}"
        if self._interruption.reason and None in self.results:
            return f"the run was ended, since {self._interruption.reason}; run it again with the same journal"
        if self.out_of_memory:
            return "this machine has no memory left; run it again with the same journal, or in smaller parts"
        too_many = self.failures > self.limit and None in self.results
        return f"more than {self.limit} had failed, see max_failures" if too_many else None

    def left_alone(self, member: Member) -> dict[str, Any]:
        """Return the entry of a session that was not started: the same fields as the others, empty."""
        entry = self._entry(member, Outcome(), self.time.now())
        return {**entry, "left_alone": True, "msg": f"left alone, nothing was sent: {self.stop_reason}"}

    def _entry(self, member: Member, outcome: Outcome, began: datetime) -> dict[str, Any]:
        known = self._journal.known(member.instance_id)
        shown = outcome_entry(outcome, began, member.goal.state, known, self._mask, whole=self.terms.returns_session)
        return {**member.fields, **shown}

    def seen_accounts(self) -> dict[str, dict[str, str]]:
        """Return the accounts that were seen, by instance, as a plan names them."""
        return {
            self.members[index].instance_id: {
                "account": mask_account(account),
                "account_digest": self.members[index].account_digest(account),
            }
            for index, account in self.accounts.items()
        }

    def earlier(self, member: Member) -> str | None:
        """Return the journal's verdict on a member before this run, None if it has none."""
        known = self._journal.known(member.instance_id)
        return known.verdict if known else None

    def severed_at(self, member: Member) -> str | None:
        """Return when an earlier run saw the proof that a member is severed, None if none did."""
        known = self._journal.known(member.instance_id)
        return known.proven_at if known and known.verdict == SEVERED else None


class Progress:
    """The progress of a fleet, shown now and then.

    Args:
        size: the size of the fleet.
        interval: seconds between two lines, 0 for no lines.
        say: shows a line.
        predicts: check mode: nothing is sent, and the lines are a prediction.
    """

    def __init__(self, size: int, interval: float, say: Say | None, predicts: bool = False) -> None:
        self._size, self._interval, self._say, self._predicts = size, interval, say, predicts
        self._began = steady()
        self._next = self._began + interval
        self._verdicts: Counter[str] = Counter()
        self._done = self._failed = 0

    def count(self, entry: Mapping[str, Any]) -> None:
        """Count one more session as done."""
        self._done += 1
        self._failed += entry["failed"]
        if entry["verdict"]:
            self._verdicts[entry["verdict"]] += 1

    def tick(self) -> None:
        """Show the progress if a line is due."""
        now = steady()
        if not self._say or not self._interval or now < self._next:
            return
        self._next = now + self._interval
        self._say(self.line(now - self._began))

    def line(self, seconds: float) -> str:
        """Return the progress after this many seconds."""
        rate = self._done / seconds if seconds else 0.0
        left = f"{(self._size - self._done) / rate:.0f} s left" if rate else "time left unknown"
        verdicts = [worded(self._verdicts[name], name, self._predicts) for name in VERDICTS if self._verdicts[name]]
        failed = worded(self._failed, FAILED, self._predicts)
        return f"{', '.join([f'{self._done} of {self._size}', *verdicts, failed])}, {rate:.1f}/s, {left}"


def fleet_task(params: Mapping[str, Any], check_mode: bool, listener: Listener = NOBODY) -> TaskResult:
    """Bring many sessions to their states. See FleetRun for the arguments and errors."""
    run = FleetRun(params, check_mode, listener)
    run.run()
    return fleet_result(run)


def fleet_result(run: FleetRun) -> TaskResult:
    """Return the result of a fleet's run that has ended."""
    sessions = [entry or run.left_alone(member) for entry, member in zip(run.results, run.members)]
    result: dict[str, Any] = {
        "changed": any(entry["changed"] for entry in sessions),
        "sessions": sessions,
        "summary": _summary(sessions, run),
        "prediction": any(entry["prediction"] for entry in sessions),
    }
    if run.stop_reason or any(entry["failed"] and entry["instance_id"] not in run.terms.accepted for entry in sessions):
        result.update(failed=True, msg=_message(sessions, run))
    unproven = result["summary"]["verdicts"][UNPROVEN]
    warnings = run.connection.warnings
    if unproven:
        warnings.append(f"{unproven} of {len(sessions)} links could not be proven severed; see advice in sessions.")
    set_by = run.time.clock_set_by()
    if set_by is not None:
        warnings.append(
            f"This machine's clock was set by {set_by:+.0f} s during the run; times are counted from its beginning."
        )
    try:
        return TaskResult(result, warnings, _diff(run))
    except MemoryError:
        return TaskResult(result, [*warnings, "This machine has no memory left for the diff."])


def fleet_module_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Run the task as a module, which also ends early if the connection that waits for its output is gone."""
    return fleet_task(params, check_mode, Listener(is_abandoned=abandoned_by_reader()))


def _summary(sessions: list[dict[str, Any]], run: FleetRun) -> dict[str, Any]:
    verdicts = Counter(entry["verdict"] for entry in sessions)
    return {
        "total": len(sessions),
        "changed": sum(entry["changed"] for entry in sessions),
        "failed": run.failures,
        "left_alone": sum(entry["left_alone"] for entry in sessions),
        "verdicts": {name: verdicts[name] for name in VERDICTS},
        "calls": run.calls,
        "duration": round(run.duration, 3),
    }


def _message(sessions: list[dict[str, Any]], run: FleetRun) -> str:
    failed = [(entry["instance_id"], entry["msg"]) for entry in sessions if entry["failed"]]
    alone = sum(entry["left_alone"] for entry in sessions)
    stopped = f" {alone} were left alone: {run.stop_reason}." if run.stop_reason else ""
    return f"{len(failed)} of {len(sessions)} sessions failed.{stopped} {named(by_cause(failed))}".rstrip()


def _diff(run: FleetRun) -> dict[str, Any]:
    """Return the sessions that changed, as first and last seen."""
    ids = {index: run.members[index].instance_id for index in sorted(run.diffs)}
    return {
        side: {ids[index]: run.diffs[index][side] for index in ids}  # one entry per session, in the order given
        for side in ("before", "after")
    }
