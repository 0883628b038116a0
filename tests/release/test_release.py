# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release has the same bytes whoever builds it, works in an empty place, and leaves the checkout unchanged."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, python

DATE = 1_700_000_000
BUILD = f"import pathlib, sys, artefact; print(artefact.build(*map(pathlib.Path, sys.argv[1:]), {DATE}))"


def next_version() -> str:
    """Return a possible version for this checkout's next release."""
    version = str(yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"])
    if version not in yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text())["releases"]:
        return version
    major, minor, dummy = version.split(".", 2)
    return f"{major}.{int(minor) + 1}.0"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small collection with a program, a text and a folder."""
    folder = tmp_path_factory.mktemp("collection") / "here"
    (folder / "plugins/modules").mkdir(parents=True)
    facts = {"namespace": "some", "name": "thing", "version": "1.0.0", "readme": "README.md", "authors": ["somebody"]}
    (folder / "galaxy.yml").write_text(json.dumps(facts))
    (folder / "README.md").write_text("# Thing\n")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    for name in "zebra", "ant", "mule":
        (folder / f"plugins/modules/{name}.py").write_text(f"# {name}\n")
    return folder


def built(folder: Path) -> Path:
    """Build a collection next to its folder."""
    done = python("-c", BUILD, folder, folder.parent / f"{folder.name}-built")
    assert done.returncode == 0, done.stdout
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def artefact(collection: Path) -> Path:
    """Build its artefact."""
    return built(collection)


@pytest.fixture
def elsewhere(collection: Path, tmp_path: Path) -> Path:
    """Make the collection as on another machine: in another order, with other times and modes."""
    folder, other = collection, tmp_path / "elsewhere"
    for path in sorted((p for p in folder.rglob("*") if p.is_file()), reverse=True):
        copy = other / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(path.stat().st_mode & 0o700 | 0o060)
        os.utime(copy, (0, 0))
    return other


def test_the_same_sources_give_the_same_bytes(artefact: Path, elsewhere: Path) -> None:
    assert artefact.read_bytes() == built(elsewhere).read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "README.md").write_text("# Other thing\n"),
        lambda folder: (folder / "run").chmod(0o644),
        lambda folder: (folder / "plugins/modules/ant.py").rename(folder / "plugins/modules/bee.py"),
    ],
    ids=["text", "mode", "name"],
)
def test_other_sources_give_other_bytes(artefact: Path, elsewhere: Path, change: Callable[[Path], object]) -> None:
    change(elsewhere)

    assert artefact.read_bytes() != built(elsewhere).read_bytes()


def test_an_artefact_tells_nothing_of_who_built_it(artefact: Path) -> None:
    with tarfile.open(artefact) as archive:
        members = archive.getmembers()

    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "", "", DATE)}
    assert {m.mode for m in members} == {0o644, 0o755}
    with gzip.open(artefact) as packed:
        packed.read(1)
        assert packed.mtime == DATE


def test_the_manifests_of_an_artefact_are_true(artefact: Path) -> None:
    with tarfile.open(artefact) as archive:
        content = {m.name: file.read() for m in archive if (file := archive.extractfile(m))}
    manifest = json.loads(content["MANIFEST.json"])
    listed = [entry for entry in json.loads(content["FILES.json"])["files"] if entry["ftype"] == "file"]

    assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(content["FILES.json"]).hexdigest()
    assert {entry["name"]: entry["chksum_sha256"] for entry in listed} == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in content.items()
        if name not in {"MANIFEST.json", "FILES.json"}
    }


def test_a_release_is_built_twice_tried_and_changes_nothing_here() -> None:
    held = ["execution-environment.yml", "galaxy.yml", "plugins/module_utils/_version.py", "changelogs/changelog.yaml"]
    before = {name: (ROOT / name).read_bytes() for name in held}
    fragments = sorted(path.name for path in ROOT.glob("changelogs/fragments/*.yml"))

    version = next_version()

    done = python("release.py", version)

    assert done.returncode == 0, done.stdout
    digest, name = done.stdout.splitlines()[-1].split()
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest
    with tarfile.open(ROOT / name) as archive:
        names = archive.getnames()
        facts = json.load(archive.extractfile("MANIFEST.json") or pytest.fail("no manifest"))
        readme = (archive.extractfile("README.md") or pytest.fail("no README")).read().decode()
    assert facts["collection_info"]["version"] == version
    assert "CHANGELOG.md" in names
    # Galaxy shows the README alone, so each of its links is absolute, and leads to a file of this release.
    repository = facts["collection_info"]["repository"]
    links = re.findall(r"\]\(([^)#]+)", readme)
    assert links
    assert [link for link in links if not link.startswith("https://")] == []
    ours = [link.removeprefix(f"{repository}/blob/{version}/") for link in links if link.startswith(repository)]
    assert [path for path in ours if not (ROOT / path).exists()] == []
    assert {name: (ROOT / name).read_bytes() for name in held} == before
    assert sorted(path.name for path in ROOT.glob("changelogs/fragments/*.yml")) == fragments
    # With WRITE=yes this would be committed, so it must please the linters.
    made = ROOT / ".work/release/first/ansible_collections/wawp/cloud"
    for command in (["yamllint", "--strict", "."], ["codespell"], ["antsibull-changelog", "lint"]):
        linted = subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:]], cwd=made, check=False)
        assert linted.returncode == 0, command


@pytest.mark.parametrize(
    ("version", "fragments", "message"),
    [
        ("1.2.0", ["later.yml"], "1.2.0 was released before these fragments of the changelog: later.yml\n"),
        ("1.1.9", ["later.yml"], "1.1.9 is older than 1.2.0, which was released already.\n"),
        ("1.2.0-rc.1", ["later.yml"], "1.2.0-rc.1 is older than 1.2.0, which was released already.\n"),
        ("1.2.1", ["later.yml"], ""),
        ("1.10.0-dev0", ["later.yml"], ""),
        ("1.2.0", [], ""),
        ("1.0.0", [], "1.0.0 is older than 1.2.0, which was released already.\n"),
    ],
)
def test_a_version_comes_after_what_was_released(
    checkout: Path, version: str, fragments: list[str], message: str
) -> None:
    (checkout / "changelogs/changelog.yaml").write_text("releases: {1.2.0: {}, 1.0.0: {}}\n")
    for path in checkout.glob("changelogs/fragments/*.yml"):
        path.unlink()
    for name in fragments:
        (checkout / "changelogs/fragments" / name).write_text("bugfixes: [some]\n")

    done = python("-c", f"import release; release.check_version({version!r})", checkout=checkout)

    assert (done.returncode, done.stdout) == (int(bool(message)), message)


def test_what_is_not_committed_is_named(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("a draft\n")
    (checkout / "README.md").write_text("changed\n")

    done = python("release.py", "99.0.0", checkout=checkout)

    assert done.returncode == 1
    assert re.search(r"holds what no commit has:\n(.*\n)*AM README.md\n", done.stdout)
    assert re.search(r"lacks what git doesn't know:\n\?\? notes.txt\n", done.stdout)
    assert "a clone with a commit" in done.stdout


def test_without_git_it_says_so(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")

    done = python("release.py", "99.0.0", checkout=checkout)

    assert done.returncode == 1
    assert "This needs git, and a clone with a commit" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("version", ["", "1.0", "v1.0.0", "1.0.0 ", "01.0.0", "1.0.0-a..b", "1.0.0-01"])
def test_what_is_no_version_is_refused(version: str) -> None:
    done = python("release.py", version)

    assert done.returncode == 2
    assert "no semantic version" in done.stdout
