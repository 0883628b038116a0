# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Check mode: predict what a run would do, as far as that can be known without doing it."""

from __future__ import annotations

from .._errors import UNKNOWN_SESSION, WawpError
from .._session.model import FAILED, SCAN_QR_CODE, STARTING, STOPPED, WORKING, Session
from .._session.run import Lifecycle, Outcome
from .._session.temp_link import GET, REVOKE
from .driver import Clock, Reply, Send, drive


class DryRun:
    """Check mode: sends reads but no writes; from the first write on, simulates the engine's measured behaviour.

    It is the Send of one run, and also its Clock, since simulated effects need no waiting.

    Args:
        send: sends the reads.
        clock: real time.
        looks_for_links: whether to look for temporary links, instead of taking them for absent.
    """

    def __init__(self, send: Send, clock: Clock, looks_for_links: bool = True) -> None:
        self._send = send
        self._clock = clock
        self._looks_for_links = looks_for_links
        self._seen: Session | None = None
        self._imagining = False
        self._skipped = 0.0

    def __call__(self, name: str) -> Reply:
        if name == GET:
            return self._send(name) if self._looks_for_links else Reply(body={"link": None}, planned=True)
        if name == REVOKE:
            return Reply(planned=True)
        if name != "info":
            self._imagining = True
            self._seen = predict(name, self._seen)
            return Reply(planned=True)
        if not self._imagining:
            reply = self._send("info")
            self._seen = reply.session
            return reply
        if self._seen is None:
            raise WawpError(UNKNOWN_SESSION, "the session would be gone")
        return Reply(session=self._seen, planned=True)

    def is_simulated(self, name: str) -> bool:
        """Whether the named call would be answered without being sent."""
        if name == GET:
            return not self._looks_for_links
        return self._imagining or name != "info"

    def now(self) -> float:
        return self._clock.now() + self._skipped

    def skip(self, seconds: float) -> bool:
        """Let simulated time pass; return false where time is real and has to be waited for."""
        if self._imagining:
            self._skipped += seconds
        return self._imagining

    def sleep(self, seconds: float) -> None:
        if not self.skip(seconds):
            self._clock.sleep(seconds)


def dry_run(lifecycle: Lifecycle, send: Send, clock: Clock) -> Outcome:
    """Predict how one lifecycle would end: see DryRun."""
    rehearsal = DryRun(send, clock)
    return drive(lifecycle, rehearsal, rehearsal)


def predict(name: str, session: Session | None) -> Session | None:
    """Return the session to which a call leads in the end, as measured on the engine; None for a deleted one.

    STOPPED and STARTING are expected to be paired although they show no account, since engines hide it there. FAILED
    without an account is expected to await a scan, unless the reply has no field for accounts.
    """
    if session is None or name == "delete":
        return None
    if name == "stop":
        return session.imagined(STOPPED)
    if name == "logout":
        # While STARTING, a logout doesn't reach the phone: the key is gone, and the engine keeps trying.
        return session.imagined(STARTING if session.status == STARTING else SCAN_QR_CODE, without_account=True)
    if session.account is not None or session.stopped or session.status in (WORKING, STARTING):
        return session.imagined(WORKING)
    return session.imagined(FAILED if session.status == FAILED and not session.account_given else SCAN_QR_CODE)
