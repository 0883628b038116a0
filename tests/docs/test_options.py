# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of each module: the module takes what the documentation promises."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.wawp.cloud.tests.docs.collection import MODULES, NAMESPACE, arguments, documentation, plugins


def facts_of_spec(spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the facts of an argument spec that a user can notice, in the terms of the documentation."""
    return {
        name: {
            "type": option.get("type", "str"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": list(option["choices"]) if option.get("choices") else None,
            "elements": option.get("elements"),
            "aliases": sorted(option.get("aliases", [])),
            "environment": sorted(option["fallback"][1]) if "fallback" in option else [],
            "options": facts_of_spec(option.get("options") or {}),
        }
        for name, option in spec.items()
    }


def facts_of_documentation(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the same facts from the documentation; of environment variables only Wawp's."""
    return {
        name: {
            "type": option.get("type", "str"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "elements": option.get("elements"),
            "aliases": sorted(option.get("aliases", [])),
            "environment": sorted(re.findall(r"E\((WAWP_\w+)\)", "\n".join(option["description"]))),
            "options": facts_of_documentation(option.get("suboptions") or {}),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("module", MODULES)
def test_documented_options_are_those_of_the_module(module: str) -> None:
    documented = facts_of_documentation(documentation()[module]["doc"]["options"])

    assert documented == facts_of_spec(arguments(module)["argument_spec"])


@pytest.mark.parametrize("module", MODULES)
def test_tokens_are_secret(module: str) -> None:
    spec = arguments(module)["argument_spec"]
    tokens = {name: option.get("no_log") for name, option in spec.items() if re.search("token|secret|password", name)}

    assert set(tokens.values()) <= {True}


@pytest.mark.parametrize("name", plugins("action"))
def test_an_action_takes_the_options_of_its_module(name: str) -> None:
    action = importlib.import_module(f"ansible_collections.{NAMESPACE}.plugins.action.{name}").ActionModule

    assert facts_of_spec(action.spec) == facts_of_spec(arguments(name)["argument_spec"])


@pytest.mark.parametrize("module", MODULES)
def test_every_option_that_a_text_names_exists(module: str) -> None:
    doc = documentation()[module]
    named = set(re.findall(r"O\(([a-z_]+)[=)]", str([doc["doc"], doc["return"]])))

    assert named <= set(doc["doc"]["options"])
