# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets: instances and faults described in JSON, and built-in ones with sessions of each kind."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from collections import Counter
from dataclasses import fields

from . import model
from .engine import Engine
from .environment import ANY, Outage
from .faults import Fault, FaultError
from .model import NEVER, Delays, ImpossibleError, Instance

MOST = 100_000  # instances of a built-in fleet

# Fields that only the simulator sets.
_KEPT = (
    *("removed", "now", "since", "forced", "next", "repeat", "lost", "me_from", "closed", "events", "statuses"),
    *("running", "waiting", "late", "qr_number", "qr_refresh", "pairing", "link", "links_made", "cached"),
)
INSTANCE_FIELDS = {item.name: str(item.type) for item in fields(Instance) if item.name not in _KEPT}
FAULT_FIELDS = {item.name: str(item.type) for item in fields(Fault)}
OUTAGE_FIELDS = {"kind": "str", "from": "float", "to": "float | None", "instance_id": "str"}
DELAY_FIELDS = {item.name: str(item.type) for item in fields(Delays)}

_PYTHON: dict[str, t.Any] = {
    "None": type(None),
    "bool": bool,
    "dict": dict,
    "float": (int, float),
    "int": int,
    "list": list,
    "str": str,
    "t.Any": object,
}

# The kinds of session that an operator meets: fields of Instance, and faults.
_PAIRED: dict[str, t.Any] = {"credentials": True, "linked": True}
_UNPAIRED: dict[str, t.Any] = {"credentials": False, "linked": False}
KINDS: dict[str, dict[str, t.Any]] = {
    "working": {},
    "working_older": {"generation": "A"},
    "working_never_unlinks": {"generation": "K"},
    "working_webjs": {"engine": "WEBJS"},
    "working_gows": {"engine": "GOWS"},
    "waiting_for_scan": {"status": model.SCAN_QR_CODE},
    "stopped": {"status": model.STOPPED, **_PAIRED},
    "stopped_older": {"status": model.STOPPED, "generation": "A", **_PAIRED},
    "stopped_logged_out": {"status": model.STOPPED, **_UNPAIRED},
    "failed": {"status": model.FAILED, **_PAIRED},
    "failed_removed_on_phone": {"status": model.FAILED, "credentials": True, "linked": False},
    "failed_logged_out": {"status": model.FAILED, **_UNPAIRED},
    "starting": {"status": model.STARTING, **_PAIRED},
    "starting_hangs": {"status": model.STARTING, "starts_into": model.STARTING, **_PAIRED},
    "key_burnt": {"status": model.SCAN_QR_CODE, "credentials": False, "linked": True},
    "unpair_swallowed": {"faults": [{"kind": "swallow", "call": "logout"}]},
    "logout_504_after": {
        "faults": [{"kind": "http", "call": "logout", "http_status": 504, "body": "html", "when": "after"}]
    },
    "read_lies_once": {"faults": [{"kind": "lie", "call": "info", "status": model.STOPPED}]},
    "passkey_required": {"status": "PASSKEY_REQUIRED", **_PAIRED},
}
# Twenty-five sessions of a typical company; a mixed fleet repeats them.
_MIXED = [
    *["working", "working_webjs", "working_gows", "working", "stopped"] * 2,
    *["working", "waiting_for_scan", "working_gows", "logout_504_after", "failed"],
    *["working_webjs", "stopped_logged_out", "working", "read_lies_once", "starting"],
    *["working", "failed_logged_out", "working_gows", "stopped_older", "failed_removed_on_phone"],
]


def fits(kind: str, value: t.Any) -> bool:
    """Whether a JSON `value` is of the annotated type `kind`, such as ``int | None`` or ``list[str]``."""
    for option in re.split(r" \| (?![^\[]*\])", kind):
        head, dummy, inner = option.partition("[")
        if isinstance(value, _PYTHON[head]) and not (isinstance(value, bool) and head in ("int", "float")):
            return head != "list" or all(fits(inner[:-1], item) for item in value)
    return False


def checked(values: t.Any, allowed: dict[str, str], what: str) -> dict[str, t.Any]:
    """Return `values` if it is an object with allowed keys and values of the right types. Raises ImpossibleError."""
    if not isinstance(values, dict):
        raise ImpossibleError(f"{what} must be an object")
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        raise ImpossibleError(f"{what} has no {', '.join(unknown)}; it has {', '.join(allowed)}")
    wrong = [name for name, value in values.items() if not fits(allowed[name], value)]
    if wrong:
        raise ImpossibleError(f"{what}: wrong type of {', '.join(f'{name} ({allowed[name]})' for name in wrong)}")
    return values


def make_instance(values: t.Any) -> Instance:
    """Make an instance from JSON. Raises ImpossibleError."""
    if isinstance(values, dict) and "instance_id" not in values:
        raise ImpossibleError("an instance needs an instance_id")
    return Instance(**checked(values, INSTANCE_FIELDS, "an instance"))


def make_fault(values: t.Any) -> Fault:
    """Make a fault from JSON. Raises ImpossibleError or FaultError."""
    if isinstance(values, dict) and "kind" not in values:
        raise FaultError("a fault needs a kind")
    return Fault(**checked(values, FAULT_FIELDS, "a fault"))


def make_outage(values: t.Any) -> dict[str, t.Any]:
    """Make the arguments of `Engine.add_outage` from JSON. Raises ImpossibleError."""
    given = checked(values, OUTAGE_FIELDS, "an outage")
    end = NEVER if given.get("to") is None else given["to"]
    outage = Outage(given.get("kind", ""), given.get("from", 0.0), end, given.get("instance_id", ANY))
    outage.check(0.0)
    return {"kind": outage.kind, "start": outage.start, "end": outage.end, "instance_id": outage.instance_id}


def load(engine: Engine, fleet: t.Any) -> list[Instance]:
    """Add a fleet completely or, if anything in it is wrong, not at all. Raises ImpossibleError or FaultError.

    A fleet is a list of instances, or an object of `instances`, `faults` and `outages`. An instance may have its own
    `faults` and `outages`.
    """
    whole = {"instances": fleet} if isinstance(fleet, list) else fleet
    whole = checked(whole, {"instances": "list[t.Any]", "faults": "list[t.Any]", "outages": "list[t.Any]"}, "a fleet")
    faults = [make_fault(values) for values in whole.get("faults", [])]
    outages = [make_outage(values) for values in whole.get("outages", [])]
    instances = []
    for described in whole.get("instances", []):
        values = dict(described) if isinstance(described, dict) else described
        own_faults, own_outages = _own(values, "faults"), _own(values, "outages")
        instances.append(make_instance(values))
        name = {"instance_id": instances[-1].instance_id}
        faults += [make_fault({**fault, **name}) for fault in own_faults]
        outages += [make_outage({**outage, **name}) for outage in own_outages]
    with engine.lock:
        count = Counter([*engine.instances, *(instance.instance_id for instance in instances)])
        taken = [name for name, times in count.items() if times > 1]
        if taken:
            raise ImpossibleError(f"there is more than one {', '.join(taken)}")
        for instance in instances:
            engine.add(instance)
        for fault in faults:
            engine.add_fault(fault)
        for outage in outages:
            engine.add_outage(**outage)
    return instances


def _own(values: t.Any, name: str) -> list[dict[str, t.Any]]:
    """Take a list of objects out of the description of an instance."""
    own = values.pop(name, []) if isinstance(values, dict) else []
    if not isinstance(own, list) or not all(isinstance(item, dict) for item in own):
        raise ImpossibleError(f"{name} must be a list of objects")
    return own


def built_in(name: str) -> list[dict[str, t.Any]]:
    """Return the fleet ``demo`` (one session of each kind), ``mixed:N`` or ``KIND:N``. Raises ImpossibleError."""
    kind, dummy, count = name.partition(":")
    if name == "demo":
        names = list(KINDS)
    elif (kind == "mixed" or kind in KINDS) and count.isdigit() and count.isascii() and 1 <= int(count) <= MOST:
        pattern = _MIXED if kind == "mixed" else [kind]
        names = [pattern[number % len(pattern)] for number in range(int(count))]
    else:
        raise ImpossibleError(f"a fleet is demo, mixed:N or KIND:N; N up to {MOST}, KIND one of {', '.join(KINDS)}")
    return [{"instance_id": _instance_id(name, number), **KINDS[item]} for number, item in enumerate(names)]


def _instance_id(fleet: str, number: int) -> str:
    # The size of a mixed fleet doesn't change its first members.
    return hashlib.sha256(f"{fleet.partition(':')[0]}/{number}".encode()).hexdigest()[:12].upper()


def read(source: str) -> t.Any:
    """Return a fleet from a file, or a built-in one by name. Raises ImpossibleError, OSError."""
    if not source.endswith(".json"):
        return built_in(source)
    with open(source, encoding="utf-8") as stream:
        try:
            return json.load(stream)
        except ValueError as error:
            raise ImpossibleError(f"{source} is not valid JSON: {error}") from error
