# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles' argument specs: the same everywhere, with the roles' defaults, and only for variables that they use."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wawp.cloud.tests.docs.collection import ROOT

RUNBOOKS = sorted(path.parts[-3] for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
# Variables that only the playbooks use, since a role runs on the hosts of the play that includes it.
PLAYBOOK_ONLY = {"wawp_hosts"}
VARIABLE = re.compile(r"(?<![\w./])wawp_\w+")


@functools.cache
def options(role: str) -> dict[str, Any]:
    """Return the variables of a role, as its argument spec documents them."""
    specs = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return found


def used(role: str) -> set[str]:
    """Return the variables that a role's tasks name, including shared tasks."""
    paths = [ROOT / f"roles/{role}/tasks/main.yml"]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        shared = (
            ROOT / f"roles/runbook/tasks/{name}" for name in re.findall(r"(?:tasks_from|_tasks): (\w+\.yml)", text)
        )
        paths += [each for each in shared if each not in paths]
    return {name for path in paths for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}


def test_there_are_roles() -> None:
    assert {"decommission", "audit", "sandbox"} <= set(RUNBOOKS)


@pytest.mark.parametrize("role", RUNBOOKS)
def test_the_defaults_are_those_that_are_documented(role: str) -> None:
    defaults = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text(encoding="utf-8"))

    documented = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert defaults == {name: value for name, value in documented.items() if name not in PLAYBOOK_ONLY}


@pytest.mark.parametrize("role", RUNBOOKS)
def test_a_role_takes_the_variables_that_it_documents(role: str) -> None:
    """Variables beginning with __wawp_ are internal to a role."""
    taken = used(role)

    # Shared tasks may name a variable of another role, with a default.
    assert set(options(role)) - PLAYBOOK_ONLY - taken == set()
    assert taken <= {name for each in RUNBOOKS for name in options(each)}


def test_an_option_of_several_roles_is_the_same_in_all() -> None:
    """Except for the report's heading, which is by default the runbook's."""
    seen: dict[str, Any] = {}
    for role in RUNBOOKS:
        for name, option in options(role).items():
            facts = {key: value for key, value in option.items() if (name, key) != ("wawp_report_title", "default")}
            assert seen.setdefault(name, facts) == facts, f"{name} of {role}"


@pytest.mark.parametrize("role", RUNBOOKS)
def test_a_playbook_is_a_few_lines_over_its_role(role: str) -> None:
    (play,) = yaml.safe_load((ROOT / f"playbooks/{role}.yml").read_text(encoding="utf-8"))
    task, *others = play["tasks"]

    assert play["hosts"] == "{{ lookup('wawp.cloud.runbook_hosts') }}"
    assert task["ansible.builtin.include_role"] == {"name": f"wawp.cloud.{role}"}
    # Once for all hosts: the first one's batch ends the play.
    ends = [other.get("ansible.builtin.meta") for other in others]
    assert (play.get("serial"), ends) in [(1, ["end_play"]), (None, [])]


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*")), ids=lambda path: path.name)
def test_galaxy_shows_of_a_role_what_its_argument_spec_says(path: Path) -> None:
    """Galaxy refuses a role without a README, and complains about one without a description."""
    assert (path / "README.md").is_file()
    shown = yaml.safe_load((path / "meta/main.yml").read_text(encoding="utf-8"))["galaxy_info"]["description"]
    if path.name in RUNBOOKS:
        specs = yaml.safe_load((path / "meta/argument_specs.yml").read_text(encoding="utf-8"))
        assert shown == specs["argument_specs"]["main"]["short_description"]
