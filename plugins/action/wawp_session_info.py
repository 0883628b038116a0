# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_session_info: see plugin_utils/_in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._tasks.options import INFO_SPEC
from ..module_utils._tasks.result import TaskResult
from ..module_utils._tasks.session_info import info_task
from ..plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    spec = INFO_SPEC
    named_lists = ("instances",)
    packs = ("sessions",)
    only_reads = True
    secret_when = "qr"  # noqa: S105 - an option's name

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        return info_task(params, check_mode)
