# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, look into the artefact, install it into an empty place and import it as Galaxy would.

Runs inside `.venv`. Any finding ends the script with a message and a non-zero exit code.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from ansibletest import copy_checkout
from artefact import build, source_date
from environments import ROOT, WORK

PACKAGE = WORK / "package"


def names(artefact: Path) -> set[str]:
    """Return the names of the files in an artefact."""
    with tarfile.open(artefact) as archive:
        return {member.name for member in archive if not member.isdir()}


def check_build_ignore(clean: Path, used: Path) -> None:
    """Fail if the checkout builds anything that a clean copy would not: `build_ignore` would have a gap."""
    if extra := sorted(names(used) - names(clean)):
        raise SystemExit(f"build_ignore in galaxy.yml lets these through: {' '.join(extra)}")


def install(artefact: Path, target: Path) -> None:
    """Install an artefact into an empty folder and check that ansible-doc finds every module in it."""
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(target)}
    subprocess.run(["ansible-galaxy", "collection", "install", artefact], check=True, env=environment)
    command = ["ansible-doc", "--json", "--list", "--type", "module", "wawp.cloud"]
    listing = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE).stdout
    modules = {f"wawp.cloud.{path.stem}" for path in (ROOT / "plugins/modules").glob("*.py")}
    if not modules or set(json.loads(listing)) != modules:
        raise SystemExit(f"The installed collection offers {listing.decode()} and not {' '.join(sorted(modules))}.")


def import_as_galaxy(artefact: Path) -> None:
    """Import an artefact, and fail if the log that its authors would get to see has anything to say against it.

    Nothing of the checkout can be found, as it can't on Galaxy.
    """
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PACKAGE / "nothing")}
    command: list[str | Path] = [sys.executable, "-m", "galaxy_importer.main", artefact]
    done = subprocess.run(
        command, cwd=PACKAGE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout)
    if done.returncode or re.search(r"^(WARNING|ERROR|CRITICAL)\b", done.stdout, re.MULTILINE):
        raise SystemExit("galaxy-importer has findings.")


def main() -> None:
    """Build, check, install, import."""
    shutil.rmtree(PACKAGE, ignore_errors=True)
    source = PACKAGE / "ansible_collections/wawp/cloud"
    copy_checkout(source)
    artefact = build(source, PACKAGE / "clean", source_date())
    check_build_ignore(artefact, build(ROOT, PACKAGE / "checkout", source_date()))
    install(artefact, PACKAGE / "installed")
    import_as_galaxy(artefact)


if __name__ == "__main__":
    main()
