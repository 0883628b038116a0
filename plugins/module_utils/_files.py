# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files that only their owner may read, written whole or not at all. Private to the collection."""

from __future__ import annotations

import os
import tempfile

from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError


def write_private(path: str, content: bytes, option: str) -> None:
    """Write a file with mode 0600, replacing one that is there.

    Args:
        path: the file; its folder is made, with mode 0700, if it isn't there.
        content: all of it.
        option: the module's option that the path came from.

    Raises:
        OptionError: it can't be written.
    """
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".wawp-")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise OptionError(option, f"can't be written: {error.strerror}: {path}") from None


def remove(path: str, option: str) -> bool:
    """Remove a file. Returns whether it was there. Raises OptionError if it can't be removed."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OptionError(option, f"can't be removed: {error.strerror}: {path}") from None
    return True


def read_bytes(path: str, option: str) -> bytes:
    """A file's content. Raises OptionError if it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise OptionError(option, f"can't be read: {error.strerror}: {path}") from None
