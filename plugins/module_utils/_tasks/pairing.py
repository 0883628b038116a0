# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Wait until people have scanned the QR codes of one or many instances; meanwhile keep the codes in files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

from .._api.client import Client
from .._errors import OptionError
from .._files import require_folder
from .._identity import IDENTITY_FIELDS
from .._redact import mask_account
from .._run.clock import RunTime, steady
from .._run.driver import Send, WallClock, sender
from .._run.dry_run import DryRun
from .._run.fleet import Fleet
from .._run.job import Job
from .._run.pace import Pace
from .._session.account import shown_account, whole_account
from .._session.run import Goal, Outcome
from .._session.states import PAIRED, lifecycle
from .causes import by_cause, first_of, named
from .fleet import Say
from .options import (
    CONNECTION,
    FLEET,
    INSTANCE,
    MASKING,
    START,
    STATE,
    TARGET_FIELDS,
    Member,
    Spec,
    at_least,
    parse_connection,
    parse_expected_account,
    parse_instance_id,
    parse_member,
    parse_rate,
    parse_seconds,
    validate_all,
)
from .qr_file import QrFile
from .result import TaskResult, outcome_diff, outcome_result

PAIRING_SPEC: Spec = {
    **CONNECTION,
    "access_token": {**CONNECTION["access_token"], "required": False},
    "instance_id": {**INSTANCE["instance_id"], "required": False},
    **{name: {"type": "str"} for name in IDENTITY_FIELDS if name != "instance_id"},
    "instances": {**FLEET["instances"], "required": False},
    "expect_account": STATE["expect_account"],
    "previous": {"type": "list", "elements": "dict", "default": []},
    "qr_path": {"type": "path"},
    "qr_dir": {"type": "path"},
    "wait_timeout": {"type": "float", "default": 600.0},
    "wait_sleep": {"type": "float", "default": Goal.wait_sleep},
    **{name: FLEET[name] for name in ("max_connections", "calls_per_second")},
    "progress": {"type": "float", "default": 15.0},
    **MASKING,
    **START,
}
_FIELDS = (*TARGET_FIELDS, "expect_account")


def pairing_task(params: Mapping[str, Any], check_mode: bool, say: Say | None = None) -> TaskResult:
    """Wait until an account is linked to each instance. See PairingRun for the arguments and errors."""
    run = PairingRun(params, check_mode, say)
    run.run()
    entries = [run.entry(index) for index in range(len(run.members))]
    result: dict[str, Any] = {"changed": any(entry["changed"] for entry in entries), "sessions": entries}
    failed = [(member, entry["msg"]) for member, entry in zip(run.members, entries) if entry["failed"]]
    if failed:
        result.update(failed=True, msg=_message(failed, len(entries)))
    return TaskResult(result, run.connection.warnings + list(run.warnings()), run.diff())


def _message(failed: list[tuple[Member, str]], total: int) -> str:
    if total == 1:
        return failed[0][1]
    return (
        f"{len(failed)} of {total} were not linked. {named(by_cause((str(member), what) for member, what in failed))}"
    )


class PairingRun:
    """A wait for all who have to scan, at the same time.

    Args:
        params: the module's options.
        check_mode: whether nothing may be changed; then the task doesn't wait.
        say: shows a line of progress during the wait; None where nobody would see it.

    Raises:
        OptionError: a value can't be used; nothing was sent.
    """

    def __init__(self, params: Mapping[str, Any], check_mode: bool, say: Say | None = None) -> None:
        self.connection = parse_connection(params)
        self.members = _members(params)
        self._check_mode, self._mask = check_mode, params["mask_account"]
        self._connections = at_least(params, "max_connections", 1)
        self._pace = Pace(parse_rate(params))
        self._previous = {str(entry.get("instance_id")): entry for entry in params["previous"]}
        progress = at_least(params, "progress", 0)
        self._waiting = Waiting(self.members, params["wait_timeout"], progress, say)
        files = {} if check_mode else _qr_files(params, self.members)
        self._client = Client(self.connection, min(self._connections, len(self.members)))
        sends = [sender(self._client, member.instance_id, member.access_token) for member in self.members]
        self._files = {index: QrFile(sends[index], *named_file) for index, named_file in files.items()}
        self._sends: dict[int, Send] = {**dict(enumerate(sends)), **self._files}
        self._time = RunTime(params["start"])
        self._began: dict[int, datetime] = {}
        self._outcomes: dict[int, Outcome] = {}

    def run(self) -> None:
        """Wait until each instance is linked, has failed, or has timed out."""
        fleet = Fleet(
            size=len(self.members),
            start=self._start,
            sending=lambda job, call: None,
            finished=self._finished,
            max_connections=self._connections,
            pace=self._pace,
            tick=self._waiting.tick,
        )
        try:
            with ExitStack() as files:
                for file in self._files.values():
                    files.enter_context(file)
                fleet.run()
            self._waiting.tick()
        finally:
            self._client.close()

    def _start(self, index: int) -> Job:
        goal, send, clock = self.members[index].goal, self._sends[index], WallClock()
        self._began[index] = self._time.now()
        if self._check_mode:
            rehearsal = DryRun(send, clock)
            return Job(index, lifecycle(replace(goal, wait=False)), rehearsal, rehearsal, rehearsal.is_simulated)
        return Job(index, lifecycle(goal), send, clock)

    def _finished(self, job: Job, outcome: Outcome) -> bool:
        another = None if outcome.failed else self._another_account(self.members[job.index], outcome)
        if another:
            outcome.open_ends.append(another)
            outcome.warnings.append(another)
        if job.index in self._files:
            outcome.warnings += self._files[job.index].warnings
        self._outcomes[job.index] = outcome
        self._waiting.count(job.index, outcome)
        return True

    def _another_account(self, member: Member, outcome: Outcome) -> str | None:
        """Return a warning if another account is linked than before, since masked ones may look the same; else None."""
        before = self._previous.get(member.instance_id, {})
        account = outcome.last.account if outcome.last else None
        if account is None or not before.get("account_digest"):
            return None
        if member.account_digest(whole_account(account)) == before["account_digest"]:
            return None
        now, was = mask_account(account.jid), str(before.get("account"))
        if now.endswith("@lid") != was.endswith("@lid"):
            return f"{now} is linked now, it showed {was} before: it isn't known whether that is the same account."
        alike = "; the digits in which they differ are masked" if now == was else ""
        return f"Another account came back: {now} is linked now, {was} was before{alike}."

    def entry(self, index: int) -> dict[str, Any]:
        """Return one instance's part of the result."""
        outcome = self._outcomes[index]
        result = outcome_result(outcome, self._began[index], self._mask)
        return {
            **self.members[index].fields,
            "state": PAIRED,
            "failed": outcome.failed,
            "msg": outcome.message or None,
            "warnings": outcome.warnings,
            **{name: value for name, value in result.items() if name not in ("verdict", "prediction", "session")},
        }

    def warnings(self) -> Iterator[str]:
        """Yield all warnings; with several instances, each names its own."""
        for index, member in enumerate(self.members):
            for what in self._outcomes[index].warnings:
                yield what if len(self.members) == 1 else f"{member}: {what}"

    def diff(self) -> dict[str, Any]:
        """Return the sessions as first and last seen."""
        sides = [
            outcome_diff(self._outcomes[index], member.instance_id, self._mask)
            for index, member in enumerate(self.members)
        ]
        if len(sides) == 1:
            return sides[0]
        return {
            side: {member.instance_id: each[side] for member, each in zip(self.members, sides)}
            for side in ("before", "after")
        }


class Waiting:
    """The progress of a wait: shows now and then who is missing, and at once who was linked or refused.

    Args:
        members: the instances to wait for.
        timeout: seconds until it gives up.
        interval: seconds between two lines, 0 for no lines.
        say: shows a line.
    """

    def __init__(self, members: list[Member], timeout: float, interval: float, say: Say | None) -> None:
        self._members, self._interval, self._say = members, interval, say
        self._next = steady()
        self._ends = steady() + timeout
        self._open = dict(enumerate(members))
        self._failed = 0
        self._news: list[str] = []

    def count(self, index: int, outcome: Outcome) -> None:
        """Count one more instance as linked or failed."""
        member = self._open.pop(index)
        self._failed += outcome.failed
        account = outcome.last.account if outcome.last else None
        self._news.append(f"{member}: {outcome.message or f'linked, {shown_account(account, True)}'}")

    def tick(self) -> None:
        """Show what is new, and who is missing, if a line is due."""
        now = steady()
        if not self._say or not self._interval:
            return
        news, self._news = self._news, []
        for line in news:
            self._say(line)
        if self._open and (news or now >= self._next):
            self._next = now + self._interval
            self._say(self.line(self._ends - now))

    def line(self, seconds: float) -> str:
        """Return the progress with this many seconds left."""
        open_ones = list(self._open.values())
        failed = f", {self._failed} failed" if self._failed else ""
        done = f"{len(self._members) - len(open_ones) - self._failed} of {len(self._members)} linked{failed}"
        names = first_of([member.name or member.instance_id for member in open_ones])
        left = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(seconds, 0):.0f} s"
        return f"{done}; waiting for {names}; {left} left"


def _members(params: Mapping[str, Any]) -> list[Member]:
    """Parse the instances: many, or the one of ``instance_id``. Raises OptionError."""
    if params["instances"] is not None:
        if params["name"] is not None or params["origin"] is not None:
            raise OptionError("name", "belongs to instance_id; give each of instances its own")
        return validate_all(params["instances"], lambda entry: _member(entry, params))
    if params["instance_id"] in (None, ""):
        raise OptionError("instance_id", "is missing, and so is instances; name one instance, or many")
    parse_instance_id(params["instance_id"])
    return [_member({name: params[name] for name in IDENTITY_FIELDS}, params)]


def _member(entry: Any, params: Mapping[str, Any]) -> Member:
    return parse_member(entry, params, _goal, _FIELDS)


def _goal(params: Mapping[str, Any]) -> Goal:
    return Goal(
        PAIRED,
        expect_account=parse_expected_account(params["expect_account"]),
        wait_timeout=parse_seconds(params, "wait_timeout"),
        wait_sleep=parse_seconds(params, "wait_sleep", zero=False),
    )


def _qr_files(params: Mapping[str, Any], members: Iterable[Member]) -> dict[int, tuple[str, str]]:
    """Return the path of each instance's QR code, if it has one, and the option that it comes from."""
    ids = [member.instance_id for member in members]
    if params["qr_dir"]:
        if params["qr_path"]:
            raise OptionError("qr_path", "is given, and so is qr_dir; give one of them")
        require_folder(params["qr_dir"], "qr_dir", create=True)
        return {index: (os.path.join(params["qr_dir"], f"{each}-qr.png"), "qr_dir") for index, each in enumerate(ids)}
    if params["qr_path"] and len(ids) > 1:
        raise OptionError("qr_path", f"can't hold the QR codes of {len(ids)} instances; give qr_dir")
    return {0: (params["qr_path"], "qr_path")} if params["qr_path"] else {}
