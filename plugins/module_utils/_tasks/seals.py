# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Seals of a report: an SSH signature of its last hash, and an RFC 3161 time-stamp.

Both are made and verified by ssh-keygen and openssl, which are everywhere, so that anybody can verify them without the
collection.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.urls import open_url

from .._errors import OptionError
from .._files import read_bytes, write_private
from .._redact import one_line, redact_sensitive_keys
from .options import Spec

SEAL_SPEC: Spec = {
    "sign_key": {"type": "path", "no_log": False},
    "timestamp_url": {"type": "str"},
}
NAMESPACE = "report@wawp.cloud"
# Seconds for a person to touch a hardware key, and for a time-stamping authority to answer.
_SIGN_TIMEOUT, _STAMP_TIMEOUT = 120, 30
_LARGEST_STAMP = 1_000_000
# In bytes, more than any key, signature, time-stamp, list of signers or bundle of authorities has.
_LARGEST_SEAL, _LARGEST_BUNDLE = 1 << 20, 16 << 20
_SSH_KEY = re.compile(rb"^(?:-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|[a-z0-9@.-]+ AAAA)", re.MULTILINE)
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass
class Seals:
    """The proof that the seals of a report give.

    Attributes:
        signer: who signed it, None unless a signature was verified.
        stamped_at: a time at which it existed, None unless a time-stamp was verified.
        problems: the problems, in words.
        lines: the findings, in words.
        files: the verified files.
    """

    signer: str | None = None
    stamped_at: str | None = None
    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class _ToolError(Exception):
    """A tool's refusal, in its own words."""


def sealed_text(head: str) -> bytes:
    """Return the text to sign: the last hash and a line feed."""
    return f"{head}\n".encode("ascii")


def check_seals(params: Mapping[str, Any]) -> None:
    """Raise OptionError for options with which a report can't be sealed."""
    if params["sign_key"]:
        # A file on which ssh-keygen would block, such as the kernel's messages, isn't a key.
        if not _SSH_KEY.search(read_bytes(params["sign_key"], "sign_key", _LARGEST_SEAL)):
            raise OptionError("sign_key", f"{params['sign_key']} holds no SSH key, neither a private nor a public one")
        _require("ssh-keygen", "sign_key")
    if params["timestamp_url"]:
        if not re.match(r"https?://[^/?#@]+", params["timestamp_url"]):
            raise OptionError("timestamp_url", "must be the http or https URL of a time-stamping authority")
        _require("openssl", "timestamp_url")


def seal(head: str, base: str, params: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Sign and stamp a written report.

    Returns:
        The files made, by kind, and in words why one is missing.
    """
    files: dict[str, str] = {}
    content, problems = sealed_text(head), []
    if params["sign_key"]:
        try:
            content = _run(["ssh-keygen", "-q", "-Y", "sign", "-f", params["sign_key"], "-n", NAMESPACE], content)
            write_private(f"{base}.sig", [content], "directory")
            files["sig"] = f"{base}.sig"
        except _ToolError as error:
            problems.append(f"it could not be signed with sign_key: {error}")
    if params["timestamp_url"] and not problems:
        try:
            write_private(f"{base}.tsr", [_stamp(content, params["timestamp_url"])], "directory")
            files["tsr"] = f"{base}.tsr"
        except (_ToolError, OSError, ValueError) as error:
            address = redact_sensitive_keys(params["timestamp_url"])
            problems.append(f"{address} gave no time-stamp: {one_line(str(error))}")
    return files, problems


def _stamp(content: bytes, url: str) -> bytes:
    """Return a time-stamping authority's reply, which says when it saw this content."""
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        write_private(data, [content], "timestamp_url")
        query = _run(["openssl", "ts", "-query", "-data", data, "-sha256", "-cert"])
        headers = {"Content-Type": _QUERY, "Accept": _REPLY}
        response = open_url(url, data=query, method="POST", headers=headers, timeout=_STAMP_TIMEOUT)
        reply: bytes = response.read(_LARGEST_STAMP)
        path = os.path.join(folder, "reply")
        write_private(path, [reply], "timestamp_url")
        text = _run(["openssl", "ts", "-reply", "-in", path, "-text"]).decode("utf-8", "replace")
    if "Status: Granted" not in text:
        raise _ToolError("it did not grant one")
    return reply


def verify_seals(head: str, base: str, params: Mapping[str, Any]) -> Seals:
    """Verify the signature and the time-stamp beside a report. Raises OptionError if a file can't be read."""
    seals, content = Seals(), sealed_text(head)
    signature, stamp = f"{base}.sig", f"{base}.tsr"
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists(signature):
            _verify_signature(seals, content, _Copies(folder, signature, params["allowed_signers"], "allowed_signers"))
            content = read_bytes(signature, "report", _LARGEST_SEAL)
        elif params["allowed_signers"]:
            seals.problems.append(f"it isn't signed: there is no {signature}")
        if os.path.exists(stamp):
            _verify_stamp(seals, content, _Copies(folder, stamp, params["timestamp_ca"], "timestamp_ca"))
        elif params["timestamp_ca"]:
            seals.problems.append(f"it has no time-stamp: there is no {stamp}")
    return seals


class _Copies:
    """Copies of a seal's files for its tool, which would block on a pipe or device, and read a huge file to its end.

    Args:
        folder: the copies' folder.
        path: the seal's file.
        trusted: the file with the trusted signers or authorities, if given.
        option: the option that names it.
    """

    def __init__(self, folder: str, path: str, trusted: str | None, option: str) -> None:
        self.path, self._folder = path, folder
        most = _LARGEST_BUNDLE if option == "timestamp_ca" else _LARGEST_SEAL
        self.seal = self.add("seal", read_bytes(path, "report", _LARGEST_SEAL))
        self.trusted = self.add(option, read_bytes(trusted, option, most)) if trusted else None

    def add(self, name: str, content: bytes) -> str:
        """Make a copy and return its path."""
        path = os.path.join(self._folder, name)
        write_private(path, [content], "report")
        return path


def _verify_signature(seals: Seals, content: bytes, files: _Copies) -> None:
    if not files.trusted:
        try:
            output = _run(["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", files.seal], content)
        except _ToolError as error:
            seals.problems.append(f"its signature doesn't fit it: {error}")
            return
        key = output.decode("utf-8", "replace").rpartition(" with ")[2].strip()
        seals.lines.append(f"Signed with {one_line(key)}. Give allowed_signers to verify whose key that is.")
        return
    seal = ["-s", files.seal, "-f", files.trusted]
    try:
        found = _run(["ssh-keygen", "-Y", "find-principals", *seal]).decode("utf-8", "replace")
        signer = found.splitlines()[0]
        output = _run(["ssh-keygen", "-Y", "verify", *seal, "-I", signer, "-n", NAMESPACE], content)
    except (_ToolError, IndexError) as error:
        seals.problems.append(f"its signature is by nobody in allowed_signers, or doesn't fit it: {error}")
        return
    seals.signer = one_line(signer)
    seals.files.append(files.path)
    key = one_line(output.decode("utf-8", "replace").rpartition(" with ")[2])
    seals.lines.append(f"Signed by {seals.signer} with {key}.")


def _verify_stamp(seals: Seals, content: bytes, files: _Copies) -> None:
    try:
        text = _run(["openssl", "ts", "-reply", "-in", files.seal, "-text"]).decode("utf-8", "replace")
    except _ToolError as error:
        seals.problems.append(f"its time-stamp can't be read: {error}")
        return
    found = re.search(r"Time stamp: (.+)", text)
    time = one_line(found[1]) if found else "a time that it doesn't say"
    if not files.trusted:
        seals.lines.append(f"Its time-stamp says {time}. Give timestamp_ca to verify it.")
        return
    data = files.add("data", content)
    try:
        _run(["openssl", "ts", "-verify", "-data", data, "-in", files.seal, "-CAfile", files.trusted])
    except _ToolError as error:
        seals.problems.append(f"its time-stamp doesn't fit it, or isn't by an authority in timestamp_ca: {error}")
        return
    seals.stamped_at = time
    seals.files.append(files.path)
    seals.lines.append(f"It was there at {time}, by its time-stamp.")


def _require(tool: str, option: str) -> None:
    if not shutil.which(tool):
        raise OptionError(option, f"needs {tool}, which isn't installed where this task runs")


def _run(command: Sequence[str], content: bytes | None = None) -> bytes:
    """Run a tool and return its output. It gets no terminal, where it would ask for a passphrase and wait forever."""
    environment = {**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
    try:
        # Not run_command: the controller's worker has no AnsibleModule.
        # pylint: disable-next=ansible-bad-function
        ended = subprocess.run(  # noqa: S603 - our own commands; a path can't pass for an option
            command,
            input=content or b"",
            capture_output=True,
            timeout=_SIGN_TIMEOUT,
            check=False,
            env=environment,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _ToolError(one_line(str(error))) from None
    if ended.returncode:
        raise _ToolError(one_line((ended.stderr or ended.stdout).decode("utf-8", "replace")) or f"{command[0]} failed")
    return ended.stdout
