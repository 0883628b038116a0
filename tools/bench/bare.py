# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The best script that a user would write for the same task: requests, and a thread for each session.

Usage: bare.py URL TOKEN THREADS IDS.json
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

local = threading.local()


def call(url: str, token: str, name: str, instance_id: str) -> dict[str, Any]:
    if not hasattr(local, "session"):
        local.session = requests.Session()
    body = {"instance_id": instance_id, "access_token": token}
    reply = local.session.post(f"{url}/v2/session/{name}", json=body, timeout=(10, 90))
    reply.raise_for_status()
    found: dict[str, Any] = reply.json()
    return found


def log_out(url: str, token: str, instance_id: str) -> None:
    if call(url, token, "info", instance_id)["status"] not in ("WORKING", "STARTING"):
        return
    call(url, token, "logout", instance_id)
    while True:
        seen = call(url, token, "info", instance_id)
        if seen["status"] == "SCAN_QR_CODE":
            return
        time.sleep(3)


def main() -> None:
    url, token, threads, ids = sys.argv[1:]
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(lambda instance_id: log_out(url, token, instance_id), json.loads(Path(ids).read_text())))


if __name__ == "__main__":
    main()
