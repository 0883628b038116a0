# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A check that ends a module on a Python that is too old, before another file fails on it with a traceback.

So this file and the modules' must compile on Python 3.6, the oldest that ansible-core 2.16 supports.
"""

import json
import sys

OLDEST = (3, 9)


def is_supported() -> bool:
    """Return true if this Python is new enough; otherwise write the module's result and end the process."""
    if sys.version_info >= OLDEST:
        return True
    found = ".".join(map(str, sys.version_info[:3]))
    message = (
        "wawp.cloud needs Python 3.9 or later on the host that runs the task, and {} is {}. Set "
        "ansible_python_interpreter to a newer one, or run the task on another host"
    )
    # No AnsibleModule exists yet.  pylint: disable=ansible-bad-function
    print(json.dumps({"failed": True, "changed": False, "msg": message.format(sys.executable, found)}))
    sys.exit(1)


SUPPORTED = is_supported()
