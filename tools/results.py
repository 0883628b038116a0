# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count tests: `python tools/results.py REPORT...` sums up nox's reports.

A session that ran pytest or ansible-test leaves its counts in `.work/results`; every other one counts as one test. The
last line is `N passed, N failed, N skipped`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from project import WORK

RESULTS = WORK / "results"
LONGEST = 600
NOTHING_TO_CHECK = "No tests applicable."  # ansible-test's words for a sanity test without files


@dataclass
class Counts:
    """Numbers of tests passed, failed and skipped, the names of skipped ones, and the reasons of failures."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    left_out: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __iadd__(self, other: Counts) -> Counts:
        """Add the numbers of `other`, its names and reasons."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.left_out += other.left_out
        self.failures += other.failures
        return self


def shorten(text: str) -> str:
    """Return a text on one line, cut to LONGEST characters."""
    return " ".join(text.split())[:LONGEST]


def test_cases(report: Path) -> list[ElementTree.Element]:
    """Return the test cases of a JUnit report; a single failed one if it was cut off."""
    try:
        return list(ElementTree.parse(report).getroot().iter("testcase"))
    except ElementTree.ParseError:
        return list(ElementTree.fromstring(f'<report><testcase name="{report.name}"><error/></testcase></report>'))


def junit_counts(files: Iterable[Path]) -> Counts:
    """Add up JUnit reports of pytest and ansible-test."""
    counts = Counts()
    for case in (case for path in files for case in test_cases(path)):
        broken = [problem for kind in ("failure", "error") if (problem := case.find(kind)) is not None]
        if broken:
            counts.failed += 1
            counts.failures.append(f"{case.get('name')}: {shorten(broken[0].get('message') or broken[0].text or '')}")
        elif (skipped := case.find("skipped")) is not None:
            if skipped.text == NOTHING_TO_CHECK:
                continue
            counts.skipped += 1
            counts.left_out.append(str(case.get("name")))
        else:
            counts.passed += 1
    return counts


def target_counts(log: str) -> Counts:
    """Count integration targets in the output of ansible-test; one that failed and then passed counts as passed."""
    sections = re.split(r"^Running (\S+) integration test (?:role|script).*", log, flags=re.MULTILINE)
    runs = list(zip(sections[1::2], sections[2::2], strict=True))
    lists = re.findall(r"^FATAL: The \d+ integration test\(s\) listed below .*\n((?:\w+\n)+)", log, re.MULTILINE)
    failed = {name for names in lists for name in names.split()}
    ends = [(name, re.search(r"^(ERROR|WARNING: Retrying)", text, re.MULTILINE), text) for name, text in runs]
    failures = [f"{name}: {shorten(text[: end.start()][-LONGEST:])}" for name, end, text in ends if end]
    return Counts(passed=len({name for name, dummy in runs} - failed), failed=len(failed), failures=failures)


def result_file(session: str) -> Path:
    """Return the path of a session's counts."""
    return RESULTS / f"{session}.json"


def forget(session: str) -> None:
    """Remove the counts of an earlier run of a session."""
    result_file(session).unlink(missing_ok=True)


def record(session: str, counts: Counts) -> None:
    """Keep the counts of a session for the summary."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    result_file(session).write_text(json.dumps(asdict(counts)), encoding="utf-8")


def session_counts(session: str, result: str, reason: str | None) -> Counts:
    """Return a session's counts; one that failed in nox has at least one failed test."""
    if result == "skipped" or (result == "aborted" and str(reason).startswith("Prerequisite")):
        return Counts(skipped=1, left_out=[reason or session])
    file = result_file(session)
    counts = Counts(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else Counts()
    if result != "success":
        counts.failed = counts.failed or 1
    elif not counts.failed and not counts.passed and not counts.skipped:
        counts.passed = 1
    return counts


def main() -> None:
    """Print a table of sessions and the closing line; exits with 1 if anything failed."""
    missing = [name for name in sys.argv[1:] if not Path(name).exists()]
    if missing:
        raise SystemExit(f"nox made no report: {' '.join(missing)}")
    reports = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]
    sessions = [session for report in reports for session in report["sessions"]]
    width = max((len(session["name"]) for session in sessions), default=0)
    total = Counts()
    failures: list[str] = []
    print(f"\n{'session':{width}}  {'seconds':>8}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for session in sessions:
        counts = session_counts(session["name"], session["result"], session["reason"])
        numbers = f"{session.get('duration', 0):8.0f}{counts.passed:8}{counts.failed:8}{counts.skipped:8}"
        print(f"{session['name']:{width}}  {numbers}  {', '.join(counts.left_out)[:80]}".rstrip())
        total += counts
        failures += [f"{session['name']}: {failure}" for failure in counts.failures]
    print("".join(f"\n{failure}" for failure in failures))
    print(f"\n{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    sys.exit(bool(total.failed))


if __name__ == "__main__":
    main()
