# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python3 -m simulator`` as a person, a playbook or a test starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import __main__ as command
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet, server

FOLDER = Path(server.__file__).parent.parent


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", "--lifetime", "120", *arguments],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def run(*arguments: str) -> tuple[int, str, str]:
    with start(*arguments) as process:
        out, errors = process.communicate(timeout=60)
        return process.returncode, out, errors


def get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310  our own process
        answer: dict[str, object] = json.load(reply)
        return answer


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Path]:
    """Yield a path for a ready file; stop a simulator that still runs there at the end."""
    path = tmp_path / "ready.json"
    yield path
    assert command.run(["--stop", "--ready-file", str(path)]) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_tells_how_to_use_it_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    ready, pid = tmp_path / "ready.json", tmp_path / "pid"
    with start("--fleet", "mixed:25", "--ready-file", str(ready), "--pid-file", str(pid)) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "export WAWP_API_URL=http://127.0.0.1:" in process.stdout.readline()
        status = json.loads(ready.read_text())
        assert status["url"] in first
        assert status["pid"] == process.pid == int(pid.read_text())
        assert ready.stat().st_mode & 0o777 == 0o600
        assert get(status["url"] + "/_simulator/")["instances"] == 25
        process.send_signal(number)
        dummy, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_it_ends_by_itself() -> None:
    code, out, errors = run("--lifetime", "0.1")
    assert (code, errors) == (0, "")
    assert f"{len(fleet.KINDS)} sessions:" in out


def test_in_the_background_and_back(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--background", "--ready-file", str(ready), "--fleet", "demo")
    code, out, errors = run(*arguments)
    assert (code, errors) == (0, "")
    assert out.startswith("Started.\n")
    status = json.loads(ready.read_text())
    assert status["url"] in out
    # again: the one that runs is left alone
    assert command.run(list(arguments)) == 0
    assert capsys.readouterr().out.splitlines()[0] == "Already running."
    assert json.loads(ready.read_text()) == status
    assert command.run(["--stop", "--ready-file", str(ready)]) == 0
    assert capsys.readouterr().out == f"Stopped the simulator at {status['url']}.\n"
    assert not ready.exists()
    assert command.run(["--stop", "--ready-file", str(ready)]) == 0
    assert capsys.readouterr().out == "No simulator of ours is running.\n"


def test_it_stops_nothing_that_it_did_not_start(
    ready: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--background", "--ready-file", str(ready))[0] == 0
    status = json.loads(ready.read_text())
    for changed in ({"nonce": "other"}, {"nonce": ""}, {"pid": os.getpid()}, {"url": "http://127.0.0.1:9/"}):
        forged = tmp_path / "forged.json"
        forged.write_text(json.dumps({**status, **changed}))
        assert command.run(["--stop", "--ready-file", str(forged)]) == 0
        assert capsys.readouterr().out == "No simulator of ours is running.\n"
        assert get(status["url"] + "/_simulator/")["pid"] == status["pid"]


def test_a_failed_start_in_the_background_says_why(ready: Path) -> None:
    assert run("--background", "--ready-file", str(ready))[0] == 0
    port = json.loads(ready.read_text())["url"].rpartition(":")[2]
    other = ready.parent / "other.json"
    code, out, errors = run("--background", "--ready-file", str(other), "--port", port)
    assert (code, out) == (1, "")
    assert "in use" in errors
    assert "Traceback" not in errors


def test_a_fleet_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps([{"instance_id": "MINE", "status": "FAILED", "faults": [{"kind": "drop"}]}]))
    code, out, errors = run("--lifetime", "0.1", "--fleet", str(path))
    assert (code, errors) == (0, "")
    assert out.endswith("1 sessions:\n  MINE  FAILED\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fleet", "nonsense"], "a fleet is demo"),
        (["--fleet", "missing.json"], "missing.json"),
        (["--port", "70000"], "between 0 and 65535"),
        (["--port", "x"], "invalid"),
        (["--scale", "-1"], "not be negative"),
        (["--scale", "nan"], "not be negative"),
        (["--host", "256.0.0.1"], "error"),
        (["--background"], "need --ready-file"),
        (["--stop"], "need --ready-file"),
    ],
)
def test_mistakes_are_told(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = command.run(["--port", "0", "--lifetime", "60", *arguments])
    except SystemExit as error:  # argparse exits so
        code = int(error.code or 0)
    assert code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"instances": 3}', '[{"instance_id": "A", "status": "WORKING", "linked": false}]']
)
def test_a_wrong_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "fleet.json"
    path.write_text(text)
    assert command.run(["--fleet", str(path)]) == 2
    assert capsys.readouterr().err.startswith("error: ")
