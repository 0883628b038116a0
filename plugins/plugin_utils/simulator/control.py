# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API below ``/_simulator/``: sets the scene and shows the truth. JSON in, JSON out.

It asks for no token: whoever reaches the port may use it. docs/simulator.md lists its requests.
"""

from __future__ import annotations

import typing as t
from dataclasses import asdict, replace

from . import fleet, model, webhooks, world
from .call_log import LogEntry
from .engine import Engine
from .environment import ANY
from .faults import FaultError
from .model import DELAY_TABLES, Delays, ImpossibleError, Instance

PREFIX = "/_simulator/"
PAGE = 10_000  # entries in one reply by default


class Refusal(Exception):  # noqa: N818  an answer, not an error of ours
    """A request that is answered with a 4xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def respond(engine: Engine, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
    """Answer one request. `path` comes without the prefix; `body` is the parsed JSON, None if there was none."""
    room, dummy, rest = path.strip("/").partition("/")
    handlers = ROOMS.get(room)
    if handlers is None:
        return 404, {"message": f"there is {', '.join(sorted(ROOMS))} below {PREFIX}"}
    if method not in handlers:
        return 405, {"message": f"{room} takes {', '.join(handlers)}"}
    try:
        with engine.lock:
            return 200, handlers[method](engine, rest, query, body)
    except Refusal as error:
        return error.status, {"message": str(error)}
    except (ImpossibleError, FaultError) as error:
        return 400, {"message": str(error)}


def truth(engine: Engine, instance: Instance) -> dict[str, t.Any]:
    """Return everything about an instance but its token."""
    shown = {name: getattr(instance, name) for name in fleet.INSTANCE_FIELDS if name != "access_token"}
    due = instance.next
    shown["removed"] = instance.removed
    shown["next_in"] = None if due is None else round(due[0] - engine.clock(), 3)
    shown["temp_link"] = model.live_link(instance, engine.clock()) is not None
    return shown


def _look(engine: Engine, instance_id: str) -> Instance:
    try:
        return engine.look(instance_id)
    except KeyError:
        raise Refusal(404, f"there is no instance {instance_id}") from None


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Refusal(400, f"{name} must be a number")
    return int(text)


def _page(query: dict[str, str], found: list[t.Any]) -> list[t.Any]:
    start = _number(query, "offset", 0)
    return found[start : start + _number(query, "limit", PAGE)]


def list_instances(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """GET instances, instances/ID."""
    if rest:
        return truth(engine, _look(engine, rest))
    everybody = [engine.look(name) for name in [*engine.instances, *engine.removed]]
    wanted = [item for item in everybody if query.get("status") in (None, item.status)]
    shown = [truth(engine, item) for item in _page(query, wanted)]
    return {"instances": shown, "total": len(wanted)}


def post_instances(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """POST instances (one, a list, a fleet or a built-in fleet's name), instances/ID/ACTION."""
    if rest:
        instance_id, dummy, action = rest.partition("/")
        return truth(engine, _act(engine, instance_id, action, body))
    return {"added": [item.instance_id for item in fleet.load(engine, _fleet(body))]}


def _fleet(body: t.Any) -> t.Any:
    if isinstance(body, dict) and set(body) == {"fleet"}:
        if not isinstance(body["fleet"], str):
            raise Refusal(400, "fleet must be the name of a built-in fleet")
        return fleet.built_in(body["fleet"])
    return [body] if isinstance(body, dict) and "instance_id" in body else body


def _act(engine: Engine, instance_id: str, action: str, body: t.Any) -> Instance:
    if action not in world.ACTIONS:
        raise Refusal(404, f"what can happen to an instance is {', '.join(world.ACTIONS)}")
    allowed = {"account": "str", "push_name": "str", "via_link": "bool"} if action == "scan" else {}
    params = fleet.checked({} if body is None else body, allowed, action)
    _look(engine, instance_id)
    try:
        return engine.world(action, instance_id, **params)
    except ImpossibleError as error:
        raise Refusal(409, str(error)) from error


def patch_instance(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """PATCH instances/ID."""
    if _look(engine, rest).removed:
        raise Refusal(409, f"{rest} is deleted")
    values = fleet.checked(body, fleet.INSTANCE_FIELDS, "an instance")
    if "instance_id" in values:
        raise Refusal(400, "the instance_id can't be changed")
    return truth(engine, engine.change(rest, values))


def delete_instance(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """DELETE instances/ID: leaves no trace, unlike the API's delete."""
    _look(engine, rest)
    engine.instances.pop(rest, None)
    engine.removed.pop(rest, None)
    return {}


def list_faults(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """GET faults: those that can still strike."""
    return {"faults": [asdict(fault) for fault in engine.faults()]}


def add_faults(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """POST faults: one or a list."""
    faults = [fleet.make_fault(values) for values in (body if isinstance(body, list) else [body])]
    for fault in faults:
        engine.add_fault(fault)
    return {"added": len(faults)}


def clear_faults(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """DELETE faults, faults/ID."""
    engine.clear_faults(rest or None)
    return {}


def list_outages(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """GET outages: current and future ones, in seconds from now; `to` is null for one without an end."""
    now = engine.clock()
    return {
        "outages": [
            {
                "kind": outage.kind,
                "from": round(outage.start - now, 3),
                "to": None if outage.end == model.NEVER else round(outage.end - now, 3),
                "instance_id": outage.instance_id,
            }
            for outage in engine.outages()
        ]
    }


def add_outages(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """POST outages: one or a list."""
    outages = [fleet.make_outage(values) for values in (body if isinstance(body, list) else [body])]
    for outage in outages:
        engine.add_outage(**outage)
    return {"added": len(outages)}


def end_outages(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """DELETE outages, outages/ID: they end now."""
    engine.end_outages(rest or ANY)
    return {}


def list_calls(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """GET calls, calls/ID; `call`, `since` (a sequence number), `offset`, `limit`."""
    since = _number(query, "since", 0)
    found = [entry for entry in engine.calls(rest or None, query.get("call")) if entry.sequence > since]
    return {"calls": [_shown(entry) for entry in _page(query, found)], "total": len(found)}


def _shown(entry: LogEntry) -> dict[str, t.Any]:
    return {**entry._asdict(), "write": entry.write}


def clear_calls(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """DELETE calls."""
    engine.log.clear()
    return {}


def show_delays(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """GET delays."""
    return asdict(engine.delays)


def set_delays(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """PATCH delays. Calls under way keep theirs."""
    values = fleet.checked(body, fleet.DELAY_FIELDS, "delays")
    for name in DELAY_TABLES:
        values[name] = {**getattr(engine.delays, name), **values.get(name, {})}
    engine.delays = Delays(**{**asdict(engine.delays), **values})
    return asdict(engine.delays)


def show_webhooks(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """GET webhooks: their settings (never the key), and those sent; `offset`, `limit`."""
    settings = engine.webhooks
    sent = [entry._asdict() for entry in _page(query, list(settings.log))]
    return {**settings.shown(), "signed": bool(settings.key), "sent": sent, "total": len(settings.log)}


def set_webhooks(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """PATCH webhooks. Those under way keep the old settings."""
    values = fleet.checked(body, webhooks.SETTING_FIELDS, "webhooks")
    settings = replace(engine.webhooks, **values)
    settings.check()
    engine.webhooks = settings
    return show_webhooks(engine, rest, query, None)


def reset(engine: Engine, rest: str, query: dict[str, str], body: t.Any) -> t.Any:
    """POST reset: start over, empty or with the given fleet."""
    new = None if body is None else _fleet(body)
    engine.reset()
    return {"added": [item.instance_id for item in fleet.load(engine, new)] if new is not None else []}


Handler = t.Callable[[Engine, str, "dict[str, str]", t.Any], t.Any]
ROOMS: dict[str, dict[str, Handler]] = {
    "instances": {
        "GET": list_instances,
        "POST": post_instances,
        "PATCH": patch_instance,
        "DELETE": delete_instance,
    },
    "faults": {"GET": list_faults, "POST": add_faults, "DELETE": clear_faults},
    "outages": {"GET": list_outages, "POST": add_outages, "DELETE": end_outages},
    "calls": {"GET": list_calls, "DELETE": clear_calls},
    "delays": {"GET": show_delays, "PATCH": set_delays},
    "webhooks": {"GET": show_webhooks, "PATCH": set_webhooks},
    "reset": {"POST": reset},
}
