# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names of the errors, and the exceptions that carry them."""

from __future__ import annotations

from typing import Any

BAD_REQUEST = "bad_request"
BAD_TOKEN = "bad_token"  # noqa: S105 - the name of an error, not a password
FORBIDDEN = "forbidden"
UNKNOWN_SESSION = "unknown_session"
WRONG_STATUS = "wrong_status"
RATE_LIMITED = "rate_limited"
SERVER_ERROR = "server_error"
GATEWAY = "gateway"
UNREADABLE = "unreadable"
TIMEOUT = "timeout"
UNREACHABLE = "unreachable"
TLS = "tls"
REDIRECTED = "redirected"
UNEXPECTED = "unexpected"
EXPIRED = "expired"
# The API itself says in words that a call failed, whatever the HTTP status. Such a logout may have wiped the key
# without reaching the phone, so no later reading proves that the link is severed.
REFUSED = "refused"
# Another call holds the session: nothing was done.
BUSY = "busy"
# Something in front of the API, or in its place, answered: nothing reached the API.
NOT_WAWP = "not_wawp"

# After one of these, a write may or may not have taken effect.
_AMBIGUOUS = frozenset({SERVER_ERROR, GATEWAY, UNREADABLE, TIMEOUT, UNREACHABLE, REFUSED})
# After one of these, a write was not carried out and may be sent again after a pause.
NOT_CARRIED_OUT = frozenset({EXPIRED, RATE_LIMITED, BUSY})
_TRANSIENT = _AMBIGUOUS | {RATE_LIMITED, BUSY}


# Without memory for a frame, Python itself raises SystemError.
LACK_OF_MEMORY = (MemoryError, SystemError)


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether Python ran out of memory, or of memory for a lock."""
    return isinstance(error, LACK_OF_MEMORY) or (
        isinstance(error, RuntimeError) and str(error).startswith("can't allocate")
    )


class OptionError(ValueError):
    """A value that can't be used: the message names the option, the problem and the way out."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option, self.problem = option, problem


class WawpError(Exception):
    """A call that didn't end in a readable 2xx reply.

    Args:
        kind: one of this module's names.
        message: for people; never holds a secret.
        http_status: the reply's status, None where there was no reply.
        api_code: Wawp's code for the error, if the reply has one.
        retry_after: seconds that the server asks clients to wait.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        http_status: int | None = None,
        api_code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.http_status = http_status
        self.api_code = api_code
        self.retry_after = retry_after

    @property
    def ambiguous(self) -> bool:
        """Whether a write may have taken effect despite this error."""
        return self.kind in _AMBIGUOUS

    @property
    def transient(self) -> bool:
        """Whether the same read may succeed if sent again."""
        return self.kind in _TRANSIENT

    def as_result(self) -> dict[str, Any]:
        """Return the error as part of a module's result."""
        return {"kind": self.kind, "http_status": self.http_status, "code": self.api_code, "message": str(self)}
