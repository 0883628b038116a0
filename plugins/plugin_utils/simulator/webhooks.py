# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of ``session.status`` webhooks, and the settings for sending them. delivery.py sends them."""

from __future__ import annotations

import json
import typing as t
from collections import deque
from dataclasses import dataclass, field, fields

from .model import LONGEST, ImpossibleError, Instance, StatusEvent

EVENTS = ("session.status", "*")  # a webhook that asks for one of these gets our events
FORMS = ("engine", "old")
KEPT = 10_000  # deliveries in the log


class Delivery(t.NamedTuple):
    """One attempt."""

    event_id: str
    instance_id: str
    status: str
    url: str
    attempt: int
    http_status: int  # 0: no reply


@dataclass
class Settings:
    """Settings for sending webhooks. Wawp documents none of them; the defaults are the engine's.

    `key`: signs the body, empty: unsigned. `form`: "engine", or the "old" one that names instance and QR code.
    `ca_file`: the authorities to trust for https, empty: the system's.
    """

    key: str = ""
    algorithm: str = "sha512"
    form: str = "engine"
    retries: int = 15
    delay: float = 2.0  # seconds between two attempts
    ca_file: str = ""
    log: deque[Delivery] = field(default_factory=lambda: deque(maxlen=KEPT))

    def check(self) -> None:
        """Raise ImpossibleError for impossible settings."""
        if self.algorithm not in ("sha256", "sha512") or self.form not in FORMS:
            raise ImpossibleError(f"algorithm must be sha256 or sha512, form one of {', '.join(FORMS)}")
        if not (0 <= self.retries <= 1000 and 0 <= self.delay < LONGEST):
            raise ImpossibleError("retries and delay must not be negative")

    def shown(self) -> dict[str, t.Any]:
        """Return the settings without the key."""
        return {name: getattr(self, name) for name in SETTING_FIELDS if name != "key"}


SETTING_FIELDS = {item.name: str(item.type) for item in fields(Settings) if item.name != "log"}


class Webhook(t.NamedTuple):
    """A webhook to send to one URL."""

    event_id: str
    instance_id: str
    status: str
    url: str
    body: bytes
    signed: bool  # whether the engine's generation dates, numbers and signs its webhooks


def wanted(hook: t.Mapping[str, t.Any]) -> bool:
    """Whether the webhook is switched on and asks for status events."""
    return bool(hook["is_active"]) and any(event in hook["events"] for event in EVENTS)


def compose(instance: Instance, event: StatusEvent, form: str, event_id: str, ago: float) -> bytes:
    """Compose the body. `ago`: the wall clock's time when the engine's clock was 0."""
    moment = event.at + ago
    if form == "old":
        body: dict[str, t.Any] = {
            "instance_id": instance.instance_id,
            "status": event.status,
            "ts": int(moment),
        }
        return json.dumps(body).encode("utf-8")
    statuses = [{"status": status, "timestamp": int((at + ago) * 1000)} for at, status in event.statuses]
    body = {
        "id": event_id,
        "timestamp": int(moment * 1000),
        "session": instance.name,
        "metadata": {},
        "engine": instance.engine,
        "event": "session.status",
        "payload": {"name": instance.name, "status": event.status, "statuses": statuses},
        "me": event.me,
    }
    if not instance.traits.signs_webhooks:
        del body["id"], body["timestamp"]
    return json.dumps(body).encode("utf-8")
