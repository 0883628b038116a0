# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that ended without a result: the report has the journal's facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import encode
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import REPORT_SPEC, report_task
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.evidence.results import (
    MOMENT,
    outcome,
    report,
    seen,
    sending,
    session,
    written,
    written_journal,
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


class TestLostResults:
    """A task that ended without a result: killed, timed out, its connection lost."""

    def record(self, folder: Path, *events: dict[str, Any], **options: Any) -> dict[str, Any]:
        given = {"planned": [session(verdict=None, actions=[])], "began": MOMENT, **options}
        result = report(directory=str(folder), journal=written_journal(folder, *events), **given)
        assert not result["complete"] or options
        record: dict[str, Any] = written(result)["records"][0]
        return record

    def test_a_logout_without_an_end_is_unproven_and_says_so(self, tmp_path: Path) -> None:
        record = self.record(tmp_path, sending())
        assert (record["outcome"], record["verdict"], record["key"]) == ("unproven", "unproven", "unknown")
        assert record["message"] == "a logout was sent, its end isn't known"
        assert [(call["action"], call["outcome"]) for call in record["calls"]] == [("logout", "unknown")]
        assert "Nothing was sent" not in json.dumps(record)
        assert "Run again" in record["needs_human"]

    def test_an_end_that_was_noted_stands_in_for_the_result(self, tmp_path: Path) -> None:
        record = self.record(tmp_path, sending(), outcome(), after=[seen()])
        assert (record["outcome"], len(record["calls"])) == ("severed", 1)
        assert "Taken from the journal" in record["warnings"][0]

    def test_a_logout_after_an_end_has_the_last_word(self, tmp_path: Path) -> None:
        record = self.record(tmp_path, sending(), outcome(), sending(time="2026-11-22T01:31:00.000Z"))
        assert record["outcome"] == "unproven"

    def test_of_a_deletion_whose_result_got_lost_the_journal_speaks_beside_a_result(self, tmp_path: Path) -> None:
        deletion = sending(action="delete", time="2026-11-22T01:31:00.000Z")
        record = self.record(tmp_path, sending(), outcome(), deletion, sessions=[session()], after=[seen()])
        assert (record["outcome"], record["message"]) == ("severed", "a deletion was sent, its end isn't known")
        assert [call["action"] for call in record["calls"]] == ["logout", "delete"]

    def test_a_result_that_came_back_is_believed(self, tmp_path: Path) -> None:
        assert self.record(tmp_path, sending(), sessions=[session()])["outcome"] == "severed"

    def test_what_was_sent_before_the_run_is_history(self, tmp_path: Path) -> None:
        record = self.record(tmp_path, sending(time="2026-11-21T01:30:05.000Z"))
        assert record["outcome"] == "not_run"
        assert len(record["history"]) == 1

    def test_a_journal_that_knows_of_nothing_shows_that_nothing_was_sent(self, tmp_path: Path) -> None:
        record = self.record(tmp_path)
        assert (record["outcome"], record["needs_human"]) == ("not_run", "Nothing was sent to it.")

    def test_without_a_journal_nobody_knows(self, tmp_path: Path) -> None:
        record = written(report(directory=str(tmp_path), planned=[session()]))["records"][0]
        assert record["outcome"] == "unproven"
        assert "isn't known" in record["needs_human"]

    def test_a_journal_that_cannot_be_read_costs_no_evidence(self, tmp_path: Path) -> None:
        (tmp_path / "j.jsonl").write_text("no journal\n")
        options = {"directory": str(tmp_path), "planned": [session()], "sessions": [session("B1")]}
        validated = ArgumentSpecValidator(REPORT_SPEC).validate({**options, "journal": str(tmp_path / "j.jsonl")})
        made = report_task(validated.validated_parameters, False)
        records = written(made.result)["records"]
        assert [(record["instance_id"], record["outcome"]) for record in records] == [
            ("A1", "unproven"),
            ("B1", "severed"),
        ]
        assert written(made.result)["links"] is None
        assert "The journal was not read or not written" in made.warnings[0]

    @pytest.mark.parametrize(("exists", "deleted"), [(True, False), (False, True)])
    def test_a_deletion_without_an_end(self, tmp_path: Path, exists: bool, deleted: bool) -> None:
        now = seen(exists=exists) if exists else seen(exists=False, status=None)
        record = self.record(tmp_path, sending(action="delete"), sessions=[session()], after=[now])
        assert record["deleted"] is deleted
        assert record["calls"][-1]["action"] == "delete"

    def test_the_account_is_taken_from_the_journal(self, tmp_path: Path) -> None:
        assert self.record(tmp_path, {**sending(), "account": "********5678@c.us"})["account"] == "********5678@c.us"

    def test_every_instance_of_the_list_has_a_record(self, tmp_path: Path) -> None:
        listed = [{"instance_id": name, "name": None, "origin": f"line {name}"} for name in ("A1", "B1")]
        journal = written_journal(tmp_path, sending("B1"))
        result = report(directory=str(tmp_path), instances=listed, journal=journal, began=MOMENT, abort_reason="killed")
        assert [(record["outcome"], record["origin"]) for record in written(result)["records"]] == [
            ("not_run", "line A1"),
            ("unproven", "line B1"),
        ]
