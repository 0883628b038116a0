# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The Wawp API over requests: one call, one reply or one WawpError.

Credentials travel in the JSON body, and for GET also in the headers, where proxies and access logs don't keep them.
Redirects aren't followed, since a POST would carry credentials to another host; ``~/.netrc`` and cookies are ignored.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import BadStatusLine
from typing import Any
from urllib.parse import urlsplit

from .. import _errors
from .._errors import OptionError, WawpError
from .._files import read_bytes
from .._redact import redact_value
from .._version import VERSION
from .deadline import with_deadline
from .replies import HttpReply, Request, is_free_of, parse_reply

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
        """Connects to one address, with one deadline for a whole response, headers included.

        Looks up once whatever all calls share, and returns urllib3's response: saves a fifth of a call.
        """

        def __init__(self, connections: int) -> None:
            self._pool: Any = None
            self._targets: dict[Any, str] = {}
            super().__init__(pool_connections=1, pool_maxsize=connections)

        def close(self) -> None:
            self._pool = None
            super().close()

        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = with_deadline(self.poolmanager.pool_classes_by_scheme)

        def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(*arguments, **options)
            manager.pool_classes_by_scheme = with_deadline(manager.pool_classes_by_scheme)
            return manager

        def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
            pool = self._pool = self._pool or super().get_connection_with_tls_context(*arguments, **options)
            return pool

        def get_connection(self, *arguments: Any, **options: Any) -> Any:
            """Return the same, as requests before 2.32 asks for it."""
            pool = self._pool = self._pool or super().get_connection(*arguments, **options)
            return pool

        def request_url(self, request: Any, proxies: Any) -> str:
            if request.url not in self._targets:
                self._targets[request.url] = super().request_url(request, proxies)
            return self._targets[request.url]

        def build_response(self, req: Any, resp: Any) -> Any:
            return resp


# Call names are Wawp's paths below /v2/session; calls without a documented POST use the documented method.
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

# Replies that are sent back must stay unchanged. Callers must redact them before display.
UNREDACTED_CALLS = frozenset({"webhook_get"})

MAX_CONNECT = 10.0
MAX_BODY = 1 << 20
# Of a bundle of certificates, in bytes; those of all authorities have 300,000.
_LARGEST_BUNDLE = 16 << 20
_CHUNK = 1 << 16
_SMALL_CHUNK = 1 << 6
_NO_TLS = re.compile("WRONG_VERSION_NUMBER|HTTP_REQUEST|record layer failure", re.IGNORECASE)
_LOOPBACK = re.compile(r"^(localhost|127(\.\d+){3}|::1)$")


@dataclass(frozen=True)
class Connection:
    """The API's address and how to reach it: the modules' options of the same names, ``request_timeout`` in seconds.

    Raises:
        OptionError: a value can't be used.
    """

    api_url: str
    request_timeout: float
    validate_certs: bool = True
    ca_path: str | None = None

    def __post_init__(self) -> None:
        check_api_url(self.api_url)
        if self.ca_path and not os.path.isdir(self.ca_path):
            _check_certificates(self.ca_path)

    @property
    def base(self) -> str:
        return self.api_url.strip().rstrip("/")

    @property
    def warnings(self) -> list[str]:
        """Warnings about this connection for a careful operator."""
        parts = urlsplit(self.base)
        if parts.scheme == "http" and not _LOOPBACK.match(parts.hostname or ""):
            return [f"api_url: {self.base} is not encrypted, the access token can be read on its way"]
        return []

    @property
    def verify(self) -> bool | str:
        """The ``verify`` of requests: from the option, else from the environment variables that requests reads."""
        if not self.validate_certs:
            return False
        environment = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        return self.ca_path or environment or True


def _check_certificates(path: str) -> None:
    """Raise OptionError for a path on which OpenSSL would block, read forever, or fail without naming the file."""
    if not os.path.exists(path):
        raise OptionError("ca_path", f"no such file or folder: {path}")
    if b"-----BEGIN " not in read_bytes(path, "ca_path", _LARGEST_BUNDLE):
        raise OptionError("ca_path", f"{path} holds no certificate in PEM")


def check_api_url(url: str) -> None:
    """Raise OptionError unless calls can be sent to the URL. The message doesn't repeat secrets in it."""
    try:
        url = url.strip()
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        # urlsplit silently removes line breaks.
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
    """A client for one API, over kept-alive connections. Threads may share it, as they may share urllib3's pools.

    Args:
        connection: the API's address and how to reach it.
        connections: the number of connections to keep.
        get_credentials: the places where a GET carries credentials; only wawp_check_api uses fewer than both.
    """

    def __init__(
        self, connection: Connection, connections: int = 1, get_credentials: tuple[str, ...] = ("body", "headers")
    ) -> None:
        self._get_credentials = get_credentials
        self._base = connection.base
        self._timeout = connection.request_timeout
        self._verify = connection.verify
        if not self._verify:
            disable_warnings(InsecureRequestWarning)  # the user asked for it; urllib3 would warn on every call
        # No requests.Session: it isn't thread-safe, reads the environment at each call, reads a redirect's whole
        # body, fails on its Location, keeps cookies, and adds credentials from netrc.
        self._proxies = get_environ_proxies(self._base, no_proxy=None)
        self._adapter = _Adapter(connections)
        self.request_templates: dict[tuple[str, str], requests.PreparedRequest] = {}

    def close(self) -> None:
        self._adapter.close()

    def call(self, name: str, instance_id: str, access_token: str, **fields: Any) -> tuple[int, Any]:
        """Send one call.

        Args:
            name: one of CALLS.
            instance_id: the instance to call it for.
            access_token: the account's token.
            fields: the call's other fields.

        Returns:
            The 2xx status and the reply's JSON value, without the token unless ``webhook_set`` has to send it back.

        Raises:
            WawpError: for any other reply, or none; the message has the method, URL, status and the reply's words.
        """
        method, path = CALLS[name]
        request = Request(name, method, self._base + path, (access_token,))
        body = {"instance_id": instance_id, "access_token": access_token, **fields}
        headers = _headers(method, instance_id, access_token)
        if method == "GET" and "body" not in self._get_credentials:
            body = fields
        if "headers" not in self._get_credentials:
            headers = {}
        reply = self._exchange(request, headers, body)
        value = parse_reply(reply, request)
        unchanged = name in UNREDACTED_CALLS or is_free_of(reply.content, access_token)
        return reply.status, value if unchanged else redact_value(value, request.secrets)

    def _exchange(self, request: Request, headers: Mapping[str, Any], body: Mapping[str, Any]) -> HttpReply:
        """Send a request and read its whole reply, within the timeout."""
        deadline = time.monotonic() + self._timeout
        response: Any = None
        try:
            response = self._adapter.send(
                self._prepared(request, headers, body),
                timeout=(min(MAX_CONNECT, self._timeout), self._timeout),
                verify=self._verify,
                proxies=self._proxies,
                stream=True,
            )
            return HttpReply(response.status, response.headers, _read(response, deadline, request))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise error_from_exception(error, request) from None
        except (TypeError, ValueError):
            if response is not None:  # urllib3 1.26 on the length of a chunk
                raise request.error(_errors.UNREADABLE, "the reply's body is broken") from None
            # requests raises these for an invalid proxy URL
            raise request.error(_errors.UNEXPECTED, "the environment's proxy URL can't be used") from None
        finally:
            if response is not None:
                response.close()
                response.release_conn()

    def _prepared(
        self, request: Request, headers: Mapping[str, Any], body: Mapping[str, Any]
    ) -> requests.PreparedRequest:
        """Prepare a request from its kind's template: building URL and headers anew costs a sixth of a call."""
        kind = request.method, request.url
        if kind not in self.request_templates:
            usual = {"User-Agent": f"wawp.cloud/{VERSION} (Ansible)", "Accept": "application/json"}
            self.request_templates[kind] = requests.Request(*kind, headers={**default_headers(), **usual}).prepare()
        template = self.request_templates[kind]
        content = json.dumps(body, allow_nan=False).encode()
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.body = template.method, template.url, content
        described = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        prepared.headers = {**template.headers, **described, **headers}  # type: ignore[assignment] # all are our own
        return prepared


def _headers(method: str, instance_id: str, access_token: str) -> dict[str, Any]:
    """Return the credentials as headers for a GET, as the vendor's SDK does: its body may be dropped on the way."""
    if method != "GET":
        return {}
    return {"Authorization": f"Bearer {access_token}".encode(), "X-Instance-ID": instance_id.encode()}


def error_from_exception(error: Exception, request: Request) -> WawpError:
    """Return the error for a request that got no reply."""
    if isinstance(error, (requests.Timeout, ReadTimeoutError)):
        return request.error(_errors.TIMEOUT, "no complete reply in time, see request_timeout")
    if is_certificate_rejection(error):
        return request.error(_errors.TLS, "no trusted TLS connection, see ca_path and validate_certs", _reason(error))
    if isinstance(error, DecodeError):
        return request.error(_errors.UNREADABLE, "the reply's compression is broken")
    kind, problem = _setup_problem(error) or _wrong_protocol(root_cause(error)) or (None, "the connection failed")
    return request.error(kind or _errors.UNREACHABLE, problem, "" if kind == _errors.UNEXPECTED else _reason(error))


def _setup_problem(error: Exception) -> tuple[str, str] | None:
    """Return kind and meaning of an error in the environment, before anything was sent; None for other errors."""
    if isinstance(error, OSError) and "CA certificate bundle" in str(error):
        return _errors.TLS, "the CA bundle named by the environment doesn't exist"
    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error):
        return _errors.UNEXPECTED, "the environment names a SOCKS proxy, which needs the Python library PySocks"
    if isinstance(error, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, LocationValueError)):
        return _errors.UNEXPECTED, "api_url or the environment's proxy URL can't be used"
    return None


def _wrong_protocol(error: BaseException) -> tuple[str, str] | None:
    """Return kind and meaning of an error if the server speaks another protocol than api_url names, else None."""
    said = str(error)
    if isinstance(error, ssl.SSLError) and _NO_TLS.search(said) and _in_handshake(error):
        return _errors.TLS, "no TLS is spoken there, check scheme and port of api_url and of the proxy's URL"
    if isinstance(error, BadStatusLine):
        if re.match("[\x15\x16]\x03", said):
            return _errors.TLS, "TLS is spoken on this port, so api_url must begin with https://"
        if re.match(r"\0\0|PRI \* HTTP/2", said):
            return _errors.NOT_WAWP, "only HTTP/2 is spoken on this port, check the server between you and Wawp"
    return None


def _in_handshake(error: BaseException) -> bool:
    """Whether TLS failed before the request was sent."""
    return any(frame.name == "do_handshake" for frame in traceback.extract_tb(error.__traceback__))


def is_certificate_rejection(error: BaseException) -> bool:
    """Whether this side refused a TLS connection, before it sent anything.

    Any other TLS error may have occurred after the request arrived.
    """
    bottom = root_cause(error)
    if isinstance(bottom, ssl.SSLError) and bottom.library in ("PEM", "X509"):
        return True
    # Python's verification error is a ValueError too, as is urllib3 1.26's for a wrong host name.
    return isinstance(error, requests.exceptions.SSLError) and isinstance(bottom, ValueError)


def root_cause(error: BaseException) -> BaseException:
    """Return the exception that requests and urllib3 wrapped."""
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
    """Return the root cause in the system's words."""
    bottom = root_cause(error)
    text = re.sub(r"<[^>]*>: |^\w*Connection\w*\([^)]*\): ", "", str(bottom))
    return text or type(bottom).__name__


def _read(response: Any, deadline: float, request: Request) -> bytes:
    """Read a reply's bytes, up to the size of a sane reply. A trickled reply is cut off at the deadline."""
    content = b""
    for chunk in _chunks(response):
        content += chunk
        if len(content) > MAX_BODY:
            if response.status >= 300:
                return content[:MAX_BODY]  # an error, however long its page
            problem = f"HTTP {response.status}, the reply is larger than {MAX_BODY} bytes"
            raise request.error(_errors.UNREADABLE, problem, http_status=response.status)
        if time.monotonic() > deadline:
            raise request.error(_errors.TIMEOUT, "no complete reply in time, see request_timeout")
    return content


def _chunks(raw: Any) -> Iterator[bytes]:
    """Yield the body as it arrives. urllib3 1.26 has no read1 and waits for whole chunks, so use small ones."""
    raw.enforce_content_length = True  # urllib3 1.26 leaves it to its caller
    if not hasattr(raw, "read1"):
        return iter(raw.stream(_SMALL_CHUNK, decode_content=True))
    return iter(lambda: raw.read1(_CHUNK, decode_content=True), b"")
