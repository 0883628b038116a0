# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The meaning of a reply: its JSON value, or an error whose message holds no secret."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from .. import _errors
from .._errors import WawpError
from .._redact import mask_numbers_in, one_line, redact_prose, redact_tagged, redact_text
from . import bodies
from .bodies import SEARCHED

_READS = frozenset({"info", "temp_link_get", "qr_image", "webhook_get"})
_TAG = re.compile(r"<[^<>]*>")
_UNSHOWN = re.compile(r"<(script|style|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
# JSON, or Python's or PHP's notation for the same, anywhere in a text.
_JSON_LIKE = re.compile(r"""[{\[]\s*(?:["'{\[}\]]|\w+["']?\s*:)|["']\s*:\s*["'{\[\d]""")
# Login schemes that proxies and web servers ask for, and Wawp never does.
_FOREIGN_LOGIN = re.compile(r"\s*(?:basic|digest|negotiate|ntlm)\b", re.IGNORECASE)
_PNG = b"\x89PNG"
# Signs that a text may encode a secret in another way, which only redact_text finds; UTF-16 has zeros.
_ESCAPING = (b"\\", b"%", b"&", b"\0")
# Secrets that a JSON number or boolean may equal, however it is written.
_NUMBER_LIKE = re.compile(r"[\d.eE+-]+|True|False")
_CODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})

_DOWN = "the gateway is down or didn't wait for the engine"
_GAVE_UP = "the gateway gave up on the request, which may have gone through"
PLAN = "the account's plan or quota doesn't allow this"
_HELD = "another call holds the session, so this one was not carried out"
ERRORS_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: (_errors.BAD_REQUEST, "Wawp did not understand the request"),
    401: (_errors.BAD_TOKEN, "the access token was refused, check access_token"),
    403: (_errors.FORBIDDEN, "Wawp doesn't allow this"),
    404: (_errors.NOT_WAWP, "something else than the Wawp API has answered, check api_url"),
    407: (_errors.NOT_WAWP, "the proxy asks for a login, see the environment's proxy URL"),
    408: (_errors.GATEWAY, _GAVE_UP),
    409: (_errors.BUSY, _HELD),
    422: (_errors.WRONG_STATUS, "the session's status doesn't allow this"),
    423: (_errors.BUSY, _HELD),
    425: (_errors.GATEWAY, _GAVE_UP),
    429: (_errors.RATE_LIMITED, "too many calls"),
    460: (_errors.GATEWAY, _GAVE_UP),
    499: (_errors.GATEWAY, _GAVE_UP),
    502: (_errors.GATEWAY, _DOWN),
    503: (_errors.GATEWAY, _DOWN),
    504: (_errors.GATEWAY, _DOWN),
    511: (_errors.NOT_WAWP, "this network asks for a login first"),
}


@dataclass(frozen=True)
class Request:
    """The facts about a request that error messages may state, and the secrets that they must not.

    Args:
        call: the call's name.
        method: the HTTP method.
        url: its URL; holds no secret.
        secrets: values that no message may repeat.
    """

    call: str
    method: str
    url: str
    secrets: tuple[str, ...]

    def error(self, kind: str, problem: str, said: str = "", **facts: Any) -> WawpError:
        """Return an error of that kind; ``said`` is text from a server or the system, and may hold anything."""
        message = f"{self.method} {self.url}: {problem}"
        said = self.shown(said)
        return WawpError(kind, f"{message} ({said})" if said else message, **facts)

    def shown(self, said: str, length: int = 240) -> str:
        """Return a server's words, safe to show."""
        said = redact_text(said, self.secrets)[:SEARCHED]
        return one_line(mask_numbers_in(one_line(redact_prose(said), SEARCHED)), length)

    def words(self, content: bytes) -> str:
        """Return the words of a body that isn't JSON. Redacts first, since a token may look like a tag."""
        # Without its zeros, UTF-16 can be searched too.
        text = redact_text(content.replace(b"\0", b"").decode("utf-8", "replace"), self.secrets)[:SEARCHED]
        return _TAG.sub(" ", redact_tagged(_UNSHOWN.sub(" ", text))).strip()

    def quoted(self, content: bytes) -> str:
        """Quote a body for a message: never JSON or a part of it, which may hold keys, links and QR codes."""
        words = self.words(content)
        if _JSON_LIKE.search(words) or re.match(r"[{\[\"]", words):
            return f"{len(content)} bytes of JSON or the like, not shown"
        return words


@dataclass(frozen=True)
class HttpReply:
    """A reply as it came over the wire, its body decompressed if the coding is known."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def parse_reply(reply: HttpReply, request: Request) -> Any:
    """Return the JSON value of a 2xx reply that doesn't say no. Raises WawpError for any other reply."""
    status = reply.status
    if status < 200:
        problem = f"HTTP {status} is no final reply, so nobody knows what was done"
        raise request.error(_errors.UNREADABLE, problem, http_status=status)
    if 300 <= status < 400:
        raise _redirected(reply, request)
    if not 200 <= status < 300:
        raise error_from_reply(reply, request)
    if request.call == "qr_image" and reply.content.startswith(_PNG):
        return {"mimetype": "image/png", "data": base64.b64encode(reply.content).decode()}
    try:
        value = bodies.read_json(reply.content)
    except ValueError as error:
        raise _unreadable(reply, request, error) from None
    if bodies.says_no(value, request.call):
        code, said = bodies.explanation(value)
        problem = f"HTTP {status}, but the reply says that the call failed"
        said = said or ("" if value else f"it is {json.dumps(value)}")
        raise request.error(_errors.REFUSED, problem, said, http_status=status, api_code=_code(code, request))
    return value


def is_free_of(content: bytes, secret: str) -> bool:
    """Whether redact_value would surely change nothing in this JSON; decided without a look at each value."""
    if any(escape in content for escape in _ESCAPING) or _NUMBER_LIKE.fullmatch(secret):
        return False
    try:
        return secret not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _unreadable(reply: HttpReply, request: Request, error: ValueError) -> WawpError:
    coding = reply.headers.get("Content-Encoding", "").strip().lower()
    if isinstance(error, bodies.DuplicateKeyError):
        problem, said = "with a body that contradicts itself: a key appears twice in its JSON", ""
    elif coding not in _CODINGS:
        problem, said = f"with a body compressed as {request.shown(coding, 20)}, which was not asked for", ""
    else:
        problem, said = "with a body that isn't JSON", request.quoted(reply.content) or "an empty body"
    problem = f"HTTP {reply.status} {problem}, so nobody knows what was done"
    return request.error(_errors.UNREADABLE, problem, said, http_status=reply.status)


def _redirected(reply: HttpReply, request: Request) -> WawpError:
    here, location = urlsplit(request.url), reply.headers.get("Location", "")
    problem = f"HTTP {reply.status}, the API has moved; redirects aren't followed with credentials, set api_url"
    there = _host(location)
    if here.scheme == "http" and location.lower().startswith("https://") and there == here.hostname:
        problem += f" to https instead of http: https://{there}"
    return request.error(_errors.REDIRECTED, problem, f"to {there}", http_status=reply.status)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the same host"
    except ValueError:
        return "an unreadable address"


def error_from_reply(reply: HttpReply, request: Request) -> WawpError:
    """Return the error for a reply with a 4xx, 5xx or unknown status."""
    kind, meaning = classify_error(reply, request)
    try:
        code, said = bodies.explanation(bodies.read_json(reply.content))
    except ValueError:
        code, said = "", request.quoted(reply.content)
    return request.error(
        kind,
        f"HTTP {reply.status}, {meaning}",
        said,
        http_status=reply.status,
        api_code=_code(code, request),
        retry_after=parse_retry_after(reply.headers.get("Retry-After")),
    )


def classify_error(reply: HttpReply, request: Request) -> tuple[str, str]:
    """Return an error's kind and meaning, by its status and by who seems to have written its body."""
    status, content = reply.status, reply.content
    special = _SPECIAL.get(status, _server_error if status >= 500 and status != 511 else None)
    found = special(reply, request) if special else None
    if found is None and b"HTTPS" in content[:SEARCHED] and _PLAIN_TO_TLS.search(content[:SEARCHED]):
        return _errors.TLS, "TLS is spoken on this port, so api_url must begin with https://"
    return found or ERRORS_BY_STATUS.get(
        status, (_errors.SERVER_ERROR if status >= 500 else _errors.UNEXPECTED, "refused")
    )


# Servers' answers to plain HTTP on a port for TLS.
_PLAIN_TO_TLS = re.compile(
    rb"HTTP request (?:was sent )?to (?:an )?HTTPS (?:port|server)|speaking plain HTTP to an SSL"
)


def _unauthorized(reply: HttpReply, dummy: Request) -> tuple[str, str] | None:
    if _FOREIGN_LOGIN.match(reply.headers.get("WWW-Authenticate", "")) or bodies.is_html(reply.content):
        return _errors.NOT_WAWP, "a proxy or web server in front of Wawp asks for a login of its own"
    return None


def _forbidden(reply: HttpReply, dummy: Request) -> tuple[str, str] | None:
    if not bodies.is_html(reply.content) and bodies.names_plan(reply.content):
        return _errors.FORBIDDEN, PLAN
    if not bodies.is_structured(reply.content):
        return _errors.NOT_WAWP, "a firewall or proxy in front of Wawp has refused this"
    return None


def _not_found(reply: HttpReply, dummy: Request) -> tuple[str, str] | None:
    if bodies.names_missing_session(reply.content):
        return _errors.UNKNOWN_SESSION, "no such session, check instance_id"
    return None


def _server_error(reply: HttpReply, request: Request) -> tuple[str, str] | None:
    if bodies.is_held(reply.content):
        return _errors.BUSY, _HELD
    if request.call not in _READS and bodies.says_write_failed(
        reply.status, reply.content, request.words(reply.content)
    ):
        return _errors.REFUSED, "the reply says that the call failed"
    return None


_SPECIAL = {401: _unauthorized, 403: _forbidden, 404: _not_found}


def _code(code: str, request: Request) -> str | None:
    return request.shown(code, 80) if code else None


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None if it can't be read."""
    if not value:
        return None
    try:
        return max(0.0, float(value)) if re.fullmatch(r"\d{1,9}", value.strip()) else _seconds_until(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds_until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, moment.timestamp() - time.time())
