# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_pairing: see _in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._pairing import PAIRING_SPEC, pairing_task
from ansible_collections.wawp.cloud.plugins.module_utils._task import Report
from ansible_collections.wawp.cloud.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    spec = PAIRING_SPEC

    def task(self, params: Mapping[str, Any], check_mode: bool) -> Report:
        return pairing_task(params, check_mode)
