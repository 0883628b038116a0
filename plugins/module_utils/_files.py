# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile

from ._errors import OptionError


def anchored(path: str, folder: str) -> str:
    """A path option's value with the folder that a relative one begins in; ``~`` and ``$`` are left to the module.

    Args:
        path: as the user gave it.
        folder: where relative paths begin: a folder of this machine, or ``~`` for another machine's, whose variables
            and users aren't known here.
    """
    if folder == "~":
        return path if path.startswith(("/", "~", "$")) else f"~/{path}"
    known = os.path.isabs(os.path.expanduser(os.path.expandvars(path)))
    return path if known else os.path.join(folder, path)


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
    _refuse_special(path, option)
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
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be written: {_why(error)}: {path}") from None


def remove(path: str, option: str) -> bool:
    """Remove a file. Returns whether it was there. Raises OptionError if it can't be removed."""
    _refuse_special(path, option)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be removed: {_why(error)}: {path}") from None
    return True


def _why(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not a file's name"


def _refuse_special(path: str, option: str) -> None:
    """Only a file is replaced or removed: as root, /dev/null for nowhere would be gone."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise OptionError(option, f"{path} is no regular file")


def first_bytes(path: str, count: int, option: str) -> bytes:
    """How a file begins, nothing if there is none. Raises OptionError if it can't be read or is no regular file."""
    _refuse_special(path, option)
    try:
        with open(path, "rb") as file:
            return file.read(count)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be read: {_why(error)}: {path}") from None


def read_bytes(path: str, option: str) -> bytes:
    """A file's content. Raises OptionError if it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be read: {_why(error)}: {path}") from None
