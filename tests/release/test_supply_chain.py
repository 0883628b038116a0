# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that builds and publishes a release is pinned, and jobs with a secret have few permissions."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import ROOT, python

WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CHECK = "import pathlib, sys, docsite; docsite.check_integrity(pathlib.Path(sys.argv[1]), sys.argv[2])"


def jobs(workflow: str) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows" / workflow).read_text(encoding="utf-8"))["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))

    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", each)] == []


def test_an_action_has_one_commit_everywhere() -> None:
    used = {each for path in WORKFLOWS for each in re.findall(r"uses: (\S+@\S+)", path.read_text(encoding="utf-8"))}

    assert len(used) == len({each.partition("@")[0] for each in used})


def test_only_publishing_sees_the_token_and_it_runs_nothing_of_this_repository() -> None:
    release = jobs("release.yml")
    holding = [name for name, job in release.items() if "secrets." in str(job)]

    assert holding == ["galaxy"]
    job = release["galaxy"]
    assert job["permissions"] == {"contents": "read"}
    assert job["environment"] == "galaxy"
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    assert re.findall(r"\b(?:make|tools/|nox|\.venv)", commands) == []
    (checkout,) = [step for step in job["steps"] if "actions/checkout" in step.get("uses", "")]
    assert checkout["with"]["sparse-checkout"] == ".github/galaxy-requirements.txt"
    assert "--require-hashes" in commands


def test_no_other_job_of_a_release_may_write_but_the_one_that_only_uploads() -> None:
    release = jobs("release.yml")
    writing = [name for name, job in release.items() if "write" in job["permissions"].values()]

    assert writing == ["github"]
    assert [step["uses"].partition("@")[0] for step in release["github"]["steps"] if "uses" in step] == [
        "actions/download-artifact"
    ]


def test_what_publishes_is_the_tested_ansible_core_by_its_hashes() -> None:
    text = (ROOT / ".github/galaxy-requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    tested = re.findall(r'version = "([\d.]+)", pip', PROJECT)

    assert len(pins) == len(re.findall(r"^[\w-]+==", text, re.MULTILINE))
    assert {name: version for name, version, dummy in pins}["ansible-core"] in tested


def test_the_execution_environment_is_pinned() -> None:
    definition = yaml.safe_load((ROOT / "execution-environment.yml").read_text(encoding="utf-8"))
    wanted = definition["dependencies"]

    assert re.fullmatch(r"\S+:[\d.]+@sha256:[0-9a-f]{64}", definition["images"]["base_image"]["name"])
    assert [f'demo = ["{each}"]' in PROJECT for each in wanted["python"]] == [True]
    assert wanted["galaxy"]["collections"][0]["version"] == str(
        yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    )


def test_another_package_from_npm_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "mermaid.tgz"
    package.write_bytes(b"genuine")
    wanted = f"sha512-{base64.b64encode(hashlib.sha512(b'genuine').digest()).decode()}"

    assert python("-c", CHECK, package, wanted).returncode == 0
    package.write_bytes(b"forged")
    refused = python("-c", CHECK, package, wanted)
    assert refused.returncode == 1
    assert "is not what pyproject.toml wants" in refused.stdout
