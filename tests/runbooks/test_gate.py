# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate of wawp.cloud.decommission: plan, phrase, four eyes."""

from __future__ import annotations

import re
import shlex

from .conftest import NEXT, World


def test_refused_gate_sends_nothing(world: World) -> None:
    world.add("A1")
    for confirm in ("", "decommission-1-0000-0000-0000-0000-0000", "yes", "decommission-1"):
        ran = world.run("decommission", wawp_instances=["A1"], wawp_confirm=confirm)
        assert ran.code != 0
        assert "Nothing was sent" in ran.output
        assert ran.reports == []
        assert "changed=0 " in ran.output
    assert world.engine.writes() == []
    assert world.linked("A1")


def test_what_the_plan_prints_is_what_has_to_be_typed(world: World) -> None:
    """Copied from the plan's last line into a shell, which splits words at blanks, as does Ansible."""
    world.add("A1")
    planned = world.run("decommission", wawp_instances=["A1"], wawp_delete=True)
    (line,) = set(re.findall(r"To confirm: (-e [^\"\n]*)", planned.output))
    assert f"run again with {line}" in planned.output
    ran = world.run("decommission", *shlex.split(line), wawp_instances=["A1"], wawp_delete=True)
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "severed"}
    assert world.engine.writes()[-1] == "delete"


def test_check_mode_shows_the_plan_and_ends_well(world: World) -> None:
    world.add("A1")
    ran = world.run("decommission", "--check", wawp_instances=["A1"])
    assert ran.code == 0, ran.output
    assert "-> would be severed: restart, logout, stop" in ran.output
    assert "changed=1 " in ran.output
    assert world.engine.writes() == []
    assert not list(world.folder.glob("wawp_reports"))


def test_a_changed_plan_needs_a_new_phrase(world: World) -> None:
    world.add("A1")
    world.add("A2", "SCAN_QR_CODE")
    given = {"wawp_instances": ["A1", "A2"]}
    confirmed = world.phrases("decommission", given)
    world.engine.world("scan", "A2", account=NEXT)
    ran = world.run("decommission", **given, **confirmed)
    assert ran.code != 0
    assert "the plan has changed since" in ran.output
    assert "A2: account ********5432@c.us, approved was none" in ran.output
    assert world.engine.writes() == []


def test_drift_of_an_unpaired_session_is_no_other_plan(world: World) -> None:
    world.add("A1", "SCAN_QR_CODE")
    given = {"wawp_instances": ["A1"]}
    confirmed = world.phrases("decommission", given)
    world.engine.world("crash", "A1")
    ran = world.run("decommission", **given, **confirmed)
    assert ran.code == 0, ran.output
    assert ran.outcomes() == {"A1": "no_account"}


def test_four_eyes(world: World) -> None:
    world.add("A1")
    ran = world.run(
        "decommission",
        wawp_instances=["A1"],
        wawp_require_four_eyes=True,
        wawp_requester="Mona",
        wawp_approver=" mona ",
    )
    assert ran.code != 0
    assert "the approver must be another person" in ran.output
    assert world.engine.writes() == []
