# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RETURN of every module against real results, on success and on failure, in a process and in the worker.

The process runs in the background if the module promises async.
"""

from __future__ import annotations

import functools
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.docs.collection import (
    MODULES,
    NAMESPACE,
    documentation,
    play,
    plugins,
)
from ansible_collections.wawp.cloud.tests.docs.scenarios import FIELDS_OF, SCENARIOS, Scenario
from ansible_collections.wawp.cloud.tests.forked import PATIENCE

# Fields that Ansible adds to results; Ansible documents changed, failed and msg.
COMMON = {"changed", "deprecations", "diff", "exception", "failed", "invocation", "msg", "skipped", "warnings"}
JOB = {"ansible_job_id", "finished", "results_file", "started", "stderr", "stderr_lines", "stdout", "stdout_lines"}
BACKGROUND = {"async": PATIENCE, "poll": 1, "check_mode": False}
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}

WAYS = [(module, False) for module in MODULES] + [(module, True) for module in plugins("action")]
# The worker is tested with all scenarios; every nth of them shows that a process gives the same result.
SAMPLE = 16

each_way = pytest.mark.parametrize(
    ("module", "in_process"), WAYS, ids=[f"{module}-{'worker' if here else 'process'}" for module, here in WAYS]
)


def results(module: str, in_process: bool) -> list[dict[str, Any]]:
    """Return the results of a module's scenarios."""
    output, found = all_results(in_process)
    assert found, output
    return [result for name, result in found if name == module]


@functools.cache
def all_results(in_process: bool) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Return one playbook's output, and the results of all scenarios with their module's name; none if it failed."""
    scenarios = [
        (module, scenario) for module, way in WAYS if way == in_process for scenario in tried_scenarios(module, way)
    ]
    engine = Engine(delays=Delays(scale=0))
    with Server(engine) as server, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        tasks = []
        for number, (module, scenario) in enumerate(scenarios):
            session = {"instance_id": f"ONE{number}", **scenario.session, "faults": scenario.faults}
            fleet.load(engine, [session])
            *before, task = steps(module, number, scenario)
            background = not (in_process or scenario.check) and asynchronous(module)["support"] != "none"
            tasks += [*before, {**task, **BACKGROUND} if background else task]
        every = ", ".join(f"result_{number}" for number in range(len(scenarios)))
        content = f"{{{{ [{every}] | to_json }}}}"
        tasks.append({"ansible.builtin.copy": {"dest": str(home / "results.json"), "content": content, "mode": "0600"}})
        done = play(tasks, home, server.url, wawp_in_process=in_process, ansible_async_dir=str(home / "jobs"))
        if done.returncode:
            return done.stdout, []
        found = json.loads((home / "results.json").read_text(encoding="utf-8"))
    return done.stdout, [(module, result) for (module, dummy), result in zip(scenarios, found)]


def asynchronous(module: str) -> dict[str, Any]:
    """Return what a module promises about async tasks."""
    promise: dict[str, Any] = documentation()[module]["doc"]["attributes"]["async"]
    return promise


def tried_scenarios(module: str, in_process: bool) -> Sequence[Scenario]:
    """Return the scenarios of a module that are tested one way."""
    few = not in_process and (module, True) in WAYS
    return SCENARIOS[module][::SAMPLE] if few else SCENARIOS[module]


def steps(module: str, number: int, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the tasks of a scenario; the last one is the module's."""
    own = {"instance_id": "ONE"} if "instance_id" in documentation()[module]["doc"]["options"] else {}
    options = {name: value for name, value in {**own, **scenario.options}.items() if value is not None}
    task = {
        f"{NAMESPACE}.{module}": options,
        "check_mode": scenario.check,
        "diff": True,
        "ignore_errors": True,
        "register": f"result_{number}",
    }
    written: list[dict[str, Any]] = json.loads(re.sub(r"\bONE\b", f"ONE{number}", json.dumps([*scenario.before, task])))
    return written


def fields(module: str, path: str = "") -> dict[str, Any]:
    """Return the documented fields below a path of RETURN, including those that the text takes from another module."""
    if path:
        above, dummy, name = path.rpartition(".")
        field = fields(module, above)[name]
        documented: dict[str, Any] = field.get("contains") or {}
    else:
        documented, field = documentation()[module]["return"] or {}, {}
    borrowed = FIELDS_OF.get((module, path))
    if borrowed is None:
        return documented
    assert f"M({NAMESPACE}.{borrowed.module})" in str(field["description"]), (
        f"RETURN of {module} doesn't say so: {path}"
    )
    others = fields(borrowed.module, borrowed.path)
    return {**{name: others[name] for name in others if name not in borrowed.without}, **documented}


def complaints(module: str, found: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the differences of a result, or of its part below a path, from RETURN."""
    documented = fields(module, path)
    added = set() if path else COMMON | (JOB if "ansible_job_id" in found else set())
    for name in set(found) - set(documented) - added:
        yield f"{path}.{name} is returned and not documented"
    for name, field in documented.items():
        if name not in found:
            if field["returned"] == "always" or (field["returned"] == "success" and not found.get("failed")):
                yield f"{path}.{name} is missing, it is returned: {field['returned']}"
            continue
        yield from complaints_about(module, field, found[name], f"{path}.{name}".lstrip("."))


def complaints_about(module: str, field: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    """Yield the differences of one value from its documentation."""
    if value is None:
        if "null" not in str(field["description"]).lower():
            yield f"{path} is null, and its description doesn't say when"
    elif not has_type(value, field["type"]):
        yield f"{path} is no {field['type']}: {value!r}"
    elif isinstance(value, list):
        assert field.get("elements"), f"{path} has no elements"
        for item in value:
            if not has_type(item, field["elements"]):
                yield f"{path} holds what is no {field['elements']}: {item!r}"
            elif isinstance(item, dict):
                yield from complaints(module, item, path)
    elif isinstance(value, dict) and fields(module, path):
        yield from complaints(module, value, path)


def has_type(value: Any, name: str) -> bool:
    """Whether a value has a documented type; a boolean isn't a number."""
    return isinstance(value, TYPES[name]) and (name == "bool" or not isinstance(value, bool))


@each_way
def test_results_are_as_documented(module: str, in_process: bool) -> None:
    found = {complaint for result in results(module, in_process) for complaint in complaints(module, result)}

    assert not found


@pytest.mark.parametrize("module", MODULES)
def test_whatever_is_documented_is_returned_some_time(module: str) -> None:
    documented = set(all_paths(module))
    seen = {path for result in results(module, (module, True) in WAYS) for path in paths_with_values(result)}

    assert documented - seen == set()


@pytest.mark.parametrize("module", MODULES)
def test_the_scenarios_succeed_and_fail(module: str) -> None:
    found = results(module, (module, True) in WAYS)

    assert {result.get("failed", False) for result in found} == {True, False}


def test_async_is_supported_as_far_as_it_is_promised(simulator: Server, tmp_path: Path) -> None:
    """The first process of each module that promises it, and one for each option that its documentation excludes."""
    support = {module: asynchronous(module)["support"] for module in MODULES}
    for module in (module for module in MODULES if support[module] != "none"):
        first = results(module, False)[0]
        assert ("ansible_job_id" in first, first.get("failed", False)) == (True, False), module
    tried = [(module, "") for module in MODULES if support[module] == "none"]
    tried += [(name, option) for name in MODULES for option in re.findall(r"O\((\w+)=true\)", str(asynchronous(name)))]
    tasks: list[dict[str, Any]] = []
    for number, (module, option) in enumerate(tried):
        scenario = SCENARIOS[module][0]
        fleet.load(simulator.engine, [{"instance_id": f"ONE{number}", **scenario.session}])
        *before, task = steps(module, number, scenario)
        options = {**task[f"{NAMESPACE}.{module}"], **({option: True} if option else {})}
        tasks += [*before, {**task, **BACKGROUND, f"{NAMESPACE}.{module}": options}]
    every = ", ".join(f"result_{number}" for number in range(len(tried)))
    content = f"{{{{ [{every}] | to_json }}}}"
    tasks.append({"ansible.builtin.copy": {"dest": str(tmp_path / "all.json"), "content": content, "mode": "0600"}})
    done = play(tasks, tmp_path, simulator.url, ansible_async_dir=str(tmp_path / "jobs"))
    assert done.returncode == 0, done.stdout
    found = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))

    assert [each for each, result in zip(tried, found) if "async" not in result.get("msg", "")] == []
    assert {module for module in MODULES if support[module] == "partial"} == {
        module for module, option in tried if option
    }


def all_paths(module: str, path: str = "") -> Iterator[str]:
    """Yield the path of each field that the module's own RETURN documents below a path."""
    documented: Any = documentation()[module]["return"]
    for name in path.split(".") if path else []:
        documented = documented[name].get("contains") or {}
    for name in documented:
        below = f"{path}.{name}".lstrip(".")
        yield below
        yield from all_paths(module, below)


def paths_with_values(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each field of a result that isn't null."""
    if isinstance(value, dict):
        for name, item in value.items():
            below = f"{path}.{name}".lstrip(".")
            if item is not None:
                yield below
            yield from paths_with_values(item, below)
    elif isinstance(value, list):
        for item in value:
            yield from paths_with_values(item, path)
