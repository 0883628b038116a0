# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On a Python that is too old, each module gives one clear line and no traceback."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.tests.docs.collection import ROOT

MODULES = sorted((ROOT / "plugins/modules").glob("*.py"))
AGED = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
sys.version_info = (3, 8, 18, "final", 0)
runpy.run_module("ansible_collections.wawp.cloud.plugins.modules." + sys.argv[2], run_name="__main__")
"""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_an_old_python_is_told_plainly(path: Path, tmp_path: Path) -> None:
    (tmp_path / "ansible_collections/wawp").mkdir(parents=True)
    (tmp_path / "ansible_collections/wawp/cloud").symlink_to(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", AGED, str(tmp_path), path.stem], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["failed"]
    assert "needs Python 3.9 or later" in result["msg"]
    assert "3.8.18" in result["msg"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "path", [*MODULES, ROOT / "plugins/module_utils/_python.py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_an_old_python_reads_first_is_readable_to_it(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert not [node for node in imports if node.module == "__future__"]
    first = imports[0].module if imports else "_python"
    assert first == "module_utils._python" or path.name == "_python.py"
