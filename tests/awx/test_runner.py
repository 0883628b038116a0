# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-runner gives the same results as the command; and a fleet may be run in slices, side by side, and joined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.awx.conftest import FLEET, REFUSED, filled, refill
from ansible_collections.wawp.cloud.tests.awx.support import (
    Inventory,
    Job,
    join_command,
    outcomes,
    playbook,
    sliced,
    synchronised,
    timeless,
)
from ansible_collections.wawp.cloud.tests.docs.collection import BIN, run

IDS = [str(instance["instance_id"]) for instance in FLEET]
SLICES = 3


def sent(simulator: Server) -> dict[str, list[str]]:
    """Return the calls sent to each instance, in order."""
    return {name: [entry.call for entry in log] for name, log in simulator.engine.calls_by_instance().items()}


def linked(simulator: Server) -> dict[str, bool]:
    """Return whether each instance is really linked."""
    return {name: simulator.engine.look(name).linked for name in IDS}


def test_a_job_does_what_the_command_does(simulator: Server, tmp_path: Path) -> None:
    """The same calls, outcomes, truth and exit code, and no stored file has the token."""
    inventory = synchronised(IDS, tmp_path, simulator.url)
    refill(simulator)
    job = Job(tmp_path / "job", inventory, simulator.url, {"journal": str(tmp_path / "job.jsonl")}).start()
    code = job.wait()
    by_job, true_by_job = sent(simulator), linked(simulator)

    refill(simulator)
    (tmp_path / "slice.yml").write_text(playbook(), encoding="utf-8")
    options: list[str | Path] = ["-i", tmp_path / "fleet.wawp.yml", "-e", f"journal={tmp_path}/hand.jsonl"]
    by_hand = run([BIN / "ansible-playbook", tmp_path / "slice.yml", *options], tmp_path, simulator.url)

    assert code == by_hand.returncode == 2, job.output + by_hand.stdout
    without_inventory = {name: calls[1:] for name, calls in sent(simulator).items()}
    assert by_job == without_inventory
    assert true_by_job == linked(simulator)
    ended = [outcomes(tmp_path / name) for name in ("job.jsonl", "hand.jsonl")]
    by_id = [sorted(timeless(each), key=lambda entry: str(entry["instance_id"])) for each in ended]
    assert by_id[0] == by_id[1]
    assert len(by_id[0]) == len(IDS)
    own = {"event", "in_doubt", "crc"}  # fields that only a journal's line has
    assert sorted(timeless(job.result()["sessions"]), key=str) == sorted(
        ({key: value for key, value in entry.items() if key not in own} for entry in by_id[0]), key=str
    )
    assert SANDBOX_TOKEN not in job.output + job.events + (tmp_path / "job.jsonl").read_text(encoding="utf-8")


@dataclass
class Undertaking:
    """A fleet that was run in slices: the jobs, their journals, the calls sent, and the truth afterwards."""

    simulator: Server
    inventory: Inventory
    jobs: list[Job]
    journals: Path
    sent: dict[str, list[str]]
    linked: dict[str, bool]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Return the results of all slices."""
        return [entry for job in self.jobs for entry in job.result()["sessions"]]

    @property
    def verdicts(self) -> dict[str, str | None]:
        return {entry["instance_id"]: entry["verdict"] for entry in self.entries}


@pytest.fixture(scope="module")
def undertaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undertaking]:
    """Run the slices side by side, to their end."""
    home = tmp_path_factory.mktemp("undertaking")
    with filled() as simulator:
        inventory = synchronised(IDS, home, simulator.url)
        simulator.engine.log.clear()
        (home / "journals").mkdir(mode=0o700)
        variables = {"journals": str(home / "journals"), "slices": SLICES}
        parts = [sliced(inventory, number, SLICES) for number in range(SLICES)]
        jobs = [Job(home / f"job{n}", part, simulator.url, variables).start() for n, part in enumerate(parts)]
        for job in jobs:
            job.wait()
        yield Undertaking(simulator, inventory, jobs, home / "journals", sent(simulator), linked(simulator))


def joined(undertaking: Undertaking, home: Path) -> Job:
    """Join the journals in a folder as the page says, and run all instances with the joined one."""
    done = run(["sh", "-ec", join_command()], home)
    assert done.returncode == 0, done.stdout
    journal = home / "joined.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600
    simulator = undertaking.simulator
    simulator.engine.log.clear()
    job = Job(home / "joined", undertaking.inventory, simulator.url, {"journal": str(journal)}).start()
    job.wait()
    assert "sessions" in job.result(), job.result()
    return job


def test_slices_do_each_instance_once(undertaking: Undertaking) -> None:
    """Nothing twice, nothing missed."""
    assert sorted(entry["instance_id"] for entry in undertaking.entries) == IDS
    assert len(list(undertaking.journals.iterdir())) == SLICES
    assert {name for name, calls in undertaking.sent.items() if calls.count("logout") > 1} <= {REFUSED}


def test_verdicts_of_slices_are_true(undertaking: Undertaking) -> None:
    closed = {name for name, verdict in undertaking.verdicts.items() if verdict in ("severed", "no_account")}

    assert len(closed) > len(IDS) / 2
    assert [name for name in closed if undertaking.linked[name]] == []


def test_the_joined_journal_verifies_the_whole(undertaking: Undertaking, tmp_path: Path) -> None:
    """Each severed session is read once, none is logged out again, and no verdict is lost."""
    copytree(undertaking.journals, tmp_path / "journals")
    sessions = joined(undertaking, tmp_path).result()["sessions"]

    severed = {name for name, verdict in undertaking.verdicts.items() if verdict == "severed"}
    now_sent = sent(undertaking.simulator)
    assert {name: now_sent[name] for name in severed} == {name: ["info"] for name in severed}
    assert [entry["instance_id"] for entry in sessions] == IDS
    assert {entry["instance_id"]: entry["verdict"] for entry in sessions} == undertaking.verdicts
    assert {entry["instance_id"] for entry in sessions if entry["earlier"] == "severed"} == severed


def test_a_slice_that_was_killed_takes_no_line_of_the_next(undertaking: Undertaking, tmp_path: Path) -> None:
    """The line that it was writing has no end, and would be glued to the first of the next journal."""
    copytree(undertaking.journals, tmp_path / "journals")
    journals = sorted((tmp_path / "journals").iterdir())
    lines = journals[0].read_bytes().splitlines(keepends=True)
    ended = max(number for number, line in enumerate(lines) if line.startswith(b'{"event": "outcome"'))
    kept, last = lines[:ended], lines[ended]
    journals[0].write_bytes(b"".join(kept) + last[:40])
    kept += [line for journal in journals[1:] for line in journal.read_bytes().splitlines(keepends=True)]
    sessions = joined(undertaking, tmp_path).result()["sessions"]

    assert set(kept) <= set((tmp_path / "joined.jsonl").read_bytes().splitlines(keepends=True))
    known = {entry["instance_id"] for entry in sessions if entry["earlier"] == "severed"}
    severed = {name for name, verdict in undertaking.verdicts.items() if verdict == "severed"}
    assert severed - known <= {json.loads(last)["instance_id"]}
