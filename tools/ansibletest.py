# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test of one ansible-core version on this checkout: `tools/ansible-test CORE ARGUMENT...`.

ansible-test insists on a folder `ansible_collections/wawp/cloud`, takes the interpreters that it finds on PATH, and
fetches a script to install pip from a host that not every network reaches. So this copies what git knows or would add
to `.work/CORE/ansible_collections/wawp/cloud` (its `tests/output` stays between runs), puts links to interpreters
that really run first on PATH, and writes that script beforehand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from environments import CORES, ROOT, WORK, core_environment, git, interpreters, lock

PIP_BOOTSTRAP = '''\
"""Stand-in for get-pip.py, written by tools/ansible-test of wawp.cloud: installs pip from the wheel beside it."""

import os
import runpy
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), {wheel!r}))
only_get_pip_knows = ("--no-setuptools", "--no-wheel")
sys.argv[1:] = ["install", "--upgrade"] + [a for a in sys.argv[1:] if a not in only_get_pip_knows]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def collection_copy(core: str) -> Path:
    """Return where the copy of the checkout for `core` is."""
    return WORK / core / "ansible_collections/wawp/cloud"


def project_files() -> set[Path]:
    """Return the files that git tracks or would add, relative to the checkout."""
    listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = map(Path, filter(None, listing.split("\0")))
    return {name for name in names if (ROOT / name).is_file() or (ROOT / name).is_symlink()}


def copy_checkout(target: Path) -> None:
    """Make `target` a repository that holds the project's files and nothing else but `tests/output`."""
    wanted = project_files()
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
    # Without a repository of its own ansible-test would ask the checkout's, which ignores the copy.
    subprocess.run(["git", "init", "--quiet", target], check=True)


def link_interpreters() -> Path:
    """Return a folder that holds a link pythonX.Y to each interpreter of this machine."""
    folder = WORK / "pythons"
    folder.mkdir(parents=True, exist_ok=True)
    with lock("pythons"):
        for version, interpreter in interpreters().items():
            link = folder / f"python{version}"
            if not link.is_symlink() or link.readlink() != interpreter:
                link.unlink(missing_ok=True)
                link.symlink_to(interpreter)
    return folder


def provide_pip(core: str, environment: Path) -> None:
    """Write the script with which ansible-test of `core` installs pip, unless there is one already."""
    version = CORES[core]["pip"]
    cache = Path.home() / ".ansible/test/cache"
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    with lock("get-pip"):
        if script.exists():
            return
        cache.mkdir(parents=True, exist_ok=True)
        pip: list[str | Path] = [environment / "bin/python", "-m", "pip", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "download", "--no-deps", "--dest", cache, f"pip=={version}"], check=True)
        partial = script.with_suffix(".partial")
        partial.write_text(PIP_BOOTSTRAP.format(wheel=f"pip-{version}-py3-none-any.whl"))
        partial.replace(script)


def run(core: str, arguments: list[str]) -> int:
    """Run ansible-test of `core` on a fresh copy of the checkout and return its exit code."""
    environment = core_environment(core)
    provide_pip(core, environment)
    copy = collection_copy(core)
    path = os.pathsep.join(map(str, [link_interpreters(), environment / "bin", *os.get_exec_path()]))
    variables = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}
    with ExitStack() as locks:
        locks.enter_context(lock(f"ansible-test-{core}"))
        if arguments[0] == "sanity":
            locks.enter_context(lock("sanity"))  # all ansible-test share the environments of sanity tests
        copy_checkout(copy)
        command: list[str | Path] = [environment / "bin/ansible-test", *arguments]
        return subprocess.run(command, cwd=copy, env=variables, check=False).returncode


def main() -> None:
    """Run what the command line says."""
    if len(sys.argv) < 3 or sys.argv[1] not in CORES:
        raise SystemExit(f"usage: tools/ansible-test {{{','.join(CORES)}}} ARGUMENT...")
    raise SystemExit(run(sys.argv[1], sys.argv[2:]))


if __name__ == "__main__":
    main()
