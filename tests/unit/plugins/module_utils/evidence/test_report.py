# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_report: the outcomes made from results, and the files written."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.drift import drift
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.outcomes import OUTCOMES
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.evidence.results import (
    record,
    report,
    seen,
    session,
    written,
)


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
        ("sever", {"planned": [session()]}, "unproven", False),
        ("sever", {"sessions": [session()], "deleted": [session(failed=True, msg="x")]}, "severed", False),
        ("sever", {"sessions": [session()], "deleted": [session()]}, "severed", True),
        ("sever", {"sessions": [session()], "abort_reason": "the disk was full"}, "severed", False),
        ("relink", {"sessions": [session()], "linked": [session(verdict=None)]}, "linked", True),
        ("relink", {"sessions": [session()], "linked": [session(failed=True, msg="x")]}, "failed", False),
        ("relink", {"linked": [session(verdict=None)], "after": [seen(paired=True)]}, "linked", True),
        ("relink", {"linked": [session(verdict=None)], "after": [seen(paired=None)]}, "linked", True),
        ("relink", {"linked": [session(verdict=None)], "after": [seen(status="SCAN_QR_CODE")]}, "failed", False),
        ("shift", {"sessions": [session()]}, "severed", True),
        ("audit", {"after": [seen(paired=True)]}, "linked", True),
        ("audit", {"after": [seen()]}, "unlinked", True),
        ("audit", {"after": [seen(paired=None)]}, "unknown", True),
        ("audit", {"after": [seen(exists=False, status=None)]}, "missing", True),
        (
            "audit",
            {
                "after": [
                    seen(
                        exists=None,
                        error={"kind": "forbidden", "code": None, "http_status": 403, "message": "HTTP 403"},
                    )
                ]
            },
            "unreadable",
            False,
        ),
    ],
)
def test_outcomes(tmp_path: Path, purpose: str, given: dict[str, Any], outcome: str, complete: bool) -> None:
    result = report(directory=str(tmp_path), purpose=purpose, **given)
    record = written(result)["records"][0]
    assert (record["outcome"], result["complete"]) == (outcome, complete)
    assert (record["needs_human"] is None) == (complete or "abort_reason" in given) or outcome == "accepted_unproven"
    assert result["summary"]["outcomes"] == {**dict.fromkeys(OUTCOMES, 0), outcome: 1}


STOP = {**session()["actions"][0], "action": "stop"}

UP: dict[str, Any] = {"actions": [*session()["actions"], STOP], "status": "SCAN_QR_CODE"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sessions": [session(**UP)], "after": [seen(status="STOPPED")]}, None),
        ({"sessions": [session(**UP)], "after": [seen(status="SCAN_QR_CODE")]}, "the session is SCAN_QR_CODE"),
        ({"sessions": [session(**UP)], "after": [seen(exists=None, status=None)]}, "could not be read again"),
        ({"sessions": [session(**UP)]}, "could not be read again"),
        ({"sessions": [session(**UP)], "after": [seen(exists=False, status=None)]}, None),
        ({"sessions": [session(**UP)], "deleted": [session(**UP)], "after": [seen(exists=False, status=None)]}, None),
        ({"sessions": [session(**{**UP, "state": "logged_out"})], "after": [seen(status="SCAN_QR_CODE")]}, None),
    ],
)
def test_a_stop_that_is_not_seen_done_when_all_is_read_again_needs_a_human(
    tmp_path: Path, given: dict[str, Any], message: str | None
) -> None:
    result = report(directory=str(tmp_path), purpose="sever", **given)
    (record,) = written(result)["records"]
    assert (record["outcome"], record["failed"], result["complete"]) == (
        "severed",
        message is not None,
        message is None,
    )
    assert (message or "None") in str(record["needs_human"])


@pytest.mark.parametrize("runbook", ["../escaped", "/tmp/x", "a b", ""])  # noqa: S108 - nothing is written there
def test_reports_stay_in_their_folder(tmp_path: Path, runbook: str) -> None:
    with pytest.raises(OptionError, match="runbook"):
        report(directory=str(tmp_path / "here"), runbook=runbook, sessions=[session()])
    assert os.listdir(tmp_path) == []


def test_credentials_in_an_address_are_not_kept(tmp_path: Path) -> None:
    result = report(directory=str(tmp_path), api_url="https://me:hushed@a.example/?t=hushed", sessions=[session()])
    assert "hushed" not in json.dumps(written(result))


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


def test_each_record_has_a_line_of_its_own(tmp_path: Path) -> None:
    ids = ("A1", "B1", "C1")
    result = report(directory=str(tmp_path), sessions=[session(instance_id=each) for each in ids])
    lines = Path(result["files"]["json"]).read_text(encoding="ascii").splitlines()
    records = [
        json.loads(line.rstrip(",")) for line in lines[lines.index(' "records": [') + 1 : lines.index(" ],", -4)]
    ]
    assert records == written(result)["records"]
    assert [record["instance_id"] for record in records] == list(ids)


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    assert report(True, directory=str(tmp_path / "new"), sessions=[session()])["complete"]
    assert not (tmp_path / "new").exists()
    assert "No report was written" in report(True, directory=str(tmp_path / "new"))["lines"][-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "directory: is missing"),
        ({"directory": "x", "began": "yesterday"}, "began"),
        ({"directory": "x", "deadline": "2026-11-22"}, "deadline"),
        ({"state": "verified"}, "report: is missing"),
        ({"state": "verified", "report": "/nowhere.json"}, "can't be read"),
        ({"state": "verified", "report": "/nowhere.json", "head": " "}, "head: is empty"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        report(**options)


@pytest.mark.parametrize(
    ("deadline", "met"), [(None, None), ("2026-11-22T01:30:02Z", True), ("2026-11-22T03:30:01+02:00", False)]
)
def test_deadlines(tmp_path: Path, deadline: str | None, met: bool | None) -> None:
    given: dict[str, Any] = {"deadline": deadline} if deadline else {}
    assert (
        written(report(directory=str(tmp_path), sessions=[session()], **given))["records"][0]["when"]["deadline_met"]
        is met
    )


@pytest.mark.parametrize(
    ("before", "now", "message"),
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
def test_drift(before: dict[str, Any], now: dict[str, Any], message: str | None) -> None:
    found = drift([before], [now])
    assert [message in entry["what"] for entry in found if message] == ([True] if message else [])
    assert bool(found) == bool(message)


def test_what_was_not_read_now_is_told() -> None:
    assert "not read now" in drift([record("severed")], [])[0]["what"]


def test_a_broken_baseline_is_refused(tmp_path: Path) -> None:
    path = Path(report(directory=str(tmp_path), sessions=[session()])["files"]["json"])
    path.write_text(path.read_text().replace('"severed"', '"unproven"', 1))
    with pytest.raises(OptionError, match="not as it was written"):
        report(directory=str(tmp_path), purpose="audit", after=[seen()], baseline=str(path))
