# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated Wawp API: what instances show, the truth behind it, faults on demand, and a log of all calls.

Needs only Python. ``python3 -m simulator --help`` in the parent folder shows how to serve it over HTTP.
"""

from __future__ import annotations
