# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generations of the engine and their differences. Measured with NOWEB; see tests/.../engine_traces.jsonl."""

from __future__ import annotations

import typing as t


class Generation(t.NamedTuple):
    """One generation."""

    version: str
    unlinks: bool  # whether a logout over a live connection ends the link
    shows_me_at_rest: bool  # whether STOPPED names the account; else `me` is null
    shows_lid: bool
    refuses_start: bool  # whether a start outside STOPPED is answered with 422; else it does nothing
    closing: float  # seconds that a stop takes after the engine has let go of its connection
    signs_webhooks: bool  # whether webhooks carry an id, a timestamp and a signature


GENERATIONS = {
    "K": Generation("2024.10.8", False, False, False, True, 3.0, False),
    "A": Generation("2026.2.1", True, False, True, True, 3.0, True),
    "B": Generation("2026.6.1", True, True, True, False, 1.0, True),
}
