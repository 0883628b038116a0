# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processor time for each call: cpu.py {collection,requests} URL TOKEN THREADS IDS.json prints microseconds."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bare
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Connection
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import Target
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.session_info import read_all


def collection(url: str, token: str, threads: int, ids: list[str]) -> None:
    outcomes = read_all(Connection(url, 90.0), [Target(name, None, None, token) for name in ids], threads, 0)
    if not all(outcome.last for outcome in outcomes):
        sys.exit("a session could not be read")


def requests(url: str, token: str, threads: int, ids: list[str]) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda instance_id: bare.call(url, token, "info", instance_id)["status"], ids))


def main() -> None:
    name, url, token, threads, path = sys.argv[1:]
    ids = json.loads(Path(path).read_text())
    work = {"collection": collection, "requests": requests}[name]
    work(url, token, int(threads), ids[:50])
    began = time.process_time()
    work(url, token, int(threads), ids)
    print(f"{(time.process_time() - began) / len(ids) * 1e6:.0f}")


if __name__ == "__main__":
    main()
