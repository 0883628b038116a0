# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authentication of webhooks."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .times import milliseconds, now_ms
from .webhook import WebhookRejected

TIMESTAMP_HEADER = "X-Webhook-Timestamp"
# Seconds that a sender's clock may be ahead. An event from the future would make later genuine ones look late.
MAX_AHEAD = 5.0
_DIGESTS = {32: "sha256", 64: "sha512"}  # by length in bytes
_PREFIX = re.compile(r"(?:hmac-)?(sha)-?(256|512)\s*[=:]\s*", re.IGNORECASE)


class Secrets(NamedTuple):
    """The secrets that senders must know. Without any, everybody may send.

    Args:
        hmac_keys: keys, one of which must have signed the body.
        hmac_header: the header with the signature.
        secrets: values, one of which the header must have.
        secret_header: that header.
    """

    hmac_keys: tuple[str, ...] = ()
    hmac_header: str = "X-Webhook-Hmac"
    secrets: tuple[str, ...] = ()
    secret_header: str = "X-Webhook-Secret"  # noqa: S105  a header's name


class Authenticator:
    """A check that rejects webhooks that aren't genuine.

    Args:
        secrets: the secrets that senders must know.
        replay_window: the greatest age of a webhook in seconds, 0 for any.
        clock: returns the current time in ms.
    """

    def __init__(self, secrets: Secrets, replay_window: float, clock: Callable[[], int] = now_ms) -> None:
        self.hmac_header = secrets.hmac_header
        self.keys = [key.encode("utf-8") for key in secrets.hmac_keys]
        self.secret_header = secrets.secret_header
        self.secrets = [secret.encode("utf-8") for secret in secrets.secrets]
        self.replay_window = replay_window
        self.clock = clock

    @property
    def demanding(self) -> bool:
        """Whether senders must know a secret, so not everybody's webhook is accepted."""
        return bool(self.keys or self.secrets)

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Reject a request that can't be genuine before its body is read. Raises WebhookRejected."""
        if self.secrets and not _any_equal(_bytes(headers.get(self.secret_header, "")), self.secrets):
            raise WebhookRejected(401, "the shared secret is missing or wrong")
        if self.keys and self.hmac_header not in headers:
            raise WebhookRejected(401, "the signature is missing")

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """Reject a body that isn't signed with one of the keys. Raises WebhookRejected."""
        if not self.keys:
            return
        signature = parse_signature(headers[self.hmac_header])
        digest = _DIGESTS.get(len(signature))
        if not digest or not _any_equal(signature, [hmac.digest(key, body, digest) for key in self.keys]):
            raise WebhookRejected(401, "the signature is wrong")

    def check_time(self, in_body: int | None, headers: Mapping[str, str]) -> None:
        """Reject a webhook that is too old, or from the future. Raises WebhookRejected.

        Args:
            in_body: the time in the body (ms), None if it has none. Signed bodies must have one, since a replay can
                come with any time in its header.
            headers: the request's headers.
        """
        if not self.replay_window:
            return
        if in_body is None and self.keys:
            raise WebhookRejected(400, "the signed body has no timestamp")
        for at in (in_body, milliseconds(headers.get(TIMESTAMP_HEADER))):
            if at is not None and self.clock() - at > self.replay_window * 1000:
                raise WebhookRejected(403, "the timestamp is outside the replay window")
            if at is not None and at - self.clock() > min(self.replay_window, MAX_AHEAD) * 1000:
                raise WebhookRejected(403, "the timestamp is in the future")


def parse_signature(text: str) -> bytes:
    """Return the digest in a signature header: hexadecimal or Base64, with or without a prefix like ``sha256=``.

    Returns:
        Empty if it can't be read, or if its length isn't that of the algorithm it names.
    """
    text = text.strip()
    prefix = _PREFIX.match(text)
    signature = _decode(text[prefix.end() :] if prefix else text)
    return b"" if prefix and len(signature) * 8 != int(prefix[2]) else signature


def _decode(text: str) -> bytes:
    if re.fullmatch(r"[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128}", text):
        return bytes.fromhex(text)
    if not re.fullmatch(r"[0-9A-Za-z+/_-]{43,88}={0,2}", text):
        return b""
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return b""


def _any_equal(given: bytes, expected: list[bytes]) -> bool:
    """Whether it is one of them. The time taken doesn't depend on which one, or on how much of it is right."""
    return sum(hmac.compare_digest(given, one) for one in expected) > 0  # any() would stop at the first


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
