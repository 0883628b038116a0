# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes everything that a callback can see of results."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: recorder
type: aggregate
short_description: Writes down every result
description: For the test of secrets.
options: {}
"""


class CallbackModule(CallbackBase):
    """Appends each result to the file that the environment names."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "recorder"

    def v2_on_any(self, *args: Any, **dummy: Any) -> None:
        results = [json.dumps(arg._result, default=repr) for arg in args if hasattr(arg, "_result")]
        with open(os.environ["RECORDER_FILE"], "a", encoding="utf-8") as stream:
            stream.writelines(f"{result}\n" for result in results)
