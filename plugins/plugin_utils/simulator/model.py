# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session: the hidden truth about it, the API's view of that, and the delays.

Pure: no I/O and no clock.
"""

from __future__ import annotations

import re
import typing as t
import zlib
from collections import deque
from dataclasses import dataclass, field

from .generations import GENERATIONS, Generation

STOPPED = "STOPPED"
STARTING = "STARTING"
SCAN_QR_CODE = "SCAN_QR_CODE"
WORKING = "WORKING"
FAILED = "FAILED"
DELETED = "DELETED"  # the simulator's word; the API knows no deleted sessions
STATUSES = (STOPPED, STARTING, SCAN_QR_CODE, WORKING, FAILED)
CONNECTED = (WORKING, SCAN_QR_CODE)  # statuses that rest on a connection to WhatsApp
ACCOUNT_FORMS = ("id", "lid", "jid", "phone", "list", "number")
ENGINES = ("NOWEB", "WEBJS", "GOWS")

# The constant token of the sandbox. It opens only a simulator, so it isn't a secret.
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105

REFUSED, SILENT, STALLED = "refused", "silent", "stalled"
# refused: connections break at once, new ones are refused. silent: packets are lost. stalled: as silent, but new
# connections are accepted and then never answered.
OUTAGES = (REFUSED, SILENT, STALLED)

LONGEST = 1e9  # seconds that anything may take
NEVER = float("inf")
EVENTS_KEPT = 100  # status events an instance remembers for its webhooks

_BY_STATUS = t.cast("bool", None)  # resolved in __post_init__


class ImpossibleError(ValueError):
    """An impossible world action or description of an instance."""


@dataclass
class Delays:
    """Delays in seconds, before `scale` is applied; measured with NOWEB.

    With ``scale=0`` every transition is immediate, and nothing that only time brings ever happens (a QR code that
    nobody scans turns into FAILED, a lost connection is noticed, a host hibernates, a temporary link expires): time
    stands still. The seconds of faults and outages aren't scaled.
    """

    scale: float = 1.0
    pace: dict[str, float] = field(default_factory=lambda: {"NOWEB": 1.0, "GOWS": 0.7, "WEBJS": 4.0})  # factors
    call: float = 0.03  # the reply to a call that waits for nothing
    create: float = 0.5
    lead: float = 1.0  # from the start of a logout or delete until the session shows STOPPED
    hang: float = 10.0  # to close an engine whose attempt to connect gets no answer at all
    erase: float = 0.1  # from the removal of the key to the end of a deletion
    wrong_status: float = 5.0  # before a QR call outside SCAN_QR_CODE is answered with 422
    busy: float = 5.0  # how long a call waits for another one on the same session, before it is answered with 500
    settle: float = 0.6  # STARTING -> WORKING or FAILED
    qr: float = 0.6  # STARTING -> SCAN_QR_CODE
    account: float = 0.2  # how long a starting engine shows no account
    reconnect: float = 1.5  # from the end of an outage to where STARTING settles
    linger: dict[str, float] = field(default_factory=lambda: {REFUSED: 2.0, SILENT: 36.0, STALLED: 36.0})
    linger_spread: float = 24.0  # the longest that a silent outage stays unnoticed beyond that; differs by instance
    give_up: dict[str, float] = field(default_factory=lambda: {REFUSED: 125.0, SILENT: 1320.0, STALLED: 1320.0})
    again: float = 2.0  # between two reports of STARTING while WhatsApp refuses
    qr_first: float = 60.0  # how long the first QR code is shown
    qr_next: float = 20.0  # and each one after it
    qr_lifetime: float = 160.0  # SCAN_QR_CODE -> FAILED
    hibernate: float | None = None  # FAILED without an account -> STOPPED; None: never
    link_lifetime: float = 1800.0
    get_cache: float = 1.0  # a GET of info may show what the GET before it showed

    def __post_init__(self) -> None:
        numbers = [value for name, value in vars(self).items() if name not in DELAY_TABLES and value is not None]
        numbers += [value for name in DELAY_TABLES for value in getattr(self, name).values()]
        if not all(type(value) in (int, float) and 0 <= value < LONGEST for value in numbers):
            raise ImpossibleError("delays must be numbers of seconds, not negative")

    def linger_of(self, instance: Instance, kind: str) -> float:
        """Return for how long `instance` still looks connected after an outage of this kind has cut it off."""
        spread = 0.0 if kind == REFUSED else self.linger_spread * (instance.seed % 1000) / 1000
        return (self.linger[kind] + spread) * self.scale

    def of_engine(self, seconds: float, instance: Instance) -> float:
        """Scale `seconds` of work to the engine of `instance`."""
        return seconds * self.pace[instance.engine] * self.scale

    def of_read(self, call: str, instance: Instance | None) -> float:
        """Return the seconds until a call outside the lifecycle is answered."""
        if call in ("qr_image", "qr", "request_code") and instance is not None and instance.status != SCAN_QR_CODE:
            return self.scale * self.wrong_status
        return self.scale * (self.create if call == "create" else self.call)


DELAY_TABLES = ("pace", "linger", "give_up")


class StatusEvent(t.NamedTuple):
    """A status as a webhook reports it."""

    number: int  # counts the instance's events
    at: float
    status: str
    me: t.Any
    statuses: tuple[tuple[float, str], ...]  # the last three since the engine was started


@dataclass
class Instance:
    """One session with the hidden truth.

    `credentials`: the key that the engine stores. `linked`: the phone still lists the device. Their defaults depend on
    the status: both false in SCAN_QR_CODE, else both true. `linked` without `credentials` is a burnt key: only the
    phone can end that link.

    `starts_into`: the status after STARTING. None: WORKING, FAILED (unlinked on the phone) or SCAN_QR_CODE, by the
    truth. A status forces it, "STARTING" hangs forever; a list has one for each start, then None.
    """

    instance_id: str
    access_token: str = SANDBOX_TOKEN
    name: str = ""
    status: str = WORKING
    credentials: bool = _BY_STATUS
    linked: bool = _BY_STATUS
    account: str = ""
    push_name: str = ""
    engine: str = "NOWEB"
    generation: str = "B"
    config: dict[str, t.Any] = field(default_factory=lambda: {"proxy": None})
    webhooks: list[dict[str, t.Any]] = field(default_factory=list)
    rate_limit: dict[str, t.Any] = field(default_factory=dict)
    paid: bool = False
    names_account_by: str = "id"  # how `me` names it: one of ACCOUNT_FORMS
    start_conflicts: bool = False  # a start on WORKING breaks the connection (Wawp documents it; no engine did it)
    starts_into: str | list[str | None] | None = None
    orphans: list[str] = field(default_factory=list)  # accounts whose phone lists a device that nobody holds a key to
    removed: bool = False
    # State that the simulator keeps for itself.
    now: float = float("-inf")  # everything due by then has been applied
    since: float = 0.0
    forced: str = ""  # the status after this STARTING; empty: by the truth
    next: tuple[float, str] | None = None  # time and status of the next change by itself; an empty status: by the truth
    repeat: float | None = None  # when the same status is reported again
    lost: tuple[float, str] | None = None  # when an outage, and which kind, cut a connection that still looks alive
    me_from: float = float("-inf")  # a starting engine shows no account before
    closed: bool = True  # the stopped engine is gone; older generations show the account until then
    events: deque[StatusEvent] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    statuses: tuple[tuple[float, str], ...] = ()
    running: t.Any = None  # the lifecycle call that holds the session
    waiting: list[t.Any] = field(default_factory=list)  # the lifecycle calls that wait for it
    late: list[tuple[float, t.Any]] = field(default_factory=list)  # calls that take effect long after their reply
    qr_number: int = 0
    qr_refresh: int = 0  # QR codes shown since the last start, less one
    pairing: str = ""  # account for which a pairing code waits to be entered
    link: tuple[float, str] | None = None  # expiry and token of the temporary link
    links_made: int = 0
    cached: tuple[float, bytes] | None = None

    def __post_init__(self) -> None:
        if self.credentials is None:
            self.credentials = self.status != SCAN_QR_CODE
        if self.linked is None:
            self.linked = self.credentials
        self.name = self.name or f"wawp-{self.seed % 10**8:08d}"
        if self.credentials or self.linked:
            self.account = self.account or fictional_account(self.seed)
            self.push_name = self.push_name or f"Sandbox {self.seed % 1000}"
        self.check()

    @property
    def seed(self) -> int:
        """A number that is always the same for an instance_id."""
        return zlib.crc32(self.instance_id.encode("utf-8", "replace"))

    @property
    def traits(self) -> Generation:
        """The generation of its engine."""
        return GENERATIONS[self.generation]

    @property
    def live(self) -> bool:
        """Whether it is connected to WhatsApp, which the status doesn't always show."""
        return self.status in CONNECTED and self.lost is None

    def check(self) -> None:
        """Raise ImpossibleError if the fields contradict each other."""
        if self.engine not in ENGINES:
            raise ImpossibleError("engine must be one of {}".format(", ".join(ENGINES)))
        if self.generation not in GENERATIONS:
            raise ImpossibleError("generation must be one of {}".format(", ".join(GENERATIONS)))
        if self.names_account_by not in ACCOUNT_FORMS:
            raise ImpossibleError("names_account_by must be one of {}".format(", ".join(ACCOUNT_FORMS)))
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.instance_id) or not self.status:
            raise ImpossibleError("instance_id must be letters, digits, _ or -, and status not empty")
        if self.status == WORKING and not (self.credentials and (self.linked or self.lost)):
            raise ImpossibleError("a WORKING session has credentials and is linked")
        if self.status == SCAN_QR_CODE and self.credentials:
            raise ImpossibleError("a session in SCAN_QR_CODE has no credentials")
        if (self.credentials or self.linked) != bool(self.account):
            raise ImpossibleError("a session has an account if it has credentials or a link, and only then")

    def facts(self) -> dict[str, t.Any]:
        """Return all fields but the time, equal before and after if nothing happened."""
        return {name: value for name, value in vars(self).items() if name != "now"}

    def forget(self) -> None:
        """Drop an account that neither a key nor a phone names any more."""
        if not (self.credentials or self.linked):
            self.account = self.push_name = ""

    def link_to(self, now: float, account: str, push_name: str, via_link: bool) -> None:
        """Store the key of a new link."""
        if via_link and live_link(self, now) is None:
            raise ImpossibleError("there is no live temporary link")
        if self.linked:
            self.orphans.append(self.account)
        self.account = account or self.account or fictional_account(self.seed)
        self.push_name = push_name or self.push_name or "Sandbox"
        self.credentials = self.linked = True
        self.pairing, self.me_from = "", float("-inf")

    def me(self) -> t.Any:
        """Return the account as the API shows it, or None."""
        if self.status == STOPPED and self.closed and not self.traits.shows_me_at_rest:
            return None
        if self.pairing and self.status in (SCAN_QR_CODE, STOPPED, FAILED):
            return {"id": self.pairing, "pushName": "~", "lid": ""}
        if not self.credentials:
            return None
        if self.status == STARTING and (self.engine != "NOWEB" or self.now < self.me_from):
            return None
        if self.status == FAILED and self.engine == "WEBJS":
            return None
        return self.named_account()

    def named_account(self) -> t.Any:
        """Return the account in the form `names_account_by`."""
        number = self.account.partition("@")[0]
        lid = f"{self.seed:015d}@lid"
        shown = {"id": self.account, "pushName": self.push_name, **({"lid": lid} if self.traits.shows_lid else {})}
        forms = {
            "id": shown,
            "lid": {"lid": lid},
            "jid": {"jid": f"{number}:12@s.whatsapp.net"},
            "phone": {"phone": number},
            "list": [self.account],
            "number": int(number) if number.isdigit() else number,
        }
        return forms[self.names_account_by]


def fictional_account(number: int) -> str:
    """Return a JID with the country code +999, which nobody has."""
    return f"999{number % 10**9:09d}@c.us"


def live_link(instance: Instance, now: float) -> str | None:
    """Return the token of the temporary link, None if it has expired."""
    return instance.link[1] if instance.link is not None and now < instance.link[0] else None


def qr_shown(instance: Instance) -> str:
    """Return the text of the current QR code."""
    return f"{instance.qr_number}.{instance.qr_refresh}"
