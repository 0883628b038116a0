# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typos in the names of variables are found, and others' variables are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.wawp.cloud.plugins.plugin_utils._variables import (
    REGISTERED,
    known_variables,
    near_misses,
    overridden,
    slips,
)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("wawp_require_four_eye", "wawp_require_four_eyes"),
        ("require_four_eye", "wawp_require_four_eyes"),
        ("wawp_fail_on_drfit", "wawp_fail_on_drift"),
        ("hed", "wawp_head"),
        ("sandbx_fleet", "wawp_sandbox_fleet"),
        ("confirm", "wawp_confirm"),
        ("WAWP_CONFIRM", "wawp_confirm"),
        ("wawp-confirm", "wawp_confirm"),
        ("instances", "wawp_instances"),
        ("wawp_instance", "wawp_instances"),
        ("max_failure", "wawp_max_failures"),
    ],
)
def test_a_slip_is_refused_with_what_was_meant(name: str, meant: str) -> None:
    assert slips({name: "x"}, ours_only=False) == [f"{name}: no such variable, did you mean {meant}?"]


@pytest.mark.parametrize("ours_only", [True, False])
@pytest.mark.parametrize(
    "writing",
    [
        *(
            "wawp_c\u043enfirm",
            "\uff57\uff41\uff57\uff50_confirm",
            "w\u00e1wp_confirm",
            "\ufeffwawp_confirm",
            "waw\u00adp_confirm",
        ),
        *('"wawp_confirm"', "wawp_c\u1d0fnfirm", "\u13b3awp_confirm", "wapw_confirm", "wwap_confirm", "WAWP.CONFIRM "),
    ],
)
def test_no_disguise_of_a_name_is_passed_over(writing: str, ours_only: bool) -> None:
    (said,) = slips({writing: "x"}, ours_only=ours_only)
    assert said.startswith(f"{writing}: no such variable")


@pytest.mark.parametrize("writing", ["vawp_name", "waap_hosts", "wap_ticket", "warp_confirm"])
def test_a_slip_in_the_prefix_is_a_slip(writing: str) -> None:
    assert "did you mean wawp_" in slips({writing: "x"}, ours_only=False)[0]
    assert slips({writing: "x"}, ours_only=True) == []  # in a user's playbook it may be theirs


def test_what_is_overridden_is_refused() -> None:
    own = {"__wawp_purpose": "sever", "__wawp_barred": "{{ x }}", "loop": 1}
    found = {**own, "__wawp_run": {}, "__wawp_address": "http://x", "__wawp_barred": [], "other": 1}
    assert overridden(own, own) == []
    assert overridden(found, own) == [
        "__wawp_barred: this variable is internal to the runbooks",
        "__wawp_address: this variable is internal to the runbooks",
    ]


def test_the_names_that_the_roles_register_are_known() -> None:
    roles = Path(__file__).resolve().parents[4] / "roles"
    tasks = [yaml.safe_load(path.read_text("utf-8")) for path in roles.glob("*/tasks/*.yml")]
    assert set(_registered(tasks)) == REGISTERED


def _registered(tasks: Any) -> Iterator[str]:
    """Yield the names that tasks register or set as facts, at any depth."""
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, list):
            yield from _registered(task)
            continue
        yield from [task["register"]] if "register" in task else []
        yield from task.get("ansible.builtin.set_fact", ())
        for part in ("block", "rescue", "always"):
            yield from _registered(task.get(part))


@pytest.mark.parametrize("ours_only", [True, False])
def test_a_letter_of_another_script_is_a_slip(ours_only: bool) -> None:
    name = "w\u0430wp_deadline"
    assert slips({name: "x"}, ours_only=ours_only) == [f"{name}: no such variable, did you mean wawp_deadline?"]


@pytest.mark.parametrize("name", ["wawp_colour", "wawpx", "WAWP_"])
def test_what_begins_like_ours_is_refused_though_nothing_is_like_it(name: str) -> None:
    assert slips({name: "x"}, ours_only=True) == [f"{name}: no such variable"]


@pytest.mark.parametrize("name", ["__wawp_run", "_wawp_report", "__wawp_purpose", "__wawp_trouble"])
def test_what_a_runbook_keeps_for_itself_is_refused_by_name(name: str) -> None:
    assert slips({name: {}}, ours_only=True) == [f"{name}: this variable is internal to the runbooks"]


@pytest.mark.parametrize("name", ["env", "ansible_user", "awx_user_name", "tower_job_id", "office", "vault_wawp_token"])
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert slips({name: "x"}, ours_only=False) == []


def test_a_playbook_of_ones_own_has_variables_of_its_own() -> None:
    assert slips({"confirm": "x", "instances": []}, ours_only=True) == []


def test_every_known_variable_is_no_slip() -> None:
    assert {"wawp_instances", "wawp_sandbox_fleet", "wawp_instance_id"} <= set(known_variables())
    assert slips(dict.fromkeys(known_variables(), "x"), ours_only=False) == []


@pytest.mark.parametrize("value", ['["3EB0BCB2E3D4"]', ' [{"instance_id": "3EB0BCB2E3D4"}]', '{"instance_id": "x"}'])
def test_a_list_that_is_text_gets_a_hint(value: str) -> None:
    (said,) = slips({"wawp_instances": value}, ours_only=True)
    assert said == f"wawp_instances: is text; give a list as JSON, as in -e '{{\"wawp_instances\": {value.strip()}}}'"


@pytest.mark.parametrize("value", [["A1"], "A1,A2", "A1", None])
def test_a_list_is_a_list(value: Any) -> None:
    assert slips({"wawp_instances": value}, ours_only=False) == []


def test_an_inventory_may_hold_names_that_are_nothing_like_ours() -> None:
    names = ["wawp_confirm", "wawp_office_of_mona", "wawp_report_dirs", "other"]
    assert near_misses(names) == ["wawp_report_dirs: no such variable, did you mean wawp_report_dir?"]
