# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transitions of a session: the steps of lifecycle calls, changes by themselves, and the effects of outages.

Pure: no I/O and no clock. Every function takes the time in seconds of whatever clock the engine was given.
Transitions are lazy: an instance remembers its next change and when, and `settle` applies it when somebody looks.
"""

from __future__ import annotations

import typing as t

from .environment import Environment
from .model import (
    CONNECTED,
    DELETED,
    FAILED,
    NEVER,
    REFUSED,
    SCAN_QR_CODE,
    SILENT,
    STARTING,
    STOPPED,
    WORKING,
    Instance,
    StatusEvent,
)

# --- Effects of the calls ----------------------------------------------------------------------------------------
# A call on a STOPPED session has nothing to close; in any other status, new ones included, all steps are done in order.
# Steps that take time are in PAUSES, the others in EFFECTS.
_TABLE = """
         | STOPPED | other
start    | begin   | conflict
stop     |         | halt hang close closing
restart  | begin   | halt hang close closing begin
logout   | wipe    | unlink lead halt hang close closing wipe begin
delete   | wipe remove | unlink lead halt hang close closing wipe erasing remove
"""


def _read_table(table: str) -> dict[tuple[str, str], list[str]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip("\n").splitlines()]
    return {(row[0], status): cell.split() for row in rows for status, cell in zip(head[1:], row[1:])}


SCRIPTS = _read_table(_TABLE)
LIFECYCLE = tuple(dict.fromkeys(call for call, dummy in SCRIPTS))


class Call:
    """A lifecycle call under way. It holds the session from its start to its answer.

    `outcome`: "" (under way), "done", "refused" (422), "busy" (waited too long for another call, did nothing), "gone"
    (the session was deleted while it waited). `due`: when it is answered, as far as known.
    """

    def __init__(self, name: str, swallow: bool = False) -> None:
        self.name = name
        self.swallow = swallow  # the engine fails to unpair and hides it
        self.steps: list[tuple[float, str]] = []
        self.due = NEVER
        self.outcome = ""
        self.begun = False
        self.shown: tuple[str, t.Any] = ("", None)  # status and account as the reply gives them


def submit(instance: Instance, call: Call, now: float, env: Environment) -> None:
    """Start `call`, or let it wait for the one that holds the session."""
    if instance.running is None:
        _start(instance, call, now, env)
    else:
        call.due = now + env.delays.busy * env.delays.scale
        instance.waiting.append(call)


def rush(instance: Instance, call: Call, now: float, env: Environment) -> None:
    """Do the remaining steps of `call`, and of those before it, at once."""
    settle(instance, now, env)
    while not call.outcome:
        instance.running.steps = [(now, word) for dummy, word in instance.running.steps]
        settle(instance, now, env)


def duration(instance: Instance, name: str, env: Environment) -> float:
    """Return the seconds that the named call would take now, if no other one holds the session."""
    if _refuses(instance, name):
        return env.delays.call * env.delays.scale
    return _steps(instance, Call(name), 0.0, env)[-1][0]


def _refuses(instance: Instance, name: str) -> bool:
    return name == "start" and instance.status != STOPPED and instance.traits.refuses_start


def _start(instance: Instance, call: Call, at: float, env: Environment) -> None:
    if instance.removed or _refuses(instance, call.name):
        call.outcome = "gone" if instance.removed else "refused"
        call.due = at + env.delays.call * env.delays.scale
        return
    call.steps = _steps(instance, call, at, env)
    call.due = call.steps[-1][0]
    instance.running = call


def _steps(instance: Instance, call: Call, at: float, env: Environment) -> list[tuple[float, str]]:
    steps = []
    for word in SCRIPTS[call.name, instance.status if instance.status == STOPPED else "other"]:
        if word in PAUSES:
            at += PAUSES[word](instance, env)
        elif not (call.swallow and word == "unlink"):
            steps.append((at, word))
    return [*steps, (at + env.delays.call * env.delays.scale, "answer")]


def _lead(instance: Instance, env: Environment) -> float:
    return env.delays.of_engine(env.delays.lead, instance)


def _hang(instance: Instance, env: Environment) -> float:
    hangs = instance.status == STARTING and env.outage(instance, instance.now) == SILENT
    return env.delays.of_engine(env.delays.hang, instance) if hangs else 0.0


def _closing(instance: Instance, env: Environment) -> float:
    return env.delays.of_engine(instance.traits.closing, instance)


def _erasing(instance: Instance, env: Environment) -> float:
    return env.delays.of_engine(env.delays.erase, instance)


PAUSES: dict[str, t.Callable[[Instance, Environment], float]] = {
    "lead": _lead,
    "hang": _hang,
    "closing": _closing,
    "erasing": _erasing,
}


def _begin(instance: Instance, at: float, env: Environment) -> None:
    instance.statuses, instance.pairing = (), ""
    instance.me_from = at + env.delays.account * env.delays.scale
    enter(instance, STARTING, at, env)


def _halt(instance: Instance, at: float, env: Environment) -> None:
    instance.closed = False
    enter(instance, STOPPED, at, env)


def _close(instance: Instance, at: float, env: Environment) -> None:
    instance.closed = True


def _conflict(instance: Instance, at: float, env: Environment) -> None:
    if instance.start_conflicts and instance.status == WORKING:
        enter(instance, FAILED, at, env)


def _wipe(instance: Instance, at: float, env: Environment) -> None:
    instance.credentials, instance.pairing = False, ""
    instance.forget()


def _unlink(instance: Instance, at: float, env: Environment) -> None:
    if instance.status == WORKING and instance.live and instance.traits.unlinks:
        instance.linked = False
        instance.forget()


def _remove(instance: Instance, at: float, env: Environment) -> None:
    instance.status, instance.removed, instance.next, instance.repeat = DELETED, True, None, None
    instance.late = []


EFFECTS: dict[str, t.Callable[[Instance, float, Environment], None]] = {
    "begin": _begin,
    "halt": _halt,
    "close": _close,
    "conflict": _conflict,
    "wipe": _wipe,
    "unlink": _unlink,
    "remove": _remove,
}


# --- Changes by themselves ---------------------------------------------------------------------------------------
def settle(instance: Instance, now: float, env: Environment) -> None:
    """Apply all changes that are due."""
    while True:
        at, dummy, action = min(_coming(instance, env), key=lambda item: item[:2])
        if at > now:
            break
        instance.now = max(instance.now, at)
        action(instance, at, env)
    instance.now = max(instance.now, now)


_Coming = tuple[float, int, t.Callable[[Instance, float, Environment], None]]


def _coming(instance: Instance, env: Environment) -> list[_Coming]:
    """Return the next change of each sort with its time; at the same time, the lower number comes first."""
    coming: list[_Coming] = [(env.next_edge(instance), 0, _edge)]
    if instance.running is not None:
        coming.append((instance.running.steps[0][0], 1, _step))
    if instance.late:
        coming.append((instance.late[0][0], 2, _strike_late))
    if instance.next is not None:
        coming.append((instance.next[0], 3, _drift))
    if instance.repeat is not None:
        coming.append((instance.repeat, 4, _repeat))
    if instance.waiting:
        coming.append((instance.waiting[0].due, 5, _lose_patience))
    return coming


def _step(instance: Instance, at: float, env: Environment) -> None:
    call: Call = instance.running
    dummy, word = call.steps.pop(0)
    if word != "answer":
        call.begun = call.begun or word == "begin"
        EFFECTS[word](instance, at, env)
        return
    call.shown = (instance.status, None if call.begun else instance.me())
    call.outcome, instance.running = "done", None
    while instance.waiting and instance.running is None:
        _start(instance, instance.waiting.pop(0), at, env)


def _strike_late(instance: Instance, at: float, env: Environment) -> None:
    submit(instance, instance.late.pop(0)[1], at, env)


def _lose_patience(instance: Instance, at: float, env: Environment) -> None:
    instance.waiting.pop(0).outcome = "busy"


def _drift(instance: Instance, at: float, env: Environment) -> None:
    if instance.next is None:  # never, since _coming saw it; mypy can't know
        raise AssertionError
    enter(instance, instance.next[1] or settles_into(instance), at, env)


def _repeat(instance: Instance, at: float, env: Environment) -> None:
    """Report the same status again: a new QR code, or another refused attempt."""
    scanning = instance.status == SCAN_QR_CODE
    instance.qr_refresh += scanning
    instance.repeat = at + (env.delays.qr_next if scanning else env.delays.again) * env.delays.scale
    _report(instance, at)


def _edge(instance: Instance, at: float, env: Environment) -> None:
    """Begin or end an outage."""
    kind = env.outage(instance, at)
    if instance.status == STARTING:
        _plan_start(instance, at, env, env.delays.reconnect)
    elif instance.status in CONNECTED and kind and instance.lost is None:
        _lose(instance, at, kind, env)
    elif instance.lost is not None and not kind and (instance.lost[1] != REFUSED or not env.delays.scale):
        # Only time was lost: the connection continues.
        instance.lost = None
        if instance.status == WORKING and not instance.linked:
            enter(instance, FAILED, at, env)
        else:
            _plan(instance, at, env)


def _lose(instance: Instance, at: float, kind: str, env: Environment) -> None:
    instance.lost = (at, kind)
    instance.repeat = None
    instance.next = (at + env.delays.linger_of(instance, kind), STARTING) if env.delays.scale else None


def enter(instance: Instance, status: str, at: float, env: Environment) -> None:
    """Change to `status`, report it, and plan the next change."""
    instance.status, instance.since, instance.lost, instance.now = status, at, None, max(instance.now, at)
    if status == STARTING:
        forced = instance.starts_into
        if isinstance(forced, list):
            forced = forced.pop(0) if forced else None
        # WORKING can't be forced: a session that can work does.
        instance.forced = "" if forced in (None, WORKING) else forced
    elif status == SCAN_QR_CODE:
        _wipe(instance, at, env)
        instance.qr_number, instance.qr_refresh = instance.qr_number + 1, 0
    _report(instance, at)
    _plan(instance, at, env)


def _report(instance: Instance, at: float) -> None:
    instance.statuses = (*instance.statuses[-2:], (at, instance.status))
    number = instance.events[-1].number + 1 if instance.events else 1
    instance.events.append(StatusEvent(number, at, instance.status, instance.me(), instance.statuses))


def _plan(instance: Instance, at: float, env: Environment) -> None:
    delays = env.delays
    instance.next = instance.repeat = None
    kind = env.outage(instance, at)
    if instance.status == STARTING:
        _plan_start(instance, at, env, 0.0)
    elif instance.status in CONNECTED and kind:
        _lose(instance, at, kind, env)
    elif instance.status == SCAN_QR_CODE and delays.scale:
        instance.next = (instance.since + delays.qr_lifetime * delays.scale, FAILED)
        shown = delays.qr_first + instance.qr_refresh * delays.qr_next
        instance.repeat = max(at, instance.since + shown * delays.scale)
    elif instance.status == FAILED and not instance.credentials and delays.hibernate is not None and delays.scale:
        instance.next = (at + delays.hibernate * delays.scale, STOPPED)


def _plan_start(instance: Instance, at: float, env: Environment, reconnect: float) -> None:
    """Plan when STARTING settles: soon, after an outage `reconnect` seconds later, or not before the outage ends."""
    delays = env.delays
    instance.next = instance.repeat = None
    kind = env.outage(instance, at)
    if kind == REFUSED and delays.scale:
        instance.repeat = at + delays.again * delays.scale
    if instance.forced == STARTING:
        return
    if not kind:
        scanning = SCAN_QR_CODE in (instance.forced, settles_into(instance))
        soonest = instance.since + delays.of_engine(delays.qr if scanning else delays.settle, instance)
        instance.next = (max(soonest, at + reconnect * delays.scale), instance.forced)
    elif delays.scale:
        instance.next = (max(at, instance.since + delays.give_up[kind] * delays.scale), FAILED)


def settles_into(instance: Instance) -> str:
    """Return the status after STARTING, by the truth."""
    if not instance.credentials:
        return SCAN_QR_CODE
    return WORKING if instance.linked else FAILED


def refresh(instance: Instance, at: float, env: Environment) -> None:
    """Let a new outage begin for `instance`, even if that was looked at in this very moment."""
    if instance.now >= at:
        _edge(instance, instance.now, env)
