# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The modules' options: their specification, and their values once checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from ansible.module_utils.common.parameters import env_fallback

from .._api.client import Connection
from .._errors import OptionError
from .._identity import IDENTITY_FIELDS, Identity, identity_of
from .._redact import REDACTED, mask_account, redact_sensitive_keys
from .._session.account import parse_account
from .._session.run import Goal
from .._session.states import STATES

Spec = dict[str, dict[str, Any]]
T = TypeVar("T", bound="Target")

NO_LOG = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"  # Ansible's words

CONNECTION: Spec = {
    "access_token": {
        "type": "str",
        "required": True,
        "no_log": True,
        "fallback": (env_fallback, ["WAWP_ACCESS_TOKEN"]),
    },
    "api_url": {"type": "str", "default": "https://api.wawp.net", "fallback": (env_fallback, ["WAWP_API_URL"])},
    # Wawp's slowest engine takes 25 s for a logout at worst; a time-out under 60 s cuts real logouts off.
    "request_timeout": {"type": "float", "default": 90.0},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}

INSTANCE: Spec = {
    "instance_id": {"type": "str", "required": True, "fallback": (env_fallback, ["WAWP_INSTANCE_ID"])},
}

WAITING: Spec = {
    "wait": {"type": "bool", "default": Goal.wait},
    "wait_timeout": {"type": "float", "default": Goal.wait_timeout},
    "wait_sleep": {"type": "float", "default": Goal.wait_sleep},
    "start_timeout": {"type": "float", "default": Goal.start_timeout},
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
    # An id or a mapping each; the mappings' tokens are made secret before anything is shown.
    "instances": {"type": "list", "elements": "raw", "required": True, "no_log": False},
    "max_connections": {"type": "int", "default": 16},
    "calls_per_second": {"type": "float", "default": 20.0},
    "max_failures": {"type": "str"},
    "journal": {"type": "path"},
    "progress": {"type": "float", "default": 5.0},
}

SESSION_SPEC: Spec = {**CONNECTION, **INSTANCE, **STATE, **WAITING, **MASKING}

FLEET_SPEC: Spec = {
    **CONNECTION,
    **STATE,
    **WAITING,
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
}

# A week. What sockets and sleep take without overflowing lies far beyond.
_MAX_SECONDS = 604800
# More than any machine could do.
_MOST = 1_000_000
# A call every quarter of an hour.
_SLOWEST = 0.001
_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]+")
# What an entry may show; anything else in it is treated as a secret, unless it is too short for one: to hide every "a"
# in a message would hide the message.
_SECRET_LENGTH = 8
_SHOWN = frozenset({*IDENTITY_FIELDS, "expect_account", "state"})
# The options that hold entries.
INSTANCE_LIST_OPTIONS = frozenset({"instances", "entries", "hosts"})
# An id, or several in one string, in which there is no room for a token.
_SHOWABLE = re.compile(r"[A-Za-z0-9_-]*(\s*,\s*[A-Za-z0-9_-]*)*")
_FIELD = re.compile(r"[a-z_]{1,32}")
# The fields of a webhook.
_HOOK = frozenset({"url", "events", "is_active"})
TARGET_FIELDS = (*IDENTITY_FIELDS, "access_token")
_MEMBER_FIELDS = (*TARGET_FIELDS, "expect_account", "state")


@dataclass(frozen=True)
class Target(Identity):
    """One session of many."""

    access_token: str


@dataclass(frozen=True)
class Member(Target):
    """One session of a fleet: which, and what is to be reached."""

    goal: Goal


def parse_connection(params: Mapping[str, Any]) -> Connection:
    """The checked connection options. Raises OptionError."""
    return Connection(
        api_url=params["api_url"],
        request_timeout=parse_seconds(params, "request_timeout", zero=False),
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
    )


def parse_goal(params: Mapping[str, Any]) -> Goal:
    """The checked options that say what a run is to reach. Raises OptionError."""
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
    )


def parse_limit(value: str | None, size: int) -> int:
    """How many of so many sessions may fail before no more are started. Raises OptionError."""
    if value is None:
        return size
    number = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(%?)", value.strip())
    if not number or (not number[2] and "." in number[1]):
        raise OptionError(
            "max_failures", f"{value!r} is neither a number of sessions nor a percentage, write it like 5 or 10%"
        )
    return int(Decimal(number[1]) * size / 100) if number[2] else int(number[1])


def parse_members(params: Mapping[str, Any]) -> list[Member]:
    """The checked instances of a fleet. Raises OptionError, which names everything that is wrong with any of them."""
    return validate_all(params["instances"], lambda entry: _member(entry, params))


def parse_targets(instances: Sequence[Any], access_token: str | None) -> list[Target]:
    """The checked instances that are to be read. Raises OptionError, as parse_members does."""
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
    """The entries with these ascending numbers, in words: what is wrong with all of a thousand fits on a line."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return f"entr{'y' if len(numbers) == 1 else 'ies'} {', '.join('-'.join(map(str, run)) for run in runs)}"


def find_tokens(instances: Any) -> set[str]:
    """The secrets in unchecked instances: tokens, and strings where only a slip of the pen can have put them."""
    if isinstance(instances, str):  # Ansible makes a list of it, at its commas
        instances = [instances, *(part.strip() for part in instances.split(","))]
    entries = instances if isinstance(instances, (list, tuple)) else [instances]
    found: set[str] = set()
    for entry in entries:
        fields = entry if isinstance(entry, Mapping) else {} if _SHOWABLE.fullmatch(str(entry)) else {"": entry}
        for key, value in fields.items():
            if key in _SHOWN and _simple(value):
                continue
            texts = [*_strings(value), *([str(key)] if _name(key) == REDACTED and key else [])]
            found.update(text for text in texts if key == "access_token" or len(text) >= _SECRET_LENGTH)
    return found


def find_secrets(params: Mapping[str, Any], spec: Spec) -> set[str]:
    """Tokens in the instances, and the options with no_log, which ansible-core 2.22 leaves in results."""
    given = {str(params[name]) for name, option in spec.items() if option.get("no_log") and params.get(name)}
    secrets = {secret for secret in given if secret.strip()}  # to star every blank would hide the message
    return secrets | find_tokens(params.get("instances"))


def redact_options(params: Mapping[str, Any], spec: Spec) -> dict[str, Any]:
    """Options, checked or not, as they may be logged and kept.

    Nothing is left of what may be a token: in a list of instances, under a name that isn't the option's, and as
    credentials or query of a URL. Expected accounts are masked unless ``mask_account`` is false.
    """
    mask = params.get("mask_account") is not False
    shown = {name: _shown(name, value, mask) if name in spec else REDACTED for name, value in params.items()}
    return {**shown, **{name: NO_LOG for name, option in spec.items() if option.get("no_log") and params.get(name)}}


def _shown(name: str, value: Any, mask: bool) -> Any:
    if value is None:
        return None
    if name in INSTANCE_LIST_OPTIONS:
        return _shown_entries(value, mask)
    if name == "webhooks" and isinstance(value, list):
        return [_shown_fields(hook, _HOOK, mask) if isinstance(hook, Mapping) else REDACTED for hook in value]
    if name == "expect_account" and mask:
        return mask_account(str(value))
    return redact_sensitive_keys(value) if name in ("api_url", "url") else value


def _shown_entries(value: Any, mask: bool) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shown_entries(entry, mask) for entry in value]
    if isinstance(value, Mapping):
        return _shown_fields(value, _SHOWN, mask)
    return value if value is None or _SHOWABLE.fullmatch(str(value)) else REDACTED


def _shown_fields(fields: Mapping[str, Any], known: Collection[str], mask: bool) -> dict[str, Any]:
    """The fields of an entry: what is neither known nor empty is starred, and so is what isn't simple."""
    return {
        _name(key): _shown(key, value, mask) if value is None or (key in known and _simple(value)) else REDACTED
        for key, value in fields.items()
    }


def _simple(value: Any) -> bool:
    return isinstance(value, (str, int, float)) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def _name(key: Any) -> str:
    """A field's name as it may be shown: what isn't like one may be a value that lost its name."""
    return str(key) if _FIELD.fullmatch(str(key)) else REDACTED


def _strings(value: Any) -> Iterator[str]:
    """The strings in a value, and numbers as such."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)


def _fields(entry: Any, known: tuple[str, ...]) -> dict[str, str]:
    """An entry's fields as strings: it is an id or a mapping."""
    values = entry if isinstance(entry, Mapping) else {"instance_id": entry}
    unknown = sorted(_name(key) for key in set(values) - set(known))
    if unknown:
        raise OptionError("instances", f"unknown {', '.join(unknown)}; an entry may have {', '.join(known)}")
    return {key: _text(key, value) for key, value in values.items() if value is not None}


def _target(fields: Mapping[str, str], access_token: str | None) -> Target:
    if not fields.get("instance_id"):
        raise OptionError("instance_id", "is missing")
    parse_instance_id(fields["instance_id"])
    token = parse_token(fields.get("access_token", access_token or ""))
    return Target(**identity_of(fields).fields, access_token=token)  # type: ignore[arg-type]


def _member(entry: Any, params: Mapping[str, Any]) -> Member:
    fields = _fields(entry, _MEMBER_FIELDS)
    target = _target(fields, params["access_token"])
    merged = {**params, **fields}
    if merged["state"] not in STATES:
        raise OptionError("state", f"is {merged['state']!r}, it must be one of {', '.join(STATES)}")
    return Member(**vars(target), goal=parse_goal(merged))


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise OptionError(key, f"must be a string, not {type(value).__name__}; quote it")
    return str(value)


def parse_instance_id(value: str) -> str:
    """The checked instance id. Raises OptionError."""
    if not value.strip():
        raise OptionError("instance_id", "is empty; it is shown in Wawp's dashboard")
    if not _INSTANCE_ID.fullmatch(value):
        raise OptionError("instance_id", "may hold only letters, digits, _ and -; it is shown in Wawp's dashboard")
    return value


def parse_token(value: str) -> str:
    """The checked token. Raises OptionError; the message doesn't hold it."""
    token = value.strip()
    if not token:
        raise OptionError("access_token", "is empty; set it, or the environment variable WAWP_ACCESS_TOKEN")
    if not token.isprintable() or " " in token:
        raise OptionError(
            "access_token", "holds a blank, a line break or the like; copy it from Wawp's dashboard again"
        )
    return token


def parse_expected_account(value: str | None) -> str | None:
    """The expected account in the one writing that can be compared, None for none. Raises OptionError."""
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
    """The checked value of a number. Raises OptionError."""
    value = params[option]
    if not least <= value <= _MOST:
        raise OptionError(option, f"must be {least} or more, and at most {_MOST}")
    return value


def parse_rate(params: Mapping[str, Any], slowest: float = _SLOWEST) -> float:
    """The checked ``calls_per_second``, 0 for no bound. Raises OptionError."""
    value: float = at_least(params, "calls_per_second", 0)
    if 0 < value < slowest:
        raise OptionError("calls_per_second", f"is {value}, it must be {slowest:g} or more, or 0 for no bound")
    return value


def parse_seconds(params: Mapping[str, Any], option: str, zero: bool = True) -> float:
    """The checked value of a time. Raises OptionError."""
    value: float = params[option]
    if not 0 <= value <= _MAX_SECONDS or (value == 0 and not zero):
        least = "0 or more" if zero else "more than 0"
        raise OptionError(
            option, f"{value} is no usable number of seconds, it must be {least}, and at most {_MAX_SECONDS}"
        )
    return value
