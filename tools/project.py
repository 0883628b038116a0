# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout: its paths, its versions, its files, and the Pythons of this machine that it can use."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work"
TREE = WORK / "tree"
PYTHONS = WORK / "pythons"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORES: dict[str, dict[str, Any]] = PROJECT["tool"]["wawp"]["ansible-core"]


def git(*arguments: str) -> str:
    """Return git's output for this checkout; exit with a message if it isn't a repository with a commit."""
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"This needs git, and a clone with a commit: {error}") from None


def project_files(*, untracked: bool) -> set[Path]:
    """Return the files that git tracks, and if `untracked` those it would add, relative to the checkout."""
    others = ["--others", "--exclude-standard"] if untracked else []
    names = map(Path, filter(None, git("ls-files", "-z", "--cached", *others).split("\0")))
    return {name for name in names if (ROOT / name).is_file() or (ROOT / name).is_symlink()}


def copy_checkout(target: Path, *, untracked: bool = True) -> None:
    """Make `target` a repository with only the project's files, and keep its `tests/output`."""
    wanted = project_files(untracked=untracked)
    kept = [target / ".git", target / "tests/output"]
    for folder, folders, files in os.walk(target):
        folders[:] = [name for name in folders if Path(folder, name) not in kept]
        for path in (Path(folder, name) for name in files):
            if path.relative_to(target) not in wanted:
                path.unlink()
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).unlink(missing_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    # Without its own repository, ansible-test would use the checkout's, which ignores the copy.
    subprocess.run(["git", "init", "--quiet", target], check=True)


def link_tree() -> None:
    """Make the checkout importable as ansible_collections/wawp/cloud below `.work/tree`."""
    link = TREE / "ansible_collections/wawp/cloud"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)


def sort_key(version: str) -> list[int]:
    """Order versions such as 3.9 and 3.10 by their numbers."""
    return [int(part) for part in version.split(".") if part.isdigit()]


def real_interpreter(candidate: Path, version: str) -> Path | None:
    """Return the interpreter behind `candidate`, or None unless it runs, is `version` and has venv."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2], sys._base_executable)"
    try:
        result = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    found, dummy, path = result.stdout.strip().partition(" ")
    return Path(path) if found == version else None


def candidates(version: str) -> Iterator[Path]:
    """Yield possible paths of Python `version`: pyenv's, newest first, then PATH's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob(f"{version}.*/bin/python{version}"), key=lambda p: sort_key(p.parts[-3]), reverse=True)
    for folder in os.get_exec_path():
        path = Path(folder, f"python{version}")
        if path.is_file() and path.parent != PYTHONS:
            yield path


@functools.cache
def interpreters() -> list[str]:
    """Return the Pythons of this machine that the collection supports, oldest first.

    `.work/pythons` gets a link pythonX.Y to each. That folder must come first on PATH: version managers put shims there
    that only fail.
    """
    PYTHONS.mkdir(parents=True, exist_ok=True)
    versions = {version for core in CORES.values() for version in (*core["controller"], *core["target"])}
    for version in versions:
        link = PYTHONS / f"python{version}"
        if link.exists():
            continue
        real = next(filter(None, (real_interpreter(path, version) for path in candidates(version))), None)
        if real:
            made = PYTHONS / f".python{version}.{os.getpid()}"  # other processes may do the same at this moment
            made.symlink_to(real)
            made.replace(link)
    return sorted((path.name[6:] for path in PYTHONS.glob("python*") if path.exists()), key=sort_key)


def controller_python(core: str) -> str | None:
    """Return the newest Python of this machine that can be `core`'s controller."""
    return max((v for v in interpreters() if v in CORES[core]["controller"]), key=sort_key, default=None)


def module_pythons(core: str) -> list[str]:
    """Return the Pythons of this machine that `core` can run modules on, oldest first."""
    facts = CORES[core]
    return [version for version in interpreters() if version in (*facts["controller"], *facts["target"])]


def newest_core() -> str:
    """Return the newest released ansible-core that this machine has a controller's Python for."""
    usable = [core for core, facts in CORES.items() if "rc" not in facts["version"] and controller_python(core)]
    if not usable:
        raise SystemExit("No Python was found that a tested ansible-core runs on; pyproject.toml lists them.")
    return max(usable, key=sort_key)
