# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the runbooks: their names, and checks of those given from outside.

Variables given with -e or beside an include override everything that a role registers, so a role can't rely on its
variables unless their names are refused from outside.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ..module_utils._identity import as_latin, mixes_scripts

_ROLES = Path(__file__).resolve().parents[2] / "roles"
_PREFIX = "wawp_"
_INTERNAL = "__wawp"
# Variables that the roles register or set as facts, which override an inventory's and a play's.
REGISTERED = frozenset(
    f"{_INTERNAL}_{name}"
    for name in (
        *("after", "api_url", "arrival_list", "begin", "checked", "journal", "pairings", "report", "report_here"),
        *("roster", "run", "started", "stopped", "trouble", "verified"),
    )
)
# Variables of hosts about their instances, and about how modules run.
_ALSO_KNOWN = ("wawp_instance_id", "wawp_name", "wawp_expect_account", "wawp_in_process")
# Variables that Ansible and controllers set.
_FOREIGN = ("ansible_", "awx_", "tower_")
# Similarity, from 0 to 1, from which one name counts as a typo of the other.
_NEAR = 0.8


@functools.cache
def known_variables() -> Mapping[str, Mapping[str, Any]]:
    """Return the variables of all roles, by name, from their argument specs."""
    found: dict[str, Mapping[str, Any]] = {name: {} for name in _ALSO_KNOWN}
    for path in sorted(_ROLES.glob("*/meta/argument_specs.yml")):
        specs = yaml_load(path.read_text(encoding="utf-8"))["argument_specs"]  # uses libyaml if installed
        found.update(specs["main"]["options"])
    return found


def slips(given: Mapping[str, Any], ours_only: bool) -> list[str]:
    """Return the problems of variables given from outside, one sentence each.

    Args:
        given: the variables.
        ours_only: whether names without the prefix may be the user's, as in their own playbook.
    """
    return [problem for name, value in given.items() for problem in _slip(str(name), value, ours_only)]


def overridden(found: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Return the problems of variables reserved for the runbooks, set by an inventory, a file, or an earlier fact.

    Args:
        found: all variables of a task.
        own: the variables that the runbook gives it, which a fact or an included file overrides.
    """
    return [
        f"{name}: this variable is internal to the runbooks"
        for name, value in found.items()
        if name.startswith(_INTERNAL) and name not in REGISTERED and (name not in own or own[name] != value)
    ]


def near_misses(names: Iterable[str]) -> list[str]:
    """Return the problems of names in an inventory that are almost one of ours. Others may be the user's."""
    unknown = (name for name in names if name.startswith(_PREFIX) and name not in known_variables())
    return [f"{name}: no such variable, did you mean {near}?" for name in unknown if (near := _nearest(name))]


def _slip(name: str, value: Any, ours_only: bool) -> Iterable[str]:
    option = known_variables().get(name)
    if option is not None:
        if option.get("type") == "list" and isinstance(value, str) and value.strip()[:1] in ("[", "{"):
            yield f"{name}: is text; give a list as JSON, as in -e '{{\"{name}\": {value.strip()}}}'"
        return
    bare = _bare(name)
    if bare.startswith(_FOREIGN):
        return
    near = _nearest(name)
    # A prefix with its letters in another order, or with look-alikes from another script.
    like_ours = bare.startswith("wawp") or sorted(bare.partition("_")[0]) == sorted("wawp")
    if bare.startswith("wawp") and name.startswith("_"):
        yield f"{name}: this variable is internal to the runbooks"
    elif like_ours or mixes_scripts(name) or (near and not ours_only):
        yield f"{name}: no such variable{f', did you mean {near}?' if near else ''}"


def _bare(name: str) -> str:
    """Return a name as it looks, without case, accents, quotes and invisible characters."""
    return re.sub(r"[\W_]+", "_", as_latin(name)).strip("_")


def _nearest(name: str) -> str | None:
    """Return the known name most similar to this one, with or without its prefix; None if none is similar."""
    said = _bare(name)
    bare = {known[len(_PREFIX) :]: known for known in known_variables()}
    without = said[len(_PREFIX) :] if said.startswith(_PREFIX) else said
    found = difflib.get_close_matches(without, bare, n=1, cutoff=_NEAR)
    if found:
        return bare[found[0]]
    whole = difflib.get_close_matches(said, known_variables(), n=1, cutoff=_NEAR)
    return whole[0] if whole else None
