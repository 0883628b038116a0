# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies seen by operators: refusals inside a 2xx, other servers' 404s, an application's errors.

Each has misled some client. A fault of kind ``reply`` sends one by its name.
"""

from __future__ import annotations

import json
import typing as t

JSON, HTML, TEXT = "application/json", "text/html", "text/plain"


class OtherReply(t.NamedTuple):
    """A whole reply."""

    http_status: int
    body: str
    content_type: str = JSON


def _json(http_status: int, data: t.Any) -> OtherReply:
    return OtherReply(http_status, json.dumps(data))


_WORDS = "The logout did not complete: could not reach WhatsApp."
_STACK = f"Error: {_WORDS}\n    at logout (index.js:1:1)"

# A 2xx that says no. Nothing was done, or the key was wiped and the link stays.
REFUSALS = {
    "success_false": _json(200, {"success": False, "message": _WORDS}),
    "status_error": _json(200, {"status": "error", "message": _WORDS}),
    "status_false": _json(200, {"status": False, "message": _WORDS}),
    "error_object": _json(200, {"error": {"code": "not_connected", "message": _WORDS}}),
    "error_in_data": _json(200, {"code": "rest_forbidden", "message": "Not allowed.", "data": {"status": 401}}),
    "null": _json(200, None),
    "empty_list": _json(200, []),
}
# A 404 of whatever stands before the API, or in its place. None of them speaks of a session.
FOREIGN_404 = {
    "404_empty": OtherReply(404, "", TEXT),
    "404_tunnel": OtherReply(404, "<html><body><h1>Tunnel example.invalid not found</h1></body></html>", HTML),
    "404_platform": _json(404, {"status": "error", "code": 404, "message": "Application not found"}),
    "404_gateway": _json(404, {"message": "no Route matched with those values"}),
    "404_route": _json(404, {"statusCode": 404, "message": "Cannot POST /v2/session/info", "error": "Not Found"}),
    "404_page": OtherReply(404, "404 page not found\n", TEXT),
}
# The application itself says that the call did not go through.
APPLICATION_ERRORS = {
    "500_not_logged_out": _json(500, {"code": "logout_failed", "message": _WORDS}),
    "502_not_connected": _json(502, {"error": {"code": "not_connected", "message": _WORDS}}),
    "503_success_false": _json(503, {"success": False, "message": _WORDS}),
    "504_status_error": _json(504, {"status": "error", "message": _WORDS}),
    "500_exception": _json(
        500,
        {
            "statusCode": 500,
            "exception": {
                "name": "Error",
                "message": _WORDS,
                "stack": f"Error: {_WORDS}\n    at logout (index.js:1:1)",
            },
        },
    ),
}
OTHER_REPLIES = {**REFUSALS, **FOREIGN_404, **APPLICATION_ERRORS}
