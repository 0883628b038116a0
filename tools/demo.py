# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the demonstration's playbook against a simulator of its own: `python tools/demo.py [ARGUMENT...]`.

Runs inside `.venv`. The arguments go to ansible-playbook.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environments import ROOT, TREE

sys.path.insert(0, str(TREE))
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN

SIMULATOR = "ansible_collections.wawp.cloud.plugins.plugin_utils.simulator"
PLAYBOOK = ROOT / "tools/demo.yml"
LIFETIME = 900  # seconds after which the simulator ends by itself, should this script be killed


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """Start a simulator with one session of each kind and yield the variables that point the collection at it."""
    environment = {**os.environ, "PYTHONPATH": str(TREE)}
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready.json")
        command = [sys.executable, "-m", SIMULATOR, "--ready-file", str(ready)]
        options = ["--background", "--port=0", "--scale=0.1", f"--lifetime={LIFETIME}", "--fleet=demo"]
        subprocess.run([*command, *options], env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            yield {"WAWP_API_URL": json.loads(ready.read_text())["url"], "WAWP_ACCESS_TOKEN": SANDBOX_TOKEN}
        finally:
            subprocess.run([*command, "--stop"], env=environment, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Run the playbook and exit as it does."""
    with sandbox() as variables:
        environment = {**os.environ, **variables, "ANSIBLE_COLLECTIONS_PATH": str(TREE), "LC_ALL": "C.UTF-8"}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(PLAYBOOK), *sys.argv[1:]]
        result = subprocess.run(command, env=environment, check=False)
    raise SystemExit(result.returncode)


if __name__ == "__main__":
    main()
