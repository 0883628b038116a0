# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage for lifecycles: the simulator's engine, a clock under control, and rules that no run may break."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.replies import HttpReply, Request, parse_reply
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.plugins.module_utils._run.driver import Reply, drive, sender
from ansible_collections.wawp.cloud.plugins.module_utils._run.dry_run import DryRun
from ansible_collections.wawp.cloud.plugins.module_utils._session.account import account_id, parse_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.logged_out import MAX_STEPS
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import KEYS, SEVERED, UNPROVEN
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import (
    MAX_RETRY_AFTER,
    RETRY_DELAYS,
    Goal,
    Outcome,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.states import lifecycle
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine, VirtualClock
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.environment import Outage
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays, ImpossibleError, Instance

OURS = "201012345678@c.us"
THEIRS = "4915112345678@c.us"
TOKEN = "wawp-3c1fb1a6c0ffee"
REQUEST_TIMEOUT = 60.0

# The simulator's names of the calls about temporary links, and their methods.
LINK_CALLS = {"temp_link_get": ("temp_link", "GET"), "temp_link_revoke": ("temp_link", "DELETE")}
READS = ("info", "temp_link_get")

AMBIGUOUS = frozenset(
    {_errors.GATEWAY, _errors.SERVER_ERROR, _errors.TIMEOUT, _errors.UNREACHABLE, _errors.UNREADABLE, _errors.REFUSED}
)
_LOST = {"timeout": _errors.TIMEOUT, "drop": _errors.UNREACHABLE, "truncate": _errors.UNREACHABLE}


@dataclass(frozen=True)
class Event:
    """An action of a phone or a host; it is skipped if the status doesn't allow it.

    ``at`` is its time in seconds, or the name of a call: just before that arrives.
    """

    at: float | str
    action: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sent:
    """One call as it was sent: the last reading before it, and its result.

    ``truth`` is the status that it met, ``live`` whether the session was connected then.
    """

    name: str
    at: float
    outcome: str
    seen: str | None
    stranger: bool
    truth: str
    live: bool

    def __str__(self) -> str:
        """Format for lists of calls: ``info=WORKING``, ``logout``, ``logout!gateway``."""
        if self.name == "info" and self.outcome not in _NAMES:
            return f"info={self.outcome}"
        return self.name if self.outcome == "ok" else f"{self.name}!{self.outcome}"


_NAMES = frozenset(value for value in vars(_errors).values() if isinstance(value, str))


def instance(status: str = "WORKING", **fields: Any) -> Instance:
    """Make an instance that belongs to OURS if it belongs to anybody."""
    made = Instance("3EB0BCB2E3D4", TOKEN, status=status, **fields)
    if made.account and "account" not in fields:
        made.account = OURS
    return made


@dataclass
class SimulatedRun:
    """One instance in one world, through any number of runs. It is the Caller and the Clock of each run."""

    instance: Instance
    faults: Iterable[Fault] = ()
    events: Iterable[Event] = ()
    delays: Delays = field(default_factory=lambda: Delays(settle=5.0, qr=3.0))  # a slow host, so that STARTING shows
    outages: Iterable[Outage] = ()  # their times count from the start

    def __post_init__(self) -> None:
        self.first_status, self.had_key = self.instance.status, self.instance.credentials
        self.time = VirtualClock()
        self.engine = Engine(self.time, self.delays, wall=self.time)
        self.engine.add(self.instance)
        for fault in self.faults:
            self.engine.add_fault(fault)
        for outage in self.outages:
            self.engine.add_outage(outage.kind, outage.start, outage.end)
        timed = [(event.at, event) for event in self.events if not isinstance(event.at, str)]
        self._coming = [event for dummy, event in sorted(timed, key=lambda item: item[0])]
        self._before = [event for event in self.events if isinstance(event.at, str)]
        self._began = 0.0
        self.sent: list[Sent] = []
        self._seen: str | None = None
        self._stranger = False
        self._expected: str | None = None

    # -- time

    def now(self) -> float:
        return self.time.now - self._began

    def skip(self, seconds: float) -> bool:
        return False

    def sleep(self, seconds: float) -> None:
        until = self.time.now + seconds
        while self._coming and float(self._coming[0].at) <= until:
            event = self._coming.pop(0)
            self.time.now = max(self.time.now, float(event.at))
            self._happen(event)
        self.time.now = until

    def _happen(self, event: Event) -> None:
        with suppress(ImpossibleError):
            self.engine.world(event.action, self.instance.instance_id, **dict(event.params))

    # -- calls

    def call(self, name: str, instance_id: str, access_token: str, **fields: Any) -> tuple[int, Any]:
        reply = self.send(name)
        return reply.http_status or 0, reply.session.body if reply.session else reply.body

    def send(self, name: str) -> Reply:
        """Send a call for the driver: same replies as `sender` makes from `call`, parsed once for all runs."""
        for event in [event for event in self._before if event.at == name]:
            self._before.remove(event)
            self._happen(event)
        seen, stranger = self._seen, self._stranger
        instance_id = self.instance.instance_id
        met = self.engine.look(instance_id)
        truth, live = met.status, met.live
        call, method = LINK_CALLS.get(name, (name, "DELETE" if name == "delete" else "POST"))
        request = self.engine.begin(call, method, {"instance_id": instance_id, "access_token": TOKEN})
        while (wait := self.engine.due(request) - self.time.now) > 0:
            self.sleep(wait)
        reply = self.engine.finish(request)
        if reply.delivery == "timeout":
            self.sleep(min(reply.seconds, REQUEST_TIMEOUT))
        headers = tuple(reply.headers.items())
        understood = _understand(name, _Client(method, reply.delivery, reply.status, headers, reply.body))
        outcome = self._note(understood)
        self.sent.append(Sent(name, self.now(), outcome, seen, stranger, truth, live))
        if name not in READS:
            self._seen = None
        if isinstance(understood, WawpError):
            raise understood.with_traceback(None)
        return understood

    def _note(self, understood: Reply | WawpError) -> str:
        if isinstance(understood, WawpError):
            return understood.kind
        session = understood.session
        if session is None:
            return "ok"
        self._seen = session.status
        expected, account = self._expected, session.account
        self._stranger = bool(expected and account and account_id(account) != expected)
        return session.status

    # -- runs

    def run(self, goal: Goal, check: bool = False) -> Outcome:
        """Drive one run to its end and check the rules for all runs."""
        self._began, self.sent, self._seen, self._stranger = self.time.now, [], None, False
        self._expected = goal.expect_account
        if check:
            rehearsal = DryRun(self.send, self)
            outcome = drive(lifecycle(goal), rehearsal, rehearsal)
            assert not self.writes, "check mode wrote"
            assert outcome.predicted == bool(outcome.actions)
        else:
            outcome = drive(lifecycle(goal), self.send, self)
        check_rules(self, goal, outcome)
        return outcome

    @property
    def calls(self) -> list[str]:
        return [str(sent) for sent in self.sent]

    @property
    def writes(self) -> list[str]:
        return [sent.name for sent in self.sent if sent.name not in READS]

    @property
    def fooled(self) -> bool:
        """Whether a logout met a session that showed WORKING just before, but wasn't connected.

        No reading can show that: see test_known_limits.
        """
        return any(sent.name == "logout" and sent.seen == "WORKING" and not sent.live for sent in self.sent)

    @property
    def linked(self) -> bool:
        """Whether a phone still lists a device of this instance, with or without a key to it."""
        return self.instance.linked or bool(self.instance.orphans)


class _Client(NamedTuple):
    """A client that parses one reply to a call, without HTTP."""

    method: str
    delivery: str
    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes

    def call(self, name: str, instance_id: str, access_token: str, **fields: Any) -> tuple[int, Any]:
        request = Request(name, self.method, f"https://api.wawp.example/v2/session/{name}", (access_token,))
        if self.delivery in _LOST:
            raise request.error(_LOST[self.delivery], "no reply")
        return self.status, parse_reply(HttpReply(self.status, dict(self.headers), self.content), request)


# The tables of cases get a few replies a hundred thousand times, and parsing one costs as much as the run around it.
@functools.lru_cache(maxsize=4096)
def _understand(name: str, client: _Client) -> Reply | WawpError:
    """Return the reply or error that a lifecycle gets."""
    try:
        return sender(client, "", TOKEN)(name)
    except WawpError as error:
        return error


class RunInWords:
    """The description of a run for a failed assertion; composed only then."""

    def __init__(self, sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
        self._facts = sim.sent, goal, outcome

    def __str__(self) -> str:
        sent, goal, outcome = self._facts
        options = {name: value for name, value in vars(goal).items() if value != getattr(Goal(goal.state), name)}
        came_of_it = (outcome.verdict, outcome.changed, outcome.failed, outcome.message)
        return f"{options}: {' '.join(map(str, sent))} -> {came_of_it}"

    __repr__ = __str__


def severed_claims_hold(sim: SimulatedRun, outcome: Outcome) -> bool:
    return outcome.verdict != SEVERED or not sim.linked


def check_rules(sim: SimulatedRun, goal: Goal, outcome: Outcome) -> None:
    """Check what no run may ever do; `severed` while linked has known limits and is left to the tests."""
    in_words = RunInWords(sim, goal, outcome)
    check_writes(sim, goal, in_words)
    check_words(sim, goal, outcome, in_words)
    assert outcome.duration <= bound(goal), f"took {outcome.duration} s of {bound(goal)}: {in_words}"
    if outcome.verdict == UNPROVEN:
        assert outcome.advice, in_words
        assert outcome.failed or outcome.warnings, in_words
        assert outcome.failed or goal.on_unproven == "warn", in_words
    assert (outcome.verdict == UNPROVEN) == bool(outcome.advice), in_words
    assert (outcome.key in KEYS) == (outcome.verdict is not None), in_words
    if outcome.verdict == SEVERED and not outcome.predicted and not goal.previous:
        assert isinstance(outcome.proven_at, float), in_words
        assert outcome.proof_seconds is not None, in_words
        assert outcome.proof_seconds <= goal.proof_timeout, in_words
    if outcome.verdict != SEVERED:
        assert outcome.proven_at is None, in_words


def check_writes(sim: SimulatedRun, goal: Goal, in_words: RunInWords) -> None:
    unclear: dict[str, int] = {}
    accepted_logout = False
    for sent in sim.sent:
        if sent.name in READS:
            continue
        assert sent.seen is not None, f"{sent} rests on no reading since the last write: {in_words}"
        assert not sent.stranger, f"{sent} to another account: {in_words}"
        if sent.name == "logout":
            blind = () if goal.on_unproven == "fail" else ("STARTING",)
            assert sent.seen in ("WORKING", *blind), f"logout was sent in {sent.seen}: {in_words}"
        assert unclear.get(sent.name, 0) < 2, f"{sent.name} was repeated more than once without an answer: {in_words}"
        if sent.outcome in AMBIGUOUS:
            unclear[sent.name] = unclear.get(sent.name, 0) + 1
        if sent.name == "logout" and sent.outcome == "ok":
            assert not (accepted_logout and sent.seen == "STARTING"), f"two blind logouts: {in_words}"
            accepted_logout = True
    mismatch = next((place for place, sent in enumerate(sim.sent) if sent.stranger), None)
    if mismatch is not None and "logout" not in [sent.name for sent in sim.sent[:mismatch]]:
        assert not [str(sent) for sent in sim.sent[mismatch:] if sent.name not in READS], in_words


def check_words(sim: SimulatedRun, goal: Goal, outcome: Outcome, in_words: RunInWords) -> None:
    words = " ".join([outcome.message, outcome.advice or "", *outcome.warnings])
    numbers = [parse_account(account) for account in (OURS, THEIRS, goal.expect_account) if account]
    for secret in [TOKEN, *numbers]:
        assert secret not in words, in_words
    assert bool(outcome.message) == outcome.failed, in_words


def bound(goal: Goal, slowest_call: float = REQUEST_TIMEOUT) -> float:
    """Return the seconds that no run may exceed. Loose by design: it shows that there is an end.

    One read is tried 1 + len(RETRY_DELAYS) times, and pauses at most a clamped Retry-After between two tries. Reading
    until something shows adds one such read to its timeout. Bad news is read at most 7 times.
    A write is tried as often (rate limits), each time with a pause and bad news after it. The rule of logged_out takes
    MAX_STEPS steps at most, each of them bad news, a wait for the account, a write, and a wait for what it did.
    """
    tries = 1 + len(RETRY_DELAYS)
    read = tries * (slowest_call + MAX_RETRY_AFTER)
    sure = 7 * (read + max(goal.wait_sleep, goal.confirm_after))
    write = tries * (slowest_call + MAX_RETRY_AFTER + sure)
    longest = max(goal.wait_timeout, goal.start_timeout, goal.wait_sleep, goal.proof_timeout)
    return (MAX_STEPS + 2) * (sure + longest + read + write + longest + read)


def calm_bound(goal: Goal) -> float:
    """Return the seconds that a run may take if every call is answered at once and nobody interferes.

    At most it gives the engine four times its start_timeout (as found, after a start, after two restarts), waits once
    for the account and once for the end, reads bad news twice at five places, and sends six calls of 10 s.
    """
    waits = 4 * goal.start_timeout + goal.wait_timeout + max(goal.wait_timeout, goal.proof_timeout)
    return waits + 10 * max(goal.wait_sleep, goal.confirm_after) + 6 * 10
