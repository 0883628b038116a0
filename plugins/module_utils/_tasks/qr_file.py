# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The current QR code in a file."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from .._errors import OptionError, WawpError
from .._files import first_bytes, remove, write_private
from .._run.driver import Reply, Send
from .._session.model import SCAN_QR_CODE

_PNG = b"\x89PNG\r\n\x1a\n"
_PLAIN_ALPHABET = str.maketrans("-_", "+/")
# A code lies no deeper in a reply than this.
_DEEPEST = 4


class QrFile:
    """A Send that keeps the current QR code in a file. The file is removed when there is none, and at the end.

    Args:
        send: the Send that it wraps.
        path: the file, a PNG image with mode 0600.
        option: the module's option that the path came from.
    """

    def __init__(self, send: Send, path: str, option: str) -> None:
        self._send, self._path, self._option = send, path, option
        self._shown: Any = None
        self._problem = ""
        self._writing, self._closed = threading.Lock(), False

    def __enter__(self) -> QrFile:
        if first_bytes(self._path, len(_PNG), self._option) not in (b"", _PNG):
            raise OptionError(
                self._option, f"{self._path} is not a PNG image and would be overwritten; give another path"
            )
        remove(self._path, self._option)
        return self

    def __exit__(self, *dummy: object) -> None:
        with self._writing:  # so that a thread whose call is still under way writes nothing after the end
            self._closed = True
            remove(self._path, self._option)

    def __call__(self, name: str) -> Reply:
        reply = self._send(name)
        if reply.session is not None:
            waits = reply.session.status == SCAN_QR_CODE
            self._show((reply.session.body.get("qr") or self._ask()) if waits else None)
        return reply

    def _ask(self) -> Any:
        """Request the QR code by its own call, for a reading that comes without one."""
        try:
            body = self._send("qr_image").body
        except WawpError as error:
            self._problem = str(error)
            return None  # the next reading asks again
        return (body.get("qr") or body) if isinstance(body, Mapping) else body

    def _show(self, qr: Any) -> None:
        if qr == self._shown:
            return
        self._shown = qr
        image = png_image(qr)
        with self._writing:
            if image is not None and not self._closed:
                write_private(self._path, [image], self._option)
            else:
                remove(self._path, self._option)
        if qr:
            self._problem = "" if image is not None else "it is not a PNG image"

    @property
    def warnings(self) -> list[str]:
        """Return why the last QR code isn't in the file, if it isn't."""
        return [f"The QR code could not be kept in {self._option}: {self._problem}."] if self._problem else []


def png_image(qr: Any, depth: int = 0) -> bytes | None:
    """Return the PNG image in the API's value for a QR code, None if there is none.

    Args:
        qr: base64 in any of its alphabets, a data URI, bytes as numbers, or a mapping that holds one of these.
        depth: its depth in the reply.
    """
    if isinstance(qr, Mapping) and depth < _DEEPEST:
        return next(filter(None, (png_image(each, depth + 1) for each in qr.values())), None)
    image = _decoded(qr)
    return image if image and image.startswith(_PNG) else None


def _decoded(qr: Any) -> bytes | None:
    try:
        if isinstance(qr, list):  # as Node writes its buffers
            return bytes(qr)
        if not isinstance(qr, str):
            return None
        text = unquote(qr.partition(",")[2]) if qr.startswith("data:") else qr
        text = "".join(text.split()).rstrip("=").translate(_PLAIN_ALPHABET)
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (TypeError, ValueError):
        return None
