# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of the checkout, and the project's tools run in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.tests.forked import command_itself

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900  # seconds for a release on a busy machine
COPY = "import pathlib, sys, project; project.copy_checkout(pathlib.Path(sys.argv[1]), untracked={})"


def python(*arguments: str | Path, checkout: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the project's Python in the tools/ of a checkout, as nox does."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}
    return command_itself([sys.executable, *arguments], checkout / "tools", environment, PATIENCE)


def copied(target: Path, *, untracked: bool, checkout: Path = ROOT) -> Path:
    """Copy the files that git tracks in a checkout, and if `untracked` those it would add."""
    done = python("-c", COPY.format(untracked), target, checkout=checkout)
    assert done.returncode == 0, done.stdout
    return target


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout, to copy from. Git tracks all of it, and it has no commit."""
    folder = copied(tmp_path_factory.mktemp("checkout"), untracked=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)  # noqa: S607 - whichever git is found
    return folder


@pytest.fixture
def checkout(known: Path, tmp_path: Path) -> Path:
    """Return such a copy, to change freely."""
    shutil.copytree(known, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path
