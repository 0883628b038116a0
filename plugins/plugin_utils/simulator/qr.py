# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A picture that looks like a QR code: a small valid PNG, the same for the same text. It encodes nothing."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from functools import lru_cache

MODULES = 29  # a version 3 code
SCALE = 4
QUIET = 4


def _finder(row: int, column: int) -> bool | None:
    """Whether a module of the three corner patterns is dark; None outside them."""
    for top, left in ((0, 0), (0, MODULES - 7), (MODULES - 7, 0)):
        y, x = row - top, column - left
        if -1 <= y <= 7 and -1 <= x <= 7:
            ring = max(abs(y - 3), abs(x - 3))
            return ring not in {2, 4}
    return None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=1024)
def data_uri(text: str) -> str:
    """`text` as ``data:image/png;base64,...``."""
    noise = int.from_bytes(hashlib.shake_128(text.encode("utf-8")).digest(MODULES * MODULES // 8 + 1), "big")
    side = (MODULES + 2 * QUIET) * SCALE
    white = b"\x00" + b"\xff" * side  # every row starts with its filter type
    rows = [white] * (QUIET * SCALE)
    for row in range(MODULES):
        line = bytearray(b"\xff" * (QUIET * SCALE))
        for column in range(MODULES):
            dark = _finder(row, column)
            if dark is None:
                dark = bool(noise >> (row * MODULES + column) & 1)
            line += (b"\x00" if dark else b"\xff") * SCALE
        rows += [b"\x00" + bytes(line) + b"\xff" * (QUIET * SCALE)] * SCALE
    rows += [white] * (QUIET * SCALE)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + _chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
