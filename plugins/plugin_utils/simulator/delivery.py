# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delivery of ``session.status`` webhooks for instances that have one, as by the engine beneath Wawp."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
import time
import urllib.error
import urllib.request

from .engine import Engine
from .webhooks import Delivery, Settings, Webhook, compose, wanted

LOOK = 0.05  # seconds between two looks at all instances
TIMEOUT = 10.0  # seconds for one attempt


class Watch:
    """A watch for events of instances since its last look."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: dict[str, int] = {}  # the number of the last event of each instance
        self.number = 0

    def news(self) -> list[Webhook]:
        """Return the webhooks that are due."""
        found: list[Webhook] = []
        with self.engine.lock:
            ago = self.engine.wall() - self.engine.clock()
            for name in [name for name, instance in self.engine.instances.items() if instance.webhooks]:
                instance = self.engine.look(name)
                last = self.seen.get(name, instance.events[-1].number)
                self.seen[name] = instance.events[-1].number
                urls = [hook["url"] for hook in instance.webhooks if wanted(hook)]
                for event in [event for event in instance.events if event.number > last]:
                    for url in urls:
                        self.number += 1
                        event_id = f"evt_{self.number:026d}"
                        body = compose(instance, event, self.engine.webhooks.form, event_id, ago)
                        signed = instance.traits.signs_webhooks
                        found.append(Webhook(event_id, name, event.status, url, body, signed))
        return found


def request_of(webhook: Webhook, settings: Settings, attempt: int) -> urllib.request.Request:
    """Build the HTTP request for a webhook."""
    headers = {"Content-Type": "application/json"}
    if webhook.signed:
        headers["X-Webhook-Request-Id"] = f"{webhook.event_id}.{attempt}"
        headers["X-Webhook-Timestamp"] = str(time.time_ns() // 1_000_000)
    if webhook.signed and settings.key:
        digest = getattr(hashlib, settings.algorithm)
        headers["X-Webhook-Hmac"] = hmac.new(settings.key.encode("utf-8"), webhook.body, digest).hexdigest()
        headers["X-Webhook-Hmac-Algorithm"] = settings.algorithm
    return urllib.request.Request(webhook.url, webhook.body, headers)  # noqa: S310  http(s), checked by calls.webhook


def post(request: urllib.request.Request, ca_file: str) -> int:
    """Send a request without any proxy and return the reply's status, 0 for none."""
    context = ssl.create_default_context(cafile=ca_file or None)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=TIMEOUT) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


async def send(engine: Engine, webhook: Webhook) -> None:
    """Send a webhook until it is answered with 2xx, as often as the settings allow."""
    settings = engine.webhooks
    for attempt in range(1, settings.retries + 2):
        status = await asyncio.to_thread(post, request_of(webhook, settings, attempt), settings.ca_file)
        delivery = Delivery(webhook.event_id, webhook.instance_id, webhook.status, webhook.url, attempt, status)
        settings.log.append(delivery)
        if 200 <= status < 300:
            return
        await asyncio.sleep(settings.delay)


async def deliver(engine: Engine) -> None:
    """Send webhooks as events happen, until cancelled."""
    watch, sending = Watch(engine), set[asyncio.Task[None]]()
    try:
        while True:
            for webhook in watch.news():
                task = asyncio.create_task(send(engine, webhook))
                sending.add(task)
                task.add_done_callback(sending.discard)
            await asyncio.sleep(LOOK)
    finally:
        for task in sending:
            task.cancel()
