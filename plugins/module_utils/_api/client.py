# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The Wawp API over requests: one call, one reply or one WawpError.

Credentials travel in the JSON body, and with GET in the headers besides, where no proxy or access log keeps them.
No redirect is followed, since a POST would carry them on to another host; ``~/.netrc`` and cookies are left out of it.
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
        """Speaks to one address with one deadline for a whole response, its head included.

        What is the same for all calls is looked up once, and a response stays urllib3's: a fifth of a call.
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
            """The same, as requests asks for it before 2.32."""
            pool = self._pool = self._pool or super().get_connection(*arguments, **options)
            return pool

        def request_url(self, request: Any, proxies: Any) -> str:
            if request.url not in self._targets:
                self._targets[request.url] = super().request_url(request, proxies)
            return self._targets[request.url]

        def build_response(self, req: Any, resp: Any) -> Any:
            return resp


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
        if self.ca_path and not os.path.isdir(self.ca_path):
            _check_certificates(self.ca_path)

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


def _check_certificates(path: str) -> None:
    """Refuse what OpenSSL would wait for, read without an end, or complain of without a name. Raises OptionError."""
    if not os.path.exists(path):
        raise OptionError("ca_path", f"no such file or folder: {path}")
    if b"-----BEGIN " not in read_bytes(path, "ca_path", _LARGEST_BUNDLE):
        raise OptionError("ca_path", f"{path} holds no certificate in PEM")


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
        get_credentials: where a GET carries credentials; only a check of the API sends fewer than both.
    """

    def __init__(
        self, connection: Connection, connections: int = 1, get_credentials: tuple[str, ...] = ("body", "headers")
    ) -> None:
        self._get_credentials = get_credentials
        self._base = connection.base
        self._timeout = connection.request_timeout
        self._verify = connection.verify
        if not self._verify:
            disable_warnings(InsecureRequestWarning)  # the user has said so; urllib3 would repeat it for every call
        # No requests.Session: it isn't made for threads, asks the environment at each call, reads a redirect's whole
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
            instance_id: the instance that it is about.
            access_token: the account's token.
            fields: what the call takes besides.

        Returns:
            The 2xx status and the reply's JSON value, without the token unless it is what ``webhook_set`` takes again.

        Raises:
            WawpError: anything else; the message names method, URL, status and what the reply said.
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
            # what requests makes of a proxy URL that is none
            raise request.error(_errors.UNEXPECTED, "the environment's proxy URL can't be used") from None
        finally:
            if response is not None:
                response.close()
                response.release_conn()

    def _prepared(
        self, request: Request, headers: Mapping[str, Any], body: Mapping[str, Any]
    ) -> requests.PreparedRequest:
        """A request like the earlier ones of its kind: to make URL and headers anew costs a sixth of a call."""
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
    """The credentials once more for a GET, whose body may be dropped on its way; as the vendor's own SDK sends them."""
    if method != "GET":
        return {}
    return {"Authorization": f"Bearer {access_token}".encode(), "X-Instance-ID": instance_id.encode()}


def error_from_exception(error: Exception, request: Request) -> WawpError:
    """The error for a request that got no reply."""
    if isinstance(error, (requests.Timeout, ReadTimeoutError)):
        return request.error(_errors.TIMEOUT, "no complete reply in time, see request_timeout")
    if is_certificate_rejection(error):
        return request.error(_errors.TLS, "no trusted TLS connection, see ca_path and validate_certs", _reason(error))
    if isinstance(error, DecodeError):
        return request.error(_errors.UNREADABLE, "the reply's compression is broken")
    kind, problem = _setup_problem(error) or _wrong_protocol(root_cause(error)) or (None, "the connection failed")
    return request.error(kind or _errors.UNREACHABLE, problem, "" if kind == _errors.UNEXPECTED else _reason(error))


def _setup_problem(error: Exception) -> tuple[str, str] | None:
    """Kind and meaning of an error for which nothing was sent, since the environment can't be used."""
    if isinstance(error, OSError) and "CA certificate bundle" in str(error):
        return _errors.TLS, "the CA bundle named by the environment doesn't exist"
    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error):
        return _errors.UNEXPECTED, "the environment names a SOCKS proxy, which needs the Python library PySocks"
    if isinstance(error, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, LocationValueError)):
        return _errors.UNEXPECTED, "api_url or the environment's proxy URL can't be used"
    return None


def _wrong_protocol(error: BaseException) -> tuple[str, str] | None:
    """Kind and meaning of an error where what answers speaks another protocol than the one that api_url names."""
    said = str(error)
    if isinstance(error, ssl.SSLError) and _NO_TLS.search(said) and _in_handshake(error):
        return _errors.TLS, "no TLS is spoken there, check scheme and port of api_url and of the proxy's URL"
    if isinstance(error, BadStatusLine):
        if re.match("[\x15\x16]\x03", said):
            return _errors.TLS, "TLS is spoken on this port, so api_url must begin with https://"
        if re.match(r"\0\0|PRI \* HTTP/2", said):
            return _errors.NOT_WAWP, "only HTTP/2 is spoken on this port, see what stands between you and Wawp"
    return None


def _in_handshake(error: BaseException) -> bool:
    """Whether TLS failed before the request was sent on it."""
    return any(frame.name == "do_handshake" for frame in traceback.extract_tb(error.__traceback__))


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
    """Return the exception that requests and urllib3 have wrapped."""
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
    """Return the root cause in the system's own words."""
    bottom = root_cause(error)
    text = re.sub(r"<[^>]*>: |^\w*Connection\w*\([^)]*\): ", "", str(bottom))
    return text or type(bottom).__name__


def _read(response: Any, deadline: float, request: Request) -> bytes:
    """The reply's bytes, as far as a sane reply goes. A reply that drips is cut off at the deadline."""
    content = b""
    for chunk in _chunks(response):
        content += chunk
        if len(content) > MAX_BODY:
            if response.status >= 300:
                return content[:MAX_BODY]  # a refusal, however long its page
            problem = f"HTTP {response.status}, the reply is larger than {MAX_BODY} bytes"
            raise request.error(_errors.UNREADABLE, problem, http_status=response.status)
        if time.monotonic() > deadline:
            raise request.error(_errors.TIMEOUT, "no complete reply in time, see request_timeout")
    return content


def _chunks(raw: Any) -> Iterator[bytes]:
    """The body as it comes in. urllib3 1.26 has no read1 and waits for whole chunks: small ones, then."""
    raw.enforce_content_length = True  # urllib3 1.26 leaves it to its caller
    if not hasattr(raw, "read1"):
        return iter(raw.stream(_SMALL_CHUNK, decode_content=True))
    return iter(lambda: raw.read1(_CHUNK, decode_content=True), b"")
