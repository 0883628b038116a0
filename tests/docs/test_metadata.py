# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts that the collection states in several places are the same in all of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._version import VERSION
from ansible_collections.wawp.cloud.tests.docs.collection import (
    MODULES,
    NAMESPACE,
    ROOT,
    arguments,
    documentation,
    source_file,
)

ATTRIBUTES = {"async", "check_mode", "diff_mode", "idempotent"}


def calls_the_api(module: str) -> bool:
    """Whether a module takes the options of the action group."""
    return {"access_token", "api_url"} <= set(arguments(module)["argument_spec"])


def test_the_action_group_lists_exactly_the_modules_that_call_the_api() -> None:
    groups = source_file("meta/runtime.yml")["action_groups"]

    assert groups == {"wawp": [name for name in MODULES if calls_the_api(name)]}


@pytest.mark.parametrize("module", MODULES)
def test_membership_in_the_action_group_is_documented(module: str) -> None:
    membership = documentation()[module]["doc"]["attributes"].get("action_group", {}).get("membership", [])

    assert membership == ([f"{NAMESPACE}.wawp"] if calls_the_api(module) else [])


@pytest.mark.parametrize("module", MODULES)
def test_attributes_are_complete_and_partial_support_is_explained(module: str) -> None:
    attributes = documentation()[module]["doc"]["attributes"]

    assert set(attributes) - {"action_group"} == ATTRIBUTES
    assert all(facts["support"] in ("full", "partial", "none", "N/A") for facts in attributes.values())
    assert all(facts.get("details") for facts in attributes.values() if facts["support"] == "partial")


@pytest.mark.parametrize("module", MODULES)
def test_check_mode_is_promised_by_those_that_have_it(module: str) -> None:
    promised = documentation()[module]["doc"]["attributes"]["check_mode"]["support"] == "full"

    assert promised == arguments(module)["supports_check_mode"]


@pytest.mark.parametrize(("kind", "name"), [*(("module", name) for name in MODULES), ("inventory", "wawp")])
def test_what_is_worth_seeing_too_exists(kind: str, name: str) -> None:
    seen = documentation(kind)[name]["doc"]["seealso"]
    guides = [each["link"] for each in seen if "link" in each]
    home = f"{source_file('galaxy.yml')['repository']}/blob/main/"

    assert {each["module"].rpartition(".")[2] for each in seen if "module" in each} <= set(MODULES) - {name}
    assert [link for link in guides if not (link.startswith(home) and (ROOT / link.removeprefix(home)).is_file())] == []


def test_every_documentation_fragment_is_used() -> None:
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("plugins/*/*.py")]
    used = set(re.findall(rf"^ *- ({re.escape(NAMESPACE)}\.\w+(?:\.\w+)?)$", "\n".join(sources), re.MULTILINE))

    assert used >= fragments()


def fragments() -> set[str]:
    """Return the names of all fragments, as extends_documentation_fragment has them."""
    found = set()
    for path in ROOT.glob("plugins/doc_fragments/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
                part = node.targets[0].id.lower()
                found.add(f"{NAMESPACE}.{path.stem}" + ("" if part == "documentation" else f".{part}"))
    assert found
    return found


def test_the_readme_has_the_sections_that_certification_asks_for() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## (.+)$", text, re.MULTILINE))

    assert sections >= {
        "Description",
        "Requirements",
        "Installation",
        "Use cases",
        "Testing",
        "Support",
        "Release notes",
        "License",
    }


def test_the_version_is_the_same_everywhere() -> None:
    assert source_file("galaxy.yml")["version"] == VERSION


def test_the_tested_cores_and_pythons_are_the_same_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    facts = dict(re.findall(r'^"(2\.\d+)" = \{(.*)', project, re.MULTILINE))
    cores, pythons = list(facts), set(re.findall(r'"(3\.\d+)"', "".join(facts.values())))
    jobs = source_file(".github/workflows/test.yml")["jobs"]
    installed = [
        step["with"]["python-version"] for job in jobs.values() for step in job["steps"] if "python" in str(step)
    ]

    assert jobs["compat"]["strategy"]["matrix"]["core"] == cores
    assert [set(each.split()) for each in installed] == [pythons, pythons]
    assert source_file("meta/runtime.yml")["requires_ansible"] == f">={cores[0]}.0"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_newer_than_the_collection(module: str) -> None:
    added = documentation()[module]["doc"]["version_added"]

    # A version to come, as in 1.1.0-dev0, has what will be new in it.
    assert [int(part) for part in added.split(".")] <= [int(part) for part in VERSION.partition("-")[0].split(".")]


@pytest.mark.parametrize("path", sorted(ROOT.glob("playbooks/event_*.yml")), ids=lambda path: path.stem)
def test_a_playbook_lists_the_variables_that_it_takes_at_its_head(path: Path) -> None:
    """Its page on the site is made from this list. Variables with wawp_ may also be internal."""
    head, dummy, body = path.read_text(encoding="utf-8").partition("\n- ")
    listed = re.findall(r"^#   ([a-z_]+(?:, [a-z_]+)*)(?:  .*)?$", head, re.MULTILINE)
    taken = set(re.findall(r"\{\{ ([a-z_]+) \| default\(", body))

    assert {name for name in taken if not name.startswith("wawp_")} <= {
        each for line in listed for each in line.split(", ")
    }
