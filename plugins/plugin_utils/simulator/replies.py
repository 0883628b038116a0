# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies to a client, and the error bodies that Wawp is known to send."""

from __future__ import annotations

import json
import typing as t

BODIES = ("json", "nested_json", "xml", "html", "text", "empty")

_CODES = {
    307: "redirected",
    400: "missing_parameters",
    401: "unauthorized",
    403: "forbidden",
    404: "invalid_session",
    405: "method_not_allowed",
    422: "unprocessable",
    429: "too_many_requests",
    500: "internal_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}


class Reply:
    """A reply to the client.

    `delivery` says how it is sent: "plain"; "timeout" (nothing for `seconds`, then closed); "drop" (closed); "truncate"
    (half of the body, then closed); "slow" (the body trickles over `seconds`). `status` is 0 if no reply comes.
    """

    __slots__ = ("body", "delivery", "headers", "seconds", "status")

    def __init__(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        delivery: str = "plain",
        seconds: float = 0.0,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.delivery = delivery
        self.seconds = seconds

    def json(self) -> t.Any:
        """Return the parsed body."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"Reply({self.status}, {self.delivery}, {len(self.body)} bytes)"


def json_reply(data: t.Any, status: int = 200) -> Reply:
    """Make a JSON reply."""
    return Reply(status, json.dumps(data).encode("utf-8"))


def error_reply(status: int, message: str, code: str = "", body: str = "json") -> Reply:
    """Make an error reply in one of the forms of `BODIES`."""
    code = code or _CODES.get(status, "error")
    if body == "json":
        return json_reply({"code": code, "message": message}, status)
    if body == "nested_json":
        return json_reply({"error": {"code": code, "message": message}}, status)
    text, kind = {
        "xml": (
            '<?xml version="1.0" encoding="UTF-8"?>\n<error><code>%s</code><message>%s</message></error>\n',
            "application/xml",
        ),
        "html": (
            "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><center><h1>%s</h1></center></body></html>\n",
            "text/html",
        ),
        "text": ("%s: %s\n", "text/plain"),
        "empty": ("", "text/plain"),
    }[body]
    content = (text % (code, message) if text else "").encode("utf-8", "replace")
    return Reply(status, content, {"Content-Type": kind})
