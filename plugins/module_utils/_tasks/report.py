# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What wawp_report does with its options: writes a report, or verifies one."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._evidence import page as _report_html
from .._evidence import table as _report_csv
from .._evidence.hash_chain import ALGORITHM, verify
from .._evidence.report import (
    FORMAT,
    LOOK,
    OUTCOMES,
    RELINK,
    SEVER,
    SHIFT,
    Evidence,
    build,
    checked_request,
    checked_results,
    drift,
    header_of,
    parse_time,
    versions,
)
from .._files import read_bytes, write_private
from .._redact import one_line, redact_sensitive_keys
from .._run.journal import read_events
from .._version import VERSION
from .options import Spec
from .result import TaskResult, counted, utc

REQUEST: Spec = {
    "ticket": {"type": "str"},
    "requester": {"type": "str"},
    "approver": {"type": "str"},
    "require_four_eyes": {"type": "bool", "default": False},
    "deadline": {"type": "str"},
    "accept_unproven": {"type": "list", "elements": "str", "default": []},
}
_RESULTS = ("planned", "sessions", "linked", "after", "deleted")
REPORT_SPEC: Spec = {
    "state": {"type": "str", "default": "present", "choices": ["present", "verified"]},
    "directory": {"type": "path"},
    "runbook": {"type": "str", "default": "report"},
    "purpose": {"type": "str", "default": SEVER, "choices": [SEVER, RELINK, SHIFT, LOOK]},
    "title": {"type": "str"},
    **{name: {"type": "list", "elements": "dict", "default": []} for name in _RESULTS},
    "plan": {"type": "dict"},
    "began": {"type": "str"},
    "journal": {"type": "path"},
    "baseline": {"type": "path"},
    "trouble": {"type": "str"},
    "source": {"type": "str"},
    "api_url": {"type": "str"},
    "operator": {"type": "str"},
    "ansible_version": {"type": "str"},
    **REQUEST,
    "report": {"type": "path"},
    "head": {"type": "str"},
}
# As many instances as a person reads in a terminal.
_READABLE = 40
_RUNBOOK = re.compile(r"[A-Za-z0-9_-]+")


def report_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Write a report, or verify one.

    Raises:
        OptionError: a value can't be used, a file can't be read or written.
    """
    return _verify(params) if params["state"] == "verified" else _write(params, check_mode)


def _write(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    if not params["directory"]:
        raise OptionError("directory", "is missing; say where the report is to be written")
    report = build(_evidence(params))
    base = os.path.join(os.path.abspath(params["directory"]), _file_name(params["runbook"], report["ended"]))
    files = {"json": _as_json(report), "csv": _report_csv.render(report), "html": _report_html.render(report)}
    if not check_mode:
        for kind, content in files.items():
            write_private(f"{base}.{kind}", content, "directory")
    records = report["records"]
    result = {
        "changed": True,
        "files": {kind: f"{base}.{kind}" for kind in files},
        "head": report["chain"]["head"],
        "complete": report["summary"]["complete"],
        "summary": report["summary"],
        "drift": report["drift"],
        "needs_human": [
            {name: record[name] for name in ("instance_id", "name", "outcome", "needs_human")}
            for record in records
            if record["needs_human"]
        ],
        "lines": [*_lines(report), _place(f"{base}.html", check_mode)],
    }
    return TaskResult(result)


def _file_name(runbook: str, ended: str) -> str:
    return f"{runbook}-{parse_time(ended).strftime('%Y%m%dT%H%M%S.%f')[:-3]}Z"


def _as_json(report: Mapping[str, Any]) -> bytes:
    return (json.dumps(report, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def _evidence(params: Mapping[str, Any]) -> Evidence:
    ended = utc()
    began = params["began"] or ended
    try:
        parse_time(began)
    except ValueError as error:
        raise OptionError("began", f"{error}; write it like 2026-11-22T01:30:00Z") from None
    checked_results(params, _RESULTS)
    if not _RUNBOOK.fullmatch(params["runbook"]):
        raise OptionError("runbook", "names the files, so it may hold only letters, digits, _ and -")
    # Terms that are not kept are refused by wawp_plan before anything is sent; what has been done is told all the same.
    request = checked_request({**params, "require_four_eyes": False, "operator": params["operator"] or _operator()})
    instances = {str(entry["instance_id"]) for name in _RESULTS for entry in params[name]}
    return Evidence(
        runbook=params["runbook"],
        purpose=params["purpose"],
        title=params["title"] or params["runbook"].replace("_", " ").capitalize(),
        began=began,
        ended=ended,
        request={**request, "require_four_eyes": params["require_four_eyes"]},
        place={
            "api_url": redact_sensitive_keys(params["api_url"]),
            "controller": socket.gethostname(),
            "source": params["source"],
            "versions": versions(params["ansible_version"], platform.python_version()),
        },
        plan=params["plan"],
        trouble=one_line(params["trouble"], 1000) if params["trouble"] else None,
        history=_history(params["journal"], instances, began) if params["journal"] else {},
        drift=drift(_records_of(params["baseline"]), params["after"]) if params["baseline"] else [],
        **{name: params[name] for name in _RESULTS},
    )


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _history(path: str, instances: set[str], began: str) -> dict[str, list[dict[str, str]]]:
    """What the journal tells of the time before this run, by instance."""
    told: dict[str, list[dict[str, str]]] = {}
    for event in read_events(path):
        instance_id = str(event["instance_id"])
        if instance_id not in instances or parse_time(str(event["time"])) >= parse_time(began):
            continue
        what = f"{event.get('action')} is sent, while {event.get('status')}"
        if event["event"] == "outcome":
            sent = ", ".join(f"{action['action']} {action['outcome']}" for action in event.get("actions") or [])
            what = f"run ended: {event.get('verdict') or event.get('status')}; sent: {sent or 'nothing'}"
        told.setdefault(instance_id, []).append({"time": str(event["time"]), "what": what})
    return told


def _records_of(path: str) -> Sequence[Mapping[str, Any]]:
    """The records of an earlier report, which must be whole."""
    report = _read(path, "baseline")
    problems = _problems(report, None)
    if problems:
        raise OptionError("baseline", f"{path} is not as it was written: {'; '.join(problems)}")
    records: Sequence[Mapping[str, Any]] = report["records"]
    return records


def _read(path: str, option: str) -> dict[str, Any]:
    content = read_bytes(path, option)
    twice: set[str] = set()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, dummy in pairs]
        twice.update(name for name in names if names.count(name) > 1)
        return dict(pairs)

    try:
        report = json.loads(content, object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise OptionError(option, f"{path} is no JSON; name the report's .json file") from None
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise OptionError(option, f"{path} is no report of the format {FORMAT}")
    if twice:  # one value would be followed, and another one read by people
        raise OptionError(option, f"{path} is not as it was written: it gives {', '.join(sorted(twice))} twice")
    return report


def _problems(report: Mapping[str, Any], head: str | None) -> list[str]:
    records, chain = report.get("records"), report.get("chain")
    if not isinstance(records, list) or not isinstance(chain, dict) or not all(isinstance(r, dict) for r in records):
        return ["its records or its chain are missing"]
    problems = verify(header_of(report), records, str(chain.get("head")))
    if chain != {"algorithm": ALGORITHM, "head": chain.get("head")}:
        problems.append("what it says of its chain was changed")
    if head is not None and head.strip().lower() != chain.get("head"):
        problems.append("it ends on another hash than the one given as head: it is not the report that was kept")
    return problems


def _verify(params: Mapping[str, Any]) -> TaskResult:
    """Follow the chain, and hold page and table against what the records would give."""
    path = params["report"]
    if not path:
        raise OptionError("report", "is missing; name the report's .json file")
    if params["head"] is not None and not params["head"].strip():
        raise OptionError("head", "is empty, which would skip the check; give the last hash, or leave it out")
    report = _read(path, "report")
    problems = _problems(report, params["head"])
    compared = [path]
    if not problems:
        for kind, render in (("html", _report_html.render), ("csv", _report_csv.render)):
            problem = _sibling(report, os.path.splitext(path)[0], kind, render)
            if problem is None:
                compared.append(f"{os.path.splitext(path)[0]}.{kind}")
            elif problem:
                problems.append(problem)
    result: dict[str, Any] = {
        "changed": False,
        "valid": not problems,
        "problems": problems,
        "compared": compared,
        "head": str((report.get("chain") or {}).get("head")),
    }
    if problems:
        result.update(failed=True, msg=f"{path} is not as it was written: {'; '.join(problems)}")
    return TaskResult(result)


def _sibling(
    report: Mapping[str, Any], base: str, kind: str, render: Callable[[Mapping[str, Any]], bytes]
) -> str | None:
    """What is wrong with the page or table beside a report; None if nothing, empty if it can't be compared."""
    if not os.path.exists(f"{base}.{kind}") or report["place"]["versions"].get("wawp.cloud") != VERSION:
        return ""
    same = read_bytes(f"{base}.{kind}", "report") == render(report)
    return None if same else f"{base}.{kind} doesn't show what the records say"


def _place(page: str, check_mode: bool) -> str:
    return f"No report was written, this is check mode: {page}" if check_mode else f"Report: {page}"


def _lines(report: Mapping[str, Any]) -> list[str]:
    """The report as a person reads it in a terminal."""
    numbers = report["summary"]
    lines = []
    if numbers["total"] <= _READABLE:
        lines += _table(report["records"])
        lines.append("")
    counts = [f"{count} {name.replace('_', ' ')}" for name, count in numbers["outcomes"].items() if count]
    lines.append(f"{counted(numbers['total'])}: {', '.join(reversed(counts)) or 'none'}")
    wanted = sorted(
        (record for record in report["records"] if record["needs_human"]),
        key=lambda record: (OUTCOMES.index(record["outcome"]), record["number"]),
    )
    if wanted:
        lines.append("What needs a human:")
        lines += [f"  {record['instance_id']}  {one_line(record['needs_human'], 300)}" for record in wanted[:_READABLE]]
    if len(wanted) > _READABLE:
        lines.append(f"  and {len(wanted) - _READABLE} more")
    return lines


def _table(records: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [("INSTANCE", "NAME", "WAS", "IS", "OUTCOME", "SENT")]
    for record in records:
        sent = ", ".join(call["action"] for call in record["calls"]) or "nothing"
        name = one_line(record["name"] or "", 24)
        before, after = record["before"]["status"] or "-", record["after"]["status"] or "-"
        rows.append((record["instance_id"], name, before, after, record["outcome"].replace("_", " "), sent))
    if not any(row[1] for row in rows[1:]):
        rows = [(row[0], *row[2:]) for row in rows]  # type: ignore[misc]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
