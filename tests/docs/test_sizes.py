# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function fits on a screen, and a file in a head."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator

from .collection import ROOT

MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 40


def too_long() -> Iterator[str]:
    """Yield what is longer than it may be, in every Python file of the project."""
    listed = subprocess.run(
        [shutil.which("git") or "git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
        text = (ROOT / name).read_text("utf-8")
        if text.count("\n") > MOST_LINES_IN_A_FILE:
            yield f"{name}: {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > MOST_LINES_IN_A_FUNCTION:
                    yield f"{name}: {node.name} has {length} lines"


def test_no_file_and_no_function_is_too_long() -> None:
    assert list(too_long()) == []
