# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends ``session.status`` webhooks for what happens to instances that have one, as the engine beneath Wawp does."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import time
import typing as t
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, field, fields

from . import model

if t.TYPE_CHECKING:
    from .engine import Engine
    from .model import Instance

EVENTS = ("session.status", "*")  # a webhook gets ours if it asks for one of these
FORMS = ("engine", "old")
LOOK = 0.05  # seconds between two looks at all instances
TIMEOUT = 10.0  # seconds for one attempt
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
    """How webhooks are sent. Wawp documents none of it; the defaults are the engine's.

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
        """Raise ImpossibleError for what can't be."""
        if self.algorithm not in ("sha256", "sha512") or self.form not in FORMS:
            raise model.ImpossibleError(f"algorithm must be sha256 or sha512, form one of {', '.join(FORMS)}")
        if not (0 <= self.retries <= 1000 and 0 <= self.delay < model.LONGEST):
            raise model.ImpossibleError("retries and delay must not be negative")

    def shown(self) -> dict[str, t.Any]:
        """The settings but the key."""
        return {name: getattr(self, name) for name in SETTING_FIELDS if name != "key"}


SETTING_FIELDS = {item.name: str(item.type) for item in fields(Settings) if item.name != "log"}


class Event(t.NamedTuple):
    """What is sent to one webhook."""

    event_id: str
    instance_id: str
    status: str
    url: str
    body: bytes


class Watch:
    """Notices what happened to instances since it looked last."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: dict[str, tuple[int, str]] = {}  # how many statuses were entered, and which QR code was shown
        self.number = 0

    def news(self) -> list[Event]:
        """The events that are due."""
        events: list[Event] = []
        with self.engine.lock:
            for name in [name for name, instance in self.engine.instances.items() if instance.webhooks]:
                instance = self.engine.look(name)
                urls = [hook["url"] for hook in instance.webhooks if hook["is_active"] and wanted(hook)]
                for steps in self._steps(instance):
                    events += [self._event(instance, steps, url) for url in urls]
        return events

    def _steps(self, instance: Instance) -> list[list[tuple[float, str]]]:
        """For each new status, and each new QR code: the last three statuses, up to it."""
        code = model.qr_shown(instance, self.engine.clock(), self.engine.delays)
        count, shown = self.seen.get(instance.instance_id, (instance.entered, code))
        self.seen[instance.instance_id] = (instance.entered, code)
        new = min(instance.entered - count, len(instance.trail))
        if new <= 0 and code != shown and instance.status == model.SCAN_QR_CODE:
            return [instance.trail[-3:]]
        ends = range(len(instance.trail) - new + 1, len(instance.trail) + 1)
        return [instance.trail[max(0, end - 3) : end] for end in ends]

    def _event(self, instance: Instance, steps: list[tuple[float, str]], url: str) -> Event:
        self.number += 1
        event_id = f"evt_{self.number:026d}"
        ago = self.engine.wall() - self.engine.clock()  # what the engine's clock calls 0
        statuses = [{"status": status, "timestamp": int((at + ago) * 1000)} for at, status in steps]
        status = steps[-1][1]
        if self.engine.webhooks.form == "old":
            body = {"instance_id": instance.instance_id, "status": status, "ts": int(self.engine.wall())}
        else:
            body = {
                "id": event_id,
                "timestamp": int(self.engine.wall() * 1000),
                "session": instance.name,
                "metadata": {},
                "engine": instance.engine,
                "event": "session.status",
                "payload": {"name": instance.name, "status": status, "statuses": statuses},
                "me": instance.me() if steps[-1] is instance.trail[-1] else None,
            }
        return Event(event_id, instance.instance_id, status, url, json.dumps(body).encode("utf-8"))


def wanted(hook: t.Mapping[str, t.Any]) -> bool:
    """Whether the webhook asks for status events."""
    return any(event in hook["events"] for event in EVENTS)


def request_of(event: Event, settings: Settings, attempt: int) -> urllib.request.Request:
    """The HTTP request that carries an event."""
    headers = {
        "Content-Type": "application/json",
        "X-Webhook-Request-Id": f"{event.event_id}.{attempt}",
        "X-Webhook-Timestamp": str(time.time_ns() // 1_000_000),
    }
    if settings.key:
        digest = getattr(hashlib, settings.algorithm)
        headers["X-Webhook-Hmac"] = hmac.new(settings.key.encode("utf-8"), event.body, digest).hexdigest()
        headers["X-Webhook-Hmac-Algorithm"] = settings.algorithm
    return urllib.request.Request(event.url, event.body, headers)  # noqa: S310  http(s), checked by calls.webhook


def post(request: urllib.request.Request, ca_file: str) -> int:
    """Send a request past all proxies; the reply's status, 0 for none."""
    context = ssl.create_default_context(cafile=ca_file or None)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=TIMEOUT) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


async def send(engine: Engine, event: Event) -> None:
    """Send an event until it is answered with 2xx, as often as the settings allow."""
    settings = engine.webhooks
    for attempt in range(1, settings.retries + 2):
        status = await asyncio.to_thread(post, request_of(event, settings, attempt), settings.ca_file)
        settings.log.append(Delivery(event.event_id, event.instance_id, event.status, event.url, attempt, status))
        if 200 <= status < 300:
            return
        await asyncio.sleep(settings.delay)


async def deliver(engine: Engine) -> None:
    """Send what happens, until cancelled."""
    watch, sending = Watch(engine), set[asyncio.Task[None]]()
    try:
        while True:
            for event in watch.news():
                task = asyncio.create_task(send(engine, event))
                sending.add(task)
                task.add_done_callback(sending.discard)
            await asyncio.sleep(LOOK)
    finally:
        for task in sending:
            task.cancel()
