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
from typing import Any, ClassVar

import jsonschema
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.drift import drift
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.outcomes import OUTCOMES
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import encode
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import REPORT_SPEC, report_task

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs/schema/report-1.json").read_text())
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
    jsonschema.validate(content, SCHEMA)
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
    ("given", "told"),
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
    tmp_path: Path, given: dict[str, Any], told: str | None
) -> None:
    result = report(directory=str(tmp_path), purpose="sever", **given)
    (record,) = written(result)["records"]
    assert (record["outcome"], record["failed"], result["complete"]) == ("severed", told is not None, told is None)
    assert (told or "None") in str(record["needs_human"])


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
        report(directory=str(tmp_path), purpose="audit", after=[seen()], baseline=str(path))


def sending(instance_id: str = "A1", action: str = "logout", time: str = "2026-11-22T01:30:05.000Z") -> dict[str, Any]:
    status = "WORKING" if action == "logout" else "SCAN_QR_CODE"
    return {"event": "sending", "instance_id": instance_id, "time": time, "action": action, "status": status}


def outcome(time: str = "2026-11-22T01:30:09.000Z", **changes: Any) -> dict[str, Any]:
    return {**session(**changes), "event": "outcome", "time": time}


def written_journal(folder: Path, *events: dict[str, Any]) -> str:
    path = folder / "j.jsonl"
    path.write_bytes(b"".join(encode({"event": event["event"], **event}) for event in events))
    return str(path)


class TestLostResults:
    """A task that ended without its result: killed, timed out, its connection lost."""

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
        told = report_task(validated.validated_parameters, False)
        records = written(told.result)["records"]
        assert [(record["instance_id"], record["outcome"]) for record in records] == [
            ("A1", "unproven"),
            ("B1", "severed"),
        ]
        assert written(told.result)["links"] is None
        assert "The journal was not read or not written" in told.warnings[0]

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
    """What the terminal shows."""

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
        ("changes", "told"),
        [
            ({"closed": ["A2"]}, "A2 isn't unproven there, but severed"),
            ({"closed": ["B1"]}, "B1 isn't in the report"),
            ({"closed": []}, "closed: is missing"),
            ({"closed_by": " "}, "closed_by: is missing"),
            ({"closed_seen": None}, "closed_seen: is missing"),
            ({"ticket": ""}, "ticket: is missing"),
            ({"closed_at": "yesterday"}, "closed_at"),
            ({"closed_at": "2999-01-01T00:00:00Z"}, "lies in the future"),
            ({"closed_at": "2020-01-01T00:00:00Z"}, "before the run"),
            ({"report": "/nowhere.json"}, "can't be read"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, changes: dict[str, Any], told: str) -> None:
        first = self.unproven(tmp_path)
        with pytest.raises(OptionError, match=told):
            self.close(tmp_path, first, **{"closed_at": written(first)["ended"], **changes})
        assert len(list(tmp_path.glob("close_unproven*"))) == 0

    def test_a_report_that_was_changed_is_not_closed(self, tmp_path: Path) -> None:
        first = self.unproven(tmp_path)
        path = Path(first["files"]["json"])
        path.write_text(path.read_text().replace('"severed"', '"unproven"', 1))
        with pytest.raises(OptionError, match="not as it was written"):
            self.close(tmp_path, first)


@pytest.mark.parametrize("separator", ["comma", "semicolon", "tab"])
def test_any_separator_is_verified(tmp_path: Path, separator: str) -> None:
    result = report(directory=str(tmp_path), sessions=[session()], csv_separator=separator)
    assert result["files"]["csv"] in report(state="verified", report=result["files"]["json"])["compared"]


def test_without_head_or_signature_verifying_says_what_it_cannot_tell(tmp_path: Path) -> None:
    result = report(directory=str(tmp_path), sessions=[session()])
    bare = report(state="verified", report=result["files"]["json"])
    kept = report(state="verified", report=result["files"]["json"], head=result["head"])
    assert (bare["authentic"], kept["authentic"]) == (False, True)
    assert any("Whether the whole was made anew can't be told" in line for line in bare["lines"])
    assert not any("can't be told" in line for line in kept["lines"])
