# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definition of an execution environment is valid, and has everything needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wawp.cloud.tests.docs.collection import BIN, ROOT, TREE, source_file

DEFINITION = "execution-environment.yml"
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def builder(*arguments: str | Path) -> str:
    """Run ansible-builder and return its output."""
    done = subprocess.run([BIN / "ansible-builder", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the build context that ansible-builder makes from the definition."""
    folder = tmp_path_factory.mktemp("context")
    builder("create", "--file", ROOT / DEFINITION, "--context", folder, "--output-filename", "Containerfile")
    return folder


def test_it_holds_the_collection(context: Path) -> None:
    galaxy = source_file("galaxy.yml")
    (collection,) = yaml.safe_load((context / "_build/requirements.yml").read_text(encoding="utf-8"))["collections"]

    assert collection["name"] == f"{galaxy['namespace']}.{galaxy['name']}"


def test_it_holds_ansible_core_and_ansible_runner(context: Path) -> None:
    """In versions, and on a Python, with which the collection is tested."""
    text = (context / "Containerfile").read_text(encoding="utf-8")
    tested = dict(re.findall(r'version = "([\d.]+)".* controller = \[([^]]*)\]', PROJECT))
    (core,) = set(re.findall(r"ansible-core==([\d.]+)", text))
    (runner,) = set(re.findall(r"ansible-runner==[\d.]+", text))
    (python,) = set(re.findall(r"/usr/bin/python([\d.]+)", text))

    assert f'"{python}"' in tested[core]
    assert f'"{runner}"' in PROJECT


def test_ansible_builder_finds_what_the_collection_needs() -> None:
    """Through meta/execution-environment.yml, as inside the container."""
    assert [name for name, dummy in introspected()] == ["requests"]


def test_nothing_else_is_imported() -> None:
    """Code that runs on a controller imports only Python's library, ansible-core and the requirements."""
    known = {*sys.stdlib_module_names, "ansible", "ansible_collections", *(name for name, dummy in introspected())}
    imported = {name for path in ROOT.glob("plugins/**/*.py") for name in imports(path)}

    assert imported - known == {"urllib3"}, "requests brings this"


def introspected() -> list[tuple[str, str]]:
    """Return name and line of each Python requirement that ansible-builder discovers."""
    found: dict[str, Any] = yaml.safe_load(builder("introspect", TREE))
    assert found["system"] == []
    return [(re.split(r"[^\w-]", line)[0], line) for line in found["python"]]


def imports(path: Path) -> set[str]:
    """Return the top-level names that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).partition(".")[0])
    return found
