# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_report's work: what becomes of results, what is written, and what verifying finds."""

from __future__ import annotations

import copy
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.report import OUTCOMES, drift
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import encode
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import REPORT_SPEC, report_task

MOMENT = "2026-11-22T01:30:00.000Z"


def report(check: bool = False, **options: Any) -> dict[str, Any]:
    validated = ArgumentSpecValidator(REPORT_SPEC).validate(options)
    assert not validated.error_messages
    return report_task(validated.validated_parameters, check).result


def session(instance_id: str = "A1", verdict: str | None = "severed", **changes: Any) -> dict[str, Any]:
    call = {
        "action": "logout",
        "time": MOMENT,
        "duration": 1.0,
        "status": "WORKING",
        "outcome": "ok",
        "http_status": 200,
    }
    return {
        "instance_id": instance_id,
        "state": "decommissioned",
        "verdict": verdict,
        "failed": False,
        "msg": None,
        "actions": [call],
        "began": MOMENT,
        "duration": 2.0,
        "status": "STOPPED",
        "previous_status": "WORKING",
        **changes,
    }


def seen(instance_id: str = "A1", **changes: Any) -> dict[str, Any]:
    facts = {"exists": True, "status": "STOPPED", "paired": False, "account": None, "error": None}
    return {"instance_id": instance_id, **facts, **changes}


def written(result: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(result["files"]["json"]).read_text())
    return content


@pytest.mark.parametrize(
    ("purpose", "given", "outcome", "complete"),
    [
        ("sever", {"sessions": [session()], "after": [seen()]}, "severed", True),
        ("sever", {"sessions": [session(verdict="no_account")]}, "no_account", True),
        ("sever", {"sessions": [session(verdict="unproven", failed=True, msg="x")]}, "unproven", False),
        ("sever", {"sessions": [session(verdict="unproven")], "accept_unproven": ["A1"]}, "accepted_unproven", True),
        ("sever", {"sessions": [session()], "after": [seen(paired=True, status="WORKING")]}, "unproven", False),
        ("sever", {"sessions": [session(failed=True, msg="stop was refused")]}, "severed", False),
        ("sever", {"sessions": [session(verdict=None, left_alone=True, msg="x")]}, "left_alone", False),
        ("sever", {"planned": [session()]}, "not_run", False),
        ("sever", {"sessions": [session()], "deleted": [session(failed=True, msg="x")]}, "severed", False),
        ("sever", {"sessions": [session()], "deleted": [session()]}, "severed", True),
        ("sever", {"sessions": [session()], "trouble": "the disk was full"}, "severed", False),
        ("relink", {"sessions": [session()], "linked": [session(verdict=None)]}, "linked", True),
        ("relink", {"sessions": [session()], "linked": [session(failed=True, msg="x")]}, "failed", False),
        ("relink", {"linked": [session(verdict=None)], "after": [seen(paired=True)]}, "linked", True),
        ("relink", {"linked": [session(verdict=None)], "after": [seen(paired=None)]}, "linked", True),
        ("relink", {"linked": [session(verdict=None)], "after": [seen(status="SCAN_QR_CODE")]}, "failed", False),
        ("shift", {"sessions": [session()]}, "severed", True),
        ("look", {"after": [seen(paired=True)]}, "linked", True),
        ("look", {"after": [seen()]}, "unlinked", True),
        ("look", {"after": [seen(paired=None)]}, "unknown", True),
        ("look", {"after": [seen(exists=False, status=None)]}, "missing", True),
        ("look", {"after": [seen(exists=None, error={"message": "HTTP 403"})]}, "unreadable", False),
    ],
)
def test_outcomes(tmp_path: Path, purpose: str, given: dict[str, Any], outcome: str, complete: bool) -> None:
    result = report(directory=str(tmp_path), purpose=purpose, **given)
    record = written(result)["records"][0]
    assert (record["outcome"], result["complete"]) == (outcome, complete)
    assert (record["needs_human"] is None) == (complete or "trouble" in given) or outcome == "accepted_unproven"
    assert result["summary"]["outcomes"] == {**dict.fromkeys(OUTCOMES, 0), outcome: 1}


@pytest.mark.parametrize("runbook", ["../escaped", "/tmp/x", "a b", ""])  # noqa: S108 - nothing is written there
def test_reports_stay_in_their_folder(tmp_path: Path, runbook: str) -> None:
    with pytest.raises(OptionError, match="runbook"):
        report(directory=str(tmp_path / "here"), runbook=runbook, sessions=[session()])
    assert os.listdir(tmp_path) == []


def test_credentials_in_an_address_are_not_kept(tmp_path: Path) -> None:
    result = report(directory=str(tmp_path), api_url="https://me:geheim@a.example/?t=geheim", sessions=[session()])
    assert "geheim" not in json.dumps(written(result))


def test_an_empty_report_is_not_complete(tmp_path: Path) -> None:
    assert not report(directory=str(tmp_path))["complete"]


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    result = report(directory=str(tmp_path / "new"), sessions=[session()])
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    names = sorted(os.listdir(tmp_path / "new"))
    assert [name.rpartition(".")[2] for name in names] == ["csv", "html", "json"]
    assert {stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) for name in names} == {0o600}
    assert report(state="verified", report=result["files"]["json"], head=result["head"])["compared"] == [
        result["files"]["json"],
        result["files"]["html"],
        result["files"]["csv"],
    ]


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    assert report(True, directory=str(tmp_path / "new"), sessions=[session()])["complete"]
    assert not (tmp_path / "new").exists()
    assert "No report was written" in report(True, directory=str(tmp_path / "new"))["lines"][-1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "directory: is missing"),
        ({"directory": "x", "began": "yesterday"}, "began"),
        ({"directory": "x", "deadline": "2026-11-22"}, "deadline"),
        ({"state": "verified"}, "report: is missing"),
        ({"state": "verified", "report": "/nowhere.json"}, "can't be read"),
        ({"state": "verified", "report": "/nowhere.json", "head": " "}, "head: is empty"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        report(**options)


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"format": "other"}', "[" * 100_000])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(OptionError, match="is no"):
        report(state="verified", report=str(tmp_path / "x.json"))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value something stands that holds nothing else."""
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], (*path, key))
    else:
        yield path


def test_every_edit_of_a_value_shows(tmp_path: Path) -> None:
    """Also of those outside the records, such as what is said of the chain."""
    path = Path(report(directory=str(tmp_path), sessions=[session()], ticket="CHG-1")["files"]["json"])
    whole = json.loads(path.read_text())
    for place in leaves(whole):
        holder = edited = copy.deepcopy(whole)
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = f"{holder[place[-1]]} "
        path.write_text(json.dumps(edited))
        try:
            assert report(state="verified", report=str(path))["failed"], place
        except OptionError:
            assert place == ("format",)


@pytest.mark.parametrize("key", ["verdict", "title", "records", "head"])
def test_a_key_that_stands_twice_shows(tmp_path: Path, key: str) -> None:
    """The chain follows the last one; who reads the file, or another program, may see the first."""
    path = Path(report(directory=str(tmp_path), sessions=[session(verdict="unproven")])["files"]["json"])
    path.write_text(path.read_text().replace(f'"{key}":', f'"{key}": "severed", "{key}":', 1))
    with pytest.raises(OptionError, match=f"not as it was written: it gives {key} twice"):
        report(state="verified", report=str(path))


def test_a_report_without_records_is_not_valid(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"format": "wawp.cloud/report/1"}')
    result = report(state="verified", report=str(tmp_path / "x.json"))
    assert result["failed"]
    assert not result["valid"]


@pytest.mark.parametrize(
    ("deadline", "met"), [(None, None), ("2026-11-22T01:30:02Z", True), ("2026-11-22T03:30:01+02:00", False)]
)
def test_deadlines(tmp_path: Path, deadline: str | None, met: bool | None) -> None:
    given: dict[str, Any] = {"deadline": deadline} if deadline else {}
    assert (
        written(report(directory=str(tmp_path), sessions=[session()], **given))["records"][0]["when"]["deadline_met"]
        is met
    )


def test_the_journal_tells_what_was_before(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    events = [
        {
            "event": "sending",
            "instance_id": "A1",
            "time": "2026-11-21T01:00:00Z",
            "action": "logout",
            "status": "WORKING",
        },
        {"event": "outcome", "instance_id": "A1", "time": "2026-11-21T01:00:02Z", **session()},
        {"event": "outcome", "instance_id": "B1", "time": "2026-11-21T01:00:02Z", "verdict": "severed"},
        {"event": "outcome", "instance_id": "A1", "time": "2026-11-23T01:00:02Z", "verdict": "severed"},
    ]
    journal.write_bytes(b"".join(encode(event) for event in events))
    result = report(directory=str(tmp_path), sessions=[session()], journal=str(journal), began=MOMENT)
    assert [event["what"] for event in written(result)["records"][0]["history"]] == [
        "logout is sent, while WORKING",
        "run ended: severed; sent: logout ok",
    ]


def record(outcome: str, **after: Any) -> dict[str, Any]:
    facts = {"status": "STOPPED", "paired": False, "account": None, **after}
    return {"instance_id": "A1", "outcome": outcome, "verdict": None, "deleted": None, "after": facts}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (record("severed"), seen(), None),
        (record("severed"), seen(paired=True, account="x"), "paired again, with x"),
        (record("unlinked"), seen(paired=True), "paired again"),
        (record("linked", paired=True, account="a"), seen(paired=True, account="b"), "belongs to b now, to a"),
        (record("linked", paired=True, account="a"), seen(paired=True, account="a"), None),
        (record("linked", paired=True), seen(), "isn't any more"),
        (record("severed"), seen(exists=False), "doesn't any more"),
        ({**record("severed"), "deleted": True}, seen(exists=False), None),
        (record("missing"), seen(exists=False), None),
        (record("missing"), seen(paired=True), "didn't exist"),
        (record("severed"), seen(exists=None), None),
    ],
)
def test_drift(before: dict[str, Any], now: dict[str, Any], told: str | None) -> None:
    found = drift([before], [now])
    assert [told in entry["what"] for entry in found if told] == ([True] if told else [])
    assert bool(found) == bool(told)


def test_what_was_not_read_now_is_told() -> None:
    assert "not read now" in drift([record("severed")], [])[0]["what"]


def test_a_broken_baseline_is_refused(tmp_path: Path) -> None:
    path = Path(report(directory=str(tmp_path), sessions=[session()])["files"]["json"])
    path.write_text(path.read_text().replace('"severed"', '"unproven"', 1))
    with pytest.raises(OptionError, match="not as it was written"):
        report(directory=str(tmp_path), purpose="look", after=[seen()], baseline=str(path))
