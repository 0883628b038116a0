# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection beside what a user would write instead: run.py [--runs 5] [--only NAME]... [--write FILE].

A row needs both of its works, as in --only life --only life_bare.

All works run in turns, against a simulator in a separate process; a row compares the medians of two.
Nothing here passes or fails: it prints a table.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TREE = ROOT / ".work" / "tree"
TOKEN = "sandbox-token"  # noqa: S105 - the sandbox's, not a secret


@dataclass
class Bench:
    """The parts that the rows share: the simulator, and a folder."""

    url: str
    folder: Path
    output: str = ""  # of the last command
    peak: float = 0.0  # MiB, of its largest process
    cpu: float = 0.0  # seconds, of all its processes

    def simulated_run(self, size: int, **delays: object) -> list[str]:
        """Simulate a number of WORKING sessions, and nothing else. Returns their ids."""
        self.control("reset", {"fleet": f"working:{size}"})
        self.control("delays", {"scale": 0, **delays}, "PATCH")
        found = self.control(f"instances?limit={size}")
        ids = [instance["instance_id"] for instance in found["instances"]]
        (self.folder / "ids.json").write_text(json.dumps(ids))
        (self.folder / "vars.json").write_text(json.dumps({"ids": ids}))
        (self.folder / "hosts").write_text("\n".join(ids))
        return ids

    def control(self, path: str, body: object = None, method: str | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/_simulator/{path}", data, method=method)) as reply:  # noqa: S310 - loopback
            found: dict[str, Any] = json.load(reply)
            return found

    def severed(self, size: int) -> None:
        """Check that the benchmark has done its work, or it measures nothing."""
        linked = [item for item in self.control(f"instances?limit={size}")["instances"] if item["linked"]]
        if linked:
            sys.exit(f"{len(linked)} sessions are still linked")

    def run(self, *command: str | Path) -> float:
        """Run a command and return its wall seconds."""
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(TREE),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PYTHONPATH": str(TREE),
            "WAWP_API_URL": self.url,
            "WAWP_ACCESS_TOKEN": TOKEN,
        }
        with tempfile.TemporaryFile("w+") as output:
            began = time.monotonic()
            process = subprocess.Popen(
                [str(word) for word in command], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
            dummy, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            self.output = output.read()
        if process.returncode:
            sys.exit(f"{command} ended with {process.returncode}:\n{self.output[-6000:]}")
        self.peak = usage.ru_maxrss / 1024
        self.cpu = usage.ru_utime + usage.ru_stime
        return seconds

    def playbook(self, name: str, *words: str | Path) -> float:
        playbook = Path(sys.executable).with_name("ansible-playbook")
        return self.run(playbook, HERE / f"{name}.yml", "-e", f"@{self.folder}/vars.json", *words)


Work = Callable[[Bench], float]


def logouts(size: int, work: Work, **delays: object) -> Work:
    """Return the work on a new simulated run, with a check afterwards."""

    def measured(bench: Bench) -> float:
        bench.simulated_run(size, **delays)
        seconds = work(bench)
        bench.severed(size)
        return seconds

    return measured


def bare(bench: Bench) -> float:
    return bench.run(sys.executable, HERE / "bare.py", bench.url, TOKEN, "1000", bench.folder / "ids.json")


def cpu(what: str) -> Work:
    def measured(bench: Bench) -> float:
        bench.simulated_run(5000)
        bench.run(sys.executable, HERE / "cpu.py", what, bench.url, TOKEN, "16", bench.folder / "ids.json")
        return float(bench.output)

    return measured


def recipe(bench: Bench) -> float:
    return bench.playbook("recipe")


def loop(bench: Bench) -> float:
    return bench.playbook("loop")


def loop_module(bench: Bench) -> float:
    return bench.playbook("loop", "-e", "wawp_in_process=false")


def hosts(bench: Bench) -> float:
    return bench.playbook("hosts", "-i", bench.folder / "hosts", "-f", "10", "-c", "local")


def hosts_module(bench: Bench) -> float:
    return bench.playbook(
        "hosts", "-i", bench.folder / "hosts", "-f", "10", "-c", "local", "-e", "wawp_in_process=false"
    )


def fleet(bench: Bench) -> float:
    return bench.playbook("fleet")


def fleet_unlimited(bench: Bench) -> float:
    return bench.playbook("fleet", "-e", "connections=1000")


def fleet_telling(bench: Bench) -> float:
    return bench.playbook("fleet", "-e", "progress=1")


def fleet_silent(bench: Bench) -> float:
    return bench.playbook("fleet", "-e", "progress=0")


def nothing(bench: Bench) -> float:
    return bench.playbook("nothing")


# On the newest engine a logout takes a second until the session shows STOPPED, and another until it is answered.
LIFE = {"scale": 1, "lead": 1, "qr": 3}
WORKS: dict[str, Work] = {
    "one": logouts(1, loop),
    "one_recipe": logouts(1, recipe),
    "recipe": logouts(100, recipe),
    "loop": logouts(100, loop),
    "loop_module": logouts(100, loop_module),
    "hosts": logouts(100, hosts),
    "hosts_module": logouts(100, hosts_module),
    "fleet_100": logouts(100, fleet),
    "fleet_1000": logouts(1000, fleet),
    "telling": logouts(1000, fleet_telling),
    "silent": logouts(1000, fleet_silent),
    "life": logouts(1000, fleet_unlimited, **LIFE),
    "life_bare": logouts(1000, bare, **LIFE),
    "cpu": cpu("collection"),
    "cpu_requests": cpu("requests"),
}


@dataclass
class Row:
    """One work compared with another. The ratio is ours to theirs, or theirs to ours where we want to be faster."""

    name: str
    ours: str
    theirs: str
    reach: str
    faster: bool = False
    times: int = 1
    unit: str = "s"

    def line(self, seconds: dict[str, list[float]]) -> str:
        """Return the row, from the medians of its works."""
        ours, theirs = (statistics.median(seconds[name]) for name in (self.ours, self.theirs))
        theirs *= self.times
        ratio = f"{theirs / ours:.1f} ×" if self.faster else f"{ours / theirs:.2f}"
        digits = 0 if self.unit == "µs" else 2
        shown = f"{ours:,.{digits}f} {self.unit} | {theirs:,.{digits}f} {self.unit}"
        return f"| {self.name} | {shown} | {ratio} | {self.reach} |"


ROWS = [
    Row("one logout: `wawp_session` / recipe", "one", "one_recipe", "≤ 0.5"),
    Row("100 logouts: `wawp_session` in a loop / recipe in a loop", "loop", "recipe", "≥ 40 ×", True),
    Row("100 logouts: `wawp_session` in a loop / in-process path off", "loop", "loop_module", "≥ 12 ×", True),
    Row("100 hosts, 10 forks: `wawp_session` / in-process path off", "hosts", "hosts_module", "≥ 6 ×", True),
    Row("100 logouts: `wawp_fleet` / recipe in a loop", "fleet_100", "recipe", "≥ 80 ×", True),
    Row("1,000 logouts: `wawp_fleet` / ten times the recipe for 100", "fleet_1000", "recipe", "≥ 200 ×", True, 10),
    Row("1,000 logouts, logout 2 s, QR 3 s: `wawp_fleet` / bare script", "life", "life_bare", "≤ 1.15"),
    Row("1,000 logouts: `wawp_fleet`, a line of progress each second / none", "telling", "silent", "≤ 1.05"),
    Row("processor time a call: collection / `requests.Session`", "cpu", "cpu_requests", "≤ 1.2", unit="µs"),
]
SIZES = (10, 100, 1000, 10_000)


def scale(bench: Bench, runs: int) -> Iterator[str]:
    """Measure fleets of growing size: the cost of one instance beyond Ansible's start, and memory."""
    start = statistics.median(nothing(bench) for _turn in range(runs))
    yield f"An empty playbook takes {start:.2f} s; the time per instance is what a fleet takes beyond it."
    yield ""
    yield "| instances | wall time | per instance | peak memory of the largest process |"
    yield "|---:|---:|---:|---:|"
    for size in SIZES:
        turns = [(logouts(size, fleet)(bench), bench.peak) for _turn in range(runs)]
        seconds, peak = (statistics.median(values) for values in zip(*turns, strict=True))
        yield f"| {size:,} | {seconds:.2f} s | {(seconds - start) / size * 1000:.2f} ms | {peak:.0f} MiB |"


@contextlib.contextmanager
def simulator(folder: Path) -> Iterator[str]:
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "simulator", "--port", "0", "--scale", "0", "--ready-file", str(ready)]
    with subprocess.Popen(command, cwd=ROOT / "plugins" / "plugin_utils", stdout=subprocess.DEVNULL) as process:
        try:
            while not ready.exists():
                time.sleep(0.05)
            yield json.loads(ready.read_text())["url"]
        finally:
            process.terminate()


def machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    core = subprocess.run(
        [Path(sys.executable).with_name("ansible"), "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    return f"{os.cpu_count()} cores, {model}; Python {platform.python_version()}; {core}"


def lines(bench: Bench, runs: int, only: list[str]) -> Iterator[str]:
    yield f"{machine()}. Medians of {runs} runs, in turns."
    yield ""
    yield "| work | collection | compared with | ratio | reach |"
    yield "|---|---:|---:|---:|---|"
    seconds: dict[str, list[float]] = {name: [] for name in WORKS if not only or name in only}
    for _turn in range(runs):
        for name, measured in seconds.items():
            measured.append(WORKS[name](bench))
    for row in ROWS:
        if row.ours in seconds and row.theirs in seconds:
            yield row.line(seconds)
    yield ""
    if not only or "scale" in only:
        yield from scale(bench, runs)


def outages(bench: Bench) -> Iterator[str]:
    """Compare the verdicts on sessions that are cut off from WhatsApp with the truth."""
    bench.run(sys.executable, HERE / "outages.py")
    yield from bench.output.splitlines()


def replaced(text: str, name: str, lines: list[str]) -> str:
    """Return a page with these lines between its marks of that name."""
    before, mark, rest = text.partition(f"<!-- {name} -->\n")
    after = rest.partition(f"<!-- end of {name} -->")[2]
    return before + mark + "\n".join(["", *lines, "", f"<!-- end of {name} -->"]) + after


def printed(lines: Iterator[str]) -> list[str]:
    """Return the lines, printing each as it comes."""
    found = []
    for line in lines:
        print(line, flush=True)
        found.append(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[*WORKS, "outages", "scale"], default=[])
    parser.add_argument("--write", type=Path, help="put the tables into this file, each between its marks")
    options = parser.parse_args()
    only = options.only
    if options.write and set(only) - {"outages"}:
        parser.error("--write takes whole tables: leave --only out, or give outages alone")
    with tempfile.TemporaryDirectory() as name, simulator(Path(name)) as url:
        bench = Bench(url, Path(name))
        tables = {"table": printed(lines(bench, options.runs, only))} if only != ["outages"] else {}
        if not only or "outages" in only:
            tables["outages"] = printed(outages(bench))
    if options.write:
        text = options.write.read_text()
        for name, table in tables.items():
            text = replaced(text, name, table)
        options.write.write_text(text)


if __name__ == "__main__":
    main()
