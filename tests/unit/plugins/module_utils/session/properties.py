# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings for property tests: no time limit, since machines are slow at times, and repeatable failures."""

from __future__ import annotations

from hypothesis import settings

EXAMPLES = settings()
