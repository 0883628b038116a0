# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the code blocks of a Markdown page and runs them as a reader would, from top to bottom.

- Shell blocks of a page run in one shell, in an empty folder, with the collection, a simulator and a token.
  Any failing command ends the page. Lines in NOT_RUN are left out, those in INSTEAD are replaced.
  The vault's password is set, so that there is no prompt.
- YAML is parsed. A block whose first line is a comment with a file name (``# logout.yml``) becomes that file for the
  page's shell blocks, which must run it if it is a play. Tasks are run, on localhost and with VARIABLES.
- JSON is parsed. Every other language must be one of SHOWN, and such a block must not hold a command.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN
from ansible_collections.wawp.cloud.tests.docs.collection import BIN, ROOT, run

# Line to the reason why it isn't run here.
NOT_RUN: dict[str, str] = {
    "ansible-galaxy collection install wawp.cloud": "tests reach no Galaxy; tools/package.py installs the artefact",
    "python3 -m pip install requests": "the environment of the tests has it",
    "python3 -m pip install ansible-core requests": "so it has",
    "python3 -m venv wawp": "that environment is the one meant here",
    ". wawp/bin/activate": "as above",
    "make test": "runs this test",
    "ansible-rulebook --rulebook wawp.cloud.lost_link --inventory inventory.yml --vars events.yml": "see tests/eda",
    "ansible-playbook wawp.cloud.event_setup -e @events.yml": "needs that rulebook; see tests/eda",
    "tail -f /var/tmp/retire-office.jsonl": "never ends",
    "ansible-builder build --tag wawp-ee": "needs a container engine; see test_execution_environment.py",
}
# Part of a command to its replacement here.
INSTEAD: dict[str, str] = {
    "make demo": f"python {ROOT}/tools/demo.py",  # make would rebuild the environment in which this runs
    # Nobody can enter a password, and an editor has no terminal.
    " --ask-vault-pass": "",
    "ansible-vault create": f"ansible-vault encrypt_string --name vault_wawp_token {SANDBOX_TOKEN} --output",
    "ansible-playbook wawp.cloud.sandbox": "ansible-playbook wawp.cloud.sandbox -e wawp_sandbox_port=0",
    # The simulator there has no delays, so there is no drift to wait for.
    ' -e \'{"wawp_check_confirm"': ' -e wawp_check_drift=0 -e \'{"wawp_check_confirm"',
    "/var/tmp/": "./",  # noqa: S108 - taken out, not used
    # Words that a reader copies from earlier output: the plan's phrase, the report's name, its last hash.
    "confirm=decommission-2-a1b2-c3d4-e5f6-0718-293a": "confirm=$(ansible-playbook wawp.cloud.decommission --check"
    " -e wawp_instances_csv=$PWD/office.csv | grep -o 'decommission-2-[0-9a-f-]*' | head -n 1)",
    "wawp_reports/audit-20261122T013000.123Z.json": "$(ls wawp_reports/audit-*.json)",
    " report.json": " wawp_reports/audit-*.json",
    "head=5f8a6d1c…": 'head=$(sed -n \'s/.*"head": "\\(.*\\)".*/\\1/p\' wawp_reports/audit-*.json)',
}

# Variables that the tasks of pages take for granted.
VARIABLES = {"office_instances": ["3EB0BCB2E3D4", "3EB0BCB2E3D5"]}

SHELL = {"sh", "shell", "bash"}
YAML = {"yaml", "yml"}
JSON = {"json"}
SHOWN = {"text", "mermaid", "ini", "csv", "html"}

# The address of the documentation's sandbox. The tests use another one, on a free port.
SANDBOX = "127.0.0.1:9297"

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)[ ]*(?P<language>[\w+-]*)[^\n`]*$")
_COMMAND = re.compile(r"^ *(?:\$ )?(?:ansible[\w-]*|curl|make|python3?) ", re.MULTILINE)
_FILE = re.compile(r"^# ([\w.-]+\.(?:yml|yaml))\b")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, the number of its first line, and its text."""

    language: str
    line: int
    text: str


def blocks(text: str) -> list[Block]:
    """Return the fenced code blocks of a page. Raises ValueError for one that isn't closed."""
    found: list[Block] = []
    opening: re.Match[str] | None = None
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.match(line)
        if opening is None:
            opening, lines = match, []
        elif line.strip() == opening["fence"]:
            indent = len(opening["indent"])
            content = "".join(f"{each[indent:]}\n" for each in lines)
            found.append(Block(opening["language"].lower(), number - len(lines), content))
            opening = None
        else:
            lines.append(line)
    if opening is not None:
        raise ValueError("a code block is never closed")
    return found


def pages() -> list[Path]:
    """Return the pages that users read."""
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]


def problems(page: str, home: Path, url: str) -> list[str]:
    """Return the problems of a page's text. `home` is an empty folder, `url` the simulator's."""
    found = []
    every = blocks(page)
    shell = [block for block in every if block.language in SHELL]
    ran = "\n".join(adapted(block.text, url) for block in shell)
    for block in every:
        if block.language in YAML:
            found += yaml_problems(block, home, url, ran)
        elif block.language in JSON:
            found += json_problems(block)
        elif block.language in SHOWN:
            found += shown_problems(block)
        elif block.language not in SHELL:
            found.append(f"line {block.line}: no language that we know: {block.language!r}")
    return found + shell_problems(shell, home, url)


def json_problems(block: Block) -> list[str]:
    """Return the problems of a JSON block that can't be parsed."""
    try:
        json.loads(block.text)
    except ValueError as error:
        return [f"line {block.line}: no JSON: {error}"]
    return []


def shown_problems(block: Block) -> list[str]:
    """Return the problems of a block that isn't run but holds a command."""
    command = _COMMAND.search(block.text)
    return [f"line {block.line}: a command in a block that isn't run: {command[0].strip()}"] if command else []


class _Loader(yaml.SafeLoader):
    """A loader that reads Ansible's tags as plain text."""


_Loader.add_constructor("!vault", lambda loader, node: str(node.value))
_Loader.add_constructor("!unsafe", lambda loader, node: str(node.value))


def yaml_problems(block: Block, home: Path, url: str, ran: str) -> list[str]:
    """Return the problems of a YAML block that can't be parsed, whose tasks fail, or whose plays aren't in `ran`.

    Writes it to its file if it names one. `ran` holds the page's shell blocks.
    """
    named = _FILE.match(block.text)
    if named:
        if (home / named[1]).exists():
            return [f"line {block.line}: there is a {named[1]} already"]
        (home / named[1]).write_text(block.text, encoding="utf-8")
    try:
        content: Any = yaml.load(block.text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        return [f"line {block.line}: no YAML: {error}"]
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        return []
    plays = [item for item in content if "hosts" in item or any(key.endswith("import_playbook") for key in item)]
    if plays and named and named[1] in ran:
        return []  # the page's commands run it
    done = syntax_checked(block.text, home) if plays else tasks_run(block.text, home, url)
    found = [f"line {block.line}: {done.stdout}"] if done.returncode else []
    if plays:
        found.append(f"line {block.line}: a play that no command of the page runs")
    return found


def syntax_checked(text: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Check the syntax of plays that the page's shell blocks don't run: this names a typo's line, but skips options."""
    playbook = home / ".checked.yml"
    playbook.write_text(text, encoding="utf-8")
    done = run([BIN / "ansible-playbook", "--syntax-check", playbook], home)
    playbook.unlink()
    return done


def tasks_run(text: str, home: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run tasks unchanged."""
    playbook = home / ".tasks.yml"
    play = "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
    playbook.write_text(play + indented(adapted(text.replace("---\n", ""), url)), encoding="utf-8")
    done = run([BIN / "ansible-playbook", "-e", json.dumps(VARIABLES), playbook], home, url)
    playbook.unlink()
    return done


def indented(text: str) -> str:
    """Indent a text to stand below `tasks:`."""
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def shell_problems(shell_blocks: Sequence[Block], home: Path, url: str) -> list[str]:
    """Return the problems of a page's shell blocks, run in order."""
    if not shell_blocks:
        return []
    (home / ".curlrc").write_text("fail-with-body\n", encoding="utf-8")
    (home / ".vault-password").write_text("rehearsal\n", encoding="utf-8")
    (home / "group_vars/all").mkdir(parents=True)
    script = ["set -eu", f"trap {shlex.quote(stop_sandbox())} EXIT"]
    for block in shell_blocks:
        script += [f"echo '== line {block.line}'", adapted(block.text, url)]
    vault = {"ANSIBLE_VAULT_PASSWORD_FILE": f"{home}/.vault-password"}
    done = run(["bash", "-c", "\n".join(script)], home, url, **vault)
    return [done.stdout] if done.returncode else []


def commands(text: str) -> list[str]:
    """Return the lines of a shell block without trailing comments."""
    return [re.sub(r"\s+# .*", "", line).strip() for line in text.splitlines()]


def adapted(text: str, url: str) -> str:
    """Adapt a shell block to run here."""
    kept = [line for line, command in zip(text.splitlines(), commands(text)) if command not in NOT_RUN]
    text = "\n".join(kept).replace(SANDBOX, url.partition("//")[2])
    for part, other in INSTEAD.items():
        text = text.replace(part, other)
    return text


def stop_sandbox() -> str:
    """Return a command that ends the page's sandbox if the page left it running."""
    ready = "$HOME/.ansible/wawp_sandbox/ready.json"
    folder = shlex.quote(str(ROOT / "plugins/plugin_utils"))
    return f'test ! -e "{ready}" || (cd {folder} && python -m simulator --stop --ready-file "{ready}")'
