# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access to the simulator's state, without starting a module's process."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE = 30  # seconds


def reset(instances: Sequence[Mapping[str, Any]] | Mapping[str, Any], url: str) -> int:
    """Reset the simulator to these instances, or this fleet, and return the HTTP status."""
    body = json.dumps(instances).encode()
    request = urllib.request.Request(f"{url}/_simulator/reset", body, {"Content-Type": "application/json"})  # noqa: S310
    with _OPENER.open(request, timeout=PATIENCE) as reply:
        status: int = reply.status
        return status


def look(url: str, what: str) -> dict[str, Any]:
    """Return all calls or instances, as the simulator shows them."""
    with _OPENER.open(f"{url}/_simulator/{what}?limit=10000", timeout=PATIENCE) as reply:
        found: dict[str, Any] = json.load(reply)
        return found


class FilterModule:
    """The filters for the simulator."""

    def filters(self) -> dict[str, Any]:
        return {"wawp_look": look, "wawp_reset": reset}
