# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give a source that ansible-rulebook runs by its path a package, so that its relative imports work."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Not `ansible_collections`: that name belongs to Ansible, which may look for other collections under it.
COLLECTION = "wawp_cloud_collection"


def adopt(namespace: dict[str, Any]) -> None:
    """Name the package of a source in its own namespace.

    ansible-rulebook runs a source with ``runpy.run_path``, which sets ``__file__`` but no package. The collection's
    folder becomes one, so Python itself finds and caches what a source imports from it.
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
    # From Python 3.15 on imports no longer look at __package__.
    name = os.path.splitext(os.path.basename(namespace["__file__"]))[0]
    namespace["__spec__"] = ModuleSpec(f"{namespace['__package__']}.{name}", None)
