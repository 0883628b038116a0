# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the project's checks: `python tools/check.py {test,matrix,GROUP...} [--core 2.18]...`.

Independent stages run side by side, what they print goes to `.work/logs`, and a failing stage's log is shown whole.
The last line is `N passed, N failed, N skipped`: pytest's tests, ansible-test's sanity tests and integration targets,
and one for each other stage.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from ansibletest import collection_copy
from environments import CORES, ROOT, TREE, WORK, interpreters, project_environment

LOGS = WORK / "logs"
# One more than there are cores: most stages wait now and then, for a simulated engine or a download.
WORKERS = (os.cpu_count() or 1) + 1
NOTHING_TO_CHECK = "No tests applicable."  # what ansible-test says of a sanity test that no file is meant for
# The one integration target of which coverage is measured: it runs what only Ansible's worker does. The unit tests
# reach the rest, and a module's process takes half as long again when it is measured.
MEASURED_TARGET = "in_process"
# Integration targets that no Python but the controller's has a part in.
ON_CONTROLLER = (MEASURED_TARGET, "inventory_wawp")
STAGE_TIMEOUT = 40 * 60  # seconds; longer than any stage takes on a slow machine, shorter than CI waits
GRACE = 10  # seconds that an interrupted stage has to end what it started
GROUPS = (
    *("lint", "sanity", "units", "integration", "docs-test", "site-test"),
    *("events-test", "awx-test", "runbooks-test", "package", "coverage"),
)
ANSIBLE_TEST = str(ROOT / "tools/ansible-test")
BIN = ROOT / ".venv/bin"
RUNNING: set[subprocess.Popen[bytes]] = set()
INTERRUPTED = threading.Event()


@dataclass
class Counts:
    """How many tests came out how, and the names of those that a reader should know were left out."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    left_out: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Add the numbers of `other`."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


@dataclass(frozen=True)
class Stage:
    """Commands that succeed or fail together.

    No two stages that need the same thing run at once. `count` reads the tests from a finished stage's log and files;
    without it the stage counts as one test.
    """

    name: str
    group: str
    commands: list[list[str]]
    needs: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    prepare: Callable[[], None] = lambda: None
    count: Callable[[str], Counts] | None = None


@dataclass
class Outcome:
    """What became of a stage."""

    stage: str
    counts: Counts
    seconds: float = 0.0
    log: str = ""


def test_cases(report: Path) -> list[ElementTree.Element]:
    """Return the test cases of a JUnit report; a single failed one if it was cut off."""
    try:
        return list(ElementTree.parse(report).getroot().iter("testcase"))
    except ElementTree.ParseError:
        return list(ElementTree.fromstring(f'<report><testcase name="{report.name}"><error/></testcase></report>'))


def junit_counts(files: Iterable[Path]) -> Counts:
    """Add up JUnit reports as pytest and `ansible-test sanity --junit` write them."""
    counts = Counts()
    for case in (case for path in files for case in test_cases(path)):
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif (skipped := case.find("skipped")) is not None:
            if skipped.text == NOTHING_TO_CHECK:
                continue
            counts.skipped += 1
            counts.left_out.append(str(case.get("name")))
        else:
            counts.passed += 1
    return counts


def target_counts(log: str) -> Counts:
    """Count integration targets in what `ansible-test integration --continue-on-error` printed."""
    ran = set(re.findall(r"^Running (\S+) integration test (?:role|script)", log, re.MULTILINE))
    lists = re.findall(r"^FATAL: The \d+ integration test\(s\) listed below .*\n((?:\w+\n)+)", log, re.MULTILINE)
    failed = {name for names in lists for name in names.split()}
    return Counts(passed=len(ran - failed), failed=len(failed))


def clear(folder: Path, pattern: str) -> None:
    """Remove the files in `folder` that match `pattern`."""
    for path in folder.glob(pattern):
        path.unlink()


def github_commands() -> list[list[str]]:
    """Return the commands that hold GitHub's files against the schemas of what they are."""
    files = {
        "workflows": ".github/workflows/*.yml",
        "issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
        "issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    }
    return [
        ["check-jsonschema", f"--builtin-schema=vendor.github-{kind}", *map(str, sorted(ROOT.glob(pattern)))]
        for kind, pattern in files.items()
    ]


def lint_stages() -> list[Stage]:
    """Return the checks of sources that need no test run."""
    commands: dict[str, list[list[str]]] = {
        "ruff": [["ruff", "check"], ["ruff", "format", "--check"]],
        "mypy": [["mypy"], ["mypy", "--python-version=3.11", "tools"]],
        "yamllint": [["yamllint", "--strict", "."]],
        "codespell": [["codespell"]],
        "shellcheck": [["shellcheck", ".ci/run", "tools/python", "tools/ansible-test", "tools/chromium"]],
        "reuse": [["reuse", "lint"]],
        "ansible-lint": [["ansible-lint"]],
        "docs-lint": [["antsibull-docs", "lint-collection-docs", "--plugin-docs", str(ROOT)]],
        "changelog": [["antsibull-changelog", "lint"]],
        "github": github_commands(),
    }
    return [Stage(name, "lint", lines) for name, lines in commands.items()]


def sanity_stage(core: str) -> Stage:
    """Return the sanity stage of an ansible-core version."""
    junit = collection_copy(core) / "tests/output/junit"
    pattern = "ansible-test-sanity-*.xml"
    return Stage(
        f"sanity {core}",
        "sanity",
        [[ANSIBLE_TEST, core, "sanity", "--venv", "--junit"]],
        needs=frozenset([core, "sanity"]),
        prepare=lambda: clear(junit, pattern),
        count=lambda dummy: junit_counts(junit.glob(pattern)),
    )


def units_stage(core: str, python: str, *, measured: bool) -> Stage:
    """Return the units stage of an ansible-core version and a Python; modules only where that is no controller."""
    command = [ANSIBLE_TEST, core, "units", "--venv", "--python", python]
    junit = collection_copy(core) / "tests/output/junit"
    pattern = f"python{python}-*-units.xml"
    return Stage(
        f"units {core} py{python}",
        "units",
        [[*command, "--coverage"] if measured else command],
        needs=frozenset([core]),
        prepare=lambda: clear(junit, pattern),
        count=lambda dummy: junit_counts(junit.glob(pattern)),
    )


def integration_stage(core: str, python: str, *, measured: bool) -> Stage:
    """Return the integration stage of an ansible-core version, with modules on a Python."""
    command = [ANSIBLE_TEST, core, "integration", "--venv", "--python", python, "--continue-on-error"]
    if python not in CORES[core]["controller"]:  # then the controller has another one, with which they are run anyway
        command += [word for target in ON_CONTROLLER for word in ("--exclude", target)]
    in_two = [[*command, "--coverage", MEASURED_TARGET], [*command, "--exclude", MEASURED_TARGET]]
    return Stage(
        f"integration {core} py{python}",
        "integration",
        in_two if measured else [command],
        needs=frozenset([core]),
        count=target_counts,
    )


def pytest_stage(name: str, group: str, commands: list[list[str]]) -> Stage:
    """Return a stage whose last command is pytest."""
    junit = LOGS / f"{name.replace(' ', '-')}.xml"
    return Stage(
        name,
        group,
        [*commands[:-1], [*commands[-1], f"--junitxml={junit}"]],
        prepare=lambda: junit.unlink(missing_ok=True),
        count=lambda dummy: junit_counts([junit] if junit.exists() else []),
    )


def docs_stage() -> Stage:
    """Return the stage that runs what the documentation shows."""
    return pytest_stage("docs-test", "docs-test", [["pytest", "tests/docs"]])


def site_stage() -> Stage:
    """Return the stage that builds the documentation site and looks at it; its diagrams where there is Chromium."""
    return pytest_stage("site-test", "site-test", [["pytest", "tests/site"]])


def release_stage() -> Stage:
    """Return the stage that makes a release without publishing it."""
    return pytest_stage("release", "package", [["pytest", "tests/release"]])


def lowest_stage() -> Stage:
    """Return the stage that tests what calls the API with the oldest libraries that the collection allows."""
    set_up = ["python", "tools/environments.py", "lowest"]
    folder = "tests/unit/plugins/module_utils"
    tests = [str(WORK / "venv-lowest/bin/python"), "-m", "pytest", folder, f"--ignore={folder}/session"]
    return pytest_stage("units lowest requests", "units", [set_up, tests])


def events_stage() -> Stage:
    """Return the stage that tests the event sources and rulebooks; what needs Java is skipped where there is none."""
    set_up = ["python", "tools/environments.py", "events"]
    tests = [str(WORK / "venv-events/bin/python"), "-m", "pytest", "tests/eda"]
    return pytest_stage("events-test", "events-test", [set_up, tests])


def awx_stage() -> Stage:
    """Return the stage that runs playbooks by ansible-runner, and makes an execution environment's build context."""
    return pytest_stage("awx-test", "awx-test", [["pytest", "tests/awx"]])


def runbooks_stage() -> Stage:
    """Return the stage that runs whole runbooks, and looks at the report's page where Chromium is or can be had."""
    tests = ["pytest", "tests/runbooks", "tests/browser", "--numprocesses=2"]
    return pytest_stage("runbooks-test", "runbooks-test", [["sh", "tools/chromium"], tests])


def supported_pythons(core: str) -> list[str]:
    """Return the Pythons of this machine that an ansible-core version can run modules on, oldest first."""
    return [v for v in interpreters() if v in CORES[core]["controller"] or v in CORES[core]["target"]]


def usable_cores() -> list[str]:
    """Return the ansible-core versions for which this machine has a controller's Python, oldest first."""
    return [core for core, facts in CORES.items() if set(facts["controller"]) & set(interpreters())]


def test_plan(cores: list[str], *, everything: bool) -> list[Stage]:
    """Return the units and integration stages: all that there are, or those that meet each Python at least once.

    The latter are: of the newest core the units on all Pythons that no other core meets, and integration on the newest
    of them; of the other cores both on the oldest Python that can be its controller. Branch coverage, which makes
    everything slower, is measured on the newest of all.
    """
    stages: list[Stage] = []
    met: set[str] = set()
    newest = (cores[-1], supported_pythons(cores[-1])[-1])
    for core in cores:
        units = integration = supported_pythons(core)
        if not everything and core == cores[-1]:
            units = [version for version in units if version not in met]
            integration = units[-1:]
        elif not everything:
            units = integration = [v for v in units if v in CORES[core]["controller"]][:1]
        met |= set(units)
        # The newest first: stages of one core run one after the other, and it has the most of them.
        stages = [
            *(integration_stage(core, v, measured=(core, v) == newest) for v in integration),
            *(units_stage(core, v, measured=(core, v) == newest) for v in units),
            *stages,
        ]
    return stages


def all_stages(cores: list[str], sanity_cores: list[str], *, everything: bool) -> list[Stage]:
    """Return all stages in the order in which they are to start: what takes long comes first.

    That is all sanity stages together: one after the other they take as long as all that is done beside them.
    """
    stages = [sanity_stage(core) for core in sanity_cores] + test_plan(cores, everything=everything)
    stages += [*lint_stages(), docs_stage(), site_stage(), release_stage(), lowest_stage(), events_stage(), awx_stage()]
    stages += [runbooks_stage()]
    stages += [Stage("package", "package", [["python", "tools/package.py"]])]
    measured = frozenset(stage.name for stage in stages if stage.group in ("units", "integration"))
    stages += [Stage("coverage", "coverage", [["python", "tools/coverage_report.py"]], after=measured)]
    return stages


def run_command(command: list[str], log: Path) -> int:
    """Run a command with its output going to the end of `log`; it and its children end when it takes too long."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
    }
    if command[0] != ANSIBLE_TEST:
        environment |= {"ANSIBLE_COLLECTIONS_PATH": str(TREE), "ANSIBLE_HOME": str(WORK / "ansible")}
    program = shutil.which(command[0], path=environment["PATH"])
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        if program is None:
            output.write(f"{command[0]}: not found\n")
            return 127
        if INTERRUPTED.is_set():
            return 130
        process = subprocess.Popen(
            [program, *command[1:]],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            return process.wait(STAGE_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output.write(f"Ended after {STAGE_TIMEOUT} seconds.\n")
            return process.wait()
        finally:
            RUNNING.remove(process)


def send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a command and its children, if there are any left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextmanager
def ended_on_interrupt() -> Iterator[None]:
    """End what runs when the user presses Ctrl-C: the commands are in sessions of their own and don't see it.

    Each gets it first, since ansible-playbook's workers, in sessions of theirs, live on where nobody ends them.
    """
    try:
        yield
    except KeyboardInterrupt:
        INTERRUPTED.set()  # a stage has further commands, which needn't begin
        running = list(RUNNING)
        for process in running:
            send(process, signal.SIGINT)
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            send(process, signal.SIGKILL)
        raise


def run_stage(stage: Stage) -> Outcome:
    """Run a stage's commands, all of them, and count. A stage that ran no test or exited non-zero has failed."""
    log = LOGS / f"{stage.name.replace(' ', '-')}.log"
    log.unlink(missing_ok=True)
    stage.prepare()
    start = time.monotonic()
    codes = [run_command(command, log) for command in stage.commands]
    failed = any(codes)
    text = log.read_text(errors="replace")
    counts = stage.count(text) if stage.count else Counts(passed=int(not failed))
    if not counts.failed and (failed or not counts.passed):
        counts.failed = 1
    return Outcome(stage.name, counts, time.monotonic() - start, text)


def report(outcome: Outcome) -> None:
    """Tell how a stage ended; with its log if it failed."""
    counts = outcome.counts
    if counts.failed:
        print(f"{'=' * 40} {outcome.stage}\n{outcome.log}{'=' * 40}")
    print(f"{'FAILED' if counts.failed else 'ok':8}{outcome.stage} ({outcome.seconds:.0f} s)", flush=True)


def run_stages(stages: list[Stage]) -> list[Outcome]:
    """Run stages side by side, each as soon as what it needs is free and what it comes after is done."""
    waiting, running, outcomes = list(stages), dict[Future[Outcome], Stage](), list[Outcome]()
    with ThreadPoolExecutor(WORKERS) as pool, ended_on_interrupt():
        while waiting or running:
            unfinished = {stage.name for stage in (*waiting, *running.values())}
            taken = {thing for stage in running.values() for thing in stage.needs}
            ready = (stage for stage in waiting if not stage.needs & taken and not stage.after & unfinished)
            if len(running) < WORKERS and (stage := next(ready, None)):
                waiting.remove(stage)
                running[pool.submit(run_stage, stage)] = stage
                continue
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                outcomes.append(future.result())
                report(outcomes[-1])
    return outcomes


def missing_cores(cores: list[str]) -> list[Outcome]:
    """Return a skipped stage for each ansible-core version that none of this machine's Pythons can run."""
    return [Outcome(f"ansible-core {core}: no Python for it", Counts(skipped=1)) for core in cores]


def summarise(outcomes: list[Outcome]) -> int:
    """Print a table of stages and the closing line; return how many tests failed."""
    width = max(len(outcome.stage) for outcome in outcomes)
    total = Counts()
    print(f"\n{'stage':{width}}  {'result':8}{'seconds':>8}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for outcome in outcomes:
        counts = outcome.counts
        total.add(counts)
        result = "FAILED" if counts.failed else "ok" if counts.passed else "skipped"
        numbers = f"{outcome.seconds:8.0f}{counts.passed:8}{counts.failed:8}{counts.skipped:8}"
        print(f"{outcome.stage:{width}}  {result:8}{numbers}  {', '.join(counts.left_out)[:80]}".rstrip())
    print(f"\nLogs: {LOGS.relative_to(ROOT)}\n")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return total.failed


def forget_coverage(groups: set[str]) -> None:
    """Remove the coverage data that the chosen groups are about to measure anew, of every ansible-core version."""
    for kind in groups & {"units", "integration"}:
        for core in CORES:
            clear(collection_copy(core) / "tests/output/coverage", f"{kind}=*")


def chosen_cores(asked: list[str], *, everything: bool) -> list[str]:
    """Return the ansible-core versions to test with: those asked for, all, or the oldest, a middle one, the newest."""
    usable = usable_cores()
    if asked or everything:
        return [core for core in usable if not asked or core in asked]
    return [core for core in usable if core in (usable[0], usable[(len(usable) - 1) // 2], usable[-1])]


def main() -> None:
    """Run what the command line says; exits non-zero if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("what", nargs="+", choices=["test", "matrix", *GROUPS])
    parser.add_argument("--core", action="append", default=[], choices=CORES, help="only this ansible-core version")
    options = parser.parse_args()
    everything = "matrix" in options.what
    wide = {"test": set(GROUPS), "matrix": {"sanity", "units", "integration", "coverage"}}
    groups = {group for what in options.what for group in wide.get(what, {what})}
    project_environment("dev")
    LOGS.mkdir(exist_ok=True)
    forget_coverage(groups)
    # Sanity takes little time, so that no core is left out of it unless others were asked for.
    cores, sanity_cores = (chosen_cores(options.core, everything=every) for every in (everything, True))
    stages = all_stages(cores, sanity_cores, everything=everything)
    try:
        outcomes = run_stages([stage for stage in stages if stage.group in groups])
    except KeyboardInterrupt:
        raise SystemExit("Interrupted.") from None
    if groups & {"sanity", "units", "integration"}:
        outcomes += missing_cores([core for core in options.core or CORES if core not in usable_cores()])
    sys.exit(bool(summarise(outcomes)))


if __name__ == "__main__":
    main()
