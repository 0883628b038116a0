# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source session_poll: reads sessions of Wawp at an interval and reports what changed."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

if __spec__ is None:
    import runpy

    runpy.run_path(os.path.join(os.path.dirname(__file__), os.pardir, "_wawp", "load.py"))["adopt"](globals())

from .._wawp.arguments import INSTANCE_ID, Arguments
from .._wawp.event import line
from .._wawp.poller import Polling, Watched, poll
from .._wawp.throttled_log import ThrottledLog

DOCUMENTATION = r"""
short_description: Read sessions of Wawp at an interval and report what changed
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - For use without the webhooks of the paid plan, or together with them in case one gets lost.
  - Sends the rules an event, in the form of C(wawp.cloud.session_status), for each session whose status or account
    changed. Bad news is read twice, since one reading can be wrong.
  - Curly brackets in text from outside become round ones, because Ansible would run them as templates.
  - An unreachable API, a refusal, and a C(404) that isn't about a session don't count as a change. They are logged,
    each kind at most every ten seconds, and polling continues.
options:
  instances:
    description:
      - The instances, as ids or as mappings with C(instance_id) and, optionally, C(access_token) and C(session), the
        session's name.
      - With an empty list, nothing is read.
    type: list
    elements: raw
    required: true
  access_token:
    description: The token for instances without their own. Defaults to E(WAWP_ACCESS_TOKEN).
    type: str
  api_url:
    description: The URL of the API. E(WAWP_API_URL) overrides the default.
    type: str
    default: https://api.wawp.net
  interval:
    description: Seconds from one round to the next. A round that takes longer delays the next.
    type: float
    default: 60
  jitter:
    description: The fraction by which O(interval) varies at random, so that several pollers don't coincide.
    type: float
    default: 0.1
  calls_per_second:
    description: Calls per second. V(0) for no limit. A reply of 429 pauses all calls.
    type: float
    default: 5
  max_connections:
    description: Calls at once.
    type: int
    default: 8
  request_timeout:
    description: The time-out of a call, in seconds.
    type: float
    default: 30
  confirm_after:
    description:
      - Seconds after which bad news is read again. It is reported only if it is still the same.
      - While somebody else restarts a session, it shows C(STOPPED) for up to three seconds.
    type: float
    default: 5
  emit_first:
    description: Report the status of each session at its first reading, as if it had just changed.
    type: bool
    default: false
  validate_certs:
    description: Whether to check the API's certificate.
    type: bool
    default: true
  ca_path:
    description: PEM file with the authorities to trust instead of the system's.
    type: path
  mask_accounts:
    description: Show at most the last four digits of accounts.
    type: bool
    default: true
notes:
  - Unknown options are ignored.
  - Proxies are taken from the environment. Redirects are not followed, because that would pass the token on.
requirements:
  - aiohttp >= 3.9
"""

EXAMPLES = r"""
- name: Watch without webhooks
  hosts: all
  sources:
    - wawp.cloud.session_poll:
        instances:
          - 3EB0BCB2E3D4
          - instance_id: 3EB0BCB2E3D5
            access_token: "{{ other_token }}"
        interval: 60
  rules:
    - name: A link was lost
      condition: event.kind == "lost"
      action:
        run_playbook:
          name: wawp.cloud.event_lost_link
"""

logger = logging.getLogger(__name__)


def read_options(args: Mapping[str, Any], environment: Mapping[str, str]) -> Polling:
    """Check and convert the arguments.

    Raises:
        ValueError: an argument can't be used; the message names it and never repeats its value.
    """
    given = Arguments(args)
    token = given.text("access_token") or environment.get("WAWP_ACCESS_TOKEN") or ""
    instances = given.given.get("instances")
    if not isinstance(instances, list):
        raise ValueError("instances must be a list of instance ids")
    watched = tuple(_read_watched(item, token) for item in instances)
    if len({item.instance_id for item in watched}) != len(watched):
        raise ValueError("instances names an instance twice")
    return Polling(
        instances=watched,
        api_url=_read_url(given.text("api_url") or environment.get("WAWP_API_URL") or "https://api.wawp.net"),
        interval=given.number("interval", 60.0, least=0.05),
        jitter=given.number("jitter", 0.1, most=1.0),
        calls_per_second=given.number("calls_per_second", 5.0),
        max_connections=given.whole("max_connections", 8, least=1),
        request_timeout=given.number("request_timeout", 30.0, least=0.05),
        confirm_after=given.number("confirm_after", 5.0),
        emit_first=given.boolean("emit_first", False),
        validate_certs=given.boolean("validate_certs", True),
        ca_path=given.text("ca_path"),
        mask_accounts=given.boolean("mask_accounts", True),
    )


def _read_watched(item: Any, token: str) -> Watched:
    entry = item if isinstance(item, Mapping) else {"instance_id": item}
    instance_id = entry.get("instance_id")
    if not (isinstance(instance_id, str) and INSTANCE_ID.fullmatch(instance_id)):
        raise ValueError("instances holds something that is not an instance id; put ids into quotes")
    own = entry.get("access_token") or token
    if not isinstance(own, str) or not own:
        raise ValueError(f"there is no access_token for {instance_id}, and no WAWP_ACCESS_TOKEN in the environment")
    return Watched(instance_id, own, line(entry.get("session")))


def _read_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise ValueError("api_url must be an http(s) URL without credentials and query")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        logger.warning("api_url is plain http: the access token can be read on the way")
    return url.rstrip("/")


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Poll until cancelled. Never returns: that would end the rulebook."""
    polling = read_options(args, os.environ)
    if not polling.instances:
        logger.info("there are no instances to read")
        await asyncio.Event().wait()
    await poll(polling, queue, ThrottledLog(logger))
