# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command and every piece of YAML in README.md and docs/ does what the text around it says: it works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.docs.collection import ROOT
from ansible_collections.wawp.cloud.tests.docs.guides import (
    INSTEAD,
    NOT_RUN,
    SHELL,
    VARIABLES,
    blocks,
    commands,
    pages,
    problems,
)


def scene_for(text: str) -> list[dict[str, object]]:
    """Return the demo fleet, and a working session for each other instance that the text or its tasks name."""
    demo = fleet.built_in("demo")
    there = {instance["instance_id"] for instance in demo}
    account = {"account": "201012345678@c.us", "paid": True}
    named = dict.fromkeys(re.findall(r"\b(?=\w*[0-9])(?=\w*[A-F])[0-9A-F]{12,13}\b", f"{text} {VARIABLES}"))
    return demo + [{"instance_id": name, **account} for name in named if name not in there]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_all_blocks_of_a_page_work(page: Path, simulator: Server, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    fleet.load(simulator.engine, scene_for(text))

    assert problems(text, tmp_path, simulator.url) == []


def test_what_is_left_out_or_replaced_is_still_there() -> None:
    shell = "".join(
        block.text for page in pages() for block in blocks(page.read_text(encoding="utf-8")) if block.language in SHELL
    )

    assert set(NOT_RUN) <= set(commands(shell))
    assert [part for part in INSTEAD if part not in shell] == []


def test_the_kinds_of_sessions_in_the_sandbox_are_listed() -> None:
    text = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^Kinds: (.*?)\.\n\n", text, re.MULTILINE | re.DOTALL)

    assert re.findall(r"`(\w+)`", listed) == list(fleet.KINDS)


def test_the_readme_has_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert any(block.language in SHELL for block in blocks(text))


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```shell\ntrue\nfalse\ntrue\n```\n", "line 2"),
        ("```shell\ntrue\n```\n\n~~~~ bash\nls no-such-file\n~~~~\n", "line 6"),
        ("```shell\ncurl -s http://127.0.0.1:9297/_simulator/no-such-room\n```\n", "there is calls"),
        ("```yaml\na: [\n```\n", "line 2: no YAML"),
        ("1. Do:\n\n   ```yaml\n   - wawp.cloud.no_such_module:\n   ```\n", "no_such_module"),
        ("```yaml\n- hosts: all\n  tusks: []\n```\n", "tusks"),
        ("```yaml\n# a.yml\n- hosts: localhost\n```\n", "line 2: a play that no command of the page runs"),
        ("```yaml\n- ansible.builtin.assert:\n    that: false\n```\n", "Assertion failed"),
        ("```yaml\n- wawp.cloud.wawp_roster:\n    entry: [ONE]\n```\n", "entry. Supported parameters"),
        ("```json\n{\n```\n", "line 2: no JSON"),
        ("```\nls\n```\n", "no language"),
        ("```text\nWould be:\nansible-playbook site.yml\n```\n", "line 2: a command in a block that isn't run"),
        ("1. Do:\n\n   ```ini\n   $ python3 -m pip install a\n   ```\n", "line 4: a command"),
        ("```text\nmake test\n```\n", "line 2: a command"),
        ("```text\ncurl -s http://127.0.0.1\n```\n", "line 2: a command"),
        ("```yaml\n# a.yml\nb: 1\n```\n```yaml\n# a.yml\nb: 2\n```\n", "already"),
    ],
)
def test_a_page_that_does_not_work_is_found_out(page: str, problem: str, simulator: Server, tmp_path: Path) -> None:
    assert problem in "\n".join(problems(page, tmp_path, simulator.url))


@pytest.mark.parametrize(
    "page",
    [
        "No code.\n",
        "```shell\nexport A=1\n```\n```shell\ntest $A = 1\n```\n",
        "```yaml\n# vars.yml\nkey: !vault |\n  $ANSIBLE_VAULT\n```\n```shell\ngrep key vars.yml # as above\n```\n",
        "```yaml\n- name: A task\n  ansible.builtin.ping:\n```\n",
        "```shell\ncurl -s http://127.0.0.1:9297/_simulator/calls\ntest $WAWP_ACCESS_TOKEN = sandbox-token\n```\n",
        "```text\nwhatever\nansible: a word\n```\n",
    ],
)
def test_a_page_that_works_is_let_through(page: str, simulator: Server, tmp_path: Path) -> None:
    assert problems(page, tmp_path, simulator.url) == []


def test_a_block_that_is_never_closed_is_found_out() -> None:
    with pytest.raises(ValueError, match="never closed"):
        blocks("```shell\nls\n")
