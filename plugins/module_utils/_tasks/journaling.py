# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A run's entries in its journal: before each irreversible call, and at its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .._errors import OptionError
from .._run.clock import RunTime, utc
from .._run.journal import WRITE_AHEAD_CALLS, Journal
from .._session.account import shown_account
from .._session.run import Call, Known, Outcome, RunStopped
from .result import proof_result


class RunJournal:
    """The journal of one run; if the options name none, nothing is known and nothing is noted.

    Args:
        params: the module's options.
        check_mode: whether nothing may be written.
        time: the run's time.

    Raises:
        OptionError: it can't be used; nothing was sent.
    """

    def __init__(self, params: Mapping[str, Any], check_mode: bool, time: RunTime) -> None:
        path = params["journal"]
        if path == "":
            raise OptionError("journal", "is empty, which remembers nothing; leave the option out if that is meant")
        self._time, self._mask = time, params["mask_account"]
        self._journal = Journal(path, utc(time.now()), check_mode) if path else None

    @property
    def failure(self) -> str | None:
        """Why the journal can't be written any more; None while it can."""
        return self._journal.failure if self._journal else None

    def known(self, instance_id: str) -> Known | None:
        """Return what earlier runs noted about an instance."""
        return self._journal.earlier.get(instance_id) if self._journal else None

    def sending(self, instance_id: str, call: Call, began: datetime) -> RunStopped | None:
        """Note a call that can burn a key before it is sent. Returns why it must not be sent if that fails."""
        if self._journal is None or call.name not in WRITE_AHEAD_CALLS:
            return None
        so_far = call.so_far or Outcome()
        shown = next((each.account for each in (so_far.last, so_far.last_paired) if each and each.account), None)
        concluded = {"verdict": so_far.verdict, **proof_result(so_far, began)} if so_far.verdict else {}
        self._journal.write(
            "sending",
            instance_id,
            utc(self._time.now()),
            action=call.name,
            status=call.seen,
            in_doubt=call.in_doubt,
            account=shown_account(shown, self._mask),
            **concluded,
        )
        return RunStopped(f"the journal {self.failure}, so {call.name} was not sent") if self.failure else None

    def outcome(self, entry: Mapping[str, Any], outcome: Outcome) -> None:
        """Note how the run of one session ended."""
        if self._journal:
            self._journal.write("outcome", time=utc(self._time.now()), in_doubt=outcome.unlink_uncertain, **entry)

    def close(self) -> None:
        """Wait until everything is on disk."""
        if self._journal:
            self._journal.close(utc(self._time.now()))
