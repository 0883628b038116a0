# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artefact holds the files that git tracks and nothing else, can be installed, and passes Galaxy's import."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from .conftest import ROOT, copied, python

BUILD = "import pathlib, sys, artefact; print(artefact.build(*map(pathlib.Path, sys.argv[1:]), 1_700_000_000))"
BIN = Path(sys.executable).parent
# Files that a maintainer's checkout may contain, and that must not be published.
STRAYS = (
    ".env",
    "id_ed25519",
    "galaxy_token",
    "keys/wawp.pem",
    "keys/token.key",
    "wawp_reports/audit-1.json",
    "a.jsonl",
)


def build(source: Path, target: Path) -> Path:
    """Build the collection in `source`."""
    done = python("-c", BUILD, source, target)
    assert done.returncode == 0, done.stdout
    return Path(done.stdout.splitlines()[-1])


def names(artefact: Path) -> set[str]:
    """Return the names of the files in an artefact."""
    with tarfile.open(artefact) as archive:
        return {member.name for member in archive if not member.isdir()}


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the artefact of this checkout."""
    folder = tmp_path_factory.mktemp("package")
    return build(copied(folder / "sources", untracked=False), folder / "built")


def test_the_checkout_as_it_lies_here_builds_nothing_more(artefact: Path, tmp_path: Path) -> None:
    """For those who call ansible-galaxy themselves: `build_ignore` has no gap."""
    assert names(build(ROOT, tmp_path)) - names(artefact) == set()


def test_what_git_does_not_know_is_not_published(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    strays = [*STRAYS, "notes.txt", "plugins/draft.py"]
    for name in strays:
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("a secret\n")
    folder = tmp_path_factory.mktemp("package")

    known = names(build(copied(folder / "sources", untracked=False, checkout=checkout), folder / "built"))

    assert "README.md" in known
    assert known & set(strays) == set()


def test_secrets_are_not_even_packed_from_the_folder(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in STRAYS:
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("a secret\n")

    packed = names(build(checkout, tmp_path_factory.mktemp("built")))

    assert "README.md" in packed
    assert packed & set(STRAYS) == set()


def test_it_can_be_installed_and_offers_every_module(artefact: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    install: list[str | Path] = [BIN / "ansible-galaxy", "collection", "install", artefact]
    subprocess.run(install, check=True, env=environment)
    listing: list[str | Path] = [BIN / "ansible-doc", "--json", "--list", "--type", "module", "wawp.cloud"]
    found = subprocess.run(listing, check=True, env=environment, stdout=subprocess.PIPE).stdout

    assert set(json.loads(found)) == {f"wawp.cloud.{path.stem}" for path in ROOT.glob("plugins/modules/*.py")}


def test_galaxy_has_nothing_to_say_against_it(artefact: Path, tmp_path: Path) -> None:
    """Nothing from the checkout is available, as on Galaxy."""
    pytest.importorskip("galaxy_importer")
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    # ansible-lint runs in the session lint, with a stricter profile, and takes three quarters of the time here.
    (tmp_path / "importer.cfg").write_text("[galaxy-importer]\nRUN_ANSIBLE_LINT = False\n", encoding="utf-8")
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "nothing"), "PATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", artefact],
        cwd=tmp_path,
        env={**os.environ, **settings, "GALAXY_IMPORTER_CONFIG": str(tmp_path / "importer.cfg")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert re.findall(r"^(?:WARNING|ERROR|CRITICAL)\b.*", done.stdout, re.MULTILINE) == []
