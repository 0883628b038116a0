# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the runbooks as an operator calls them: runbook.py [--size 10000] [--hosts 2000] [--write FILE].

Decommissions a number of sessions, then as many others with the first ones' journal, then as many without
restart_first, audits the first ones, and runs with many hosts as instances. Then opens the report in Chromium.
Nothing here passes or fails: it prints tables.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from run import Bench, machine, printed, replaced, simulator

PHRASE = re.compile(r"wawp_confirm=(decommission-[0-9a-f-]+)")
HEAD = (
    "| {0} | wall time | processor time | peak memory of the largest process | calls an instance | longest line |\n"
    "|---|---:|---:|---:|---:|---:|"
)


class Operator:
    """An operator who calls runbooks from a separate folder, with one journal."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench, self._folder = bench, folder
        self.reports = folder / "reports"

    def call(self, what: str, runbook: str, size: int, *words: str, **variables: Any) -> str:
        """Call a runbook for a number of instances and return its cost as a row."""
        file = self._folder / "variables.json"
        pace = {"wawp_calls_per_second": 0, "wawp_max_connections": 16}
        places = {"wawp_report_dir": str(self.reports), "wawp_journal": str(self._folder / "journal.jsonl")}
        file.write_text(json.dumps({**pace, **places, **variables}))
        self._bench.control("calls", method="DELETE")
        playbook = Path(sys.executable).with_name("ansible-playbook")
        wall = self._bench.run(playbook, f"wawp.cloud.{runbook}", "-e", f"@{file}", *words)
        each = self._bench.control("calls?limit=1")["total"] / size
        longest = max(map(len, self._bench.output.splitlines()))
        bench = self._bench
        return f"| {what} | {wall:.1f} s | {bench.cpu:.1f} s | {bench.peak:.0f} MiB | {each:.1f} | {longest:,} |"

    @property
    def phrase(self) -> str:
        """Return the phrase of the last plan shown."""
        return str(PHRASE.findall(self._bench.output)[-1])

    def decommission(self, ids: list[str], how: str, **variables: Any) -> Iterator[str]:
        """Plan, and carry the plan out."""
        given = {"wawp_instances": ids, **variables}
        yield self.call(f"plan, {how}", "decommission", len(ids), "--check", **given)
        yield self.call(f"run, {how}", "decommission", len(ids), **given, wawp_confirm=self.phrase)


def runbooks(bench: Bench, folder: Path, size: int, hosts: int) -> Iterator[str]:
    """Measure each runbook."""
    operator = Operator(bench, folder)
    ids = bench.simulated_run(3 * size)
    yield HEAD.format(f"{size:,} instances")
    yield from operator.decommission(ids[:size], "no journal")
    yield from operator.decommission(ids[size : 2 * size], f"journal of {size:,} others")
    without = "without `restart_first`"
    yield from operator.decommission(ids[2 * size :], f"{without}, journal of {2 * size:,}", wawp_restart_first=False)
    bench.severed(3 * size)
    yield operator.call(f"audit, journal of {3 * size:,}", "audit", size, wawp_instances=ids[:size])
    if hosts:
        lines = [f"h{number} wawp_instance_id='\"{each}\"'" for number, each in enumerate(bench.simulated_run(hosts))]
        others = folder / "instances_of_hosts"  # with a journal of their own
        others.mkdir()
        operator = Operator(bench, others)
        (others / "hosts.ini").write_text("\n".join([*lines, ""]))
        words = ("-i", str(others / "hosts.ini"), "-c", "local")
        yield operator.call(f"audit of {hosts:,} hosts", "audit", hosts, *words, wawp_hosts="all")
        yield operator.call(f"plan for {hosts:,} hosts", "decommission", hosts, *words, "--check", wawp_hosts="all")


def report_of(folder: Path) -> Path:
    """Return the last report of a decommissioning."""
    return sorted(folder.glob("decommission-*.html"))[-1]


def page(path: Path) -> Iterator[str]:
    """Measure the report's page in a browser: size, loading, memory, filtering and sorting."""
    sizes = {kind: path.with_suffix(kind).stat().st_size / 1e6 for kind in (".html", ".json", ".csv")}
    yield f"Its report: {', '.join(f'{size:.1f} MB {kind[1:]}' for kind, size in sizes.items())}."
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        yield "There is no Chromium here to look at the page with."
        return
    yield ""
    yield "| the page in Chromium | |"
    yield "|---|---:|"
    from selenium import webdriver  # noqa: PLC0415 - the other measurements don't need it

    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"):
        options.add_argument(word)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get("about:blank")
        empty = memory(browser.service.process.pid)
        browser.get(path.as_uri())
        loaded = browser.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
        yield f"| loaded after | {loaded / 1000:.2f} s |"
        yield f"| elements | {browser.execute_script('return document.getElementsByTagName(`*`).length'):,} |"
        time.sleep(2)
        held = memory(browser.service.process.pid) - empty
        yield f"| memory of all its processes, beyond an empty page's | {held:.0f} MiB |"
        typed = "const s = document.getElementById('search'); s.value = 'severed'; const t = performance.now();"
        filtered = browser.execute_script(f"{typed} s.dispatchEvent(new Event('input')); return performance.now() - t")
        yield f"| filtered in | {filtered / 1000:.2f} s |"
        browser.execute_script("document.getElementById('clear').click()")
        buttons = "[...document.querySelectorAll('#fleet th button')]"
        clicked = "const t = performance.now(); b.click(); return performance.now() - t"
        times = browser.execute_script(f"return {buttons}.map(b => {{ {clicked} }})")
        yield f"| sorted in, median of its columns | {statistics.median(times) / 1000:.2f} s |"
    finally:
        browser.quit()


def memory(pid: int) -> float:
    """Return the MiB that a process and its descendants hold, shared memory counted once."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, total = [pid], 0.0
    for each in found:
        found += children.get(each, [])
        try:
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(size) for size in re.findall(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)) / 1024
    return total


def lines(bench: Bench, folder: Path, size: int, hosts: int) -> Iterator[str]:
    yield f"{machine()}. One run each."
    yield ""
    yield from runbooks(bench, folder, size, hosts)
    yield ""
    yield from page(report_of(folder / "reports"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--write", type=Path, help="put the tables into this file, between its marks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, simulator(Path(name)) as url:
        table = printed(lines(Bench(url, Path(name)), Path(name), options.size, options.hosts))
    if options.write:
        options.write.write_text(replaced(options.write.read_text(), "runbook table", table))


if __name__ == "__main__":
    main()
