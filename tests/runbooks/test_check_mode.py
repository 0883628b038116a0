# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbooks that link accounts, with --check: a prediction, or one clear line why there is none."""

from __future__ import annotations

import json
import re
from typing import Any

from .conftest import NEXT, Ran, World

LINKING: dict[str, dict[str, Any]] = {
    "switch_account": {"wawp_new_account": f"+{NEXT.partition('@')[0]}", "wawp_temp_link": True},
    "end_of_shift": {"wawp_arriving": [{"instance_id": "{id}"}]},
    "reset_connection": {},
}


def check(world: World, **given: dict[str, Any]) -> Ran:
    """Check several runbooks in one run of ansible-playbook."""
    plays = [{"import_playbook": f"wawp.cloud.{name}", "vars": variables} for name, variables in given.items()]
    path = world.folder / "site.yml"
    path.write_text(json.dumps(plays))
    command = world.command("audit", "--check")
    command[1] = str(path)
    world.command = lambda *dummy, **others: command  # type: ignore[method-assign] # the same run, of another playbook
    return world.run("site")


def test_each_predicts_and_sends_nothing(world: World) -> None:
    given = {}
    for number, (name, variables) in enumerate(LINKING.items(), start=1):
        world.add(f"A{number}")
        own = json.loads(json.dumps(variables).replace("{id}", f"A{number}"))
        given[name] = {"wawp_instances": [f"A{number}"], **own}
    ran = check(world, **given)
    assert ran.code == 0, ran.output
    assert re.findall(r"(A\d)\b.*-> would be severed: restart, logout", ran.output) == ["A1", "A2", "A3"]
    assert world.engine.writes() == []
    assert all(world.linked(name) for name in ("A1", "A2", "A3"))
    assert not list(world.folder.glob("**/wawp_reports*"))


def test_what_stands_in_the_way_is_one_clear_line(world: World) -> None:
    world.add("A1")
    ran = check(world, end_of_shift={"wawp_instances": ["A1", "GONE"], "wawp_arriving": [{"instance_id": "A1"}]})
    assert ran.code != 0
    assert "1 of 2 would not succeed. GONE" in ran.output
    assert "has no attribute" not in ran.output
    assert world.engine.writes() == []
