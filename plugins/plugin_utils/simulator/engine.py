# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated Wawp: instances, the calls on them, scripted faults and a log of it all.

Pure: no I/O, and the time comes from the clock given. Thread-safe: `Engine.lock` guards every method.

    clock = VirtualClock()
    engine = Engine(clock)
    engine.add(Instance("3EB0BCB2E3D4"))
    engine.ask("logout", "3EB0BCB2E3D4").json()["status"]   # SCAN_QR_CODE
    clock.advance(3)
    engine.instances["3EB0BCB2E3D4"].linked                 # False
"""

from __future__ import annotations

import threading
import time
import typing as t
from collections import defaultdict, deque
from dataclasses import fields

from . import calls, model, webhooks
from .faults import Fault, Reply, Script, error_reply, json_reply, replaces_reply, strike
from .model import SANDBOX_TOKEN, Delays, ImpossibleError, Instance


class LogEntry(t.NamedTuple):
    """One call. Never the token: only where it was and whether it fits."""

    sequence: int
    received: float  # when the request came, by the engine's clock
    time: float  # when it took effect
    method: str
    path: str
    call: str  # empty for an unknown path
    instance_id: str
    before: str  # status; empty where there is no such instance
    after: str
    linked: bool | None  # the truth afterwards
    http_status: int  # 0: no reply
    credentials: str  # where a token was: body, query, header, several joined by "+", "basic" for other Authorization
    token_ok: bool
    fault: str  # kind; empty: none

    @property
    def write(self) -> bool:
        """Whether the call may change anything."""
        return calls.is_write(self.call, self.method)


class VirtualClock:
    """A clock that moves when told."""

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
        self.delays = delays if delays is not None else Delays()
        self.quota = quota
        self.lock = threading.RLock()
        self.log: deque[LogEntry] = deque(maxlen=log_size)
        self.reset()

    def reset(self) -> None:
        """Forget instances, faults and log."""
        with self.lock:
            self.instances: dict[str, Instance] = {}
            self.removed: dict[str, Instance] = {}
            self.tokens = {SANDBOX_TOKEN}
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
            # An instance that is given as STARTING or SCAN_QR_CODE moves on from now.
            number = instance.qr_number
            model.enter(instance, instance.status, self.clock(), self.delays)
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
        """The faults that can still strike; `times` and `skip` count down."""
        with self.lock:
            return self._faults.waiting()

    def world(self, action: str, instance_id: str, **params: t.Any) -> Instance:
        """Let a phone or a host do something: `scan`, `unlink_on_phone`, `drop_connection`, `crash`, `hibernate`.

        Raises KeyError for an unknown instance or action, ImpossibleError where the status doesn't allow it.
        """
        with self.lock:
            instance = self.look(instance_id)
            if instance.removed and action != "unlink_on_phone":
                raise ImpossibleError(f"{instance_id} is deleted")
            model.WORLD[action](instance, self.clock(), self.delays, **params)
            model.settle(instance, self.clock(), self.delays)
            return instance

    def look(self, instance_id: str) -> Instance:
        """The instance with the truth of this moment, deleted ones included. Raises KeyError."""
        with self.lock:
            return self._alive(instance_id) or self.removed[instance_id]

    def change(self, instance_id: str, values: dict[str, t.Any]) -> Instance:
        """Set fields of an instance. What cannot be raises ImpossibleError and changes nothing."""
        with self.lock:
            instance = self.look(instance_id)
            old = dict(vars(instance))
            vars(instance).update(values)
            try:
                if not (instance.credentials or instance.linked):
                    instance.account = instance.push_name = ""
                instance.check()
            except ImpossibleError:
                vars(instance).update(old)
                raise
            self.tokens.add(instance.access_token)
            if "status" in values:
                model.enter(instance, instance.status, self.clock(), self.delays)
            instance.cached = None
            return instance

    # --- looking back --------------------------------------------------------------------------------------------
    def calls(self, instance_id: str | None = None, name: str | None = None) -> list[LogEntry]:
        """The logged calls of one instance, of one name, or all."""
        with self.lock:
            return [
                entry for entry in self.log if instance_id in (None, entry.instance_id) and name in (None, entry.call)
            ]

    def calls_by_instance(self) -> dict[str, list[LogEntry]]:
        """All logged calls in one pass, for fleets."""
        found: dict[str, list[LogEntry]] = defaultdict(list)
        with self.lock:
            for entry in self.log:
                found[entry.instance_id].append(entry)
        return dict(found)

    def writes(self, instance_id: str | None = None) -> list[str]:
        """The names of the calls that may have changed something, in order."""
        return [entry.call for entry in self.calls(instance_id) if entry.write]

    # --- the API -------------------------------------------------------------------------------------------------
    def ask(self, call: str, instance_id: str, method: str = "", **params: t.Any) -> Reply:
        """A well-formed call with the instance's own token, for tests without HTTP."""
        instance = self.instances.get(instance_id)
        token = instance.access_token if instance is not None else SANDBOX_TOKEN
        allowed = calls.METHODS[call]
        method = method or ("POST" if "POST" in allowed else allowed[0])
        return self.handle(call, method, {"instance_id": instance_id, "access_token": token, **params})

    def delay(self, call: str, instance_id: t.Any = None) -> float:
        """Seconds that the call takes before its effect and its reply, in this moment."""
        with self.lock:
            return self.delays.of_call(call, self._alive(instance_id))

    def handle(
        self,
        call: str,
        method: str = "POST",
        params: dict[str, t.Any] | None = None,
        *,
        location: str = "body",
        path: str = "",
        received: float | None = None,
    ) -> Reply:
        """One call: its effect takes place now. Waiting `delay` seconds before it is the caller's business.

        `location` says where the token was, `received` when the request came in (default: now); both only for the log.
        """
        params = params if params is not None else {}
        with self.lock:
            now = self.clock()
            named, token = params.get("instance_id"), params.get("access_token")
            instance_id = named if isinstance(named, str) else ""
            instance = self._alive(instance_id)
            before = instance.status if instance is not None else ""
            fault = self._faults.take(call, instance_id)
            if fault is not None and fault.when == "before" and (replaces_reply(fault) or calls.is_write(call, method)):
                reply = Reply(200, b"{}")
            else:
                reply = self._refusal(call, method, params, instance) or self._answer(
                    call, method, params, instance, fault
                )
            if fault is not None:
                reply = strike(fault, reply, token if isinstance(token, str) else "", self.wall)
            self._sequence += 1
            entry = LogEntry(
                sequence=self._sequence,
                received=now if received is None else received,
                time=now,
                method=method,
                path=path,
                call=call,
                instance_id=instance_id,
                before=before,
                after=instance.status if instance is not None else "",
                linked=instance.linked if instance is not None else None,
                http_status=reply.status,
                credentials=location,
                token_ok=self._token_fits(token, instance),
                fault=fault.kind if fault is not None else "",
            )
            self.log.append(entry)
            return reply

    def _alive(self, instance_id: t.Any) -> Instance | None:
        """The instance, unless it is deleted, as it stands now."""
        instance = self.instances.get(instance_id) if isinstance(instance_id, str) else None
        if instance is not None:
            model.settle(instance, self.clock(), self.delays)
            if instance.removed:
                self._bury(instance)
                return None
        return instance

    def _token_fits(self, token: t.Any, instance: Instance | None) -> bool:
        if not isinstance(token, str):
            return False
        return token == instance.access_token if instance is not None else token in self.tokens

    def _refusal(self, call: str, method: str, params: dict[str, t.Any], instance: Instance | None) -> Reply | None:
        if call not in calls.METHODS:
            return error_reply(404, "There is no such call.", "not_found")
        if method not in calls.METHODS[call]:
            return error_reply(405, "The method must be {}.".format(" or ".join(calls.METHODS[call])))
        required = ("access_token",) if call == "create" else ("instance_id", "access_token")
        missing = [name for name in required if not isinstance(params.get(name), str) or not params[name]]
        if missing:
            return error_reply(400, "Missing: {}.".format(", ".join(missing)))
        if not self._token_fits(params["access_token"], None if call == "create" else instance):
            return error_reply(401, "The access token is not valid.")
        if instance is None and call != "create":
            return error_reply(404, "There is no such session.", "invalid_session")
        return None

    def _answer(
        self, call: str, method: str, params: dict[str, t.Any], instance: Instance | None, fault: Fault | None
    ) -> Reply:
        if call == "create" or instance is None:
            return self._create(params["access_token"])
        request = calls.Request(
            call=call, method=method, params=params, instance=instance, fault=fault, now=self.clock()
        )
        reply = calls.ANSWERS[call](self, request)
        if instance.removed:
            self._bury(instance)
        return reply

    def _bury(self, instance: Instance) -> None:
        self.instances.pop(instance.instance_id, None)
        self.removed[instance.instance_id] = instance

    def _create(self, token: str) -> Reply:
        if self.quota is not None and len(self.instances) >= self.quota:
            return error_reply(403, "The quota of instances is used up.", "quota_exceeded")
        while True:
            self._created += 1
            instance_id = f"5A{self._created:010X}"
            if instance_id not in self.instances and instance_id not in self.removed:
                break
        instance = self.add(Instance(instance_id, token, status=model.STOPPED, credentials=False, linked=False))
        return json_reply({"instance_id": instance_id, "session_name": instance.name, "server_name": "sandbox-1"})


INSTANCE_FIELDS = tuple(item.name for item in fields(Instance))
