# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of this project as nox sessions; `tools/nox` starts nox, `tools/nox --list` lists them.

Arguments after `--` go to pytest or ansible-test: `tools/nox -s units -- tests/unit -k journal`,
`tools/nox -s sanity -- --test validate-modules`, `tools/nox -s integration -- secrets`.

Versions are in pyproject.toml. Environments, logs and downloads stay below `.work`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nox
from nox.command import CommandFailed

sys.path.insert(0, str(Path(__file__).parent / "tools"))

import ansibletest
import linters
import results
from project import CORES, PROJECT, PYTHONS, ROOT, TREE, WORK, controller_python, link_tree, module_pythons, newest_core

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.envdir = ".work/nox"
nox.options.reuse_venv = "yes"
nox.options.allow_parallel = True
# The longest first.
nox.options.sessions = [
    *("runbooks", "units", "integration", "docs", "events", "sanity", "package", "lint", "awx", "units-lowest", "site"),
    "coverage",
]

NEWEST = newest_core()
PYTHON = controller_python(NEWEST)
SHARED = WORK / "nox/environment"
# Imports of the processes that tests start by the hundred, most of which may not write bytecode.
COMPILED = (
    *("ansible", "ansible_runner", "ansible_rulebook", "argcomplete", "distro", "jinja2", "markupsafe", "packaging"),
    *("certifi", "charset_normalizer", "cryptography", "idna", "requests", "urllib3", "yaml"),
)
LOGS = WORK / "logs"
NO_TIME = "no time left"
# Integration targets that use only the controller's Python.
ON_CONTROLLER = ("in_process", "inventory_wawp")
# As in Ansible's CI: a second try, with full output. The closing lines name the targets that needed one.
ON_ERROR = ("--continue-on-error", "--retry-on-error")
USER_HOME = os.path.expanduser("~")
os.environ.update(
    {
        # Nothing is written outside the checkout, so settings in the user's home are passed by path.
        "HOME": str(WORK / "home"),
        "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL", f"{USER_HOME}/.gitconfig"),
        "NPM_CONFIG_USERCONFIG": os.environ.get("NPM_CONFIG_USERCONFIG", f"{USER_HOME}/.npmrc"),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", f"{USER_HOME}/.pyenv"),
        "WAWP_USER_HOME": os.environ.get("WAWP_USER_HOME", USER_HOME),
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_HOME": str(WORK / "ansible"),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(PYTHONS), os.environ["PATH"]]),
        "UV_CACHE_DIR": str(WORK / "cache/uv"),
        "XDG_CACHE_HOME": str(WORK / "cache"),
        "npm_config_cache": str(WORK / "cache/npm"),
    }
)
# Every process would compile half of its environment again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
(WORK / "home").mkdir(parents=True, exist_ok=True)
link_tree()


def install(session: nox.Session, *groups: str, core: str = NEWEST, requirements: list[str] | None = None) -> None:
    """Install ansible-core, the dependency groups and further requirements; skip the session if no time is left."""
    if time.time() > float(os.environ.get("WAWP_DEADLINE", "inf")):
        session.skip(NO_TIME)
    results.forget(session.name)
    wanted = [f"ansible-core=={CORES[core]['version']}", *nox.project.dependency_groups(PROJECT, *groups)]
    session.install(*wanted, *(requirements or []))
    (packages,) = Path(session.virtualenv.location).glob("lib/python*/site-packages")
    compiled = [str(packages / name) for name in COMPILED if (packages / name).is_dir()]
    session.run("python", "-m", "compileall", "-qq", *compiled, silent=True)


def enter(session: nox.Session) -> None:
    """Put the programs of the shared environment on a session's PATH."""
    results.forget(session.name)
    os.environ.update(PATH=os.pathsep.join([f"{SHARED}/bin", os.environ["PATH"]]), VIRTUAL_ENV=str(SHARED))


def run_logged(session: nox.Session, *command: str, env: dict[str, str | None] | None = None) -> None:
    """Run a command; without a terminal its output goes to `.work/logs`, and is shown only if the command fails."""
    if sys.stdout.isatty():
        session.run(*command, env=env)
        return
    log = LOGS / f"{session.name}.log"
    with log.open("a", encoding="utf-8") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        start = output.tell()
        try:
            session.run(*command, env=env, stdout=output, stderr=subprocess.STDOUT)
        except CommandFailed:
            with log.open(encoding="utf-8", errors="replace") as written:
                written.seek(start)
                shutil.copyfileobj(written, sys.stdout)
            raise


@contextmanager
def fresh_log(session: nox.Session) -> Iterator[Path]:
    """Start a new log for a session and yield its path."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{session.name}.log"
    log.unlink(missing_ok=True)
    yield log


def run_pytest(session: nox.Session, *arguments: str, paths: list[str]) -> None:
    """Run pytest on `paths`, or on the paths of the command line, and keep the counts."""
    junit = LOGS / f"{session.name}.xml"
    junit.unlink(missing_ok=True)
    with fresh_log(session):
        try:
            run_logged(session, "pytest", f"--junitxml={junit}", *arguments, *(session.posargs or paths))
        finally:
            results.record(session.name, results.junit_counts([junit] if junit.exists() else []))


def run_each(session: nox.Session, commands: dict[str, list[list[str]]]) -> None:
    """Run named checks, or only those that the command line names; each counts as one test, and none stops the rest."""
    counts = results.Counts()
    failed = []
    with fresh_log(session):
        for name in session.posargs or commands:
            try:
                for command in commands[name]:
                    run_logged(session, *command)
                counts.passed += 1
            except CommandFailed:
                counts.failed += 1
                failed.append(name)
    results.record(session.name, counts)
    if failed:
        raise CommandFailed(f"Failed: {', '.join(failed)}")


def run_ansible_test(
    session: nox.Session, core: str, *commands: list[str], junit: str = "", left_out: Sequence[str] = ()
) -> None:
    """Run ansible-test in a separate place and keep the counts, from JUnit reports or else integration targets."""
    place = ansibletest.prepare(session.name, core)
    reports = place.output / "junit"
    for report in reports.glob("*.xml"):
        report.unlink()
    failed = False
    with fresh_log(session) as log, session.chdir(place.collection):
        for command in commands:
            try:
                env: dict[str, str | None] = {**place.environment, "ANSIBLE_COLLECTIONS_PATH": None}
                run_logged(session, "ansible-test", *command, *session.posargs, env=env)
            except CommandFailed:
                failed = True
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        counts = results.junit_counts(reports.glob(junit)) if junit else results.target_counts(text)
    counts += results.Counts(skipped=len(left_out), left_out=list(left_out))
    results.record(session.name, counts)
    if failed:
        raise CommandFailed("ansible-test failed.")


shared = nox.session(venv_backend="none", requires=["environment"])


# --- the sessions of `make test`, with the newest ansible-core and Python --------------------------------------------


@nox.session(python=PYTHON, default=False)
def environment(session: nox.Session) -> None:
    """Make the environment that most sessions share: one per session would cost five seconds or more each."""
    install(session, "dev", "events")


@shared
def lint(session: nox.Session) -> None:
    """Check sources without running them: ruff, mypy, yamllint, codespell, shellcheck, reuse, ansible-lint, docs …"""
    enter(session)
    run_each(session, linters.commands())


@shared
def units(session: nox.Session) -> None:
    """Run the unit tests, with branch coverage unless only some are asked for."""
    enter(session)
    coverage_options = [] if session.posargs else ["--cov", "--cov-report="]
    run_pytest(session, *coverage_options, paths=["tests/unit"])


@nox.session(python=PYTHON, name="units-lowest")
def units_lowest(session: nox.Session) -> None:
    """Run the unit tests of what calls the API, with the oldest libraries that the collection allows."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lowest = [line.replace(">=", "==") for line in lines if line and not line.startswith("#")]
    install(session, "pytest", requirements=lowest)
    run_pytest(session, paths=["tests/unit/plugins/module_utils/api"])


@shared
def docs(session: nox.Session) -> None:
    """Run what the documentation shows, and compare it with the code."""
    enter(session)
    run_pytest(session, paths=["tests/docs"])


@shared
def site(session: nox.Session) -> None:
    """Build the documentation site and check it; its diagrams where there is Chromium."""
    enter(session)
    run_pytest(session, paths=["tests/site"])


@shared
def events(session: nox.Session) -> None:
    """Test event sources and rulebooks with the real ansible-rulebook, which needs Java."""
    enter(session)
    run_pytest(session, paths=["tests/eda"])


@shared
def awx(session: nox.Session) -> None:
    """Run playbooks with ansible-runner as AWX does, and make an execution environment's build context."""
    enter(session)
    run_pytest(session, paths=["tests/awx"])


@shared
def runbooks(session: nox.Session) -> None:
    """Run whole runbooks, and look at the report's page where there is Chromium."""
    enter(session)
    run_pytest(session, "--numprocesses=2", paths=["tests/runbooks", "tests/browser"])


@nox.session(python=PYTHON)
def package(session: nox.Session) -> None:
    """Build, install and import the collection as Galaxy would; make a release twice, and try it."""
    install(session, "package")
    run_pytest(session, paths=["tests/release"])


@nox.session(venv_backend="none", requires=["environment", "units"])
def coverage(session: nox.Session) -> None:
    """Report the branch coverage of the last unit tests; too little of it fails."""
    enter(session)
    with fresh_log(session):
        session.run("coverage", "report")
        session.run("coverage", "html", "--quiet")


# --- ansible-test, with each ansible-core ----------------------------------------------------------------------------


def run_sanity(session: nox.Session, core: str) -> None:
    """Run ansible-test sanity on each Python."""
    left_out = CORES[core].get("no-sanity", [])
    command = ["sanity", "--venv", "--junit", *(f"--skip-test={name}" for name in left_out)]
    run_ansible_test(session, core, command, junit="ansible-test-sanity-*.xml", left_out=left_out)


def run_units(session: nox.Session, core: str) -> None:
    """Run ansible-test units on each Python."""
    commands = [["units", "--venv", "--python", version] for version in module_pythons(core)]
    run_ansible_test(session, core, *commands, junit="*-units.xml")


def run_integration(session: nox.Session, core: str, pythons: list[str] | None = None) -> None:
    """Run ansible-test integration with modules on the Pythons given, or on each that `make test` doesn't."""
    others = [version for version in module_pythons(core) if (core, version) != (NEWEST, PYTHON)]
    commands = []
    for version in pythons or others:
        # Otherwise the controller has another Python, and these run with that one.
        excluded = [] if version in CORES[core]["controller"] else [f"--exclude={name}" for name in ON_CONTROLLER]
        commands.append(["integration", "--venv", "--python", version, *ON_ERROR, *excluded])
    run_ansible_test(session, core, *commands)


@shared
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity."""
    enter(session)
    # These take longer than all others: for tests and tools, the rules that ruff shares are enough with this core.
    every = ["sanity", "--venv", "--junit", "--python", str(PYTHON)]
    slow = [*every, "--test=pylint", "--test=pep8", "plugins/", "extensions/"]
    thrifty = [[*every, "--skip-test=pylint", "--skip-test=pep8"], slow]
    run_ansible_test(session, NEWEST, *([every] if session.posargs else thrifty), junit="ansible-test-sanity-*.xml")


@shared
def integration(session: nox.Session) -> None:
    """Run ansible-test integration."""
    enter(session)
    run_integration(session, NEWEST, [str(PYTHON)])


def add_core(core: str, kind: str, test: Callable[[nox.Session, str], None], tags: list[str]) -> None:
    """Add the session in which ansible-test of `core` runs a kind of tests on every Python of this machine."""
    python = controller_python(core)

    @nox.session(name=f"{kind}-{core}", python=python, tags=tags, default=False)
    def with_core(session: nox.Session) -> None:
        if not python:
            session.skip(f"no Python for ansible-core {core}")
        install(session, "ansible-test", core=core)
        test(session, core)

    with_core.__doc__ = f"Run ansible-test {kind} with ansible-core {core}."


def add_cores() -> None:
    """Add the sessions of `make compat`. CI runs those tagged ci: the oldest core, one in the middle, all sanity."""
    usable = [core for core in CORES if controller_python(core)]
    whole = (usable[0], usable[len(usable) // 2])
    for core in CORES:
        tags = ["compat", core, *(["ci"] if core in whole else [])]
        add_core(core, "integration", run_integration, tags)
        add_core(core, "units", run_units, tags)
    for core in CORES:
        add_core(core, "sanity", run_sanity, ["compat", core, *(["ci"] if core != NEWEST else [])])


add_cores()


# --- sessions that change or show something instead of checking it ---------------------------------------------------


@nox.session(venv_backend="none", default=False)
def dev(session: nox.Session) -> None:
    """Make .venv, with everything that editors, tests and linters need."""
    session.run("uv", "venv", "--allow-existing", "--quiet", "--python", str(PYTHON), ".venv", external=True)
    wanted = [f"ansible-core=={CORES[NEWEST]['version']}", *nox.project.dependency_groups(PROJECT, "dev")]
    session.run("uv", "pip", "install", "--quiet", "--python", ".venv", *wanted, external=True)


@nox.session(python=PYTHON, default=False)
def demo(session: nox.Session) -> None:
    """Retire a simulated office of 25, and name the report to open."""
    install(session, "demo")
    session.run("python", "tools/demo.py", *session.posargs)


@nox.session(python=PYTHON, default=False)
def docsite(session: nox.Session) -> None:
    """Build the documentation site in .work/site/html."""
    install(session, "site")
    session.run("python", "tools/docsite.py")


@nox.session(python=PYTHON, default=False)
def release(session: nox.Session) -> None:
    """Build a release in .work/release and try it: `-- 1.0.0`; `-- --write 1.0.0` writes its changelog here."""
    install(session, "package")
    session.run("python", "tools/release.py", *session.posargs)


@nox.session(venv_backend="none", default=False, name="galaxy-pins")
def galaxy_pins(session: nox.Session) -> None:
    """Rewrite .github/galaxy-requirements.txt: ansible-core and its requirements, each with its hashes."""
    path = ROOT / ".github/galaxy-requirements.txt"
    head = path.read_text(encoding="utf-8").partition("\nansible-core==")[0]
    wanted = LOGS / "galaxy-requirements.in"
    LOGS.mkdir(parents=True, exist_ok=True)
    wanted.write_text(f"ansible-core=={CORES[NEWEST]['version']}\n", encoding="utf-8")
    options = ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--python-version", str(PYTHON)]
    pins = session.run("uv", "pip", "compile", *options, str(wanted), external=True, silent=True)
    path.write_text(f"{head}\n{pins}", encoding="utf-8")


@nox.session(python=PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """Measure the collection beside what a user would write instead, and put it into docs/benchmark.md."""
    install(session, "runbooks")
    session.run("python", "tools/bench/run.py", "--write", "docs/benchmark.md")
    session.run("python", "tools/bench/runbook.py", "--write", "docs/benchmark.md")


@nox.session(python=PYTHON, default=False, name="bench-events")
def bench_events(session: nox.Session) -> None:
    """Measure how fast an event reaches its rule, and a load of 1,000 events a second."""
    install(session, "events")
    session.run("python", "tools/bench/events.py")
