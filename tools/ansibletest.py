# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare a place where ansible-test runs on this checkout.

ansible-test insists on a folder `ansible_collections/wawp/cloud`, keeps environments and a cache in the user's home,
and fetches a script to install pip from a host that not every network reaches. So each session gets a copy of the files
that git tracks or would add, and a separate home below `.work` with that script in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from project import CORES, WORK, copy_checkout

PIP_BOOTSTRAP = '''\
"""Stand-in for get-pip.py, written by tools/ansibletest.py of wawp.cloud: copies pip from the folder beside it.

To install and compile it anew takes three seconds of processor time, and sanity has ten environments.
"""

import compileall
import os
import runpy
import shutil
import sys
import sysconfig

unpacked = os.path.join(os.path.dirname(os.path.abspath(__file__)), {folder!r})
compileall.compile_dir(unpacked, quiet=2)
shutil.copytree(unpacked, sysconfig.get_path("purelib"), dirs_exist_ok=True)
only_get_pip_knows = ("--no-setuptools", "--no-wheel")
sys.argv[1:] = [a for a in sys.argv[1:] if a not in only_get_pip_knows and not a.startswith("pip==")]
if not all(argument.startswith("-") for argument in sys.argv[1:]):
    sys.argv.insert(1, "install")
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


@dataclass(frozen=True)
class Place:
    """The place in which one session's ansible-test works."""

    folder: Path

    @property
    def collection(self) -> Path:
        """The copy of the checkout, and ansible-test's working directory."""
        return self.folder / "ansible_collections/wawp/cloud"

    @property
    def output(self) -> Path:
        """The folder in which ansible-test leaves reports and coverage data."""
        return self.collection / "tests/output"

    @property
    def home(self) -> Path:
        """The folder that ansible-test takes for the user's home."""
        return self.folder / "home"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that ansible-test needs besides the session's."""
        return {"HOME": str(self.home), "ANSIBLE_HOME": str(self.home / ".ansible")}


def place(session: str) -> Place:
    """Return the place of `session` without making it."""
    return Place(WORK / "ansible-test" / session)


def prepare(session: str, core: str) -> Place:
    """Copy the checkout for `session`, provide pip for ansible-test of `core`, and return the place."""
    made = place(session)
    copy_checkout(made.collection)
    provide_home(made.home)
    provide_pip(CORES[core]["pip"], made.home / ".ansible/test/cache")
    return made


def provide_home(home: Path) -> None:
    """Make a home that shares the downloads of all sessions, and the user's settings for pip, such as a mirror."""
    shared = {home / ".cache/pip": WORK / "cache/pip"}
    user = Path(os.environ.get("WAWP_USER_HOME", Path.home()))
    shared |= {home / name: user / name for name in (".config/pip", ".pip") if (user / name).is_dir()}
    (WORK / "cache/pip").mkdir(parents=True, exist_ok=True)
    for link, target in shared.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(target)


def provide_pip(version: str, cache: Path) -> None:
    """Put pip, and the script with which ansible-test installs it, into `cache` unless they are there."""
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    text = PIP_BOOTSTRAP.format(folder=f"pip-{version}")
    if script.exists() and script.read_text(encoding="utf-8") == text:
        return
    cache.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check"]
    download = ["download", "--no-deps", "--cache-dir", str(WORK / "cache/pip"), "--dest", str(cache)]
    subprocess.run([*pip, *download, f"pip=={version}"], check=True)
    with zipfile.ZipFile(cache / f"pip-{version}-py3-none-any.whl") as wheel:
        wheel.extractall(cache / f"pip-{version}")
    script.write_text(text, encoding="utf-8")
