# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call that gets given bytes as its reply, and the error that it ends with."""

from __future__ import annotations

import json

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .raw_server import RawServer, React, http, says

TOKEN = "tok/en+Pass=Word\"cha'rs&<x>"
ID = "3EB0BCB2E3D4"
GOOD = json.dumps({"status": "WORKING"}).encode()


def call(make_client: MakeClient, react: React, request_timeout: float = 30.0) -> tuple[int, object]:
    """Send one info call that gets this reply."""
    with RawServer(react) as server:
        return make_client(server.url, request_timeout).call("info", ID, TOKEN)


def failure(make_client: MakeClient, react: React, request_timeout: float = 30.0) -> WawpError:
    """Return the error of a call that gets this reply."""
    with pytest.raises(WawpError) as caught:
        call(make_client, react, request_timeout)
    return caught.value


def refusal(make_client: MakeClient, body: bytes, status: int = 400, *headers: str) -> WawpError:
    """Return the error for a reply with this status and body."""
    return failure(make_client, says(http(status, body, *headers)))
