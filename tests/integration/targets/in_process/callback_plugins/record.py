# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records each result unchanged, one JSON object per line, in the file that RECORD names."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record
type: notification
short_description: Records results for a test
description:
  - Each result of a task or of an item, whatever became of it, goes to the file that the variable RECORD names.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: Any, *dummy: Any, **options: Any) -> None:
        task = result.task if hasattr(result, "task") else result._task
        shown = result.result if hasattr(result, "result") else result._result
        with open(os.environ["RECORD"], "a", encoding="utf-8") as file:
            # A value that isn't plain is visible, and differs from a plain one.
            file.write(json.dumps([task.get_name(), shown], default=repr) + "\n")

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_item_on_ok = v2_runner_item_on_failed = _record
