# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What wawp_webhook does with its options.

The API replaces the whole list, so that it is read, changed, and sent whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .._errors import FORBIDDEN, OptionError, WawpError
from .._redact import redact_sensitive_keys, redact_value
from .options import CONNECTION, INSTANCE, Spec, parse_token
from .resource import Setting
from .result import TaskResult

WEBHOOK_SPEC: Spec = {
    **CONNECTION,
    **INSTANCE,
    "state": {"type": "str", "default": "present", "choices": ["present", "absent", "exact"]},
    "webhooks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "url": {"type": "str", "required": True},
            "events": {"type": "list", "elements": "str"},
            "is_active": {"type": "bool"},
        },
    },
}
Webhook = Mapping[str, Any]


def webhook_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Bring the list of webhooks to what is wanted. Raises OptionError."""
    given = [{name: value for name, value in hook.items() if value is not None} for hook in params["webhooks"]]
    _check(given)
    setting: Setting[list[Webhook]] = Setting(params, "webhook_get", parse_webhooks)

    def wanted(seen: Sequence[Webhook]) -> list[Webhook]:
        return merged(seen, given, params["state"])

    def done(seen: Sequence[Webhook]) -> bool:
        return same(seen, wanted(seen))

    try:
        before = setting.read()
        after, changed = wanted(before), not done(before)
        if changed and not check_mode:
            after = setting.reach(before, done, lambda seen: ("webhook_set", {"webhooks": wanted(seen)}))
    except WawpError as error:
        return TaskResult({"failed": True, "changed": False, "msg": _told(error), "error": error.as_result()})
    finally:
        setting.close()
    secrets = (parse_token(params["access_token"]),)
    sides = [{"webhooks": redact_sensitive_keys(redact_value(side, secrets))} for side in (before, after)]
    result = {"changed": changed, "webhooks": sides[1]["webhooks"], "error": None}
    return TaskResult(result, setting.connection.warnings, {"before": sides[0], "after": sides[1]})


def _told(error: WawpError) -> str:
    if error.kind == FORBIDDEN:
        return f"webhooks need a paid Wawp plan for this instance, so the list was left as it is: {error}"
    return str(error)


def _check(given: Sequence[Webhook]) -> None:
    for hook in given:
        try:
            parts = urlsplit(hook["url"])
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise OptionError("webhooks", "a url is no http or https URL")
    if len({hook["url"] for hook in given}) < len(given):
        raise OptionError("webhooks", "the same url stands there twice")


def parse_webhooks(body: Any) -> list[Webhook]:
    """The webhooks in a reply of ``/v2/session/webhook``. Raises ValueError if it holds no list of them."""
    hooks = body.get("webhooks") if isinstance(body, Mapping) else None
    if hooks in (None, {}):
        if isinstance(body, Mapping) and "webhooks" in body:
            return []
        raise ValueError("the reply has no webhooks")
    if not isinstance(hooks, list) or not all(map(_is_webhook, hooks)):
        raise ValueError("the reply's webhooks are no list of urls with their events")
    return hooks


def _is_webhook(hook: Any) -> bool:
    if not isinstance(hook, Mapping) or not isinstance(hook.get("events") or [], list):
        return False
    return isinstance(hook.get("url"), str) and bool(hook["url"])


def merged(seen: Sequence[Webhook], given: Sequence[Webhook], state: str) -> list[Webhook]:
    """The list as it is wanted: what others have put there stays, unless the list is to be exact."""
    by_url = {hook["url"]: hook for hook in given}
    if state == "absent":
        return [hook for hook in seen if hook["url"] not in by_url]
    kept = [{**hook, **by_url.get(hook["url"], {})} for hook in seen if state == "present" or hook["url"] in by_url]
    known = {hook["url"] for hook in kept}
    return [*kept, *({"events": [], "is_active": True, **hook} for hook in given if hook["url"] not in known)]


def same(seen: Sequence[Webhook], wanted: Sequence[Webhook]) -> bool:
    """Whether two lists mean the same: neither the order of webhooks nor that of events matters."""
    return len(seen) == len(wanted) and {hook["url"]: _meaning(hook) for hook in seen} == {
        hook["url"]: _meaning(hook) for hook in wanted
    }


def _meaning(hook: Webhook) -> tuple[frozenset[str], bool]:
    return frozenset(map(str, hook.get("events") or ())), bool(hook.get("is_active", True))
