# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The pace at which a fleet may send calls."""

from __future__ import annotations

from .._errors import RATE_LIMITED
from .._session.run import MAX_RETRY_AFTER, RETRY_DELAYS, Answer

# Calls per second after a 429 if no rate was set, and the widest gap between calls in seconds.
RATE_AFTER_429 = 20.0
WIDEST_GAP = 1.0
# The gap between calls shrinks by this factor with each successful call.
RECOVERY_FACTOR = 0.99


class Pace:
    """The time of the next call.

    Args:
        calls_per_second: the limit, 0 for none.
    """

    def __init__(self, calls_per_second: float) -> None:
        self._least_gap = 1.0 / calls_per_second if calls_per_second else 0.0
        self._gap = self._least_gap
        self._next = self._quiet_until = 0.0
        self._refusals = 0

    def wait(self, now: float) -> float:
        """Return the seconds until a call may be sent, 0 for now."""
        return max(0.0, self._next - now)

    def on_sent(self, now: float) -> None:
        """Note that a call was sent."""
        self._next = max(self._next + self._gap, now)

    def on_reply(self, answer: Answer, now: float) -> None:
        """Adapt to a reply: a 429 slows all calls down, any other reply lets the pace recover."""
        error = answer.error
        if error is None or error.kind != RATE_LIMITED:
            self._refusals = 0
            self._gap = max(self._least_gap, self._gap * RECOVERY_FACTOR)
            return
        # Calls under way together are refused together: that is one reason to slow down. A refusal after a pause of
        # all calls is a reason for a longer pause.
        if now >= self._quiet_until:
            self._refusals += 1
            if self._refusals == 1:
                self._gap = max(self._least_gap, min(max(2 * self._gap, 1.0 / RATE_AFTER_429), WIDEST_GAP))
        patience = RETRY_DELAYS[max(0, min(self._refusals, len(RETRY_DELAYS)) - 1)]
        self._quiet_until = max(self._quiet_until, now + min(error.retry_after or patience, MAX_RETRY_AFTER))
        self._next = max(self._next, self._quiet_until)
