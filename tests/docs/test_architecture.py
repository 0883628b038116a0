# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/architecture.md is true: its list of files is the tree's, and its arrows are the imports between rooms."""

from __future__ import annotations

import re
from pathlib import Path

from .collection import ROOT
from .test_import_boundaries import OURS, imports, within

PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
# The diagram's name of each room; sets of files with the same name are drawn as one box.
BOXES = {
    "front": ("plugins/modules", "plugins/action", "plugins/inventory", "plugins/lookup", "plugins/plugin_utils"),
    "tasks": ("plugins/module_utils/_tasks",),
    "run": ("plugins/module_utils/_run",),
    "api": ("plugins/module_utils/_api",),
    "session": ("plugins/module_utils/_session",),
    "evidence": ("plugins/module_utils/_evidence",),
    "ground": ("plugins/module_utils",),
}


def listed() -> dict[str, list[str]]:
    """Return each folder's file names, as the page lists them."""
    block = PAGE.split("```text\n")[1].split("```")[0]
    folders: dict[str, list[str]] = {}
    folder = ""
    for line in block.splitlines():
        first, *names = line.split()
        if line.startswith(first):
            folder = first.rstrip("/")
            folders[folder] = names
        else:
            folders[folder] += [first, *names]
    return folders


def names_in(folder: Path) -> list[str]:
    if folder.name == "roles":
        return sorted(path.name for path in folder.iterdir() if (path / "meta").is_dir())
    return sorted(path.stem for path in folder.glob("*.py") if path.name != "__init__.py")


def rooms() -> list[Path]:
    """Return each folder with Python files of the collection, and the roles."""
    holding = {path.parent for top in ("plugins", "extensions") for path in (ROOT / top).rglob("*.py")}
    return sorted({*holding, ROOT / "roles"})


def test_the_page_lists_each_file() -> None:
    assert {folder: sorted(names) for folder, names in listed().items()} == {
        str(room.relative_to(ROOT)): names_in(room) for room in rooms()
    }


def test_the_arrows_are_the_imports_between_rooms() -> None:
    box_of = {folder: box for box, folders in BOXES.items() for folder in folders}
    by_length = sorted(box_of, key=len, reverse=True)
    found = set()
    for folder, box in box_of.items():
        for path in (ROOT / folder).glob("*.py"):
            for name in imports(path):
                target = next((each for each in by_length if within(name, f"{OURS}.{each.replace('/', '.')}")), None)
                if target and box_of[target] != box and "simulator" not in name:
                    found.add((box, box_of[target]))
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    assert drawn == found
