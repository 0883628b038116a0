# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the API: their paths and replies. transitions.py has their effects on a session."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass

from . import model, qr
from .faults import Fault
from .model import Delays
from .replies import Reply, error_reply, json_reply
from .transitions import Call

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


@dataclass
class Request:
    """A call on its way through the engine."""

    call: str
    method: str
    params: dict[str, t.Any]
    location: str  # where the token was
    path: str
    received: float
    instance_id: str = ""
    instance: model.Instance | None = None
    fault: Fault | None = None
    before: str = ""  # the status when it came
    due: float = 0.0  # when it is answered, unless `lifecycle` says
    lifecycle: Call | None = None
    reply: Reply | None = None  # the reply, if known before it is due


def is_write(call: str, method: str) -> bool:
    """Whether the call may change anything. Session calls do so with GET too."""
    if call in ("webhook", "temp_link", "rate_limit"):
        return method != "GET"
    return call in METHODS and call not in READS


def success(request: Request, data: t.Any) -> Reply:
    """Return a successful reply: the engine answers a POST with 201, anything else with 200."""
    return json_reply(data, 201 if request.method == "POST" else 200)


def unknown(request: Request) -> Reply:
    """Return the reply for an unknown session: two calls still succeed."""
    if request.call in ("stop", "delete"):
        return success(request, None)
    return error_reply(404, "There is no such session.", "invalid_session")


def info(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """POST: the current state. GET: the same as the GET before it, if that was a moment ago."""
    fault = request.fault
    if fault is not None and fault.kind == "lie":
        return success(request, _info_body(instance, fault.status, None))
    if request.method == "GET" and instance.cached is not None and now < instance.cached[0]:
        return Reply(200, instance.cached[1])
    reply = success(request, _info_body(instance, instance.status, instance.me()))
    if request.method == "GET" and delays.scale:
        instance.cached = (now + delays.get_cache * delays.scale, reply.body)
    return reply


def _info_body(instance: model.Instance, status: str, me: t.Any) -> dict[str, t.Any]:
    data: dict[str, t.Any] = {"name": instance.name, "status": status, "config": _config(instance), "me": me}
    if status == model.SCAN_QR_CODE:
        data["qr"] = _qr(instance)
    return data


def _config(instance: model.Instance) -> dict[str, t.Any]:
    return {"webhooks": instance.webhooks or {}, **instance.config}


def _qr(instance: model.Instance) -> str:
    return qr.data_uri(f"{instance.instance_id}/{model.qr_shown(instance)}")


def answer_lifecycle(request: Request, instance: model.Instance) -> Reply:
    """Return the reply to start, stop, restart, logout or delete, by the call's outcome."""
    call = request.lifecycle
    outcome = call.outcome if call is not None else "done"
    if outcome == "gone":
        return unknown(request)
    if outcome == "refused":
        return error_reply(422, f"Session '{instance.name}' is already started.")
    if outcome == "busy":
        return _busy(instance)
    if request.call == "delete":
        return success(request, None)
    status, account = call.shown if call is not None else (instance.status, instance.me())
    data = {"name": instance.name, "status": status, "config": _config(instance), "me": account}
    if request.call == "logout":
        data["instance_id"] = instance.instance_id
    return success(request, data)


def _busy(instance: model.Instance) -> Reply:
    """Return the engine's internal error: `exception` has the words and a stack."""
    words = f"async-lock timed out in queue {instance.name}"
    exception = {
        "message": words,
        "name": "Error",
        "stack": f"Error: {words}\n    at Timeout.<anonymous> (index.js:1:1)",
    }
    return json_reply({"statusCode": 500, "exception": exception}, 500)


def me(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """Return the account, or null."""
    shown = instance.me()
    return success(request, {**shown, "platform": "android"} if isinstance(shown, dict) else shown)


def webhook(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """GET shows the list, POST replaces it."""
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
    return success(request, {"webhooks": instance.webhooks, "systemConfig": {"retries": 15, "delaySeconds": 2}})


def _is_webhook(item: t.Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("url"), str)
        and item["url"].startswith(("http://", "https://"))
        and isinstance(item.get("events", []), list)
        and isinstance(item.get("is_active", True), bool)
    )


def temp_link(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """POST makes a link and expires the one before, DELETE revokes."""
    if request.method == "POST":
        instance.links_made += 1
        token = hashlib.sha256(b"%d %s" % (instance.links_made, instance.instance_id.encode("utf-8"))).hexdigest()
        lifetime = delays.link_lifetime * delays.scale if delays.scale else float("inf")
        instance.link = (now + lifetime, token)
    elif request.method == "DELETE":
        instance.link = None
    alive = model.live_link(instance, now)
    return success(request, {"link": None if alive is None else f"https://link.wawp.example/{alive}"})


def rate_limit(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """Return the sending policies. They limit no call here."""
    if request.method == "PATCH":
        policies = request.params.get("policies")
        if not isinstance(policies, dict):
            return error_reply(400, "policies must be an object.")
        instance.rate_limit.update(policies)
    return success(request, {"policies": {**RATE_LIMIT["policies"], **instance.rate_limit}})


def show_qr(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """qr-image and qr: the current code."""
    if instance.status != model.SCAN_QR_CODE:
        return _not_scanning(instance)
    return success(request, {"qr": _qr(instance)})


def request_code(request: Request, instance: model.Instance, now: float, delays: Delays) -> Reply:
    """Return a pairing code for a phone number, to enter on that phone."""
    if instance.status != model.SCAN_QR_CODE:
        return _not_scanning(instance)
    phone = str(request.params.get("phone_number") or request.params.get("phone") or "")
    digits = "".join(char for char in phone if char in "0123456789")
    if not digits:
        return error_reply(400, "phone_number is missing.")
    instance.pairing = f"{digits}@c.us"
    code = hashlib.sha256(b"%d %s" % (instance.qr_number, digits.encode())).hexdigest()
    letters = "".join("ABCDEFGHJKLMNPQR"[int(char, 16)] for char in code[:8])
    return success(request, {"code": f"{letters[:4]}-{letters[4:]}"})


def _not_scanning(instance: model.Instance) -> Reply:
    return error_reply(422, f"The session is {instance.status}, not SCAN_QR_CODE.")


Answer = t.Callable[[Request, model.Instance, float, Delays], Reply]
# The calls outside the lifecycle. create has no instance yet: the engine answers it.
ANSWERS: dict[str, Answer] = {
    "info": info,
    "me": me,
    "webhook": webhook,
    "temp_link": temp_link,
    "rate_limit": rate_limit,
    "qr_image": show_qr,
    "qr": show_qr,
    "request_code": request_code,
}
