# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults scripted per instance and call, and the error bodies that Wawp is known to send."""

from __future__ import annotations

import json
import typing as t
from collections import defaultdict
from dataclasses import dataclass, field
from email.utils import formatdate

from .model import LONGEST
from .other_replies import OTHER_REPLIES
from .replies import BODIES, Reply, error_reply

ANY = "*"
CASES: dict[str, t.Callable[[str], str]] = {"lower": str.lower, "title": str.title, "upper": str.upper}
REDIRECTS = (301, 302, 303, 307, 308)

# kind -> whether it strikes before the effect of the call by default
KINDS = {
    "http": True,  # an error status, `http_status` with `body` and perhaps `retry_after`
    "timeout": True,  # no reply for `seconds`, then the connection is closed
    "drop": True,  # the connection is closed without a reply
    "redirect": True,  # `http_status` 307 to `location`
    "late": False,  # `http_status` 504 at once (0: the connection is dropped); the effect comes `seconds` later
    "swallow": False,  # a logout or delete answers 2xx but the link stays
    "truncate": False,  # Content-Length is larger than the body
    "slow": False,  # the reply trickles over `seconds`
    "huge": False,  # the JSON reply is padded to `mebibytes`
    "garbage": False,  # 200, and a body that isn't JSON
    "non_utf8": False,  # 200, and JSON with bytes that aren't UTF-8
    "empty": False,  # 2xx without a body
    "created": False,  # 201 instead of 200
    "patch": False,  # keys of the JSON reply `remove`d or `replace`d (dotted paths)
    "reply": True,  # another reply altogether, by its `name` in other_replies.py
    "twice": False,  # the JSON reply has `status` twice, first as given here, then the real one
    "case": False,  # the status in the JSON reply is written in another `case`: lower, title or upper
    "lie": False,  # info reports `status` with `me` empty, once; the truth is unchanged
}
# The placeholder for the request's token in a message or replacement.
TOKEN_MARK = "$access_token"  # noqa: S105  a placeholder, not a token


class FaultError(ValueError):
    """A fault with impossible parameters."""


@dataclass
class Fault:
    """One scripted fault. `kind` is one of `KINDS`, where the parameters that it uses are named.

    It strikes the calls `call` ("*": any) of `instance_id` ("*": any) after the first `skip` of them, `times` times
    (None: forever), `when` "before" or "after" the effect of the call. Of several matching faults, one for the instance
    goes before one for any, then the older one; a call suffers at most one fault.
    """

    kind: str
    call: str = ANY
    instance_id: str = ANY
    when: str = ""
    times: int | None = 1
    skip: int = 0
    http_status: int | None = None
    body: str = "json"
    message: str = "Scripted by the simulator."
    code: str = ""
    retry_after: float | None = None
    retry_after_date: bool = False  # as an HTTP date instead of seconds
    seconds: float = 30.0
    location: str = ""
    status: str = "STARTING"
    swallow: bool = False  # the engine also fails to unpair: the key is wiped, the link stays
    name: str = ""
    case: str = "lower"
    mebibytes: float = 4.0
    remove: list[str] = field(default_factory=list)
    replace: dict[str, t.Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.when = self.when or ("before" if KINDS.get(self.kind) else "after")
        if self.http_status is None:
            self.http_status = {"redirect": 307, "late": 504}.get(self.kind, 500)
        self._check_words()
        self._check_numbers()

    def _check_words(self) -> None:
        choices: dict[str, t.Iterable[str]] = {
            "kind": KINDS,
            "when": ("before", "after"),
            "body": BODIES,
            "case": CASES,
        }
        if self.kind == "reply":
            choices["name"] = OTHER_REPLIES
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise FaultError("{} must be one of {}".format(name, ", ".join(allowed)))
        if (self.kind in ("late", "swallow") or self.swallow) and self.when == "before":
            raise FaultError("late and swallow change the effect: they cannot strike before it")

    def _check_numbers(self) -> None:
        if self.kind == "redirect" and (self.http_status not in REDIRECTS or not self.location):
            raise FaultError("a redirect needs a location and a status of {}".format(", ".join(map(str, REDIRECTS))))
        if not (self.http_status == 0 and self.kind == "late") and not 200 <= (self.http_status or 0) <= 599:
            raise FaultError("http_status must be between 200 and 599")
        if (self.times is not None and self.times < 1) or self.skip < 0:
            raise FaultError("times must be 1 or more, or null; skip not negative")
        if not (0 <= self.seconds < LONGEST and 0 <= (self.retry_after or 0) < LONGEST and 0 <= self.mebibytes <= 256):
            raise FaultError("seconds and retry_after must not be negative, mebibytes be between 0 and 256")


class Script:
    """The faults waiting for their calls."""

    def __init__(self) -> None:
        self._by_instance: dict[str, list[Fault]] = defaultdict(list)

    def add(self, fault: Fault) -> None:
        """Append `fault`."""
        self._by_instance[fault.instance_id].append(fault)

    def clear(self, instance_id: str | None = None) -> None:
        """Forget the faults of one instance, or all."""
        if instance_id is None:
            self._by_instance.clear()
        else:
            self._by_instance.pop(instance_id, None)

    def waiting(self) -> list[Fault]:
        """Return the faults that can still strike."""
        return [fault for faults in self._by_instance.values() for fault in faults]

    def take(self, call: str, instance_id: str) -> Fault | None:
        """Return the fault that this call suffers, and count it."""
        if not self._by_instance:
            return None
        for key in (instance_id, ANY):
            faults = self._by_instance.get(key, ())
            for fault in faults:
                if fault.call not in (call, ANY) or (fault.kind == "lie" and call != "info"):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self._by_instance[key].remove(fault)
                return fault
        return None


def replaces_reply(fault: Fault) -> bool:
    """Whether the fault replaces the call's whole reply."""
    return fault.kind in ("http", "timeout", "drop", "redirect", "late", "reply")


def apply_fault(fault: Fault, reply: Reply, token: str, wall: t.Callable[[], float]) -> Reply:
    """Apply a fault to the call's `reply`. `wall` gives the time for an HTTP date."""
    if fault.kind in ("timeout", "drop") or (fault.kind == "late" and not fault.http_status):
        return Reply(0, b"", delivery="timeout" if fault.kind == "timeout" else "drop", seconds=fault.seconds)
    if fault.kind == "reply":
        other = OTHER_REPLIES[fault.name]
        return Reply(other.http_status, other.body.encode("utf-8"), {"Content-Type": other.content_type})
    if replaces_reply(fault):
        return _error(fault, token, wall)
    if fault.kind in ("truncate", "slow"):
        reply.delivery, reply.seconds = fault.kind, fault.seconds
    elif reply.status < 300:  # the other kinds change only successful replies
        if fault.kind == "created":
            reply.status = 201
        elif fault.kind not in ("swallow", "lie"):
            reply.body = _body(fault, reply.body, token)
    return reply


def _error(fault: Fault, token: str, wall: t.Callable[[], float]) -> Reply:
    reply = error_reply(fault.http_status or 500, fault.message.replace(TOKEN_MARK, token), fault.code, fault.body)
    if fault.kind == "redirect":
        reply.headers["Location"] = fault.location
    if fault.retry_after is not None:
        date = formatdate(wall() + fault.retry_after, usegmt=True)
        reply.headers["Retry-After"] = date if fault.retry_after_date else f"{fault.retry_after:g}"
    return reply


def _body(fault: Fault, body: bytes, token: str) -> bytes:
    if fault.kind == "empty":
        return b""
    if fault.kind == "garbage":
        return b"\x00\x01{{{ this is no JSON \x1b[31m"
    if fault.kind == "twice":
        return b'{"status": %s, ' % json.dumps(fault.status).encode("utf-8") + body.lstrip()[1:]
    if fault.kind == "non_utf8":
        return b'{"note": "\xe9\xff", ' + body.lstrip()[1:]
    data = json.loads(body)
    if fault.kind == "case" and isinstance(data, dict) and isinstance(data.get("status"), str):
        data["status"] = CASES[fault.case](data["status"])
    if fault.kind == "huge":
        if not isinstance(data, dict):
            data = {"reply": data}
        data["padding"] = "x" * int(fault.mebibytes * 2**20)
    for path in fault.remove:
        _at(data, path).pop(path.rpartition(".")[2], None)
    for path, value in fault.replace.items():
        shown = value.replace(TOKEN_MARK, token) if isinstance(value, str) else value
        _at(data, path)[path.rpartition(".")[2]] = shown
    return json.dumps(data).encode("utf-8")


def _at(data: t.Any, path: str) -> dict[str, t.Any]:
    """Return the mapping that holds the last key of a dotted `path`; an empty one if there is none."""
    for key in path.split(".")[:-1]:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}
