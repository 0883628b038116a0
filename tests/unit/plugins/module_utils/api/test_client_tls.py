# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS with real certificates: trust, the options and variables for it, and the names of failures."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Client, Connection
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError, WawpError
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .raw_server import RawServer, React, Request, http, says

ID = "3EB0BCB2E3D4"
TOKEN = "sandbox-token"
GOOD = says(http(200, json.dumps({"status": "WORKING"}).encode()), keep_alive=True)


@dataclass(frozen=True)
class Authority:
    """A self-signed certificate and its key."""

    certificate: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """Return a server's TLS context with the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_authority(folder: Path, name: str = "IP:127.0.0.1") -> Authority:
    """Make a certificate for `name`, which has the form of subjectAltName."""
    authority = Authority(folder / "certificate.pem", folder / "key.pem")
    folder.mkdir(exist_ok=True)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    command += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    command += ["-keyout", str(authority.key), "-out", str(authority.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return authority


@pytest.fixture
def authority(environment: Path) -> Authority:
    return make_authority(environment / "authority")


@pytest.fixture
def server(authority: Authority) -> Iterator[RawServer]:
    """Run a server that clients don't trust unless they are given its certificate."""
    with RawServer(GOOD, authority.context) as server:
        yield server


def works(client: Client) -> bool:
    return client.call("info", ID, TOKEN) == (200, {"status": "WORKING"})


def failure(client: Client, call: str = "info") -> WawpError:
    with pytest.raises(WawpError) as caught:
        client.call(call, ID, TOKEN)
    return caught.value


def test_a_stranger_is_not_trusted_and_told_nothing(server: RawServer, make_client: MakeClient) -> None:
    error = failure(make_client(server.url))
    assert error.kind == _errors.TLS
    assert not error.ambiguous
    assert not error.transient
    assert "ca_path" in str(error)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert server.requests == []


def test_ca_path_names_a_file(server: RawServer, authority: Authority, make_client: MakeClient) -> None:
    client = make_client(server.url, ca_path=str(authority.certificate))
    assert all([works(client), works(client)])
    assert server.accepted == 1


def test_ca_path_names_a_folder(server: RawServer, authority: Authority, make_client: MakeClient) -> None:
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(authority.certificate)]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    folder = authority.certificate.parent / "trusted"
    folder.mkdir()
    (folder / f"{name}.0").write_bytes(authority.certificate.read_bytes())
    assert works(make_client(server.url, ca_path=str(folder)))


def test_ca_path_replaces_what_is_trusted(
    server: RawServer, environment: Path, authority: Authority, make_client: MakeClient
) -> None:
    other = make_authority(environment / "other")
    assert failure(make_client(server.url, ca_path=str(other.certificate))).kind == _errors.TLS


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_variables_name_a_file(
    server: RawServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    make_client: MakeClient,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, str(authority.certificate))
    assert works(make_client(server.url))


def test_the_order_of_the_variables_and_the_option(
    authority: Authority, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = str(authority.certificate)
    monkeypatch.setenv("CURL_CA_BUNDLE", "/curl")
    assert Connection("https://x", 1.0).verify == "/curl"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/requests")
    assert Connection("https://x", 1.0).verify == "/requests"
    assert Connection("https://x", 1.0, ca_path=certificate).verify == certificate
    assert Connection("https://x", 1.0, validate_certs=False, ca_path=certificate).verify is False


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_option_goes_before_the_variables(
    *,
    server: RawServer,
    authority: Authority,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_client: MakeClient,
    variable: str,
) -> None:
    other = make_authority(environment / "other")
    monkeypatch.setenv(variable, str(other.certificate))
    assert works(make_client(server.url, ca_path=str(authority.certificate)))
    monkeypatch.setenv(variable, str(authority.certificate))
    assert failure(make_client(server.url, ca_path=str(other.certificate))).kind == _errors.TLS


@pytest.mark.parametrize("variable", ["", "REQUESTS_CA_BUNDLE"])
def test_validate_certs_off(
    *,
    server: RawServer,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_client: MakeClient,
    recwarn: pytest.WarningsRecorder,
    variable: str,
) -> None:
    if variable:
        monkeypatch.setenv(variable, str(make_authority(environment / "other").certificate))
    assert works(make_client(server.url, validate_certs=False))
    assert not recwarn.list


def test_a_certificate_for_somebody_else(environment: Path, make_client: MakeClient) -> None:
    other = make_authority(environment / "other", "DNS:other.example")
    with RawServer(GOOD, other.context) as server:
        error = failure(make_client(server.url, ca_path=str(other.certificate)))
        assert error.kind == _errors.TLS
        assert server.requests == []


def test_a_missing_ca_path_is_an_option_error(environment: Path) -> None:
    with pytest.raises(OptionError, match=r"^ca_path: .*/missing"):
        Connection("https://x", 1.0, ca_path=str(environment / "missing"))


def test_a_missing_bundle_is_named(environment: Path, monkeypatch: pytest.MonkeyPatch, make_client: MakeClient) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(environment / "missing"))
    error = failure(make_client("https://127.0.0.1:9"))
    assert error.kind == _errors.TLS
    assert str(environment / "missing") in str(error)


@pytest.mark.parametrize("content", ["", "this is no certificate"])
def test_what_holds_no_certificate_is_an_option_error(environment: Path, content: str) -> None:
    (environment / "bundle.pem").write_text(content)
    with pytest.raises(OptionError, match=r"ca_path: .*bundle\.pem holds no certificate in PEM"):
        Connection("https://x", 1.0, ca_path=str(environment / "bundle.pem"))


def test_what_openssl_would_wait_for_is_an_option_error(environment: Path) -> None:
    os.mkfifo(environment / "pipe")
    for path in (environment / "pipe", "/dev/zero", "/dev/null"):
        with pytest.raises(OptionError, match=r"ca_path: .* is not a regular file"):
            Connection("https://x", 1.0, ca_path=str(path))


def test_a_bundle_with_a_broken_certificate(server: RawServer, environment: Path, make_client: MakeClient) -> None:
    bundle = environment / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    error = failure(make_client(server.url, ca_path=str(bundle)))
    assert error.kind == _errors.TLS
    assert not error.transient


def test_a_server_that_speaks_no_tls(environment: Path, make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        pool.submit(lambda: listener.accept()[0].sendall(http(400)))
        error = failure(make_client(url))
    assert error.kind == _errors.TLS
    assert "no TLS is spoken there" in str(error)
    assert not error.ambiguous


def test_a_server_that_speaks_tls_where_none_is_expected(authority: Authority, make_client: MakeClient) -> None:
    with RawServer(says(http(200, b"{}")), authority.context) as server:
        error = failure(make_client(server.url.replace("https", "http")))
        assert server.requests == []
    assert error.kind in (_errors.TLS, _errors.UNREACHABLE)  # OpenSSL's alert may be lost when the socket closes


@pytest.mark.parametrize(
    "answer",
    [
        b"\x15\x03\x01\x00\x02\x02\x46",
        http(400, b"Client sent an HTTP request to an HTTPS server.\n"),
        http(400, b"<html><body><center>The plain HTTP request was sent to HTTPS port</center></body></html>"),
        http(400, b"Reason: You're speaking plain HTTP to an SSL-enabled server port. Use the HTTPS scheme."),
    ],
    ids=["alert", "Go", "nginx", "Apache"],
)
def test_plain_http_on_a_port_for_tls_is_named(make_client: MakeClient, answer: bytes) -> None:
    with RawServer(says(answer)) as server:
        error = failure(make_client(server.url), "logout")
    assert error.kind == _errors.TLS
    assert "api_url must begin with https://" in str(error)
    assert not error.ambiguous


def breaks_tls(connection: socket.socket, request: Request) -> bool:
    """Take the request, then answer with bytes that aren't TLS."""
    socket.socket.sendall(socket.socket(fileno=socket.dup(connection.fileno())), b"no TLS record" * 9)
    return False


def vanishes(connection: socket.socket, request: Request) -> bool:
    """Take the request, then close without TLS's close_notify."""
    connection.shutdown(socket.SHUT_RDWR)
    return False


@pytest.mark.parametrize("react", [breaks_tls, vanishes])
def test_tls_that_breaks_after_the_request_leaves_open_whether_it_came_through(
    authority: Authority, make_client: MakeClient, react: React
) -> None:
    with RawServer(react, authority.context) as server:
        error = failure(make_client(server.url, ca_path=str(authority.certificate)), "logout")
        assert len(server.requests) == 1
    assert error.kind == _errors.UNREACHABLE
    assert error.ambiguous
