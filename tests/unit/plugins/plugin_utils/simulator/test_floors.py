# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's files form layers: no two of them import each other, even indirectly."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import __file__ as package

# Files that decide, and know no socket, thread, file or clock.
PURE = ("calls", "environment", "faults", "generations", "model", "other_replies", "replies", "transitions", "world")
IMPURE_LIBRARY = {"asyncio", "http", "os", "pathlib", "socket", "subprocess", "threading", "time", "urllib"}


def imports(path: Path) -> tuple[set[str], set[str]]:
    """Return the simulator's files and the library's packages that a file imports, for types or for use."""
    own: set[str] = set()
    library: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            own |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            library.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            library |= {alias.name.partition(".")[0] for alias in node.names}
    return own, library


def test_no_two_files_import_one_another() -> None:
    paths = sorted(Path(package).parent.glob("*.py"))
    order = list(TopologicalSorter({path.stem: imports(path)[0] for path in paths}).static_order())  # or CycleError
    assert order.index("model") < order.index("transitions") < order.index("calls") < order.index("engine")
    assert order.index("engine") < order.index("server")


def test_what_decides_does_no_io() -> None:
    for name in PURE:
        own, library = imports(Path(package).with_name(f"{name}.py"))
        assert own <= {*PURE, "qr"}, name
        assert not library & IMPURE_LIBRARY, name
