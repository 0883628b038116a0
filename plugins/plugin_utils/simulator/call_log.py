# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of calls."""

from __future__ import annotations

import typing as t

from . import calls


class LogEntry(t.NamedTuple):
    """One call, without the token: only where it was and whether it is right."""

    sequence: int
    received: float  # when the request came, by the engine's clock
    time: float  # when it took effect
    method: str
    path: str
    call: str  # empty for an unknown path
    instance_id: str
    before: str  # status; empty where there is no such instance
    after: str
    linked: bool | None  # the truth afterwards
    http_status: int  # 0: no reply
    credentials: str  # where a token was: body, query, header, several joined by "+", "basic" for other Authorization
    token_ok: bool
    fault: str  # kind; empty: none

    @property
    def write(self) -> bool:
        """Whether the call may change anything."""
        return calls.is_write(self.call, self.method)
