# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files that options name: only regular ones of a bounded size are read, and each is written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable

from ._errors import OptionError

# The largest file that is read whole. A report of ten thousand instances has 20 MB.
MAX_BYTES = 256 * 1024 * 1024


def anchored(path: str, folder: str) -> str:
    """Join a relative path to its folder. ``~`` and ``$`` are left for the module to expand.

    Args:
        path: as the user gave it.
        folder: the base of relative paths: a folder on this machine, or ``~`` for another machine, whose variables
            and users aren't known here.
    """
    if folder == "~":
        return path if path.startswith(("/", "~", "$")) else f"~/{path}"
    known = os.path.isabs(os.path.expanduser(os.path.expandvars(path)))
    return path if known else os.path.join(folder, path)


def write_private(path: str, content: Iterable[bytes], option: str) -> None:
    """Write a file with mode 0600. Replaces an existing file, or a link but not its target.

    Args:
        path: the file; a missing folder is made, with mode 0700.
        content: the whole content, in pieces.
        option: the module's option that the path came from.

    Raises:
        OptionError: it can't be written.
    """
    folder = os.path.dirname(os.path.abspath(path))
    _refuse_special(path, option)
    make_folder(folder, option)
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".wawp-")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be written: {_why(error)}: {path}") from None


def make_folder(folder: str, option: str) -> None:
    """Make a folder with mode 0700 if it doesn't exist. Raises OptionError."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be written: {_why(error)}: {folder}") from None


def require_folder(path: str, option: str, create: bool) -> None:
    """Ensure that a folder exists and is writable.

    Args:
        path: the folder; an existing one keeps its mode, since it may be shared.
        option: the module's option that the path came from.
        create: whether to make a missing one, with mode 0700.

    Raises:
        OptionError: it isn't a folder, or can't be written to or made.
    """
    try:
        if create:
            os.makedirs(path, mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        problem = "is not a folder" if os.path.lexists(path) else f"can't be made: {_why(error)}"
        raise OptionError(option, f"{problem}: {path}") from None
    if os.path.lexists(path) and not (os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)):
        raise OptionError(option, f"is not a folder that can be written to: {path}")


def remove(path: str, option: str) -> bool:
    """Remove a file and return whether it existed. Raises OptionError if it can't be removed."""
    _refuse_special(path, option)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise OptionError(option, f"can't be removed: {_why(error)}: {path}") from None
    return True


def open_regular(path: str, option: str, flags: int = os.O_RDONLY, own: bool = False) -> int:
    """Open a regular file, without blocking.

    Args:
        path: the file.
        option: the module's option that the path came from.
        flags: as for os.open; a new file gets mode 0600.
        own: whether it must belong to the user and not be a link, since its content is trusted.

    Returns:
        Its descriptor.

    Raises:
        FileNotFoundError: it doesn't exist.
        OptionError: it can't be opened, or isn't such a file.
    """
    _refuse_special(path, option)  # opening a device can have effects
    flags |= os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | (os.O_NOFOLLOW if own else 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        if own and isinstance(error, OSError) and error.errno == errno.ELOOP:
            raise OptionError(option, f"{path} is a link; name the file that it points to") from None
        raise OptionError(option, f"can't be opened: {_why(error)}: {path}") from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and (not own or status.st_uid == os.geteuid()):
        return descriptor
    os.close(descriptor)
    problem = f"belongs to another user, uid {status.st_uid}" if stat.S_ISREG(status.st_mode) else _NOT_REGULAR
    raise OptionError(option, f"{path} {problem}")


def first_bytes(path: str, count: int, option: str) -> bytes:
    """Return a file's first bytes, none if it doesn't exist. Raises OptionError if it isn't readable or regular."""
    try:
        with open(open_regular(path, option), "rb") as file:
            return file.read(count) or b""  # None if the kernel has no data
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OptionError(option, f"can't be read: {_why(error)}: {path}") from None


def read_bytes(path: str, option: str, most: int = MAX_BYTES) -> bytes:
    """Read a regular file. Raises OptionError if it can't be read, or has more than ``most`` bytes."""
    try:
        with open(open_regular(path, option), "rb") as file:
            if os.fstat(file.fileno()).st_size <= most:
                content = file.read(most + 1) or b""  # a file in /proc reports no size, and may return None
                if len(content) <= most:
                    return content
    except OSError as error:
        raise OptionError(option, f"can't be read: {_why(error)}: {path}") from None
    raise OptionError(option, f"{path} has more than {most // 1024 // 1024} MiB; is it the right file?")


def dies_with_job(path: str) -> bool:
    """Whether a file is lost when this AWX job ends: it lies in the job's folder or container."""
    if "AWX_PRIVATE_DATA_DIR" not in os.environ or not os.path.isdir(_JOB_FOLDER):
        return False
    folder = os.path.realpath(os.path.dirname(path))
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    own = os.path.commonpath([folder, os.path.realpath(_JOB_FOLDER)]) == os.path.realpath(_JOB_FOLDER)
    return own or os.stat(folder).st_dev == os.stat("/").st_dev


# The folder of a job's files in ansible-runner's container.
_JOB_FOLDER = "/runner"
_NOT_REGULAR = "is not a regular file"


def _why(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not a file's name"


def _refuse_special(path: str, option: str) -> None:
    """Refuse anything but a file: as root, a run with /dev/null as its path would delete /dev/null."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return  # the caller's next step fails and says why
    if not stat.S_ISREG(mode):
        raise OptionError(option, f"{path} {_NOT_REGULAR}")
