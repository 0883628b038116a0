# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Allowed imports: one rule for each room that docs/architecture.md draws, and purity by room."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .collection import ROOT

OURS = "ansible_collections.wawp.cloud"
UTILS = f"{OURS}.plugins.module_utils"
PLUGIN_UTILS = f"{OURS}.plugins.plugin_utils"
SIMULATOR = f"{PLUGIN_UTILS}.simulator"
GROUND = tuple(
    f"{UTILS}.{name}"
    for name in ("_errors", "_files", "_identity", "_json_values", "_numbers_in_text", "_redact", "_version")
)
MODEL = f"{UTILS}._session.model"
ACCOUNT = f"{UTILS}._session.account"
# Room to its allowed imports, besides Python's library and the room itself.
ROOMS: dict[str, tuple[str, ...]] = {
    "plugins/modules": (f"{UTILS}._tasks", f"{UTILS}._python"),
    "plugins/module_utils": GROUND,
    "plugins/module_utils/_session": GROUND,
    "plugins/module_utils/_api": (*GROUND, "requests", "urllib3"),
    "plugins/module_utils/_run": (*GROUND, f"{UTILS}._session"),
    "plugins/module_utils/_evidence": (*GROUND, MODEL),
    "plugins/module_utils/_tasks": (UTILS, "ansible.module_utils"),
    "plugins/action": (f"{UTILS}._tasks", PLUGIN_UTILS),
    "plugins/inventory": (UTILS, PLUGIN_UTILS, "ansible"),
    "plugins/lookup": (UTILS, PLUGIN_UTILS, "ansible"),
    "plugins/doc_fragments": (),
    "plugins/plugin_utils": (UTILS, "ansible", "yaml"),
    "plugins/plugin_utils/simulator": (),
    "extensions/eda/plugins/event_source": (f"{OURS}.extensions.eda.plugins._wawp",),
    "extensions/eda/plugins/_wawp": (
        f"{UTILS}._redact",
        f"{UTILS}._api.bodies",
        MODEL,
        ACCOUNT,
        "aiohttp",
    ),
}
# Rooms that decide, or word the evidence, know no clock, socket, thread or file. `datetime` is allowed for given times;
# nothing in these rooms may ask for the current time.
PURE_ROOMS = ("plugins/module_utils/_session", "plugins/module_utils/_evidence")
PURE_LIBRARY = {
    *(
        "__future__",
        "base64",
        "codecs",
        "collections",
        "csv",
        "dataclasses",
        "datetime",
        "functools",
        "hashlib",
        "html",
        "io",
    ),
    *("itertools", "json", "math", "re", "string", "typing", "unicodedata", "urllib"),
}
# The one file that talks to the API.
CLIENT = "plugins/module_utils/_api/client.py"


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of the modules that a file imports, anywhere in it."""
    package = [*OURS.split("."), *path.parent.relative_to(ROOT).parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (".".join([*base, name]) for name in names)


def calls(path: Path) -> set[str]:
    """Return the last names of the functions that a file calls."""
    functions = [
        node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    names = {each.id for each in functions if isinstance(each, ast.Name)}
    return names | {each.attr for each in functions if isinstance(each, ast.Attribute)}


def within(module: str, *allowed: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def files() -> list[Path]:
    return sorted(path for folder in ("plugins", "extensions") for path in (ROOT / folder).rglob("*.py"))


def room_of(path: Path) -> str:
    return str(path.parent.relative_to(ROOT))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_where_it_may(path: Path) -> None:
    room = room_of(path)
    itself = f"{OURS}.{room.replace('/', '.')}"
    foreign = {name for name in imports(path) if name.partition(".")[0] not in sys.stdlib_module_names}
    own = {name for name in foreign if name.rpartition(".")[0] == itself}
    assert [name for name in sorted(foreign - own) if not within(name, *ROOMS[room])] == []


@pytest.mark.parametrize("path", [path for path in files() if room_of(path) in PURE_ROOMS], ids=lambda path: path.name)
def test_decisions_and_evidence_do_no_io(path: Path) -> None:
    library = {name.partition(".")[0] for name in imports(path) if not within(name, OURS)}
    assert sorted(library - PURE_LIBRARY) == []
    assert not {"open", "print", "input"} & calls(path)
    assert not {"now", "utcnow", "today"} & calls(path)


def test_the_ground_floor_that_decisions_stand_on_does_no_io() -> None:
    """_files does; no pure room may import it."""
    pure = ("_errors", "_numbers_in_text", "_redact", "_version")
    for name in pure:
        imported = set(imports(ROOT / f"plugins/module_utils/{name}.py")) - {f"{UTILS}.{each}" for each in pure}
        library = {each.partition(".")[0] for each in imported}
        assert sorted(library - PURE_LIBRARY) == []
    users = {room_of(path) for path in files() if any(within(name, f"{UTILS}._files") for name in imports(path))}
    assert not users & set(PURE_ROOMS)


def test_one_file_of_the_event_sources_knows_where_the_collection_is() -> None:
    users = {
        path.name
        for path in files()
        if "extensions" in room_of(path) and any(within(name, UTILS) for name in imports(path))
    }
    assert users == {"collection.py"}


def test_one_file_talks_to_the_api() -> None:
    talking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "plugins").rglob("*.py")
        if any(within(name, "requests", "urllib3") for name in imports(path))
    }
    assert talking == {CLIENT}
