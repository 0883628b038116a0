# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release in `.work/release`, and try it: `python tools/release.py [--write] VERSION`.

Runs inside `.venv`. Copies the checkout twice, sets the version there, makes the changelog from the fragments with
antsibull-changelog, builds both, and compares the bytes. Then installs the artefact into an empty place and takes two
sessions of its sandbox out of service, with playbooks by their full names. The checkout stays unchanged; with --write
it gets the version and the changelog.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from ansible.utils.version import SemanticVersion

from artefact import build, source_date
from project import ROOT, WORK, copy_checkout, git

RELEASE = WORK / "release"
SOURCES = RELEASE / "sources"
NUMBER = r"(0|[1-9][0-9]*)"
LABEL = rf"({NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
VERSION = re.compile(rf"{NUMBER}(\.{NUMBER}){{2}}(-{LABEL}(\.{LABEL})*)?")
# Each place of the version, and its form.
PLACES = {
    "execution-environment.yml": re.compile(r"(?<=^        version: )\S+$", re.MULTILINE),
    "galaxy.yml": re.compile(r"(?<=^version: )\S+$", re.MULTILINE),
    "plugins/module_utils/_version.py": re.compile(r'(?<=^VERSION = ")[^"]+(?="$)', re.MULTILINE),
}
CHANGELOG = Path("changelogs/changelog.yaml")
RELATIVE_LINK = re.compile(r"(?<=\]\()(?!https?:|#)(?=[^)]+\))")


def set_version(collection: Path, version: str) -> None:
    """Write the version to each of its places."""
    for name, pattern in PLACES.items():
        text, count = pattern.subn(version, (collection / name).read_text(encoding="utf-8"))
        if count != 1:
            raise SystemExit(f"{name} has {count} versions.")
        (collection / name).write_text(text, encoding="utf-8")


def complete_links(collection: Path, version: str) -> None:
    """Make the README's links absolute, since Galaxy shows it alone."""
    home = yaml.safe_load((collection / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    readme = collection / "README.md"
    text = RELATIVE_LINK.sub(f"{home}/blob/{version}/", readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8")


def released(collection: Path) -> Collection[str]:
    """Return the versions that the changelog has."""
    versions: Collection[str] = yaml.safe_load((collection / CHANGELOG).read_text(encoding="utf-8"))["releases"]
    return versions


def check_version(version: str) -> None:
    """End this script unless `version` is the next one, or the last one released."""
    versions = released(ROOT)
    later = sorted(path.name for path in (ROOT / "changelogs/fragments").glob("*.yml"))
    if version in versions and later:
        raise SystemExit(f"{version} was released before these fragments of the changelog: {' '.join(later)}")
    newest = max(versions, key=SemanticVersion, default=version)
    if SemanticVersion(version) < SemanticVersion(newest):
        raise SystemExit(f"{version} is older than {newest}, which was released already.")


def make_changelog(collection: Path, version: str, date: int) -> None:
    """Turn the fragments into a release of the changelog, unless it already has this release."""
    if version in released(collection):
        return
    day = datetime.fromtimestamp(date, UTC).date().isoformat()
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collection.parents[2])}
    command = ["antsibull-changelog", "release", "--version", version, "--date", day]
    subprocess.run(command, cwd=collection, env=environment, check=True)


def make_release(name: str, version: str, date: int) -> Path:
    """Make the release in a folder called `name`, from the copy of the checkout, and return the artefact."""
    collection = RELEASE / name / "ansible_collections/wawp/cloud"
    shutil.copytree(SOURCES, collection, ignore=shutil.ignore_patterns(".git"))
    set_version(collection, version)
    make_changelog(collection, version, date)
    complete_links(collection, version)
    return build(collection, RELEASE / name, date)


class Place:
    """An empty place with Ansible, requests and the artefact installed, and nothing from the checkout."""

    def __init__(self, folder: Path, artefact: Path) -> None:
        self.folder = folder
        self.variables = {
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "NO_PROXY": "127.0.0.1",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }
        self.run("ansible-galaxy", "collection", "install", "-p", "collections", str(artefact))
        self.run("ansible-galaxy", "collection", "verify", "--offline", "wawp.cloud")

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command and return its output. Ends this script if the command doesn't end as expected."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if bool(done.returncode) != fails:
            raise SystemExit(f"{done.stdout}\n{' '.join(command)} exited with {done.returncode}.")
        return done.stdout

    def play(self, name: str, fails: bool = False, **variables: object) -> str:
        """Run a playbook of the collection by its full name."""
        return self.run("ansible-playbook", f"wawp.cloud.{name}", "-e", json.dumps(variables), fails=fails)


def linked_sessions(url: str, status: str) -> list[str]:
    """Return the sandbox's sessions with a status that a phone still lists."""
    with urllib.request.urlopen(f"{url}/_simulator/instances") as reply:  # noqa: S310 - a URL of our own
        every: list[Mapping[str, object]] = json.load(reply)["instances"]
    return [str(each["instance_id"]) for each in every if each["linked"] and each["status"] == status]


def still_linked(url: str, instance: str) -> bool:
    """Return whether a phone still lists an instance of the sandbox."""
    with urllib.request.urlopen(f"{url}/_simulator/instances/{instance}") as reply:  # noqa: S310 - a URL of our own
        return bool(json.load(reply)["linked"])


def decommission(place: Place) -> None:
    """Take sessions of the sandbox out of service: plan, confirm with the phrase, and check the truth."""
    url = json.loads((place.folder / ".ansible/wawp_sandbox/ready.json").read_text())["url"]
    place.variables |= {"WAWP_API_URL": url, "WAWP_ACCESS_TOKEN": "sandbox-token"}
    # One that works, and one that must be started before it can be logged out.
    instances = [linked_sessions(url, status)[0] for status in ("WORKING", "STOPPED")]
    # The sandbox is ten times as fast as Wawp.
    given: dict[str, Any] = {"wawp_instances": instances, "wawp_wait_sleep": 0.3, "wawp_confirm_after": 0.5}
    plan = place.play("decommission", fails=True, **given)
    phrase = re.search(rf"decommission-{len(instances)}-[0-9a-f]+(-[0-9a-f]+)*", plan)
    if not phrase:
        raise SystemExit(f"{plan}\nThe plan names no phrase.")
    if not all(still_linked(url, each) for each in instances):
        raise SystemExit("The plan alone has changed something.")
    place.play("decommission", **given, wawp_confirm=phrase[0])
    if any(still_linked(url, each) for each in instances):
        raise SystemExit("The runbook ended well, and a phone is still linked.")


def try_out(artefact: Path) -> None:
    """Install the artefact into an empty place and run its sandbox and a runbook there."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), artefact)
        place.play("sandbox", wawp_sandbox_port=0, wawp_sandbox_scale=0.1)
        try:
            decommission(place)
        finally:
            place.play("sandbox", wawp_sandbox_state="absent")


def write_back(version: str) -> None:
    """Write the release's version and changelog to the checkout, and remove the fragments used for it."""
    made = RELEASE / "first/ansible_collections/wawp/cloud"
    set_version(ROOT, version)
    for name in ("CHANGELOG.md", CHANGELOG):
        shutil.copyfile(made / name, ROOT / name)
    for fragment in (ROOT / "changelogs/fragments").glob("*.yml"):
        if not (made / fragment.relative_to(ROOT)).exists():
            fragment.unlink()
    print("Look at `git diff`, commit, and tag it.")


def uncommitted() -> Iterator[str]:
    """Yield warnings about files that no commit has: the artefact contains only files that git tracks."""
    changes = git("status", "--short").splitlines()
    unknown = [change for change in changes if change.startswith("??")]
    if known := [change for change in changes if change not in unknown]:
        yield from ["The artefact holds what no commit has:", *known]
    if unknown:
        yield from ["The artefact lacks what git doesn't know:", *unknown]


def main() -> None:
    """Make the release named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("version", help="as in 1.0.0")
    parser.add_argument("--write", action="store_true", help="also write version and changelog to this checkout")
    options = parser.parse_args()
    if not VERSION.fullmatch(options.version):
        parser.error(f"{options.version!r} is no semantic version, such as 1.0.0.")
    check_version(options.version)
    for line in uncommitted():
        print(line, file=sys.stderr)
    shutil.rmtree(RELEASE, ignore_errors=True)
    date = source_date()
    copy_checkout(SOURCES, untracked=False)
    first, second = (make_release(name, options.version, date) for name in ("first", "second"))
    if first.read_bytes() != second.read_bytes():
        raise SystemExit(f"{first} and {second} differ.")
    try_out(first)
    artefact = first.rename(RELEASE / first.name)
    print(f"{hashlib.sha256(artefact.read_bytes()).hexdigest()}  {artefact.relative_to(ROOT)}")
    if options.write:
        write_back(options.version)


if __name__ == "__main__":
    main()
