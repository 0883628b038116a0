# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start nox with the given arguments; install it into `.work/venv-nox` first, in the versions of pyproject.toml.

uv makes the environments: it is faster than pip but doesn't read pip's settings, so pip's mirror and certificate are
passed on.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

from project import PROJECT, ROOT, WORK

VENV = WORK / "venv-nox"
FROM_PIP = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}


def provide_nox() -> None:
    """Install nox and uv into VENV unless they are there."""
    wanted: list[str] = PROJECT["dependency-groups"]["nox"]
    mark, fingerprint = VENV / "wawp.stamp", hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()
    WORK.mkdir(exist_ok=True)
    with (WORK / "venv-nox.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text(encoding="utf-8") == fingerprint:
            return
        venv.create(VENV, clear=True, with_pip=True)
        pip = [str(VENV / "bin/python"), "-m", "pip", "-qq", "--disable-pip-version-check"]
        cache = ["--cache-dir", str(WORK / "cache/pip")]
        subprocess.run([*pip, "install", *cache, *wanted], check=True, stdout=sys.stderr)
        settings = subprocess.run([*pip, "config", "list"], check=True, capture_output=True, text=True).stdout
        (VENV / "pip.conf").write_text(settings, encoding="utf-8")
        mark.write_text(fingerprint, encoding="utf-8")


def settings_for_uv() -> dict[str, str]:
    """Return the variables that give uv pip's settings, except those already set."""
    found = re.findall(r"^\S+\.([\w-]+)='(.*)'$", (VENV / "pip.conf").read_text(encoding="utf-8"), re.MULTILINE)
    known = {FROM_PIP[name]: value for name, value in found if name in FROM_PIP}
    return {name: value for name, value in known.items() if name not in os.environ}


def main() -> None:
    """Replace this process by nox."""
    provide_nox()
    nox = Path(VENV, "bin/nox")
    environment = {**os.environ, **settings_for_uv()}
    os.execve(nox, [str(nox), "--noxfile", str(ROOT / "noxfile.py"), *sys.argv[1:]], environment)  # noqa: S606 - no shell is needed


if __name__ == "__main__":
    main()
