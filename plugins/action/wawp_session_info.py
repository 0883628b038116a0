# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action of wawp_session_info: see _in_process.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._arguments import INFO_SPEC
from ansible_collections.wawp.cloud.plugins.module_utils._read_task import info_task
from ansible_collections.wawp.cloud.plugins.module_utils._task import Report
from ansible_collections.wawp.cloud.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    spec = INFO_SPEC
    secret_when = "qr"  # noqa: S105 - an option's name

    def task(self, params: Mapping[str, Any], check_mode: bool) -> Report:
        return info_task(params, check_mode)
