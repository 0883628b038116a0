# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a session is and how it moves: the table "call on -> status" of the Wawp API, and what phones and hosts do.

Pure: no I/O and no clock. Every function takes ``now`` in seconds of whatever clock the engine was given.
Transitions are lazy: an instance remembers what comes next and when, and `settle` applies it when somebody looks.
"""

from __future__ import annotations

import re
import typing as t
import zlib
from dataclasses import dataclass, field

STOPPED = "STOPPED"
STARTING = "STARTING"
SCAN_QR_CODE = "SCAN_QR_CODE"
WORKING = "WORKING"
FAILED = "FAILED"
DELETED = "DELETED"  # what the API calls a session that is no more
STATUSES = (STOPPED, STARTING, SCAN_QR_CODE, WORKING, FAILED)
ENGINES = ("WEBJS", "NOWEB", "GOWS")

# The constant token of the sandbox. It opens nothing but a simulator, so it is no secret.
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105

LONGEST = 1e9  # seconds that anything may take
QR_FIRST, QR_NEXT = 60.0, 20.0  # seconds that the first QR code lives, and each one after it

_BY_STATUS = t.cast("bool", None)  # resolved in __post_init__


class ImpossibleError(ValueError):
    """A world action or a description of an instance that cannot be."""


@dataclass
class Delays:
    """How long things take, in seconds, before `scale` is applied.

    With ``scale=0`` every transition is immediate, and what a session drifts to by itself (a QR code that nobody
    scans turning into FAILED, a host that hibernates, a temporary link that expires) never happens: time stands still.
    The seconds named in a fault are not scaled.
    """

    scale: float = 1.0
    calls: dict[str, float] = field(
        default_factory=lambda: {"start": 0.3, "stop": 0.5, "restart": 0.8, "delete": 1.0, "create": 0.5}
    )
    other_calls: float = 0.03
    logout: dict[str, float] = field(default_factory=lambda: {"GOWS": 1.5, "NOWEB": 3.0, "WEBJS": 8.0})
    wrong_status: float = 3.0  # before a QR call outside SCAN_QR_CODE is answered with 422
    settle: float = 5.0  # STARTING -> WORKING or FAILED
    qr: float = 3.0  # STARTING -> SCAN_QR_CODE
    qr_lifetime: float = 160.0  # SCAN_QR_CODE -> FAILED
    hibernate: float | None = None  # FAILED without an account -> STOPPED; None: never
    link_lifetime: float = 1800.0
    get_cache: float = 1.0  # a GET of info may show what the GET before it showed

    def __post_init__(self) -> None:
        numbers = [value for name, value in vars(self).items() if name not in ("calls", "logout") and value is not None]
        numbers += [*self.calls.values(), *self.logout.values()]
        if not all(type(value) in (int, float) and 0 <= value < LONGEST for value in numbers):
            raise ImpossibleError("delays must be numbers of seconds, not negative")

    def of_call(self, call: str, instance: Instance | None) -> float:
        """Seconds from a call's arrival to its effect and its reply."""
        if not self.scale:
            return 0.0
        if call == "logout" and instance is not None:
            return self.scale * self.logout[instance.engine]
        if call in ("qr_image", "qr", "request_code") and instance is not None and instance.status != SCAN_QR_CODE:
            return self.scale * self.wrong_status
        return self.scale * self.calls.get(call, self.other_calls)


@dataclass
class Instance:
    """One session with the hidden truth.

    `credentials`: the key that the engine stores. `linked`: the phone still lists the device. They default to what is
    usual for the status: both false in SCAN_QR_CODE, else both true. `linked` without `credentials` is a burnt key:
    only the phone can end that link.

    `starts_into`: what STARTING settles into. None: WORKING, FAILED (unlinked on the phone) or SCAN_QR_CODE, as the
    truth has it. A status forces it, "STARTING" hangs forever; a list serves one start each, then None.
    """

    instance_id: str
    access_token: str = SANDBOX_TOKEN
    name: str = ""
    status: str = WORKING
    credentials: bool = _BY_STATUS
    linked: bool = _BY_STATUS
    account: str = ""
    push_name: str = ""
    engine: str = "WEBJS"
    config: dict[str, t.Any] = field(default_factory=lambda: {"proxy": None})
    webhooks: list[dict[str, t.Any]] = field(default_factory=list)
    rate_limit: dict[str, t.Any] = field(default_factory=dict)
    paid: bool = False
    shows_me_when_stopped: bool = True  # newer engines do; only they sever the link of a deleted WORKING session
    severs_while_starting: bool = False  # a logout in STARTING usually leaves the link
    start_conflicts: bool = False  # a start on WORKING breaks the connection instead of doing nothing
    starts_into: str | list[str | None] | None = None
    orphans: list[str] = field(default_factory=list)  # accounts whose phone lists a device that nobody holds a key to
    removed: bool = False
    # Where it stands; kept by this module.
    since: float = 0.0
    trail: list[tuple[float, str]] = field(default_factory=list)  # the last statuses, and when they were entered
    entered: int = 0  # how many there were
    next: tuple[float, str] | None = None
    pending: list[tuple[float, str]] = field(default_factory=list)  # effects of calls that come late
    qr_number: int = 0
    pairing: str = ""  # account for which a pairing code waits to be entered
    link: tuple[float, str] | None = None  # expiry and token of the temporary link
    links_made: int = 0
    cached: tuple[float, bytes] | None = None

    def __post_init__(self) -> None:
        if self.credentials is None:
            self.credentials = self.status != SCAN_QR_CODE
        if self.linked is None:
            self.linked = self.credentials
        seed = zlib.crc32(self.instance_id.encode("utf-8", "replace"))
        self.name = self.name or f"wawp-{seed % 10**8:08d}"
        if self.credentials or self.linked:
            self.account = self.account or fictional_account(seed)
            self.push_name = self.push_name or f"Sandbox {seed % 1000}"
        self.check()

    def check(self) -> None:
        """Raise ImpossibleError if the fields contradict one another."""
        if self.engine not in ENGINES:
            raise ImpossibleError("engine must be one of {}".format(", ".join(ENGINES)))
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.instance_id) or not self.status:
            raise ImpossibleError("instance_id must be letters, digits, _ or -, and status not empty")
        if self.status == WORKING and not (self.credentials and self.linked):
            raise ImpossibleError("a WORKING session has credentials and is linked")
        if self.status == SCAN_QR_CODE and self.credentials:
            raise ImpossibleError("a session in SCAN_QR_CODE has no credentials")
        if (self.credentials or self.linked) != bool(self.account):
            raise ImpossibleError("a session has an account if it has credentials or a link, and only then")

    def me(self) -> dict[str, str] | None:
        """The account as the API shows it, or None."""
        if self.status == SCAN_QR_CODE and self.pairing:
            return {"id": self.pairing, "pushName": "~"}
        if self.status == STARTING or not self.credentials:
            return None
        return {"id": self.account, "pushName": self.push_name}


def fictional_account(number: int) -> str:
    """A JID below the country code +999, which nobody has."""
    return f"999{number % 10**9:09d}@c.us"


# --- What the calls do -------------------------------------------------------------------------------------------
# One row a call, one column a status, the words are the functions below, applied in order. The last column is an
# assumption for statuses that the engine may add; that a logout in FAILED starts anew is one too (the API says
# nothing), chosen because it shows best what a logout without a link to sever costs.
_TABLE = """
         | STOPPED | STARTING                   | SCAN_QR_CODE | WORKING                | FAILED     | other
start    | begin   |                            |              | conflict               |            |
stop     |         | halt                       | halt         | halt                   | halt       | halt
restart  | begin   | begin                      | new_qr       | begin                  | begin      | begin
logout   | wipe    | unlink_if_lucky wipe begin | new_qr       | unlink wipe begin      | wipe begin | wipe begin
delete   | remove  | remove                     | remove       | unlink_if_newer remove | remove     | remove
"""


def _read_table(table: str) -> dict[tuple[str, str], list[str]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip("\n").splitlines()]
    return {(row[0], status): cell.split() for row in rows for status, cell in zip(head[1:], row[1:])}


EFFECTS = _read_table(_TABLE)


def apply(instance: Instance, call: str, now: float, delays: Delays, swallow: bool = False) -> None:
    """Do to `instance` what `call` does. `swallow`: the engine fails to unpair and hides it."""
    for word in EFFECTS[call, instance.status if instance.status in STATUSES else "other"]:
        if not (swallow and word.startswith("unlink")):
            _WORDS[word](instance, now, delays)
    settle(instance, now, delays)


def settle(instance: Instance, now: float, delays: Delays) -> None:
    """Apply all that has become due."""
    while True:
        late = instance.pending[0] if instance.pending else None
        if late and late[0] <= now and (instance.next is None or late[0] <= instance.next[0]):
            instance.pending.pop(0)
            apply(instance, late[1], late[0], delays)
        elif instance.next is not None and instance.next[0] <= now:
            at, status = instance.next
            enter(instance, status or _settles_into(instance), at, delays)
        else:
            return


def enter(instance: Instance, status: str, now: float, delays: Delays) -> None:
    """Change to `status` and note what comes next."""
    instance.status, instance.since, instance.next, instance.pairing = status, now, None, ""
    instance.trail, instance.entered = [*instance.trail[-15:], (now, status)], instance.entered + 1
    if status == STARTING:
        forced = instance.starts_into
        if isinstance(forced, list):
            forced = forced.pop(0) if forced else None
        if forced == WORKING:
            forced = None  # where it can work it does, and by then it may not be able to any more
        wait = delays.qr if SCAN_QR_CODE in (forced, _settles_into(instance)) else delays.settle
        if forced != STARTING:
            instance.next = (now + wait * delays.scale, forced or "")
    elif status == SCAN_QR_CODE:
        _wipe(instance, now, delays)
        instance.qr_number += 1
        if delays.scale:
            instance.next = (now + delays.qr_lifetime * delays.scale, FAILED)
    elif status == FAILED and not instance.credentials and delays.hibernate is not None and delays.scale:
        instance.next = (now + delays.hibernate * delays.scale, STOPPED)


def _settles_into(instance: Instance) -> str:
    if not instance.credentials:
        return SCAN_QR_CODE
    return WORKING if instance.linked else FAILED


def _begin(instance: Instance, now: float, delays: Delays) -> None:
    enter(instance, STARTING, now, delays)


def _halt(instance: Instance, now: float, delays: Delays) -> None:
    enter(instance, STOPPED, now, delays)


def _new_qr(instance: Instance, now: float, delays: Delays) -> None:
    enter(instance, SCAN_QR_CODE, now, delays)


def _conflict(instance: Instance, now: float, delays: Delays) -> None:
    if instance.start_conflicts:
        enter(instance, FAILED, now, delays)


def _forget(instance: Instance) -> None:
    if not (instance.credentials or instance.linked):
        instance.account = instance.push_name = ""


def _wipe(instance: Instance, now: float, delays: Delays) -> None:
    instance.credentials = False
    _forget(instance)


def _unlink(instance: Instance, now: float, delays: Delays) -> None:
    instance.linked = False
    _forget(instance)


def _unlink_if_lucky(instance: Instance, now: float, delays: Delays) -> None:
    if instance.severs_while_starting:
        _unlink(instance, now, delays)


def _unlink_if_newer(instance: Instance, now: float, delays: Delays) -> None:
    if instance.shows_me_when_stopped:
        _unlink(instance, now, delays)


def _remove(instance: Instance, now: float, delays: Delays) -> None:
    instance.status, instance.removed, instance.next, instance.pending = DELETED, True, None, []


_WORDS: dict[str, t.Callable[[Instance, float, Delays], None]] = {
    "begin": _begin,
    "halt": _halt,
    "new_qr": _new_qr,
    "conflict": _conflict,
    "wipe": _wipe,
    "unlink": _unlink,
    "unlink_if_lucky": _unlink_if_lucky,
    "unlink_if_newer": _unlink_if_newer,
    "remove": _remove,
}


# --- What phones and hosts do ------------------------------------------------------------------------------------
def scan(
    instance: Instance, now: float, delays: Delays, *, account: str = "", push_name: str = "", via_link: bool = False
) -> None:
    """Somebody scans the QR code: a new link. `via_link`: an outsider does, on the page of the temporary link."""
    if instance.status != SCAN_QR_CODE:
        raise ImpossibleError(f"there is no QR code to scan in {instance.status}")
    if via_link and live_link(instance, now) is None:
        raise ImpossibleError("there is no live temporary link")
    if instance.linked:
        instance.orphans.append(instance.account)
    instance.account = account or instance.account or fictional_account(zlib.crc32(instance.instance_id.encode()))
    instance.push_name = push_name or instance.push_name or "Sandbox"
    instance.credentials = instance.linked = True
    enter(instance, WORKING, now, delays)


def unlink_on_phone(instance: Instance, now: float, delays: Delays) -> None:
    """The phone's owner removes the device in Linked Devices; every orphan with it."""
    _unlink(instance, now, delays)
    instance.orphans = []
    if instance.status == WORKING:
        enter(instance, FAILED, now, delays)


def drop_connection(instance: Instance, now: float, delays: Delays) -> None:
    """The connection to WhatsApp breaks and is made anew."""
    if instance.status != WORKING:
        raise ImpossibleError("only a WORKING session has a connection to drop")
    _begin(instance, now, delays)


def crash(instance: Instance, now: float, delays: Delays) -> None:
    """The engine's session breaks down."""
    enter(instance, FAILED, now, delays)


def hibernate(instance: Instance, now: float, delays: Delays) -> None:
    """The host puts the session to sleep."""
    _halt(instance, now, delays)


WORLD: dict[str, t.Callable[..., None]] = {
    function.__name__: function for function in (scan, unlink_on_phone, drop_connection, crash, hibernate)
}


def live_link(instance: Instance, now: float) -> str | None:
    """The token of the temporary link if it hasn't expired."""
    return instance.link[1] if instance.link is not None and now < instance.link[0] else None


def qr_shown(instance: Instance, now: float, delays: Delays) -> str:
    """Which code is on show: it changes after 60 s, then every 20 s."""
    shown = (now - instance.since) / delays.scale if delays.scale else 0.0
    code = 0 if shown < QR_FIRST else 1 + int((shown - QR_FIRST) // QR_NEXT)
    return f"{instance.qr_number}.{code}"
