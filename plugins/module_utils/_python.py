# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Ends a module on a Python that is too old, before one of the other files fails on it with a traceback.

This file and those of the modules must therefore be readable to Python 3.6, the oldest that ansible-core 2.16 starts.
"""

import json
import sys

OLDEST = (3, 9)


def is_supported() -> bool:
    """Whether this Python is new enough; if it isn't, the module's result is written, and the process ends."""
    if sys.version_info >= OLDEST:
        return True
    found = ".".join(map(str, sys.version_info[:3]))
    message = (
        "wawp.cloud needs Python 3.9 or later on the host that runs the task, and {} is {}. Set "
        "ansible_python_interpreter to a newer one, or run the task on another host"
    )
    # There is no AnsibleModule yet.  pylint: disable=ansible-bad-function
    print(json.dumps({"failed": True, "changed": False, "msg": message.format(sys.executable, found)}))
    sys.exit(1)


SUPPORTED = is_supported()
