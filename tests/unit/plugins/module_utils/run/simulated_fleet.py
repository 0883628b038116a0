# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets in separate processes, which can be killed. Run as a program, this is the server that forks them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import traceback
import tracemalloc
from pathlib import Path
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._tasks.fleet import fleet_task


class ForkServer:
    """A process that has loaded everything and forks one fleet at a time, to save starting Python for each."""

    def __init__(self) -> None:
        parts = Path(__file__).parts
        root = os.path.join(*parts[: parts.index("ansible_collections")]) if "ansible_collections" in parts else ""
        path = os.pathsep.join(filter(None, [root, *sys.path]))
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "LC_ALL": "C.UTF-8"},
        )

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *dummy: object) -> None:
        self._process.communicate(timeout=60)

    def start(self, params: dict[str, Any], **limits: int) -> int:
        """Start a fleet's task with these checked options and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"params": params, **limits}) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def end(self) -> dict[str, Any] | None:
        """Wait for its end. Returns the result and the peak of its memory in bytes; None if it was killed."""
        ended: dict[str, Any] | None = json.loads(self._line())
        return ended

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def rear(order: dict[str, Any], out: int) -> None:
    """Run the fleet in its own process."""
    if "file_size" in order:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], resource.RLIM_INFINITY))
    if order.get("measure"):
        tracemalloc.start()
    if "memory" in order:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(
            resource.RLIMIT_AS, (pages * resource.getpagesize() + order["memory"], resource.RLIM_INFINITY)
        )
    report = fleet_task(order["params"], False)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
    peak = tracemalloc.get_traced_memory()[1] if order.get("measure") else 0
    with os.fdopen(out, "w") as stream:
        json.dump({"result": report.result, "peak": peak}, stream)


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            try:
                rear(order, write)
            except BaseException:
                resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(write)
        print(child, flush=True)
        with os.fdopen(read) as stream:
            said = stream.read()
        dummy, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("null" if killed else said or '{"result": null}', flush=True)


if __name__ == "__main__":
    main()
