# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's destination and environment: URLs, proxies, ~/.netrc."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Connection
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError, WawpError
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .raw_server import RawServer, http, says

ID = "3EB0BCB2E3D4"
GOOD = json.dumps({"status": "WORKING"}).encode()


@pytest.fixture
def instance(engine: Engine) -> Instance:
    return engine.add(Instance(ID))


@pytest.fixture
def proxy(environment: Path) -> Iterator[RawServer]:
    """Run a proxy that answers everything itself."""
    with RawServer(says(http(200, GOOD))) as proxy:
        yield proxy


def failure(make_client: MakeClient, url: str) -> WawpError:
    """Return the error with which a call to this URL ends."""
    with pytest.raises(WawpError) as caught:
        make_client(url).call("info", ID, SANDBOX_TOKEN)
    return caught.value


# -- api_url


@pytest.mark.parametrize("form", ["{}", "{}/", "{}//", "  {}/ ", "{}:443/"])
def test_the_same_base(environment: Path, form: str) -> None:
    url = "https://api.wawp.net"
    assert Connection(form.format(url), 1.0).base in (url, url + ":443")


def test_a_path_before_the_paths_of_the_api(make_client: MakeClient) -> None:
    with RawServer(says(http(200, GOOD))) as server:
        make_client(f"{server.url}/some/gateway/").call("info", ID, SANDBOX_TOKEN)
    assert server.requests[0].line == "POST /some/gateway/v2/session/info HTTP/1.1"


def test_a_path_where_no_api_is(server: Server, instance: Instance, make_client: MakeClient) -> None:
    error = failure(make_client, f"{server.url}/elsewhere")
    assert error.http_status == 404
    assert f"{server.url}/elsewhere/v2/session/info" in str(error)


def test_ipv6(environment: Path, make_client: MakeClient) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    engine = Engine()
    engine.add(Instance(ID))
    with Server(engine, host="::1") as server:
        assert make_client(server.url).call("info", ID, SANDBOX_TOKEN)[0] == 201
        assert Connection(server.url, 1.0).warnings == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "api.wawp.net",
        "//api.wawp.net",
        "ftp://api.wawp.net",
        "file:///etc/passwd",
        "https://",
        "https://:443",
        "https:api.wawp.net",
        "https://api.wawp.net:0",
        "https://api.wawp.net:99999",
        "https://api.wawp.net:http",
        "https://[::1",
        "https://api.wawp.net/a b",
        "https://api .wawp.net",
        "https://api.wawp.net\n/x",
        "https://api.wawp.net/\x1b[31m",
        "https://api.wawp.net/\u202egro",
        "https://api.wawp.net\\@evil.example",
        "https://user:hushed@api.wawp.net",
        "https://hushed@api.wawp.net",
        "https://@api.wawp.net",
        "https://api.wawp.net?access_token=hushed",
        "https://api.wawp.net/?",
        "https://api.wawp.net/#hushed",
        "https://api.wawp.net#",
    ],
)
def test_a_url_that_cannot_be_used(environment: Path, url: str) -> None:
    with pytest.raises(OptionError, match=r"^api_url: ") as caught:
        Connection(url, 1.0)
    assert caught.value.option == "api_url"
    assert "hushed" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("host", ["a..b", ".example", "*", "x" * 70])
def test_a_host_name_that_cannot_be(make_client: MakeClient, host: str) -> None:
    error = failure(make_client, f"http://{host}:9")
    assert error.kind in (_errors.UNEXPECTED, _errors.UNREACHABLE)
    assert str(error).isprintable()


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://api.wawp.net", True),
        ("http://127.0.0.1.example", True),
        ("http://localhost.example", True),
        ("http://192.168.0.1:8080", True),
        ("http://[2001:db8::1]", True),
        ("https://api.wawp.net", False),
        ("http://localhost:8080", False),
        ("http://LOCALHOST", False),
        ("http://127.0.0.1", False),
        ("http://127.1.2.3:80/x", False),
        ("http://[::1]:80", False),
    ],
)
def test_plain_http_draws_a_warning_outside_loopback(environment: Path, url: str, warned: bool) -> None:
    warnings = Connection(url, 1.0).warnings
    assert len(warnings) == warned
    assert all(url in text and "not encrypted" in text for text in warnings)


# -- ~/.netrc


@pytest.mark.parametrize("by_variable", [False, True])
def test_netrc_adds_nothing(
    environment: Path, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient, by_variable: bool
) -> None:
    netrc = environment / ("elsewhere" if by_variable else ".netrc")
    netrc.write_text("machine 127.0.0.1 login somebody password hushed\ndefault login anybody password hushed\n")
    netrc.chmod(0o600)
    if by_variable:
        monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(says(http(200, GOOD))) as server:
        make_client(server.url).call("info", ID, SANDBOX_TOKEN)
    assert "authorization" not in server.requests[0].headers


# -- proxies


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_the_proxy_of_the_environment_is_used(
    proxy: RawServer, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient, variable: str
) -> None:
    if variable == "HTTP_PROXY":
        monkeypatch.delenv("REQUEST_METHOD", raising=False)  # with it, Python takes the variable for a CGI header
    monkeypatch.setenv(variable, proxy.url)
    assert make_client("http://api.example:8080").call("info", ID, SANDBOX_TOKEN) == (200, {"status": "WORKING"})
    (request,) = proxy.requests
    assert request.line == "POST http://api.example:8080/v2/session/info HTTP/1.1"
    assert SANDBOX_TOKEN.encode() not in request.head
    assert json.loads(request.body)["access_token"] == SANDBOX_TOKEN


def test_https_goes_through_the_proxy_without_showing_it_anything(
    monkeypatch: pytest.MonkeyPatch, environment: Path, make_client: MakeClient
) -> None:
    with RawServer(says(http(403, b"not here"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = failure(make_client, "https://api.example")
    assert [request.line for request in proxy.requests] == ["CONNECT api.example:443 HTTP/1.0"] or [
        request.line for request in proxy.requests
    ] == ["CONNECT api.example:443 HTTP/1.1"]
    assert SANDBOX_TOKEN.encode() not in proxy.requests[0].head + proxy.requests[0].body
    assert error.kind == _errors.UNREACHABLE
    assert "403" in str(error)


@pytest.mark.parametrize("spared", ["127.0.0.1", "*", "example.org,127.0.0.1", "127.0.0.0/8"])
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_is_respected(
    *,
    proxy: RawServer,
    server: Server,
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    make_client: MakeClient,
    variable: str,
    spared: str,
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv(variable, spared)
    make_client(server.url).call("info", ID, SANDBOX_TOKEN)
    assert proxy.accepted == 0
    assert server.accepted == 1


def test_the_proxy_is_told_its_own_credentials_only(
    proxy: RawServer, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://user:hushed@"))
    make_client("http://api.example").call("info", ID, SANDBOX_TOKEN)
    assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")
    assert "authorization" not in proxy.requests[0].headers


@pytest.mark.parametrize(
    "proxy_url",
    [
        "http://user:hushed@127.0.0.1:1",
        "user:hushed@127.0.0.1:1",
        "http://user:hushed@[::1",
        "http://\u20ac:hushed@h:9",
        "http://user:hushed\u20ac@",
    ],
)
@pytest.mark.parametrize("url", ["http://api.example", "https://api.example"])
def test_a_proxy_that_cannot_be_reached_keeps_its_password(
    *, environment: Path, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient, proxy_url: str, url: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy_url)
    error = failure(make_client, url)
    assert error.kind in (_errors.UNREACHABLE, _errors.UNEXPECTED)
    assert f"POST {url}/v2/session/info: " in str(error)
    assert "hushed" not in str(error)


def test_a_proxy_of_a_kind_that_requests_lacks(
    environment: Path, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    error = failure(make_client, "https://api.example")
    assert error.kind in (_errors.UNREACHABLE, _errors.UNEXPECTED)


def test_a_socks_proxy_without_its_library_is_named(
    environment: Path, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient
) -> None:
    def missing(*dummy: object, **options: object) -> None:
        """Raise the error that requests raises if PySocks is missing."""
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", missing)
    monkeypatch.setenv("HTTP_PROXY", "socks5h://bot:hushed@127.0.0.1:9")
    with pytest.raises(WawpError, match="PySocks") as caught:
        make_client("http://api.example").call("info", "A1", "token")
    assert "hushed" not in str(caught.value)
    assert not caught.value.ambiguous
