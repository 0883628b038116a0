# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The Wawp API over requests: one call, one reply or one WawpError.

Credentials travel in the JSON body, and with GET in the headers besides, where no proxy or access log keeps them.
No redirect is followed, since a POST would carry them on to another host; ``~/.netrc`` and cookies are left out of it.
"""

from __future__ import annotations

import json
import math
import os
import re
import ssl
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from .. import _errors
from .._errors import OptionError, WawpError
from .._redact import mask_numbers_in, one_line, redact_text, redact_value
from .._version import VERSION
from .deadline import with_deadline

try:
    import requests
    from requests.utils import default_headers, get_environ_proxies
    from urllib3 import disable_warnings
    from urllib3.exceptions import (
        DecodeError,
        HTTPError,
        InsecureRequestWarning,
        LocationValueError,
        ReadTimeoutError,
    )
except ImportError:
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

    class _Adapter(requests.adapters.HTTPAdapter):
        """Bounds the time of a whole reply, its head included."""

        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = with_deadline(self.poolmanager.pool_classes_by_scheme)

        def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(*arguments, **options)
            manager.pool_classes_by_scheme = with_deadline(manager.pool_classes_by_scheme)
            return manager


# Call names are Wawp's paths below /v2/session; what has no documented POST is sent as it is documented.
CALLS: Mapping[str, tuple[str, str]] = {
    "info": ("POST", "/v2/session/info"),
    "start": ("POST", "/v2/session/start"),
    "stop": ("POST", "/v2/session/stop"),
    "restart": ("POST", "/v2/session/restart"),
    "logout": ("POST", "/v2/session/logout"),
    "delete": ("DELETE", "/v2/session/delete"),
    "temp_link_get": ("GET", "/v2/session/temp-link"),
    "temp_link_create": ("POST", "/v2/session/temp-link"),
    "temp_link_revoke": ("DELETE", "/v2/session/temp-link"),
    "qr_image": ("POST", "/v2/auth/qr-image"),
    "webhook_get": ("GET", "/v2/session/webhook"),
    "webhook_set": ("POST", "/v2/session/webhook"),
}

# What is sent back again must be as it was. Whoever shows it, scrubs it.
UNREDACTED_CALLS = frozenset({"webhook_get"})

MAX_CONNECT = 10.0
MAX_BODY = 1 << 20
_CHUNK = 1 << 16
_SMALL_CHUNK = 1 << 6
# A reply nested deeper than this is nonsense; copying it could exceed what Python can nest.
_MAX_DEPTH = 64
# So much of a body, or of a message in it, is looked through for words.
_TOLD = 1 << 13
_LOOPBACK = re.compile(r"^(localhost|127(\.\d+){3}|::1)$")
_TAG = re.compile(r"<[^<>]*>")
_UNSHOWN = re.compile(r"<(script|style|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
# How servers that know nothing of Wawp's paths say so.
_NO_API = re.compile(rb"<(!doctype )?html|<h1>|404 page not found|cannot (post|delete) /", re.IGNORECASE)

_DOWN = "the gateway is down or didn't wait for the engine"
_GAVE_UP = "the gateway gave up on the request, which may have gone through"
_HELD = "another call holds the session, so this one was not carried out"
ERRORS_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: (_errors.BAD_REQUEST, "Wawp did not understand the request"),
    401: (_errors.BAD_TOKEN, "the access token was refused, check access_token"),
    403: (_errors.FORBIDDEN, "the account's plan or quota doesn't allow this"),
    404: (_errors.UNKNOWN_SESSION, "no such session, check instance_id"),
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
class Connection:
    """Where the API is and how it is reached; the modules' options of the same names, ``request_timeout`` in seconds.

    Raises:
        OptionError: a value can't be used.
    """

    api_url: str
    request_timeout: float
    validate_certs: bool = True
    ca_path: str | None = None

    def __post_init__(self) -> None:
        check_api_url(self.api_url)
        if self.ca_path and not os.path.exists(self.ca_path):
            raise OptionError("ca_path", f"no such file or folder: {self.ca_path}")

    @property
    def base(self) -> str:
        return self.api_url.strip().rstrip("/")

    @property
    def warnings(self) -> list[str]:
        """What a careful operator should know about this connection."""
        parts = urlsplit(self.base)
        if parts.scheme == "http" and not _LOOPBACK.match(parts.hostname or ""):
            return [f"api_url: {self.base} is not encrypted, the access token can be read on its way"]
        return []

    @property
    def verify(self) -> bool | str:
        """What requests calls verify: the option first, then the variables that its users know."""
        if not self.validate_certs:
            return False
        environment = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        return self.ca_path or environment or True


def check_api_url(url: str) -> None:
    """Raise OptionError unless the URL is one to which calls can be sent, without repeating secrets in it."""
    try:
        url = url.strip()
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        # urlsplit leaves out line breaks without a word.
        usable = usable and url.isprintable() and not re.search(r"[\s\\]", url)
    except ValueError:
        usable = False
    if not usable:
        raise OptionError("api_url", "not an http or https URL, write it like https://api.wawp.net")
    if parts.username is not None or "?" in url or "#" in url:
        raise OptionError(
            "api_url", "must not hold credentials, a query or a fragment; the token goes into access_token"
        )


class Client:
    """Calls to one API, over kept-alive connections. Threads may share it, as they may share urllib3's pools.

    Args:
        connection: where and how.
        connections: how many are kept.
    """

    def __init__(self, connection: Connection, connections: int = 1) -> None:
        self._base = connection.base
        self._timeout = connection.request_timeout
        self._verify = connection.verify
        if not self._verify:
            disable_warnings(InsecureRequestWarning)  # the user has said so; urllib3 would repeat it for every call
        # No requests.Session: it isn't made for threads, asks the environment at each call, reads a redirect's whole
        # body, fails on its Location, keeps cookies, and adds credentials from netrc.
        self._proxies = get_environ_proxies(self._base, no_proxy=None)
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=connections)
        self.request_templates: dict[tuple[str, str], requests.PreparedRequest] = {}

    def close(self) -> None:
        self._adapter.close()

    def call(self, name: str, instance_id: str, access_token: str, **fields: Any) -> tuple[int, Any]:
        """Send one call.

        Args:
            name: one of CALLS.
            instance_id: the instance that it is about.
            access_token: the account's token.
            fields: what the call takes besides.

        Returns:
            The 2xx status and the reply's JSON value, without the token unless it is what ``webhook_set`` takes again.

        Raises:
            WawpError: anything else; the message names method, URL, status and what the reply said.
        """
        method, path = CALLS[name]
        request = _Request(method, self._base + path, (access_token,))
        body = {"instance_id": instance_id, "access_token": access_token, **fields}
        headers = _headers(method, instance_id, access_token)
        deadline = time.monotonic() + self._timeout
        arrived = False
        try:
            with self._adapter.send(
                self._prepared(request, headers, body),
                timeout=(min(MAX_CONNECT, self._timeout), self._timeout),
                verify=self._verify,
                proxies=self._proxies,
                stream=True,
            ) as response:
                arrived = True
                content = _read(response, deadline, request)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise request.lost(error) from None
        except (TypeError, ValueError):
            if arrived:  # urllib3 1.26 on the length of a chunk
                raise request.error(_errors.UNREADABLE, "the reply's body is broken") from None
            # what requests makes of a proxy URL that is none
            raise request.error(_errors.UNEXPECTED, "the environment's proxy URL can't be used") from None
        value = parse_response(response, content, request)
        return response.status_code, value if name in UNREDACTED_CALLS else redact_value(value, request.secrets)

    def _prepared(
        self, request: _Request, headers: Mapping[str, Any], body: Mapping[str, Any]
    ) -> requests.PreparedRequest:
        """A request like the earlier ones of its kind: to make URL and headers anew costs a sixth of a call."""
        kind = request.method, request.url
        if kind not in self.request_templates:
            usual = {"User-Agent": f"wawp.cloud/{VERSION} (Ansible)", "Accept": "application/json"}
            self.request_templates[kind] = requests.Request(*kind, headers={**default_headers(), **usual}).prepare()
        prepared = self.request_templates[kind].copy()
        prepared.headers.update(headers)
        prepared.prepare_body(None, None, json=body)
        return prepared


def _headers(method: str, instance_id: str, access_token: str) -> dict[str, Any]:
    """The credentials once more for a GET, whose body may be dropped on its way; as the vendor's own SDK sends them."""
    if method != "GET":
        return {}
    return {"Authorization": f"Bearer {access_token}".encode(), "X-Instance-ID": instance_id.encode()}


@dataclass(frozen=True)
class _Request:
    """What error messages need to know of a request, and what they must not say."""

    method: str
    url: str
    secrets: tuple[str, ...]

    def error(self, kind: str, problem: str, said: str = "", **facts: Any) -> WawpError:
        message = f"{self.method} {self.url}: {problem}"
        said = self.shown(said)
        return WawpError(kind, f"{message} ({said})" if said else message, **facts)

    def shown(self, said: str, length: int = 240) -> str:
        """What a server said as it may be shown."""
        return one_line(mask_numbers_in(redact_text(said, self.secrets)[:_TOLD]), length)

    def words(self, content: bytes) -> str:
        """The words of a body of any kind. Scrubbed first, since a token may look like a tag."""
        # Without zeros UTF-16, too, shows what it holds.
        text = redact_text(content.replace(b"\0", b"").decode("utf-8", "replace"), self.secrets)[:_TOLD]
        return _TAG.sub(" ", _UNSHOWN.sub(" ", text))

    def lost(self, error: Exception) -> WawpError:
        """The error for a request that got no reply."""
        if isinstance(error, (requests.Timeout, ReadTimeoutError)):
            return self.error(_errors.TIMEOUT, "no complete reply in time, see request_timeout")
        if is_certificate_rejection(error):
            return self.error(_errors.TLS, "no trusted TLS connection, see ca_path and validate_certs", _reason(error))
        if isinstance(error, OSError) and "CA certificate bundle" in str(error):
            return self.error(_errors.TLS, "the CA bundle named by the environment doesn't exist", str(error))
        if isinstance(error, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, LocationValueError)):
            return self.error(_errors.UNEXPECTED, "api_url or the environment's proxy URL can't be used")
        if isinstance(error, DecodeError):
            return self.error(_errors.UNREADABLE, "the reply's compression is broken")
        return self.error(_errors.UNREACHABLE, "the connection failed", _reason(error))


def is_certificate_rejection(error: BaseException) -> bool:
    """Whether a TLS connection was refused by this side, before anything was sent on it.

    Any other TLS error may have struck after the request had arrived.
    """
    bottom = root_cause(error)
    if isinstance(bottom, ssl.SSLError) and bottom.library in ("PEM", "X509"):
        return True
    # Python's own verification error is a ValueError too, as is the one that urllib3 1.26 has for wrong names.
    return isinstance(error, requests.exceptions.SSLError) and isinstance(bottom, ValueError)


def root_cause(error: BaseException) -> BaseException:
    """What lies at the bottom of requests' and urllib3's wrapped exceptions."""
    inner: Any = error
    for _depth in range(8):
        nested = getattr(inner, "reason", None)
        if not isinstance(nested, BaseException):
            nested = next((arg for arg in inner.args if isinstance(arg, Exception)), None)
        if nested is None:
            break
        inner = nested
    bottom: BaseException = inner
    return bottom


def _reason(error: BaseException) -> str:
    """The bottom of an exception, in the system's own words."""
    bottom = root_cause(error)
    text = re.sub(r"<[^>]*>: |^\w*Connection\w*\([^)]*\): ", "", str(bottom))
    return text or type(bottom).__name__


def _read(response: requests.Response, deadline: float, request: _Request) -> bytes:
    """The reply's bytes, as far as a sane reply goes. A reply that drips is cut off at the deadline."""
    content = b""
    for chunk in _chunks(response):
        content += chunk
        if len(content) > MAX_BODY:
            if response.status_code >= 300:
                return content[:MAX_BODY]  # a refusal, however long its page
            problem = f"HTTP {response.status_code}, the reply is larger than {MAX_BODY} bytes"
            raise request.error(_errors.UNREADABLE, problem, http_status=response.status_code)
        if time.monotonic() > deadline:
            raise request.error(_errors.TIMEOUT, "no complete reply in time, see request_timeout")
    return content


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes in. urllib3 1.26 has no read1 and waits for whole chunks: small ones, then."""
    raw = response.raw
    raw.enforce_content_length = True  # urllib3 1.26 leaves it to its caller
    if not hasattr(raw, "read1"):
        return iter(raw.stream(_SMALL_CHUNK, decode_content=True))
    return iter(lambda: raw.read1(_CHUNK, decode_content=True), b"")


def parse_response(response: requests.Response, content: bytes, request: _Request) -> Any:
    status = response.status_code
    if status < 200:
        problem = f"HTTP {status} is no final reply, so nobody knows what was done"
        raise request.error(_errors.UNREADABLE, problem, http_status=status)
    if 300 <= status < 400:
        raise request.error(
            _errors.REDIRECTED,
            f"HTTP {status}, the API has moved; redirects aren't followed with credentials, set api_url",
            f"to {_host(response.headers.get('Location', ''))}",
            http_status=status,
        )
    if not 200 <= status < 300:
        raise error_from_response(response, content, request)
    try:
        value = _json(content)
        if isinstance(value, dict) and value.get("success") is False:
            problem = f"HTTP {status}, but the reply says that the call failed"
            raise request.error(_errors.REFUSED, problem, _explanation(content)[1], http_status=status)
        return value
    except ValueError:
        said = request.words(content).strip() or "an empty body"
        problem = f"HTTP {status} with a body that isn't JSON, so nobody knows what was done"
        raise request.error(_errors.UNREADABLE, problem, said, http_status=status) from None


def error_from_response(response: requests.Response, content: bytes, request: _Request) -> WawpError:
    status = response.status_code
    kind, meaning = ERRORS_BY_STATUS.get(
        status, (_errors.SERVER_ERROR if status >= 500 else _errors.UNEXPECTED, "refused")
    )
    if status == 404 and _NO_API.search(content[:_TOLD]):
        kind, meaning = _errors.NOT_WAWP, "no Wawp API answers here, check api_url"
    code, said = _explanation(content)
    return request.error(
        kind,
        f"HTTP {status}, {meaning}",
        said or request.words(content),
        http_status=status,
        api_code=request.shown(code, 80) if code else None,
        retry_after=_retry_after(response.headers.get("Retry-After")),
    )


def _explanation(content: bytes) -> tuple[str, str]:
    """Code and message of a JSON error body, flat or nested; empty where there is none."""
    try:
        body = _json(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return "", ""
    nested = body.get("error")
    inner = nested if isinstance(nested, dict) else body
    message = inner.get("message") or (nested if inner is body else "")
    return str(inner.get("code") or ""), str(message or "")


def _json(content: bytes) -> Any:
    """The JSON value. Raises ValueError, also for what only Python takes for JSON and for what is nested too deep."""
    try:
        value = json.loads(content, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not _shallow(value):
        raise ValueError("nested too deep")
    return value


def _shallow(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _depth in range(_MAX_DEPTH):
        nodes = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for node in nodes for child in node if isinstance(child, (dict, list))]
        if not level:
            return True
    return False


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse_constant(number)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _retry_after(value: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None if it can't be read."""
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


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the same host"
    except ValueError:
        return "an unreadable address"
