# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report's facts around its records, its terminal output, and the closing of records."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.evidence.results import (
    MOMENT,
    report,
    seen,
    sending,
    session,
    written,
    written_journal,
)


class TestLinks:
    def test_a_report_names_the_one_before_it(self, tmp_path: Path) -> None:
        journal = written_journal(tmp_path, sending(time="2026-11-21T01:00:00.000Z"))
        one = report(directory=str(tmp_path), sessions=[session()], journal=journal, runbook="one")
        two = report(directory=str(tmp_path), sessions=[session()], journal=journal, runbook="two")
        assert written(one)["links"]["previous"] is None
        assert written(one)["links"]["interrupted"] == {
            "began": "2026-11-21T01:00:00.000Z",
            "ended": "2026-11-21T01:00:00.000Z",
            "instances": 1,
            "without_end": 1,
        }
        before = written(two)["links"]["previous"]
        assert (before["head"], before["file"]) == (one["head"], os.path.basename(one["files"]["json"]))
        assert written(two)["links"]["interrupted"] is None
        assert written(two)["links"]["journal"] == journal

    def test_check_mode_leaves_the_journal_alone(self, tmp_path: Path) -> None:
        journal = Path(written_journal(tmp_path, sending()))
        before = journal.read_bytes()
        report(True, directory=str(tmp_path), sessions=[session()], journal=str(journal))
        assert journal.read_bytes() == before

    def test_the_list_and_the_plan(self, tmp_path: Path) -> None:
        given = {"source": "office.csv", "count": 1, "sha256": "a" * 64, "hashed": "file"}
        plan = {"confirm": "decommission-1-a1b2c3d4", "fingerprint": "b" * 64, "entries": [1], "sha256": "c" * 64}
        content = written(report(directory=str(tmp_path), sessions=[session()], input=given, plan=plan))
        assert content["input"]["sha256"] == "a" * 64
        assert content["plan"] == {name: plan[name] for name in ("confirm", "fingerprint", "sha256")}

    def test_reads_are_counted(self, tmp_path: Path) -> None:
        runs: dict[str, Any] = {"planned": [session(reads=2)], "sessions": [session(reads=5)], "after": [seen(reads=1)]}
        assert written(report(directory=str(tmp_path), **runs))["summary"]["reads"] == 8


class TestLines:
    """The output in a terminal."""

    def test_one_message_for_one_cause_with_names_and_accounts(self, tmp_path: Path) -> None:
        stuck = [
            session(f"A{n}", "unproven", failed=True, msg=f"A{n} is stuck", name=f"Desk {n}", account=f"****{n}@c.us")
            for n in range(3)
        ]
        result = report(directory=str(tmp_path), sessions=stuck)
        lines = result["lines"]
        assert lines[-7:-2] == [
            "3 instances: 3 unproven",
            "3 unproven: it is stuck",
            *(f"  A{n} (Desk {n}), ****{n}@c.us" for n in range(3)),
        ]
        assert lines[-2] == f"Last hash: {result['head']}"

    def test_a_prediction_is_worded_as_one(self, tmp_path: Path) -> None:
        lines = report(directory=str(tmp_path), sessions=[session(prediction=True)])["lines"]
        assert "1 instance: 1 would be severed" in lines
        assert "This is a prediction: nothing was sent." in lines
        assert not any(line.endswith(" 1 severed") for line in lines)

    def test_an_audit_says_that_it_only_read(self, tmp_path: Path) -> None:
        lines = report(directory=str(tmp_path), purpose="audit", after=[seen()])["lines"]
        assert any(line.startswith("Read only") for line in lines)


class TestClosing:
    """An unproven link that a person has ended on the phone."""

    TERMS: ClassVar = {
        "closed_by": "Mona Adel",
        "closed_at": "2026-11-23T09:00:00Z",
        "closed_seen": "Linked devices of +20 101 234 5678 listed no device",
        "ticket": "CHG-7",
    }

    def unproven(self, folder: Path) -> dict[str, Any]:
        given = [session("A1", "unproven", failed=True, msg="x", account="****5678@c.us", name="Desk"), session("A2")]
        return report(directory=str(folder), sessions=given, began=MOMENT)

    def close(self, folder: Path, first: dict[str, Any], **changes: Any) -> dict[str, Any]:
        terms = {**self.TERMS, "closed": ["A1"], "report": first["files"]["json"], **changes}
        return report(directory=str(folder), state="closed", runbook="close_unproven", **terms)

    def test_a_report_of_its_own_names_the_one_it_closes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first = self.unproven(tmp_path)
        before = Path(first["files"]["json"]).read_bytes()
        result = self.close(tmp_path, first, closed_at=written(first)["ended"])
        content = written(result)
        assert (content["records"][0]["outcome"], content["records"][0]["account"]) == ("closed", "****5678@c.us")
        assert content["closing"]["head"] == first["head"]
        assert "201 234 5678" not in json.dumps(content)
        assert result["complete"]
        assert Path(first["files"]["json"]).read_bytes() == before
        assert not report(state="verified", report=result["files"]["json"], head=result["head"])["problems"]

    def test_the_next_audit_shows_it(self, tmp_path: Path) -> None:
        journal = written_journal(tmp_path, sending())
        first = self.unproven(tmp_path)
        self.close(tmp_path, first, closed_at=written(first)["ended"], journal=journal)
        audit = report(directory=str(tmp_path), purpose="audit", after=[seen()], journal=journal)
        history = written(audit)["records"][0]["history"]
        assert "closed by Mona Adel" in history[-1]["what"]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"closed": ["A2"]}, "A2 isn't unproven there, but severed"),
            ({"closed": ["B1"]}, "B1 isn't in the report"),
            ({"closed": []}, "closed: is missing"),
            ({"closed_by": " "}, "closed_by: is missing"),
            ({"closed_seen": None}, "closed_seen: is missing"),
            ({"closed_seen": "\u200b -"}, "closed_seen: is missing"),
            ({"closed_by": "\u3164."}, "closed_by: is missing"),
            ({"ticket": ""}, "ticket: is missing"),
            ({"closed_at": "yesterday"}, "closed_at"),
            ({"closed_at": "2999-01-01T00:00:00Z"}, "lies in the future"),
            ({"closed_at": "2020-01-01T00:00:00Z"}, "before the run"),
            ({"report": "/nowhere.json"}, "can't be read"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
        first = self.unproven(tmp_path)
        with pytest.raises(OptionError, match=message):
            self.close(tmp_path, first, **{"closed_at": written(first)["ended"], **changes})
        assert len(list(tmp_path.glob("close_unproven*"))) == 0

    def test_a_report_that_was_changed_is_not_closed(self, tmp_path: Path) -> None:
        first = self.unproven(tmp_path)
        path = Path(first["files"]["json"])
        path.write_text(path.read_text().replace('"severed"', '"unproven"', 1))
        with pytest.raises(OptionError, match="not as it was written"):
            self.close(tmp_path, first)
