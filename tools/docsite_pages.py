# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages for things that antsibull-docs doesn't know: event sources, rulebooks and their playbooks."""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import to_rst

from project import ROOT

NAMESPACE = "wawp.cloud"
LICENCE = re.compile(r"# (Copyright|GNU General Public License|SPDX-)")
# Folder of pages: its title, and the place of their sources.
KINDS = {
    "event_sources": ("Event sources", "extensions/eda/plugins/event_source/*.py"),
    "event_playbooks": ("Playbooks that rulebooks run", "playbooks/event_*.yml"),
    "rulebooks": ("Rulebooks", "extensions/eda/rulebooks/*.yml"),
}


def sources(kind: str) -> list[Path]:
    """Return the source files for a kind of pages."""
    return sorted(ROOT.glob(KINDS[kind][1]))


def heading(text: str, underline: str) -> str:
    """Return a title."""
    return f"{text}\n{underline * len(text)}\n"


def block(language: str, text: str) -> str:
    """Return a literal block of text, coloured as `language`."""
    return f".. code-block:: {language}\n\n{textwrap.indent(text.strip(), '    ')}\n"


def entry(term: str, text: str) -> str:
    """Return an entry of a definition list."""
    return f"{term}\n{textwrap.indent(text, '    ')}\n"


def prose(description: str | list[str]) -> str:
    """Convert a description from Ansible's semantic markup to reStructuredText; invalid markup is an error."""
    text = [description] if isinstance(description, str) else description
    # Environment variables can be linked only if a plugin's documentation declares them, which these can't.
    return str(to_rst(parse(text, Context(), errors="exception"))).replace(":envvar:", ":literal:")


def constants(source: Path) -> dict[str, str]:
    """Return the string constants of a Python module, such as DOCUMENTATION."""
    return {
        target.id: node.value.value
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def option(name: str, facts: dict[str, Any]) -> str:
    """Return the documentation of one option."""
    kind = f"{facts['type']} of {facts['elements']}" if "elements" in facts else facts["type"]
    notes = [kind, *(["required"] if facts.get("required") else [])]
    if "default" in facts:
        notes.append(f"default {yaml.safe_dump(facts['default']).split()[0]}")
    return entry(f"``{name}`` ({', '.join(notes)})", prose(facts["description"]))


def event_source_page(source: Path) -> str:
    """Return the page of an event source."""
    texts = constants(source)
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    notes = documentation.get("notes", [])
    return "\n".join(
        [
            heading(f"{NAMESPACE}.{source.stem} event source", "="),
            prose(documentation["short_description"]) + ".\n",
            f"New in {NAMESPACE} {documentation['version_added']}. Needs {', '.join(documentation['requirements'])}.\n",
            prose(documentation["description"]) + "\n",
            heading("Options", "-"),
            *(option(name, facts) for name, facts in documentation["options"].items()),
            heading("Examples", "-"),
            block("yaml+jinja", texts["EXAMPLES"]),
            *([heading("Notes", "-"), *(f"- {prose(note)}\n" for note in notes)] if notes else []),
        ]
    )


def header(source: Path) -> list[str]:
    """Return the lines of the comment at the head of a YAML file, without its licence."""
    lines = source.read_text(encoding="utf-8").splitlines()
    comment = (line for line in lines[: next(i for i, line in enumerate(lines) if line.startswith("- "))] if line)
    return [line[2:] for line in comment if line.startswith("#") and not LICENCE.match(line)]


def header_part(indented: bool, lines: list[str]) -> Iterator[str]:
    """Convert a run of lines of a header: prose, or indented lines, which are commands or names with their meanings."""
    text = textwrap.dedent("\n".join(lines))
    if not indented:
        # The sentence about the list below becomes a separate paragraph.
        yield to_rst(parse(re.sub(r"\.\n(?=.*:\Z)", ".\n\n", text).split("\n\n"), Context())) + "\n"
    elif text.startswith("ansible-"):
        yield block("shell", text)
    else:
        for line in text.splitlines():
            name, dummy, meaning = line.partition("  ")
            yield entry(f"``{name}``", to_rst(parse([meaning.strip() or "\\"], Context())))


def playbook_page(source: Path, kind: str) -> str:
    """Return the page of a playbook or rulebook: its header comment, and its whole source."""
    parts = [heading(f"{NAMESPACE}.{source.stem} {kind}", "=")]
    for indented, lines in itertools.groupby(header(source), key=lambda line: line.startswith("  ")):
        parts += header_part(indented, list(lines))
    body = source.read_text(encoding="utf-8")
    return "\n".join([*parts, heading("Source", "-"), block("yaml+jinja", body[body.index("\n- ") :])])


def summary(source: Path) -> str:
    """Describe an event source, playbook or rulebook in a sentence."""
    if source.suffix == ".py":
        return prose(yaml.safe_load(constants(source)["DOCUMENTATION"])["short_description"])
    first = " ".join(itertools.takewhile(lambda line: not line.startswith("  "), header(source)))
    return prose(re.split(r"[.:]$|\. ", first)[0])


def write_pages(kind: str, folder: Path) -> None:
    """Write the pages of a kind, and an index of them, to `folder`."""
    folder.mkdir()
    index = [heading(KINDS[kind][0], "=")]
    for source in sources(kind):
        page = (
            event_source_page(source) if source.suffix == ".py" else playbook_page(source, kind.rpartition("_")[2][:-1])
        )
        (folder / f"{source.stem}.rst").write_text(page, encoding="utf-8")
        index.append(f"* :doc:`{source.stem}` -- {summary(source)}")
    names = "".join(f"    {source.stem}\n" for source in sources(kind))
    index.append(f"\n.. toctree::\n    :hidden:\n\n{names}")
    (folder / "index.rst").write_text("\n".join(index), encoding="utf-8")
