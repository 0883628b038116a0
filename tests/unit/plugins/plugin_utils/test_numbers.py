# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates whose number Ansible turned into text before the task could see it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils._numbers import made_of_numbers

NAME = "wawp.cloud.wawp_session"
VARIABLES: dict[str, Any] = {
    "number": 1402433619,  # as YAML reads 012345670123
    "text": "012345670123",
    "people": [{"id": 1402433619}, {"id": "012345670123"}],
    "named": "{{ people[0].id }}",
    "twice": "{{ named }}",
    "good": "{{ people[1].id }}",
    "itself": "{{ itself }}",
}
OPTIONS = ("instance_id", "instances", "entries")


class Templar:
    """A templar that evaluates like ansible-core 2.16: the result is text."""

    available_variables = VARIABLES

    def template(self, text: str) -> str:
        return jinja2.Environment().from_string(text).render(VARIABLES)  # noqa: S701 - no HTML


def found(written: Any, came_out: Any, place: str = NAME, option: str = "instance_id") -> list[str]:
    task = SimpleNamespace(action=NAME, args={option: came_out}, get_ds=lambda: {"name": "x", place: {option: written}})
    return made_of_numbers(task, Templar())


@pytest.mark.parametrize(
    "written",
    [
        "{{ number }}",
        "{{people[0].id}}",
        "{{ number | default('x') }}",
        "{{ people[0]['id'] }}",
        "{{ named }}",
        "{{ twice }}",
    ],
)
@pytest.mark.parametrize("place", [NAME, "wawp_session", "args", "action"])
def test_a_number_is_seen(written: str, place: str) -> None:
    assert found(written, "1402433619", place) == ["instance_id"]


@pytest.mark.parametrize(
    "written",
    ["012345670123", "{{ text }}", "{{ people[1].id }}", "{{ text | trim }}", "{{ good }}", "{{ text }}{{ '' }}"],
)
def test_text_is_text(written: str) -> None:
    assert found(written, "012345670123") == []


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("entry", ["{{ number }}", {"instance_id": "{{ number }}", "name": "{{ text }}"}])
def test_lists_and_their_entries_are_looked_into(option: str, entry: Any) -> None:
    came_out = {"instance_id": "1402433619", "name": "x"} if isinstance(entry, dict) else "1402433619"
    assert found(["A1", entry], ["A1", came_out], option=option) == [option]


def test_what_is_no_digits_is_evaluated_once_only() -> None:
    """A lookup may ask a person, or be random."""
    assert found("{{ undefined.attribute }}", "3EB0BCB2E3D4") == []


@pytest.mark.parametrize(
    "written", ["{{ number }}{{ '' }}", "{{ number | string }}", "{% if true %}{{ number }}{% endif %}"]
)
def test_what_cannot_be_told_apart(written: str) -> None:
    """As docs/troubleshooting.md says."""
    assert found(written, "1402433619") == []


def test_a_variable_that_names_itself_ends() -> None:
    assert found("{{ itself }}", "1") == []


def test_options_in_other_forms() -> None:
    assert made_of_numbers(SimpleNamespace(action=NAME, args={}, get_ds=lambda: None), Templar()) == []
    assert found({"instance_id": 1}, "1") == []
