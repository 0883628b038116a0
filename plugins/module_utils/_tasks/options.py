# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The modules' options: their specification, and their checked values."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from ansible.module_utils.common.parameters import env_fallback

from .._api.client import Connection
from .._errors import OptionError
from .._identity import IDENTITY_FIELDS, Identity, identity_of
from .._session.account import parse_account
from .._session.run import Goal
from .._session.states import STATES
from .redaction import shown_name

Spec = dict[str, dict[str, Any]]
T = TypeVar("T", bound="Target")


CONNECTION: Spec = {
    "access_token": {
        "type": "str",
        "required": True,
        "no_log": True,
        "fallback": (env_fallback, ["WAWP_ACCESS_TOKEN"]),
    },
    "api_url": {"type": "str", "default": "https://api.wawp.net", "fallback": (env_fallback, ["WAWP_API_URL"])},
    # Wawp's slowest engine takes up to 25 s for a logout; a timeout under 60 s cuts real logouts off.
    "request_timeout": {"type": "float", "default": 90.0},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}

INSTANCE: Spec = {
    # Raw, since Ansible would turn a number whose digits YAML has changed into text.
    "instance_id": {"type": "raw", "required": True, "fallback": (env_fallback, ["WAWP_INSTANCE_ID"])},
}

WAITING: Spec = {
    "wait": {"type": "bool", "default": Goal.wait},
    "wait_timeout": {"type": "float", "default": Goal.wait_timeout},
    "wait_sleep": {"type": "float", "default": Goal.wait_sleep},
    "start_timeout": {"type": "float", "default": Goal.start_timeout},
    "confirm_after": {"type": "float", "default": Goal.confirm_after},
}

PROOF: Spec = {
    "proof_timeout": {"type": "float", "default": Goal.proof_timeout},
    "restart_first": {"type": "bool", "default": Goal.restart_first},
    "trust_empty_account": {"type": "bool", "default": Goal.trust_empty_account},
    "journal": {"type": "path"},
}

MASKING: Spec = {
    "mask_account": {"type": "bool", "default": True},
}

STATE: Spec = {
    "state": {"type": "str", "required": True, "choices": list(STATES)},
    "start_if_stopped": {"type": "bool", "default": Goal.start_if_stopped},
    "on_unproven": {"type": "str", "default": Goal.on_unproven, "choices": ["warn", "fail"]},
    "expect_account": {"type": "str"},
    "logout_first": {"type": "bool", "default": Goal.logout_first},
}

FLEET: Spec = {
    # Each an id or a mapping; the mappings' tokens are made secret before anything is shown.
    "instances": {"type": "list", "elements": "raw", "required": True, "no_log": False},
    "max_connections": {"type": "int", "default": 16},
    "calls_per_second": {"type": "float", "default": 20.0},
    "max_failures": {"type": "str"},
    "progress": {"type": "float", "default": 5.0},
}

# The value that wawp_report returns at the start of a run, for tasks that count from there.
START: Spec = {
    "start": {"type": "dict"},
}

# Carried out by the action, wherever the module runs.
PACKED: Spec = {"packed": {"type": "bool", "default": False}}

SESSION_SPEC: Spec = {**CONNECTION, **INSTANCE, **STATE, **WAITING, **PROOF, **MASKING}

FLEET_SPEC: Spec = {
    **CONNECTION,
    **STATE,
    **WAITING,
    **PROOF,
    **MASKING,
    **FLEET,
    "access_token": {**CONNECTION["access_token"], "required": False},
    "state": {**STATE["state"], "required": False},
}

INFO_SPEC: Spec = {
    **CONNECTION,
    **MASKING,
    **{name: FLEET[name] for name in ("instances", "max_connections", "calls_per_second")},
    "access_token": {**CONNECTION["access_token"], "required": False},
    "instance_id": {**INSTANCE["instance_id"], "required": False},
    "instances": {**FLEET["instances"], "required": False},
    "qr": {"type": "bool", "default": False},
    "return_session": {"type": "bool", "default": True},
    **PACKED,
}

NO_TEXT = (
    "is a number or another value that isn't text, and YAML changes digits of some (012 is read as 10, 1_2 as 12); "
    "quote it"
)
# The quoting that keeps a host's variable a text in an INI inventory, where simple quotes yield a number.
INI_HINT = "; in an INI inventory write wawp_{name}='\"…\"'"
# A week; sockets and sleep overflow only far beyond it.
_MAX_SECONDS = 604800
# More than any machine could do.
_MOST = 1_000_000
# One call every quarter of an hour.
_SLOWEST = 0.001
_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]+")
TARGET_FIELDS = (*IDENTITY_FIELDS, "access_token")
_MEMBER_FIELDS = (*TARGET_FIELDS, "expect_account", "state")
_PLAN_SALT = "wawp.cloud plan"


@dataclass(frozen=True)
class Target(Identity):
    """One session of many."""

    access_token: str

    def account_digest(self, account: str) -> str:
        """Return a digest of an unmasked account, salted with the token so that nobody else can recover the number."""
        if not account:
            return ""
        said = f"{_PLAN_SALT}\0{self.instance_id}\0{account}".encode()
        return hmac.new(self.access_token.encode(), said, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class Member(Target):
    """One session of a fleet, and its goal."""

    goal: Goal


def parse_connection(params: Mapping[str, Any]) -> Connection:
    """Parse the connection options. Raises OptionError."""
    return Connection(
        api_url=params["api_url"],
        request_timeout=parse_seconds(params, "request_timeout", zero=False),
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
    )


def parse_goal(params: Mapping[str, Any]) -> Goal:
    """Parse the options that give a run's goal. Raises OptionError."""
    if params["state"] not in STATES:
        raise OptionError("state", f"is {params['state']!r}, it must be one of {', '.join(STATES)}")
    return Goal(
        state=params["state"],
        start_if_stopped=params["start_if_stopped"],
        on_unproven=params["on_unproven"],
        expect_account=parse_expected_account(params["expect_account"]),
        logout_first=params["logout_first"],
        wait=params["wait"],
        wait_timeout=parse_seconds(params, "wait_timeout"),
        wait_sleep=parse_seconds(params, "wait_sleep", zero=False),
        start_timeout=parse_seconds(params, "start_timeout"),
        confirm_after=parse_seconds(params, "confirm_after", zero=False),
        proof_timeout=parse_seconds(params, "proof_timeout", zero=False),
        restart_first=params["restart_first"],
        trust_empty_account=params["trust_empty_account"],
        confirm_stop=params.get("confirm_stop", Goal.confirm_stop),
    )


def parse_limit(value: str | None, size: int) -> int:
    """Return how many of ``size`` sessions may fail before no more are started. Raises OptionError."""
    if value is None:
        return size
    number = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(%?)", value.strip())
    if not number or (not number[2] and "." in number[1]):
        raise OptionError(
            "max_failures", f"{value!r} is neither a number of sessions nor a percentage, write it like 5 or 10%"
        )
    return int(Decimal(number[1]) * size / 100) if number[2] else int(number[1])


def parse_members(params: Mapping[str, Any]) -> list[Member]:
    """Parse the instances of a fleet. Raises OptionError, which names everything that is wrong with any of them."""
    return validate_all(params["instances"], lambda entry: parse_member(entry, params, parse_goal, _MEMBER_FIELDS))


def parse_targets(instances: Sequence[Any], access_token: str | None) -> list[Target]:
    """Parse the instances to read. Raises OptionError, as parse_members does."""
    return validate_all(instances, lambda entry: _target(_fields(entry, TARGET_FIELDS), access_token))


def validate_all(instances: Sequence[Any], check: Callable[[Any], T]) -> list[T]:
    members: list[T] = []
    problems: dict[str, list[int]] = {}
    seen: dict[str, int] = {}
    for number, entry in enumerate(instances, start=1):
        try:
            member = check(entry)
        except OptionError as error:
            problems.setdefault(str(error), []).append(number)
            continue
        if member.instance_id in seen:
            problem = f"{member.instance_id} is entry {seen[member.instance_id]} already"
            problems.setdefault(problem, []).append(number)
        seen.setdefault(member.instance_id, number)
        members.append(member)
    if not instances:
        raise OptionError("instances", "the list is empty, so nothing would be done")
    if problems:
        raise OptionError("instances", "; ".join(f"{_entries(those)}: {what}" for what, those in problems.items()))
    return members


def _entries(numbers: Sequence[int]) -> str:
    """Name the entries with these ascending numbers in ranges, so that a thousand fit on a line."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return f"entr{'y' if len(numbers) == 1 else 'ies'} {', '.join('-'.join(map(str, run)) for run in runs)}"


def _fields(entry: Any, known: tuple[str, ...]) -> dict[str, str]:
    """Return the fields of an entry, an id or a mapping, as strings."""
    values = entry if isinstance(entry, Mapping) else {"instance_id": entry}
    unknown = sorted(shown_name(key) for key in set(values) - set(known))
    if unknown:
        raise OptionError("instances", f"unknown {', '.join(unknown)}; an entry may have {', '.join(known)}")
    return {key: parse_text(key, value) for key, value in values.items() if value is not None}


def _target(fields: Mapping[str, str], access_token: str | None) -> Target:
    if not fields.get("instance_id"):
        raise OptionError("instance_id", "is missing")
    parse_instance_id(fields["instance_id"])
    token = parse_token(fields.get("access_token", access_token or ""))
    return Target(**identity_of(fields).fields, access_token=token)  # type: ignore[arg-type]


def parse_member(
    entry: Any, params: Mapping[str, Any], goal: Callable[[Mapping[str, Any]], Goal], known: tuple[str, ...]
) -> Member:
    """Parse one instance of many. Raises OptionError.

    Args:
        entry: an id or a mapping, whose fields override the options.
        params: the module's options.
        goal: makes the goal from the checked options.
        known: the fields that an entry may have.
    """
    fields = _fields(entry, known)
    target = _target(fields, params["access_token"])
    return Member(**vars(target), goal=goal({**params, **fields}))


def parse_text(name: str, value: Any, hint: str = "") -> str:
    """Check a value that must be text. Raises OptionError for a number: the conversion may have changed its digits.

    Args:
        name: the option's or field's name.
        value: the given value.
        hint: how else to write it as text than by quoting it.
    """
    if not isinstance(value, str):
        raise OptionError(name, f"{NO_TEXT}{hint}")
    return value


def parse_instance_id(value: Any) -> str:
    """Parse an instance id. Raises OptionError."""
    text = parse_text("instance_id", value, INI_HINT.format(name="instance_id"))
    if not text.strip():
        raise OptionError("instance_id", "is empty; it is shown in Wawp's dashboard")
    if not _INSTANCE_ID.fullmatch(text):
        raise OptionError("instance_id", "may hold only letters, digits, _ and -; it is shown in Wawp's dashboard")
    return text


def parse_token(value: str) -> str:
    """Parse a token. Raises OptionError; the message doesn't repeat the token."""
    token = value.strip()
    if not token:
        raise OptionError("access_token", "is empty; set it, or the environment variable WAWP_ACCESS_TOKEN")
    if not token.isprintable() or " " in token:
        raise OptionError(
            "access_token", "holds a blank, a line break or the like; copy it from Wawp's dashboard again"
        )
    return token


def parse_expected_account(value: str | None) -> str | None:
    """Return the expected account in the form that can be compared, None for none. Raises OptionError."""
    if value is None:
        return None
    if not value.strip():
        raise OptionError(
            "expect_account", "is empty, which would skip the check; leave the option out if that is meant"
        )
    try:
        return parse_account(value)
    except ValueError as error:
        raise OptionError("expect_account", f"{error}; write it like +201012345678 or 201012345678@c.us") from None


def at_least(params: Mapping[str, Any], option: str, least: float) -> Any:
    """Parse a number that has a minimum. Raises OptionError."""
    value = params[option]
    if not least <= value <= _MOST:
        raise OptionError(option, f"must be {least} or more, and at most {_MOST}")
    return value


def parse_rate(params: Mapping[str, Any], slowest: float = _SLOWEST) -> float:
    """Parse ``calls_per_second``, 0 for no limit. Raises OptionError."""
    value: float = at_least(params, "calls_per_second", 0)
    if 0 < value < slowest:
        raise OptionError("calls_per_second", f"is {value}, it must be {slowest:g} or more, or 0 for no limit")
    return value


def parse_seconds(params: Mapping[str, Any], option: str, zero: bool = True) -> float:
    """Parse a time in seconds. Raises OptionError."""
    value: float = params[option]
    if not 0 <= value <= _MAX_SECONDS or (value == 0 and not zero):
        least = "0 or more" if zero else "more than 0"
        raise OptionError(option, f"is {value}, it must be a number of seconds, {least} and at most {_MAX_SECONDS}")
    return value
