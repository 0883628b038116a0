# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine whose clock is set during a run, by hand or by a time server."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.times import parse_time, seconds_between
from ansible_collections.wawp.cloud.plugins.module_utils._run.clock import RunTime, start_of_run
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import encode
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import REPORT_SPEC, report_task

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs/schema/report-1.json").read_text())
HOUR = 3600.0
DEADLINE: dict[str, Any] = {"deadline": "2099-01-01T00:00:00Z"}


def report(check: bool = False, **options: Any) -> dict[str, Any]:
    validated = ArgumentSpecValidator(REPORT_SPEC).validate(options)
    assert not validated.error_messages
    return report_task(validated.validated_parameters, check).result


def written(result: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(result["files"]["json"]).read_text())
    jsonschema.validate(content, SCHEMA)
    return content


def moment(seconds: float) -> str:
    """Return the time this many seconds from now."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()


def start(set_by: float) -> dict[str, Any]:
    """Return the start of a run since which the clock was set by this many seconds."""
    return {**start_of_run(), "time": moment(-set_by)}


def session(began: str) -> dict[str, Any]:
    return {"instance_id": "A1", "verdict": "severed", "actions": [], "began": began, "duration": 2.0}


@pytest.mark.parametrize("set_by", [HOUR, -HOUR, 3.0, -3.0])
def test_a_clock_that_was_set_leaves_the_deadline_open(tmp_path: Path, set_by: float) -> None:
    begin = start(set_by)
    sessions = [session(RunTime(begin).now().isoformat(timespec="milliseconds").replace("+00:00", "Z"))]
    result = report(directory=str(tmp_path), sessions=sessions, start=begin, began=begin["time"], **DEADLINE)
    made = written(result)
    assert made["clock_set_by"] == pytest.approx(set_by, abs=1)
    assert made["records"][0]["when"]["deadline_met"] is None
    assert 0 <= seconds_between(made["began"], made["ended"]) < 60
    words = f"clock was set by {set_by:+.0f} s"
    assert any(words in line and "left open" in line for line in result["lines"])
    page = Path(result["files"]["html"]).read_text()
    assert "open, since the clock was set" in page
    assert "met by all" not in page


@pytest.mark.parametrize("given", [True, False])
def test_a_clock_that_was_not(tmp_path: Path, given: bool) -> None:
    begin: dict[str, Any] = {"start": start_of_run()} if given else {}
    made = written(report(directory=str(tmp_path), sessions=[session(moment(0))], **begin, **DEADLINE))
    assert made["clock_set_by"] is None
    assert made["records"][0]["when"]["deadline_met"] is True


@pytest.mark.parametrize(
    "change", [{"boot": "another"}, {"boot": ""}, {"steady": 1e12}, {"time": "noon"}, {"steady": "x"}]
)
def test_a_start_that_says_nothing_here(change: dict[str, Any]) -> None:
    """From another machine, from before a reboot, or edited by hand."""
    time = RunTime({**start(HOUR), **change})
    assert abs((time.began - datetime.now(timezone.utc)).total_seconds()) < 60
    assert time.clock_set_by() is None


def test_a_clock_set_back_shows_without_a_start_too(tmp_path: Path) -> None:
    """The run would end before it began."""
    made = written(report(directory=str(tmp_path), sessions=[session(moment(HOUR))], began=moment(HOUR), **DEADLINE))
    assert made["ended"] >= made["began"]
    assert made["clock_set_by"] == pytest.approx(-HOUR, abs=60)
    assert made["records"][0]["when"]["deadline_met"] is None


@pytest.mark.parametrize("skew", [HOUR, -HOUR])
def test_the_order_in_the_journal_says_what_belongs_to_the_run(tmp_path: Path, skew: float) -> None:
    """Whatever the clock said: this run's events don't count as earlier ones, nor the reverse."""
    journal = tmp_path / "j.jsonl"
    early = {"event": "sending", "instance_id": "A1", "time": moment(-skew), "action": "logout", "status": "WORKING"}
    journal.write_bytes(encode({**early, "instance_id": "B1"}))
    journal.chmod(0o600)
    options: dict[str, Any] = {
        "directory": str(tmp_path),
        "journal": str(journal),
        "instances": [{"instance_id": "A1"}],
    }
    begin = report(check=True, **options)["start"]
    assert begin["events"] == 1
    with journal.open("ab") as stream:
        stream.write(encode({**early, "time": moment(skew)}))
    made = written(report(**options, start=begin, began=begin["time"]))
    record = next(each for each in made["records"] if each["instance_id"] == "A1")
    assert record["outcome"] == "unproven"
    assert [call["action"] for call in record["calls"]] == ["logout"]
    assert made["links"]["interrupted"]["instances"] == 1


@pytest.mark.parametrize("count", ["1", 7, None])
def test_without_a_count_that_can_be_used_the_times_of_events_say_which_are_earlier(
    tmp_path: Path, count: object
) -> None:
    journal = tmp_path / "j.jsonl"
    sent = {"event": "sending", "action": "logout", "status": "WORKING"}
    events = ({**sent, "instance_id": "B1", "time": moment(-60)}, {**sent, "instance_id": "A1", "time": moment(60)})
    journal.write_bytes(b"".join(map(encode, events)))
    journal.chmod(0o600)
    options: dict[str, Any] = {"directory": str(tmp_path), "journal": str(journal), "began": moment(0)}
    begin = {**start_of_run(), "events": count}
    made = written(report(**options, instances=[{"instance_id": "A1"}], start=begin))
    assert [call["action"] for call in made["records"][0]["calls"]] == ["logout"]
    assert made["links"]["interrupted"]["instances"] == 1


def test_tasks_of_a_run_count_from_its_beginning() -> None:
    begin = start(HOUR)
    times = RunTime(begin), RunTime(begin)
    assert abs((times[0].now() - times[1].now()).total_seconds()) < 5
    assert abs((times[1].now() - parse_time(begin["time"])).total_seconds()) < 5
