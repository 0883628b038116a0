# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set up the virtual environments of the project: `python tools/environments.py {demo,dev,lowest,CORE}`.

`demo` and `dev` fill `.venv` with the dependency group of that name and the newest ansible-core that the best Python
found supports; `lowest` makes `.work/venv-lowest` with the oldest requests that the collection allows, CORE (as in
2.18) `.work/venv-2.18` for ansible-test. Prints the environment's path.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work"
TREE = WORK / "tree"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CORES: dict[str, dict[str, Any]] = PROJECT["tool"]["wawp"]["ansible-core"]


def git(*arguments: str) -> str:
    """Return what git says of this checkout."""
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"This needs git, and a clone with a commit: {error}") from None


def sort_key(version: str) -> list[int]:
    """Order versions like 3.9 and 3.10 by their numbers."""
    return [int(part) for part in version.split(".") if part.isdigit()]


def real_interpreter(candidate: Path, version: str) -> Path | None:
    """Return the interpreter behind `candidate`, or None unless it runs, is `version` and can make environments."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2], sys._base_executable)"
    try:
        result = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    found, dummy, path = result.stdout.strip().partition(" ")
    return Path(path) if found == version else None


def candidates(version: str) -> Iterator[Path]:
    """Yield where Python `version` may be: pyenv's versions, newest first, then PATH."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob(f"{version}.*/bin/python{version}"), key=lambda p: sort_key(p.parts[-3]), reverse=True)
    for folder in os.get_exec_path():
        path = Path(folder, f"python{version}")
        if path.is_file():
            yield path


@functools.cache
def interpreters() -> dict[str, Path]:
    """Return the Pythons of this machine that the collection supports, oldest first: version to interpreter."""
    versions = {v for core in CORES.values() for v in itertools.chain(core["controller"], core["target"])}
    found = {}
    for version in sorted(versions, key=sort_key):
        real = next(filter(None, (real_interpreter(path, version) for path in candidates(version))), None)
        if real:
            found[version] = real
    return found


def newest_core(python: str) -> str:
    """Return the newest ansible-core that runs on Python `python`."""
    return max((core for core, facts in CORES.items() if python in facts["controller"]), key=sort_key)


def best_python(core: str | None = None) -> str:
    """Return the newest Python of this machine that `core`, or else any ansible-core, runs on."""
    cores = [CORES[core]] if core else CORES.values()
    usable = [v for v in interpreters() if any(v in facts["controller"] for facts in cores)]
    if not usable:
        needed = CORES[core]["controller"] if core else ["3.11", "or later"]
        raise SystemExit(f"ansible-core {core or ''} needs a Python that was not found: {' '.join(needed)}")
    return usable[-1]


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of pyproject.toml."""
    requirements: list[str] = []
    for entry in PROJECT["dependency-groups"][name]:
        requirements += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return requirements


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Keep other processes of this checkout out while the environment or cache `name` is made."""
    WORK.mkdir(exist_ok=True)
    with (WORK / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install(venv: Path, python: str, requirements: list[str], stamp: str) -> Path:
    """Make `venv` hold `requirements`; returns at once if the stamp of an earlier call says that it does."""
    wanted = hashlib.sha256("\n".join([python, *requirements]).encode()).hexdigest()
    with lock(venv.name):
        mark = venv / stamp
        if mark.exists() and mark.read_text() == wanted:
            return venv
        if not list(venv.glob(f"lib/python{python}")):
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([interpreters()[python], "-m", "venv", venv], check=True)
        pip: list[str | Path] = [venv / "bin/python", "-m", "pip", "-qq", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, *requirements], check=True, stdout=sys.stderr)
        mark.write_text(wanted)
    return venv


def link_tree() -> None:
    """Let the checkout be found as ansible_collections/wawp/cloud below `.work/tree`."""
    link = TREE / "ansible_collections/wawp/cloud"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)


def project_environment(name: str) -> Path:
    """Set up `.venv` for the dependency group `name` (demo or dev)."""
    link_tree()
    python = best_python()
    core = CORES[newest_core(python)]["version"]
    return install(ROOT / ".venv", python, [f"ansible-core=={core}", *group(name)], f"wawp-{name}.stamp")


def core_environment(core: str) -> Path:
    """Set up `.work/venv-CORE`, with that ansible-core and what its ansible-test needs."""
    requirements = [f"ansible-core=={CORES[core]['version']}", *group("ansible-test")]
    return install(WORK / f"venv-{core}", best_python(core), requirements, "wawp.stamp")


def lowest_environment() -> Path:
    """Set up `.work/venv-lowest`, with the lowest versions that requirements.txt allows, to run the unit tests with."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    lowest = [line.replace(">=", "==") for line in lines if line and not line.startswith("#")]
    python = best_python()
    core = CORES[newest_core(python)]["version"]
    return install(WORK / "venv-lowest", python, [f"ansible-core=={core}", *lowest, *group("unit")], "wawp.stamp")


def events_environment() -> Path:
    """Set up `.work/venv-events`, with ansible-rulebook and what the event sources and their tests need."""
    link_tree()
    python = best_python()
    core = CORES[newest_core(python)]["version"]
    return install(WORK / "venv-events", python, [f"ansible-core=={core}", *group("events")], "wawp.stamp")


def main() -> None:
    """Set up the environment that the command line names."""
    names = ["demo", "dev", "events", "lowest", *CORES]
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        raise SystemExit(f"usage: {sys.argv[0]} {{{','.join(names)}}}")
    name = sys.argv[1]
    if name == "lowest":
        print(lowest_environment())
    elif name == "events":
        print(events_environment())
    else:
        print(core_environment(name) if name in CORES else project_environment(name))


if __name__ == "__main__":
    main()
