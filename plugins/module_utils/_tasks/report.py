# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_report: write a report, close records of one, or verify one."""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._evidence import page, table
from .._evidence.drift import drift
from .._evidence.from_journal import JournalFacts, journal_facts
from .._evidence.lines import report_lines
from .._evidence.outcomes import PURPOSES, SEVER
from .._evidence.report import Evidence, as_json, build, checked_results, versions
from .._evidence.request import checked_request, checked_time
from .._evidence.times import parse_time, seconds_between
from .._files import write_private
from .._redact import one_line, redact_sensitive_keys
from .._run.clock import RunTime, start_of_run, utc
from .._run.journal import Journal, read_events
from .options import START, Spec
from .report_close import CLOSE_SPEC, closing_evidence, journal_of
from .report_file import whole_report
from .report_verify import VERIFY_SPEC, verify_task
from .result import TaskResult
from .seals import SEAL_SPEC, check_seals, seal

REQUEST: Spec = {
    "ticket": {"type": "str"},
    "requester": {"type": "str"},
    "approver": {"type": "str"},
    "require_four_eyes": {"type": "bool", "default": False},
    "deadline": {"type": "str"},
    "accept_unproven": {"type": "list", "elements": "str", "default": []},
}
_RESULTS = ("planned", "sessions", "linked", "after", "deleted")
LISTS = ("instances", *_RESULTS)
REPORT_SPEC: Spec = {
    "state": {"type": "str", "default": "present", "choices": ["present", "verified", "closed"]},
    "directory": {"type": "path"},
    "runbook": {"type": "str", "default": "report"},
    "purpose": {"type": "str", "default": SEVER, "choices": list(PURPOSES[:-1])},
    "title": {"type": "str"},
    **{name: {"type": "list", "elements": "dict", "default": []} for name in LISTS},
    "plan": {"type": "dict"},
    "input": {"type": "dict"},
    "began": {"type": "str"},
    **START,
    "journal": {"type": "path"},
    "baseline": {"type": "path"},
    "abort_reason": {"type": "str"},
    "source": {"type": "str"},
    "api_url": {"type": "str"},
    "operator": {"type": "str"},
    "ansible_version": {"type": "str"},
    "csv_separator": {"type": "str", "default": "comma", "choices": list(table.SEPARATORS)},
    **REQUEST,
    **SEAL_SPEC,
    **VERIFY_SPEC,
    **CLOSE_SPEC,
}
_RUNBOOK = re.compile(r"[A-Za-z0-9_-]+")
_PLAN = ("confirm", "fingerprint", "file", "sha256", "time")
_INPUT = ("source", "count", "sha256", "hashed", "columns", "ignored_columns")


def report_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Write a report, close records of one, or verify one.

    Raises:
        OptionError: a value can't be used, a file can't be read or written.
    """
    if params["state"] == "verified":
        return verify_task(params)
    if not params["directory"]:
        raise OptionError("directory", "is missing; say where the report is to be written")
    if not _RUNBOOK.fullmatch(params["runbook"]):
        raise OptionError("runbook", "names the files, so it may hold only letters, digits, _ and -")
    check_seals(params)
    if params["state"] == "closed":
        params = {**params, "journal": params["journal"] or journal_of(params["report"])}
    start = start_of_run()
    evidence, facts = _closing(params) if params["state"] == "closed" else _evidence(params)
    written = _write(build(evidence), params, check_mode)
    if check_mode:
        written.result["start"] = {**start, "events": facts.count if facts else None}
    return written


def _write(report: Mapping[str, Any], params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    base = os.path.join(os.path.abspath(params["directory"]), _file_name(params["runbook"], report["ended"]))
    files: dict[str, Callable[[], Iterable[bytes]]] = {
        "json": lambda: as_json(report),
        "csv": lambda: [table.render(report, params["csv_separator"])],
        "html": lambda: [page.render(report)],
    }
    head = report["chain"]["head"]
    sealed: dict[str, str] = {}
    problems: list[str] = []
    warnings: list[str] = []
    if not check_mode:
        for kind, content in files.items():
            write_private(f"{base}.{kind}", content(), "directory")
        sealed, problems = seal(head, base, params)
        warnings = _note_in_journal(report, params, f"{base}.json")
    where = "No report was written, this is check mode" if check_mode else "Report"
    lines = report_lines(report)
    result = {
        "changed": True,
        "files": {**{kind: f"{base}.{kind}" for kind in files}, **sealed},
        "head": head,
        "complete": report["summary"]["complete"],
        "summary": report["summary"],
        "drift": report["drift"],
        "needs_human": [
            {name: record[name] for name in ("instance_id", "name", "outcome", "key", "needs_human")}
            for record in report["records"]
            if record["needs_human"]
        ],
        "lines": [*lines, f"{where}: {base}.html"],
    }
    if problems:
        result.update(failed=True, msg=f"The report is written, {base}.json, but {'; '.join(problems)}")
    return TaskResult(result, warnings)


def _file_name(runbook: str, ended: str) -> str:
    return f"{runbook}-{parse_time(ended).strftime('%Y%m%dT%H%M%S.%f')[:-3]}Z"


def _evidence(params: Mapping[str, Any]) -> tuple[Evidence, JournalFacts | None]:
    time = RunTime(params["start"])
    began = checked_time("began", params["began"] or utc(time.began))
    ended, clock_set_by = _end(began, time)
    checked_results(params, LISTS)
    facts = _journal(params, began)
    results = {name: list(params[name]) for name in LISTS}
    if facts:
        results["sessions"] = _with_lost(results["sessions"], facts.sessions)
        results["deleted"] = _with_lost(results["deleted"], facts.deleted)
    baseline = whole_report(params["baseline"], "baseline")["records"] if params["baseline"] else []
    evidence = Evidence(
        began=began,
        ended=ended,
        **_frame(params),
        plan={name: params["plan"][name] for name in _PLAN if name in params["plan"]} if params["plan"] else None,
        input={name: params["input"].get(name) for name in _INPUT} if params["input"] else None,
        links=_links(params, facts),
        abort_reason=one_line(params["abort_reason"], 1000) if params["abort_reason"] else None,
        clock_set_by=clock_set_by,
        journal_read=facts is not None,
        history=facts.history if facts else {},
        accounts=facts.accounts if facts else {},
        drift=drift(baseline, params["after"]) if baseline else [],
        **results,  # type: ignore[arg-type]
    )
    return evidence, facts


def _end(began: str, time: RunTime) -> tuple[str, float | None]:
    """Return the end of the run, and by how many seconds the clock was set meanwhile, if known."""
    ended, set_by = utc(time.now()), time.clock_set_by()
    backwards = seconds_between(began, ended)
    return (began, set_by or round(backwards, 1)) if backwards < 0 else (ended, set_by)


def _frame(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's facts about itself: which run, who, where."""
    # wawp_plan refuses unmet terms before anything is sent; what was done is still reported.
    request = checked_request({**params, "require_four_eyes": False, "operator": params["operator"] or _operator()})
    return {
        "runbook": params["runbook"],
        "purpose": params["purpose"],
        "title": params["title"] or params["runbook"].replace("_", " ").capitalize(),
        "request": {**request, "require_four_eyes": params["require_four_eyes"]},
        "environment": {
            "api_url": redact_sensitive_keys(params["api_url"]),
            "controller": socket.gethostname(),
            "source": params["source"],
            "versions": versions(params["ansible_version"], platform.python_version()),
        },
    }


def _closing(params: Mapping[str, Any]) -> tuple[Evidence, JournalFacts | None]:
    now = utc()
    closing = closing_evidence(params, now)
    facts = _journal(params, now)
    return Evidence(**{**_frame(params), **closing, "links": _links(params, facts)}), facts


def _journal(params: Mapping[str, Any], began: str) -> JournalFacts | None:
    """Return the journal's facts, None if there is no journal or it can't be read."""
    path = params["journal"]
    if not path:
        return None
    instances = {str(entry["instance_id"]) for name in LISTS for entry in params[name]}
    known = {str(entry["instance_id"]) for entry in params["sessions"]}
    counted = (params["start"] or {}).get("events")
    before = counted if isinstance(counted, int) else None
    try:
        facts = journal_facts(read_events(path), began, instances, known, before)
        if facts.count < (before or 0):  # another journal by now
            facts = journal_facts(read_events(path), began, instances, known)
    except OptionError:  # facts from elsewhere must be kept; _note_in_journal warns
        return None
    return facts


def _with_lost(results: Sequence[Mapping[str, Any]], lost: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the results that came back, with the journal's in place of those that didn't."""
    known = {str(entry["instance_id"]) for entry in results}
    # The last one of an instance: it may have run, and then run again without an end.
    latest = {str(entry["instance_id"]): entry for entry in lost}
    return [*results, *(entry for instance_id, entry in latest.items() if instance_id not in known)]


def _links(params: Mapping[str, Any], facts: JournalFacts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        "journal": os.path.abspath(params["journal"]),
        "previous": facts.previous,
        "interrupted": facts.interrupted,
    }


def _note_in_journal(report: Mapping[str, Any], params: Mapping[str, Any], file: str) -> list[str]:
    """Note this report in the journal for the next one. Returns warnings."""
    path = params["journal"]
    if not path or not os.path.exists(path):
        return []
    try:
        journal = Journal(path, report["ended"])
    except OptionError as error:
        return [f"The journal was not read or not written: {error.problem}"]
    for record in report["records"] if report["closing"] else ():
        closing = {name: report["closing"][name] for name in ("by", "at", "seen")}
        journal.write("closed", record["instance_id"], report["ended"], **closing)
    journal.write(
        "report",
        "",
        report["ended"],
        runbook=report["runbook"],
        complete=report["summary"]["complete"],
        file=os.path.basename(file),
        head=report["chain"]["head"],
    )
    journal.close(utc())
    return [f"The next report won't name this one, since the journal {journal.failure}"] if journal.failure else []


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
