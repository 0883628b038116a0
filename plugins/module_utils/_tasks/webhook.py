# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_webhook: bring an instance's webhooks to the wanted list.

The API replaces the whole list, so it is read, changed and sent as a whole.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from .._api.replies import PLAN
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
_MISSING = object()
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_BOOLEANS |= {"": False, "none": False}
# Characters that stay unquoted in a URL's path and query.
_URL_CHARACTERS = "%/:=&?~+!$,;'@()*[]|-._"


def webhook_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Bring the list of webhooks to the wanted one. Raises OptionError."""
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
        return TaskResult({"failed": True, "changed": False, "msg": _message(error), "error": error.as_result()})
    finally:
        setting.close()
    secrets = (parse_token(params["access_token"]),)
    sides = [{"webhooks": redact_sensitive_keys(redact_value(side, secrets))} for side in (before, after)]
    result = {"changed": changed, "webhooks": sides[1]["webhooks"], "error": None}
    return TaskResult(result, setting.connection.warnings, {"before": sides[0], "after": sides[1]})


def _message(error: WawpError) -> str:
    if error.kind == FORBIDDEN and PLAN in str(error):
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
            raise OptionError("webhooks", "a url is not an http or https URL")
    if len({normal_url(hook["url"]) for hook in given}) < len(given):
        raise OptionError("webhooks", "the same url is given twice")


def normal_url(url: str) -> str:
    """Normalize a URL as servers that parse it do: host in lower case, no default port, no dots, blanks encoded.

    A URL that can't be parsed stays unchanged.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = _normal_host(parts.hostname or ""), parts.port
    except ValueError:
        return url
    login = quote(parts.netloc.rpartition("@")[0].removesuffix(":"), safe=_URL_CHARACTERS)
    login = f"{login}@" if login else ""
    usual = port is None or port == {"http": 80, "https": 443}.get(parts.scheme)
    netloc = f"{login}{host}{'' if usual else f':{port}'}"
    path = quote(_without_dots(parts.path), safe=_URL_CHARACTERS)
    query = quote(parts.query, safe=_URL_CHARACTERS.replace("'", ""))
    return urlunsplit((parts.scheme, netloc, path, query, quote(parts.fragment, safe=_URL_CHARACTERS + "{}^#")))


def _normal_host(host: str) -> str:
    """Normalize a host for comparison. Raises ValueError if it isn't one."""
    host = unquote(host)
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    host = host if host.isascii() else host.encode("idna").decode()
    if re.fullmatch(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?", host, re.IGNORECASE):
        with suppress(OSError):
            return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    return host


def _without_dots(path: str) -> str:
    """Return a path without . and .., with a slash for each backslash."""
    kept: list[str] = []
    parts = path.replace("\\", "/").split("/")[1:] or [""]
    for number, part in enumerate(parts, start=1):
        plain = part.lower().replace("%2e", ".")
        if plain == "..":
            kept = kept[:-1]
        if plain not in (".", ".."):
            kept.append(part)
        elif number == len(parts):
            kept.append("")
    return "/" + "/".join(kept)


def parse_webhooks(body: Any) -> list[Webhook]:
    """Parse the webhooks in a reply of ``/v2/session/webhook``, and convert the server's forms to the documented one.

    Raises:
        ValueError: the reply has no list of webhooks.
    """
    hooks = body.get("webhooks", _MISSING) if isinstance(body, Mapping) else _MISSING
    if hooks is _MISSING:
        raise ValueError("the reply has no webhooks")
    listed = _as_list(hooks)
    if listed is None or not all(map(_is_webhook, listed)):
        raise ValueError("the reply's webhooks are not a list of URLs with their events")
    return [_documented(hook) for hook in listed]


def _as_list(value: Any) -> list[Any] | None:
    """Return a list that PHP may have turned into a mapping, None if it isn't one."""
    if value is None:
        return []
    if isinstance(value, Mapping) and all(str(key).isdigit() for key in value):
        return list(value.values())
    return value if isinstance(value, list) else None


def _is_webhook(hook: Any) -> bool:
    if not isinstance(hook, Mapping) or _as_list(hook.get("events") or []) is None:
        return False
    return isinstance(hook.get("url"), str) and bool(hook["url"]) and _as_bool(hook.get("is_active", True)) is not None


def _as_bool(value: Any) -> bool | None:
    """Return a boolean that may be written as in PHP or a form, None if it isn't one."""
    return _BOOLEANS.get(str(value).strip().lower())


def _documented(hook: Webhook) -> Webhook:
    changed: dict[str, Any] = {}
    if "events" in hook:
        changed["events"] = _as_list(hook["events"] or [])
    if "is_active" in hook:
        changed["is_active"] = _as_bool(hook["is_active"])
    return {**hook, **changed}


def merged(seen: Sequence[Webhook], given: Sequence[Webhook], state: str) -> list[Webhook]:
    """Return the wanted list: others' webhooks stay, unless the list must be exact."""
    by_url = {normal_url(hook["url"]): hook for hook in given}
    known = {normal_url(hook["url"]) for hook in seen}
    if state == "absent":
        return [hook for hook in seen if normal_url(hook["url"]) not in by_url]
    kept = [
        # The url stays as the server writes it.
        {**hook, **by_url.get(normal_url(hook["url"]), {}), "url": hook["url"]}
        for hook in seen
        if state == "present" or normal_url(hook["url"]) in by_url
    ]
    new = [hook for url, hook in by_url.items() if url not in known]
    return [*kept, *({"events": [], "is_active": True, **hook} for hook in new)]


def same(seen: Sequence[Webhook], wanted: Sequence[Webhook]) -> bool:
    """Whether two lists mean the same: the order of webhooks and of events doesn't matter."""
    return len(seen) == len(wanted) and {normal_url(hook["url"]): _meaning(hook) for hook in seen} == {
        normal_url(hook["url"]): _meaning(hook) for hook in wanted
    }


def _meaning(hook: Webhook) -> tuple[frozenset[str], bool]:
    return frozenset(map(str, hook.get("events") or ())), bool(hook.get("is_active", True))
