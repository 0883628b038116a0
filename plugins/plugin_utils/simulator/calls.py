# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the API: where they are, what they check, what they answer. What they do to a session is in model.py."""

from __future__ import annotations

import hashlib
import json
import typing as t

from . import model, qr
from .faults import Fault, Reply, error_reply, json_reply

if t.TYPE_CHECKING:
    from .engine import Engine

# path -> name of the call, methods
ROUTES: dict[str, tuple[str, tuple[str, ...]]] = {
    "/v2/session/info": ("info", ("GET", "POST")),
    "/v2/session/start": ("start", ("GET", "POST")),
    "/v2/session/stop": ("stop", ("GET", "POST")),
    "/v2/session/restart": ("restart", ("GET", "POST")),
    "/v2/session/logout": ("logout", ("GET", "POST")),
    "/v2/session/delete": ("delete", ("DELETE",)),
    "/v2/session/me": ("me", ("GET",)),
    "/v2/session/webhook": ("webhook", ("GET", "POST")),
    "/v2/session/temp-link": ("temp_link", ("GET", "POST", "DELETE")),
    "/v2/session/create": ("create", ("POST",)),
    "/v2/session/rate-limit": ("rate_limit", ("GET", "PATCH")),
    "/v2/auth/qr-image": ("qr_image", ("GET", "POST")),
    "/v2/auth/qr": ("qr", ("GET", "POST")),
    "/v2/auth/request-code": ("request_code", ("POST",)),
}
METHODS = dict(ROUTES.values())
READS = ("info", "me", "qr_image", "qr")
RATE_LIMIT = {"policies": {"per_second": 5, "per_minute": 60}}


class Request:
    """A call on its way through the engine, with an instance and a token that have been checked."""

    __slots__ = ("call", "fault", "instance", "method", "now", "params")

    def __init__(
        self,
        *,
        call: str,
        method: str,
        params: dict[str, t.Any],
        instance: model.Instance,
        fault: Fault | None,
        now: float,
    ) -> None:
        self.call = call
        self.method = method
        self.params = params
        self.instance = instance
        self.fault = fault
        self.now = now


def is_write(call: str, method: str) -> bool:
    """Whether the call may change anything. Session calls do so with GET, too."""
    if call in ("webhook", "temp_link", "rate_limit"):
        return method != "GET"
    return call in METHODS and call not in READS


def info(engine: Engine, request: Request) -> Reply:
    """POST: the state as it is. GET: what the GET before it showed, if that was a moment ago."""
    instance, fault, now = request.instance, request.fault, request.now
    if fault is not None and fault.kind == "lie":
        return Reply(200, _info_body(engine, instance, now, fault.status, None))
    if request.method == "GET" and instance.cached is not None and now < instance.cached[0]:
        return Reply(200, instance.cached[1])
    body = _info_body(engine, instance, now, instance.status, instance.me())
    if request.method == "GET" and engine.delays.scale:
        instance.cached = (now + engine.delays.get_cache * engine.delays.scale, body)
    return Reply(200, body)


def _info_body(engine: Engine, instance: model.Instance, now: float, status: str, me: dict[str, str] | None) -> bytes:
    data: dict[str, t.Any] = {"name": instance.name, "status": status, "config": _config(instance)}
    if status != model.STOPPED or instance.shows_me_when_stopped:
        data["me"] = me
    if status == model.SCAN_QR_CODE:
        data["qr"] = _qr(engine, instance, now)
    return json.dumps(data).encode("utf-8")


def _config(instance: model.Instance) -> dict[str, t.Any]:
    return {"webhooks": instance.webhooks or {}, **instance.config}


def _qr(engine: Engine, instance: model.Instance, now: float) -> str:
    return qr.data_uri(f"{instance.instance_id}/{model.qr_shown(instance, now, engine.delays)}")


def lifecycle(engine: Engine, request: Request) -> Reply:
    """start, stop, restart, logout and delete: the effect, now or late, and the documented reply."""
    instance, call, fault = request.instance, request.call, request.fault
    before = instance.status
    if fault is not None and fault.kind == "late":
        instance.pending = sorted([*instance.pending, (request.now + fault.seconds, call)])
    else:
        swallow = fault is not None and fault.kind == "swallow"
        model.apply(instance, call, request.now, engine.delays, swallow)
    data: dict[str, t.Any] = {"name": instance.name, "status": instance.status}
    if call in ("logout", "delete"):
        data["instance_id"] = instance.instance_id
        data["status"] = (
            model.DELETED if call == "delete" else before if before == model.STOPPED else model.SCAN_QR_CODE
        )
    else:
        data["config"] = _config(instance)
    return json_reply(data)


def me(engine: Engine, request: Request) -> Reply:
    """The account, or null."""
    shown = request.instance.me()
    return json_reply(None if shown is None else {**shown, "platform": "android"})


def webhook(engine: Engine, request: Request) -> Reply:
    """GET shows the list, POST replaces it."""
    instance = request.instance
    if request.method == "POST":
        if not instance.paid:
            return error_reply(403, "Webhooks need a paid plan.", "subscription_required")
        webhooks = request.params.get("webhooks")
        if not isinstance(webhooks, list) or not all(_is_webhook(item) for item in webhooks):
            return error_reply(400, "webhooks must be a list of url, events and is_active.")
        instance.webhooks = [
            {"url": item["url"], "events": item.get("events", []), "is_active": item.get("is_active", True)}
            for item in webhooks
        ]
    return json_reply({"webhooks": instance.webhooks, "systemConfig": {"retries": 15, "delaySeconds": 2}})


def _is_webhook(item: t.Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("url"), str)
        and item["url"].startswith(("http://", "https://"))
        and isinstance(item.get("events", []), list)
        and isinstance(item.get("is_active", True), bool)
    )


def temp_link(engine: Engine, request: Request) -> Reply:
    """POST makes a link and expires the one before, DELETE revokes."""
    instance = request.instance
    if request.method == "POST":
        instance.links_made += 1
        token = hashlib.sha256(b"%d %s" % (instance.links_made, instance.instance_id.encode("utf-8"))).hexdigest()
        lifetime = engine.delays.link_lifetime * engine.delays.scale if engine.delays.scale else float("inf")
        instance.link = (request.now + lifetime, token)
    elif request.method == "DELETE":
        instance.link = None
    alive = model.live_link(instance, request.now)
    return json_reply({"link": None if alive is None else f"https://link.wawp.example/{alive}"})


def rate_limit(engine: Engine, request: Request) -> Reply:
    """The sending policies. They govern no call here."""
    if request.method == "PATCH":
        policies = request.params.get("policies")
        if not isinstance(policies, dict):
            return error_reply(400, "policies must be an object.")
        request.instance.rate_limit.update(policies)
    return json_reply({"policies": {**RATE_LIMIT["policies"], **request.instance.rate_limit}})


def show_qr(engine: Engine, request: Request) -> Reply:
    """qr-image and qr: the code that is on show."""
    if request.instance.status != model.SCAN_QR_CODE:
        return _not_scanning(request)
    return json_reply({"qr": _qr(engine, request.instance, request.now)})


def request_code(engine: Engine, request: Request) -> Reply:
    """A pairing code for a phone number, to be entered on that phone."""
    if request.instance.status != model.SCAN_QR_CODE:
        return _not_scanning(request)
    phone = str(request.params.get("phone_number") or request.params.get("phone") or "")
    digits = "".join(char for char in phone if char in "0123456789")
    if not digits:
        return error_reply(400, "phone_number is missing.")
    request.instance.pairing = f"{digits}@c.us"
    code = hashlib.sha256(b"%d %s" % (request.instance.qr_number, digits.encode())).hexdigest()
    letters = "".join("ABCDEFGHJKLMNPQR"[int(char, 16)] for char in code[:8])
    return json_reply({"code": f"{letters[:4]}-{letters[4:]}"})


def _not_scanning(request: Request) -> Reply:
    return error_reply(422, f"The session is {request.instance.status}, not SCAN_QR_CODE.")


# create has no instance yet: the engine answers it.
ANSWERS: dict[str, t.Callable[[Engine, Request], Reply]] = {
    "info": info,
    "start": lifecycle,
    "stop": lifecycle,
    "restart": lifecycle,
    "logout": lifecycle,
    "delete": lifecycle,
    "me": me,
    "webhook": webhook,
    "temp_link": temp_link,
    "rate_limit": rate_limit,
    "qr_image": show_qr,
    "qr": show_qr,
    "request_code": request_code,
}
