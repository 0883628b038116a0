# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms that docs/architecture.md draws: who may import from whom.

That what decides does no I/O is held by test_decide.py, where the decisions are.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .collection import ROOT

OURS = "ansible_collections.wawp.cloud.plugins."
UTILS = f"{OURS}module_utils"
# Room to what may be imported there, beside Python's own library.
ROOMS: dict[str, tuple[str, ...]] = {
    "plugins/modules": (UTILS,),
    "plugins/module_utils": (UTILS, "ansible.module_utils", "requests", "urllib3"),
    "plugins/action": (UTILS, f"{OURS}plugin_utils"),
    "plugins/inventory": (UTILS, f"{OURS}plugin_utils", "ansible"),
    "plugins/doc_fragments": (),
    "plugins/plugin_utils": (UTILS, f"{OURS}plugin_utils", "ansible"),
    "plugins/plugin_utils/simulator": (".",),
    "extensions/eda/plugins/event_source": ("aiohttp", "requests"),
}
# The one file that talks to the API.
CLIENT = "plugins/module_utils/_client.py"


def imports(path: Path) -> Iterator[str]:
    """What a file imports, anywhere in it; a relative import begins with a dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from ("." * node.level + name for name in names)


def within(module: str, allowed: str) -> bool:
    return allowed == "." == module[0] or module == allowed or module.startswith(f"{allowed}.")


def files() -> list[Path]:
    return sorted(path for folder in ("plugins", "extensions") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_takes_from_where_it_may_only(path: Path) -> None:
    room = str(path.parent.relative_to(ROOT))
    foreign = {name for name in imports(path) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert [name for name in sorted(foreign) if not any(within(name, each) for each in ROOMS[room])] == []


def test_one_file_talks_to_the_api() -> None:
    talking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "plugins").rglob("*.py")
        if any(within(name, library) for name in imports(path) for library in ("requests", "urllib3"))
    }
    assert talking == {CLIENT}
