# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated Wawp: instances, the calls on them, scripted faults and a log of it all.

Pure: no I/O, and the time comes from the clock given. Thread-safe: `Engine.lock` guards every method.

    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance("3EB0BCB2E3D4"))
    engine.ask("logout", "3EB0BCB2E3D4").json()["status"]   # STARTING
    engine.instances["3EB0BCB2E3D4"].linked                 # False
    clock.advance(1)
    engine.ask("info", "3EB0BCB2E3D4").json()["status"]     # SCAN_QR_CODE

A call takes time, and its effects show meanwhile: `begin` it, let the time until `due` pass, and `finish` it.
`handle` and `ask` do both at once; then all effects of the call happen immediately.
"""

from __future__ import annotations

import threading
import time
import typing as t
from collections import defaultdict, deque

from . import calls, model, transitions, webhooks, world
from .call_log import LogEntry
from .calls import Request
from .environment import ANY, Environment, Outage
from .faults import Fault, Script, apply_fault, replaces_reply
from .model import SANDBOX_TOKEN, Delays, ImpossibleError, Instance
from .replies import Reply, error_reply


class VirtualClock:
    """A clock that tests advance."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.now += seconds


class Engine:
    """`clock` and `wall` give seconds; `wall` only dates a Retry-After. The log keeps the last `log_size` calls."""

    def __init__(
        self,
        clock: t.Callable[[], float] = time.monotonic,
        delays: Delays | None = None,
        log_size: int | None = 200_000,
        quota: int | None = None,
        wall: t.Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self.wall = wall
        self.environment = Environment(delays if delays is not None else Delays())
        self.quota = quota
        self.lock = threading.RLock()
        self.log: deque[LogEntry] = deque(maxlen=log_size)
        self.reset()

    @property
    def delays(self) -> Delays:
        """The delays of calls and transitions."""
        return self.environment.delays

    @delays.setter
    def delays(self, delays: Delays) -> None:
        self.environment.delays = delays

    def reset(self) -> None:
        """Forget instances, faults, outages and log."""
        with self.lock:
            self.instances: dict[str, Instance] = {}
            self.removed: dict[str, Instance] = {}
            self.tokens = {SANDBOX_TOKEN}
            self.environment.outages = []
            self.log.clear()
            self._faults = Script()
            self._sequence = 0
            self._created = 0
            self.webhooks = webhooks.Settings()

    # --- setting the scene ---------------------------------------------------------------------------------------
    def add(self, instance: Instance) -> Instance:
        """Put `instance` into the account. Raises ImpossibleError if the id is taken."""
        with self.lock:
            if instance.instance_id in self.instances:
                raise ImpossibleError(f"there is an instance {instance.instance_id} already")
            self.removed.pop(instance.instance_id, None)
            self.instances[instance.instance_id] = instance
            self.tokens.add(instance.access_token)
            # An instance given as STARTING or SCAN_QR_CODE moves on from now.
            number = instance.qr_number
            instance.now = self.clock()
            transitions.enter(instance, instance.status, self.clock(), self.environment)
            instance.qr_number = number or instance.qr_number
            return instance

    def add_fault(self, fault: Fault) -> Fault:
        """Script `fault`."""
        with self.lock:
            self._faults.add(fault)
            return fault

    def clear_faults(self, instance_id: str | None = None) -> None:
        """Forget the faults of one instance, or all."""
        with self.lock:
            self._faults.clear(instance_id)

    def faults(self) -> list[Fault]:
        """Return the faults that can still apply; `times` and `skip` count down."""
        with self.lock:
            return self._faults.waiting()

    def add_outage(self, kind: str, start: float = 0.0, end: float | None = None, instance_id: str = ANY) -> Outage:
        """Cut instances off from WhatsApp, from `start` to `end` seconds from now; None: until ended explicitly.

        Raises ImpossibleError.
        """
        with self.lock:
            now = self.clock()
            outage = Outage(kind, now + start, model.NEVER if end is None else now + end, instance_id)
            outage.check(now)
            self.environment.outages.append(outage)
            self._outages_changed()
            return outage

    def end_outages(self, instance_id: str = ANY) -> None:
        """End the outages of one instance, or all, and forget future ones."""
        with self.lock:
            now, ended = self.clock(), []
            for outage in self.environment.outages:
                if instance_id not in (ANY, outage.instance_id):
                    ended.append(outage)
                elif outage.start < now:
                    ended.append(outage._replace(end=min(now, outage.end)))
            self.environment.outages = ended
            self._outages_changed()

    def outages(self) -> list[Outage]:
        """Return the outages that aren't over."""
        with self.lock:
            return [outage for outage in self.environment.outages if outage.end > self.clock()]

    def _outages_changed(self) -> None:
        for instance in self.instances.values():
            transitions.refresh(instance, self.clock(), self.environment)

    def world(self, action: str, instance_id: str, **params: t.Any) -> Instance:
        """Let a phone, a host or somebody else do something; `world.ACTIONS` has the names.

        Raises KeyError for an unknown instance or action, ImpossibleError where the status doesn't allow it.
        """
        with self.lock:
            instance = self.look(instance_id)
            if instance.removed and action != "unlink_on_phone":
                raise ImpossibleError(f"{instance_id} is deleted")
            world.ACTIONS[action](instance, self.clock(), self.environment, **params)
            transitions.settle(instance, self.clock(), self.environment)
            return instance

    def look(self, instance_id: str) -> Instance:
        """Return an instance with the truth at this moment, deleted ones included. Raises KeyError."""
        with self.lock:
            return self._alive(instance_id) or self.removed[instance_id]

    def change(self, instance_id: str, values: dict[str, t.Any]) -> Instance:
        """Set fields of an instance. Raises ImpossibleError for an impossible state, and then changes nothing."""
        with self.lock:
            instance = self.look(instance_id)
            old = dict(vars(instance))
            vars(instance).update(values)
            try:
                instance.forget()
                instance.check()
            except ImpossibleError:
                vars(instance).update(old)
                raise
            self.tokens.add(instance.access_token)
            if "status" in values:
                transitions.enter(instance, instance.status, self.clock(), self.environment)
            instance.cached = None
            return instance

    # --- looking back --------------------------------------------------------------------------------------------
    def calls(self, instance_id: str | None = None, name: str | None = None) -> list[LogEntry]:
        """Return the logged calls of one instance, of one name, or all."""
        with self.lock:
            return [
                entry for entry in self.log if instance_id in (None, entry.instance_id) and name in (None, entry.call)
            ]

    def calls_by_instance(self) -> dict[str, list[LogEntry]]:
        """Return all logged calls by instance, in one pass for fleets."""
        found: dict[str, list[LogEntry]] = defaultdict(list)
        with self.lock:
            for entry in self.log:
                found[entry.instance_id].append(entry)
        return dict(found)

    def writes(self, instance_id: str | None = None) -> list[str]:
        """Return the names of the calls that may have changed something, in order."""
        return [entry.call for entry in self.calls(instance_id) if entry.write]

    # --- the API -------------------------------------------------------------------------------------------------
    def ask(self, call: str, instance_id: str, method: str = "", **params: t.Any) -> Reply:
        """Make a well-formed call with the instance's token, for tests without HTTP."""
        instance = self.instances.get(instance_id)
        token = instance.access_token if instance is not None else SANDBOX_TOKEN
        allowed = calls.METHODS[call]
        method = method or ("POST" if "POST" in allowed else allowed[0])
        return self.handle(call, method, {"instance_id": instance_id, "access_token": token, **params})

    def delay(self, call: str, instance_id: t.Any = None) -> float:
        """Return the seconds that the call would take now, if no other one holds the session."""
        with self.lock:
            return self._duration(call, self._alive(instance_id))

    def handle(
        self,
        call: str,
        method: str = "POST",
        params: dict[str, t.Any] | None = None,
        *,
        location: str = "body",
        path: str = "",
    ) -> Reply:
        """Make a call without any waiting: all its effects happen now. The arguments are those of `begin`."""
        return self.finish(self.begin(call, method, params, location=location, path=path))

    def begin(
        self,
        call: str,
        method: str = "POST",
        params: dict[str, t.Any] | None = None,
        *,
        location: str = "body",
        path: str = "",
    ) -> Request:
        """Take in a call. `location` says where the token was, for the log."""
        with self.lock:
            now = self.clock()
            request = Request(call, method, params if params is not None else {}, location, path, now)
            named = request.params.get("instance_id")
            request.instance_id = named if isinstance(named, str) else ""
            instance = request.instance = self._alive(named)
            request.before = instance.status if instance is not None else ""
            fault = request.fault = self._faults.take(call, request.instance_id)
            if fault is not None and fault.when == "before" and (replaces_reply(fault) or calls.is_write(call, method)):
                request.reply = Reply(200, b"{}")
            else:
                request.reply = self._refusal(request)
            request.due = now + self._duration(call, instance)
            if request.reply is None and instance is not None and call in transitions.LIFECYCLE:
                self._submit(request, instance, now)
            return request

    def _submit(self, request: Request, instance: Instance, now: float) -> None:
        fault = request.fault
        swallow = fault is not None and (fault.swallow or fault.kind == "swallow")
        request.lifecycle = transitions.Call(request.call, swallow)
        if fault is not None and fault.kind == "late":  # `finish` sets when
            request.lifecycle.due, request.lifecycle.outcome = request.due, "done"
            return
        transitions.submit(instance, request.lifecycle, now, self.environment)
        transitions.settle(instance, now, self.environment)

    def due(self, request: Request) -> float:
        """Return when `request` is answered, by the engine's clock. Ask again then: it may wait for another call."""
        with self.lock:
            if request.instance is None or request.lifecycle is None:
                return request.due
            transitions.settle(request.instance, self.clock(), self.environment)
            return request.lifecycle.due

    def finish(self, request: Request) -> Reply:
        """Answer `request` now, with any effects still outstanding."""
        with self.lock:
            now, instance, fault = self.clock(), request.instance, request.fault
            if instance is not None:
                if request.lifecycle is not None:
                    transitions.rush(instance, request.lifecycle, now, self.environment)
                transitions.settle(instance, now, self.environment)
            reply = request.reply or self._answer(request, now)
            if fault is not None and fault.kind == "late" and instance is not None and request.lifecycle is not None:
                late = (now + fault.seconds, transitions.Call(request.call))
                instance.late = sorted([*instance.late, late], key=lambda item: item[0])
            token = request.params.get("access_token")
            if fault is not None:
                reply = apply_fault(fault, reply, token if isinstance(token, str) else "", self.wall)
            self._record(request, reply, now)
            if instance is not None and instance.removed:
                self._archive(instance)
            return reply

    def _record(self, request: Request, reply: Reply, now: float) -> None:
        instance = request.instance
        self._sequence += 1
        self.log.append(
            LogEntry(
                sequence=self._sequence,
                received=request.received,
                time=now,
                method=request.method,
                path=request.path,
                call=request.call,
                instance_id=request.instance_id,
                before=request.before,
                after=instance.status if instance is not None else "",
                linked=instance.linked if instance is not None else None,
                http_status=reply.status,
                credentials=request.location,
                token_ok=self._token_fits(request.params.get("access_token"), instance),
                fault=request.fault.kind if request.fault is not None else "",
            )
        )

    def _duration(self, call: str, instance: Instance | None) -> float:
        if instance is not None and call in transitions.LIFECYCLE:
            return transitions.duration(instance, call, self.environment)
        return self.delays.of_read(call, instance)

    def _alive(self, instance_id: t.Any) -> Instance | None:
        """Return the instance in its current state, None if it is deleted."""
        instance = self.instances.get(instance_id) if isinstance(instance_id, str) else None
        if instance is not None:
            transitions.settle(instance, self.clock(), self.environment)
            if instance.removed:
                self._archive(instance)
                return None
        return instance

    def _token_fits(self, token: t.Any, instance: Instance | None) -> bool:
        if not isinstance(token, str):
            return False
        return token == instance.access_token if instance is not None else token in self.tokens

    def _refusal(self, request: Request) -> Reply | None:
        call, params, instance = request.call, request.params, request.instance
        if call not in calls.METHODS:
            return error_reply(404, "There is no such call.", "not_found")
        if request.method not in calls.METHODS[call]:
            return error_reply(405, "The method must be {}.".format(" or ".join(calls.METHODS[call])))
        required = ("access_token",) if call == "create" else ("instance_id", "access_token")
        missing = [name for name in required if not isinstance(params.get(name), str) or not params[name]]
        if missing:
            return error_reply(400, "Missing: {}.".format(", ".join(missing)))
        if not self._token_fits(params["access_token"], None if call == "create" else instance):
            return error_reply(401, "The access token is not valid.")
        if instance is None and call != "create":
            return calls.unknown(request)
        return None

    def _answer(self, request: Request, now: float) -> Reply:
        instance = request.instance
        if request.call == "create" or instance is None:
            return self._create(request)
        if request.call in transitions.LIFECYCLE:
            return calls.answer_lifecycle(request, instance)
        if instance.removed:  # by a call that ended while this one was under way
            return calls.unknown(request)
        return calls.ANSWERS[request.call](request, instance, now, self.delays)

    def _archive(self, instance: Instance) -> None:
        self.instances.pop(instance.instance_id, None)
        self.removed[instance.instance_id] = instance

    def _create(self, request: Request) -> Reply:
        if self.quota is not None and len(self.instances) >= self.quota:
            return error_reply(403, "The quota of instances is used up.", "quota_exceeded")
        while True:
            self._created += 1
            instance_id = f"5A{self._created:010X}"
            if instance_id not in self.instances and instance_id not in self.removed:
                break
        token = request.params["access_token"]
        instance = self.add(Instance(instance_id, token, status=model.STOPPED, credentials=False, linked=False))
        made = {"instance_id": instance_id, "session_name": instance.name, "server_name": "sandbox-1"}
        return calls.success(request, made)
