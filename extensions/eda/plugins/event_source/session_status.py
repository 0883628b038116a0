# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source session_status: receives the status webhooks of Wawp."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

if __spec__ is None:
    import runpy

    runpy.run_path(os.path.join(os.path.dirname(__file__), os.pardir, "_wawp", "load.py"))["adopt"](globals())

from .._wawp.arguments import INSTANCE_ID, Arguments
from .._wawp.authenticator import Authenticator, Secrets
from .._wawp.event_queue import STORAGE_PAUSE, Appearance, EventQueue
from .._wawp.receiver import Listening, Receiver
from .._wawp.store import StorageTrouble, Store
from .._wawp.throttled_log import ThrottledLog

DOCUMENTATION = r"""
short_description: Receive the status webhooks of Wawp
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Listens for the C(session.status) webhooks of Wawp, in every form that Wawp and the engine below send, and passes
    each change to the rules as one flat event.
  - A reply of 200 means that the event was accepted and will reach the rules. It is sent as soon as the event is
    queued and, with O(state_file), written to disk, before any rule runs. A webhook that can't be accepted gets a
    status that makes the sender try again.
  - Curly brackets in text from outside, including O(raw), become round ones, because Ansible would run them as
    templates.
  - An event is only a claim. The rulebooks of this collection read the session before they believe it.
options:
  host:
    description: Address to listen on. Use V(0.0.0.0) for all, with O(certfile), or stay behind a proxy that handles
      TLS.
    type: str
    default: 127.0.0.1
  port:
    description: Port to listen on.
    type: int
    default: 9298
  path:
    description:
      - The path for webhooks. If a slash and an instance id follow the path, the webhook belongs to that instance,
        unless the webhook itself or O(sessions) says otherwise.
    type: str
    default: /wawp
  health_path:
    description:
      - Answers C(GET) with 200 and counts, or with 503 while the queue is full. If a slash and an instance id or
        session name follow, it also says when that session last had a status.
    type: str
    default: /health
  enabled:
    description: Set to V(false) to listen to nothing, for rulebooks that only use C(wawp.cloud.session_poll).
    type: bool
    default: true
  certfile:
    description: PEM file with the certificate and its chain. Turns TLS on.
    type: path
  keyfile:
    description: PEM file with the private key, if it isn't in O(certfile).
    type: path
  password:
    description: Password of the private key.
    type: str
  cafile:
    description: PEM file with authorities, one of which must have signed the client's certificate.
    type: path
  hmac_keys:
    description:
      - Keys, one of which must have signed each webhook. While you rotate keys, give both the old and the new one.
      - The signature is the HMAC of the body with SHA-512 or SHA-256, in hexadecimal or Base64, alone or after a
        prefix such as C(sha256=).
      - Defaults to the environment variable E(WAWP_WEBHOOK_KEYS), separated by commas.
    type: list
    elements: str
  hmac_header:
    description: The header with the signature. Which one Wawp uses is not known; the default is the engine's.
    type: str
    default: X-Webhook-Hmac
  secrets:
    description: Values, one of which must be in O(secret_header). With O(hmac_keys) as well, both must be right.
    type: list
    elements: str
  secret_header:
    description: The header with the shared secret, for example one that a proxy adds.
    type: str
    default: X-Webhook-Secret
  allow_unsigned:
    description: Accept webhooks from anybody, without O(hmac_keys) and O(secrets).
    type: bool
    default: false
  replay_window:
    description:
      - How many seconds old a webhook may be, by the timestamps in its body and in C(X-Webhook-Timestamp). It may be
        at most five seconds ahead. V(0) turns the check off.
      - With O(hmac_keys), the body must contain a timestamp, because no header is signed. A retried webhook keeps its
        timestamp, so leave room for retries.
    type: float
    default: 300
  max_body:
    description: Largest body, in bytes.
    type: int
    default: 262144
  max_rate:
    description: Genuine webhooks per second. Further ones are answered with 429. V(0) for no limit.
    type: float
    default: 2000
  max_connections:
    description:
      - Connections at once, counted from the moment they are accepted. A further one replaces the oldest that has not
        brought a genuine webhook. If all have, it is answered with 503 and closed.
      - Fewer if the process may not open enough files; some file descriptors are kept in reserve.
    type: int
    default: 200
  body_timeout:
    description: How many seconds a body may take.
    type: float
    default: 10
  idle_timeout:
    description: How many seconds a TLS handshake may take, and how long a connection may wait for a request and its
      headers.
    type: float
    default: 60
  queue_size:
    description: How many events may wait for the rules. When the queue is full, webhooks are answered with 503.
    type: int
    default: 10000
  state_file:
    description:
      - A file that remembers across restarts which events were seen, the last status of each session, and which
        events wait for the rules. It gets mode 0600 and must be a regular file that you own. It contains accounts,
        masked unless O(mask_accounts=false).
      - Without it, all this is kept in memory.
      - While it can't be written, for instance on a full disk, webhooks are answered with 503.
    type: path
  remember:
    description: How many event ids to remember.
    type: int
    default: 200000
  sessions:
    description: The instance id for each session name, for webhooks that name only the session.
    type: dict
  mask_accounts:
    description: Show at most the last four digits of accounts.
    type: bool
    default: true
  raw:
    description: Add the webhook's body to the event, without secrets, accounts and names masked as everywhere.
    type: bool
    default: false
notes:
  - Unknown options are ignored.
requirements:
  - aiohttp >= 3.9
"""

EXAMPLES = r"""
- name: Report lost links
  hosts: all
  sources:
    - wawp.cloud.session_status:
        host: 0.0.0.0
        port: 9298
        certfile: /etc/wawp/tls.pem
        hmac_keys: ["{{ WAWP_WEBHOOK_KEY }}"]
        state_file: /var/lib/wawp/events.sqlite
  rules:
    - name: A link was lost
      condition: event.kind == "lost"
      throttle:
        once_within: 5 minutes
        group_by_attributes:
          - event.subject
      action:
        run_playbook:
          name: wawp.cloud.event_lost_link
"""

logger = logging.getLogger(__name__)

ENVIRONMENT_KEYS = "WAWP_WEBHOOK_KEYS"
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True)
class Options:
    """The source's arguments; DOCUMENTATION describes them."""

    enabled: bool = True
    listening: Listening = field(default_factory=Listening)
    secrets: Secrets = field(default=Secrets(), repr=False)
    allow_unsigned: bool = False
    replay_window: float = 300.0
    queue_size: int = 10000
    state_file: str = ""
    remember: int = 200000
    appearance: Appearance = field(default_factory=Appearance)


def read_options(args: Mapping[str, Any], environment: Mapping[str, str]) -> Options:
    """Check and convert the arguments.

    Raises:
        ValueError: an argument can't be used; the message names it and never repeats its value.
    """
    given = Arguments(args)
    if not given.given.get("hmac_keys") and environment.get(ENVIRONMENT_KEYS):
        given.given["hmac_keys"] = environment[ENVIRONMENT_KEYS].split(",")
    options = Options(
        enabled=given.boolean("enabled", True),
        listening=_read_listening(given),
        secrets=Secrets(
            hmac_keys=given.texts("hmac_keys"),
            hmac_header=given.text("hmac_header", Secrets().hmac_header),
            secrets=given.texts("secrets"),
            secret_header=given.text("secret_header", Secrets().secret_header),
        ),
        allow_unsigned=given.boolean("allow_unsigned", False),
        replay_window=given.number("replay_window", Options.replay_window),
        queue_size=given.whole("queue_size", Options.queue_size, least=1),
        state_file=given.text("state_file"),
        remember=given.whole("remember", Options.remember, least=1),
        appearance=Appearance(given.boolean("mask_accounts", True), given.boolean("raw", False)),
    )
    if options.enabled:
        _check(options)
    return options


def _read_listening(given: Arguments) -> Listening:
    usual = Listening()
    return Listening(
        host=given.text("host", usual.host),
        port=given.whole("port", usual.port, most=65535),
        path=_read_path(given, "path", usual.path),
        health_path=_read_path(given, "health_path", usual.health_path),
        **{name: given.text(name) for name in ("certfile", "keyfile", "password", "cafile")},
        max_body=given.whole("max_body", usual.max_body, least=1),
        max_rate=given.number("max_rate", usual.max_rate),
        max_connections=given.whole("max_connections", usual.max_connections, least=1),
        body_timeout=given.number("body_timeout", usual.body_timeout, least=0.05),
        idle_timeout=given.number("idle_timeout", usual.idle_timeout, least=0.05),
        sessions=given.mapping("sessions"),
    )


def _read_path(given: Arguments, name: str, usual: str) -> str:
    path = given.text(name, usual).rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError(f"{name} must start with a slash and hold letters, digits and ._~- between slashes")
    return path


def _check(options: Options) -> None:
    """Raise ValueError for options that contradict each other."""
    listening, secrets = options.listening, options.secrets
    if not (secrets.hmac_keys or secrets.secrets or options.allow_unsigned):
        raise ValueError(
            f"give hmac_keys (or the environment variable {ENVIRONMENT_KEYS}) or secrets, "
            "or set allow_unsigned: true to accept webhooks from anybody"
        )
    if listening.path == listening.health_path:
        raise ValueError("path and health_path must differ")
    if (listening.keyfile or listening.cafile) and not listening.certfile:
        raise ValueError("keyfile and cafile need certfile")
    if not all(INSTANCE_ID.fullmatch(instance) for instance in listening.sessions.values()):
        raise ValueError("sessions must map names to instance ids")


async def open_store(options: Options, log: ThrottledLog) -> Store:
    """Open the store, waiting while the disk is full. Raises ValueError if the file can't be used."""
    while True:
        try:
            return Store(options.state_file, options.remember)
        except StorageTrouble as trouble:
            log.note("state_file can't be opened; webhooks have to wait until it can", str(trouble))
            await asyncio.sleep(STORAGE_PAUSE)


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Receive webhooks until cancelled. Never returns: that would end the rulebook."""
    options = read_options(args, os.environ)
    if not options.enabled:
        await asyncio.Event().wait()
    log = ThrottledLog(logger)
    store = await open_store(options, log)
    try:
        authenticator = Authenticator(options.secrets, options.replay_window)
        authenticated = authenticator.demanding or bool(options.listening.cafile)
        events = EventQueue(store, options.queue_size, options.appearance, log, authenticated)
        async with Receiver(options.listening, authenticator, events, log).listening():
            await events.pass_on(queue)
    finally:
        if store.count:
            kept = "they will be after a restart" if store.kept else "they are lost: give a state_file to keep such"
            logger.warning("%d events were accepted but not passed on; %s", store.count, kept)
        store.close()
