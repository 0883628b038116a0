# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances described by the variables of an inventory's hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleUndefinedVariable

from ..module_utils._errors import OptionError
from ..module_utils._tasks.causes import named
from ..module_utils._tasks.columns import near_miss
from ..module_utils._tasks.roster import COLUMNS
from ._plain import plain

try:
    from ansible.errors import AnsibleValueOmittedError
except ImportError:  # up to 2.18, a placeholder stands for it

    class AnsibleValueOmittedError(Exception):  # type: ignore[no-redef]
        """Never raised."""


_PREFIX = "wawp_"
_VARIABLES = tuple(f"{_PREFIX}{name}" for name in COLUMNS)
# Characters that a host pattern splits at or treats specially.
_PATTERN = re.compile(r"[^\w.-]|^[^\w]")


def safe_host_name(name: str) -> str:
    """Return a name that --limit takes for one host: ``_`` replaces the characters that a pattern would split at."""
    return _PATTERN.sub("_", name)


def replace_hosts(args: dict[str, Any], task_vars: Mapping[str, Any], token: str | None) -> str | None:
    """Replace hosts' names by the instances in their variables, unless another source of instances comes first.

    Returns:
        The problem with them, None if there is none.
    """
    hosts = args.get("hosts")
    if args.get("entries") or args.get("csv") or not isinstance(hosts, Sequence) or isinstance(hosts, str):
        return None
    if not hosts or isinstance(hosts[0], Mapping):
        return None
    try:
        args["hosts"] = instances_of(list(map(str, hosts)), task_vars, token)
    except OptionError as error:
        return str(error)
    return None


def instances_of(hosts: Sequence[str], task_vars: Mapping[str, Any], token: str | None) -> list[dict[str, Any]]:
    """Return the instances of the hosts that have one, as entries of wawp_roster.

    Args:
        hosts: the hosts' names.
        task_vars: all variables, with ``hostvars``.
        token: the token of hosts without one, if other hosts have their own.

    Raises:
        OptionError: names the hosts, and their variables that can't be used.
    """
    hostvars = task_vars["hostvars"]
    _refuse_unsafe(task_vars)
    found, addresses, problems = [], dict[Any, str](), []
    for host in hosts:
        variables = hostvars[host]
        try:
            values = {name: _value(variables, f"{_PREFIX}{name}", task_vars.get("omit")) for name in COLUMNS}
            address = _value(variables, "wawp_api_url", task_vars.get("omit"))
            if values["instance_id"] in (None, ""):
                continue
            _refuse_near_misses(variables)
        except OptionError as error:
            problems.append(f"host {host}: {error}")
            continue
        addresses.setdefault(address, host)
        found.append({**values, "name": values["name"] or host, "origin": f"host {host}"})
    if problems:
        raise OptionError("hosts", named(problems))
    if len(addresses) > 1:
        raise OptionError("hosts", f"{', '.join(addresses.values())} differ in wawp_api_url; run once for each API")
    return _each_with_its_own(found, token)


def _value(variables: Mapping[str, Any], name: str, omitted: Any) -> Any:
    """Return a variable's value, None if it is undefined or omitted."""
    try:
        value = variables.get(name)
    except AnsibleValueOmittedError:
        return None
    except AnsibleUndefinedVariable as error:
        raise OptionError(name, f"is a template with an undefined variable: {error}") from None
    except Exception as error:  # anything that a template's filters and lookups raise; its text may hold a secret
        raise OptionError(name, f"is a template that fails with {type(error).__name__}") from None
    if omitted is not None and value == omitted:
        return None
    # Up to 2.18, a template with an undefined variable stays unchanged.
    if isinstance(value, str) and "{{" in value and not hasattr(value, "__UNSAFE__") and omitted is not None:
        raise OptionError(name, "is a template with an undefined variable")
    return plain(value)


def _refuse_near_misses(variables: Mapping[str, Any]) -> None:
    """Refuse variables whose name is almost one of ours: a typo would skip the check that it asks for."""
    for name in variables:
        if str(name).startswith(_PREFIX) and name not in _VARIABLES:
            meant = near_miss(str(name)[len(_PREFIX) :], COLUMNS)
            if meant and str(name) not in _OTHERS:
                raise OptionError(str(name), f"did you mean {_PREFIX}{meant}?")


# Variables that the inventory plugin sets, besides those that a roster reads.
_OTHERS = frozenset({"wawp_account"})


def _refuse_unsafe(task_vars: Mapping[str, Any]) -> None:
    """Refuse names that --limit splits: it takes "Front desk" for Front and desk, which may be other hosts."""
    names = map(str, task_vars.get("groups", {}).get("all", ()))
    unsafe = [name for name in names if safe_host_name(name) != name]
    ours = [host for host in unsafe if "wawp_instance_id" in task_vars["hostvars"][host]]
    if ours:
        raise OptionError(
            "hosts",
            f"{named(list(map(repr, ours)))}: --limit would take the name apart, and could mean other hosts; rename "
            "the host, and keep its name in wawp_name",
        )


def _each_with_its_own(found: list[dict[str, Any]], token: str | None) -> list[dict[str, Any]]:
    """Give no host the token of another one."""
    bare = [entry for entry in found if entry["access_token"] in (None, "")]
    if not bare or len(bare) == len(found):
        return found
    if not token:
        raise OptionError(
            "hosts",
            f"{named([entry['origin'] for entry in bare])}: no wawp_access_token, though others have one of their own; "
            "give each host its own, or set WAWP_ACCESS_TOKEN for the rest",
        )
    return [{**entry, "access_token": entry["access_token"] or token} for entry in found]
