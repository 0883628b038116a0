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
SCALE = 4  # pixels a module: with one bit a pixel, a module is one hexadecimal digit
QUIET = "ffff"  # modules of white around


def _finder(row: int, column: int) -> bool | None:
    """Whether a module of the three corner patterns is dark; None outside them."""
    for top, left in ((0, 0), (0, MODULES - 7), (MODULES - 7, 0)):
        y, x = row - top, column - left
        if -1 <= y <= 7 and -1 <= x <= 7:
            return max(abs(y - 3), abs(x - 3)) not in (2, 4)
    return None


def _bits(wanted: bool | None) -> int:
    """Return the modules where `_finder` says `wanted` as bits, the first as the highest."""
    cells = ("1" if _finder(row, column) is wanted else "0" for row in range(MODULES) for column in range(MODULES))
    return int("".join(cells), 2)


_CORNERS, _FREE = _bits(True), _bits(None)
_DIGITS = str.maketrans("01", "f0")
_SIDE = (MODULES + 2 * len(QUIET)) * SCALE


def _line(modules: str) -> bytes:
    """Return one row of modules as rows of pixels: each starts with its filter type and is padded to whole bytes."""
    return bytes.fromhex(f"00{QUIET}{modules}{QUIET}0") * SCALE


_MARGIN = _line("f" * MODULES) * len(QUIET)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=1024)
def data_uri(text: str) -> str:
    """Return the picture of `text` as ``data:image/png;base64,...``."""
    noise = int.from_bytes(hashlib.shake_128(text.encode("utf-8")).digest(MODULES * MODULES // 8 + 1), "big")
    digits = format(noise & _FREE | _CORNERS, f"0{MODULES * MODULES}b").translate(_DIGITS)
    rows = [_line(digits[start : start + MODULES]) for start in range(0, len(digits), MODULES)]
    pixels = zlib.compress(b"".join([_MARGIN, *rows, _MARGIN]), 1)
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 1, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
