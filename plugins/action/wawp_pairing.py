# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_pairing: see plugin_utils/_in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.pairing import PAIRING_SPEC, pairing_task
from ..module_utils._tasks.result import TaskResult
from ..plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    spec = PAIRING_SPEC
    only_reads = True
    if_interrupted = (
        "Nobody else is let in. QR codes are removed; a temporary link stays valid for half an hour. See who is linked "
        "with wawp.cloud.audit, and run it again for the others."
    )

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return pairing_task(params, check_mode, self.say)
