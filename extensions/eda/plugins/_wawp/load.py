# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A package for sources that ansible-rulebook runs by their path, so that their relative imports work."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Not `ansible_collections`: that name belongs to Ansible, which may look up other collections in it.
COLLECTION = "wawp_cloud_collection"


def adopt(namespace: dict[str, Any]) -> None:
    """Set the package of a source in its namespace.

    ansible-rulebook runs a source with ``runpy.run_path``, which sets ``__file__`` but no package. The collection's
    folder becomes one, so Python itself finds and caches the source's imports from it.
    """
    folder = os.path.dirname(os.path.realpath(namespace["__file__"]))
    root, parts = folder, list[str]()
    for dummy in range(4):  # extensions/eda/plugins/event_source
        root, part = os.path.split(root)
        parts.insert(0, part)
    if COLLECTION not in sys.modules:
        package = ModuleType(COLLECTION)
        package.__path__ = [root]
        sys.modules[COLLECTION] = package
    namespace["__package__"] = ".".join([COLLECTION, *parts])
    # From Python 3.15 on, imports ignore __package__.
    name = os.path.splitext(os.path.basename(namespace["__file__"]))[0]
    namespace["__spec__"] = ModuleSpec(f"{namespace['__package__']}.{name}", None)
