# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A time-stamping authority (RFC 3161) on loopback: OpenSSL's, behind HTTP."""

from __future__ import annotations

import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

_CONFIG = """
[ req ]
distinguished_name = name
[ name ]
[ authority ]
basicConstraints = critical,CA:true
[ stamping ]
basicConstraints = CA:false
extendedKeyUsage = critical,timeStamping
[ tsa ]
default_tsa = tsa1
[ tsa1 ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


def openssl(*arguments: str, content: bytes | None = None) -> bytes:
    command = [shutil.which("openssl") or "openssl", *arguments]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout


class Authority:
    """An authority made in a folder, which answers while its context is entered.

    Attributes:
        ca: the certificate with which its time-stamps are verified.
        broken: whether it answers with something else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.broken = folder, False
        self.ca = folder / "ca.pem"
        self._config = folder / "openssl.cnf"
        self._config.write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self._certify("ca", "/CN=Root", "authority", [])
        self._certify("tsa", "/CN=Stamps", "stamping", ["-CA", str(self.ca), "-CAkey", str(folder / "ca.key")])
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                reply = b"<html>" if outer.broken else outer.reply(query)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def _certify(self, name: str, subject: str, extensions: str, signer: list[str]) -> None:
        key, certificate = (str(self.folder / f"{name}.{kind}") for kind in ("key", "pem"))
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate]
        config = ["-config", str(self._config), "-extensions", extensions, "-subj", subject, "-days", "2"]
        openssl("req", "-x509", *made, *config, *signer)

    def reply(self, query: bytes) -> bytes:
        path = self.folder / "query"
        path.write_bytes(query)
        return openssl("ts", "-reply", "-config", str(self._config), "-queryfile", str(path))

    def __enter__(self) -> Authority:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
