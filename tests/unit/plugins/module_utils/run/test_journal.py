# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal as a file: permissions, lock, torn lines, other files; and its facts about earlier runs."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import (
    Journal,
    default_path,
    read_events,
    survey,
)
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import encode
from ansible_collections.wawp.cloud.plugins.module_utils._session.model import SEVERED, UNPROVEN
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import SENT
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.journals import (
    ID,
    TIME,
    note,
    verdicts,
)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path | str, read_only: bool = False) -> str:
    with pytest.raises(OptionError) as caught:
        Journal(str(path), TIME, read_only)
    return str(caught.value)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_all_lines_have_their_time_in_one_place(tmp_path: Path) -> None:
    """Slices' journals are sorted by the text after the eleventh quote, see docs/awx.md."""
    with closing(Journal(str(tmp_path / "journal"), TIME)) as journal:
        journal.write("sending", ID, TIME, action="logout")
        journal.write("report", "", TIME, file="report.json")
        journal.close(TIME)
    lines = (tmp_path / "journal").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["begin", "sending", "report", "end"]
    assert [line.split('"')[11] for line in lines] == [TIME] * 4


# -- permissions


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_journal_is_its_owners_alone(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "journal"
    with umask(mask):
        note(path, SEVERED)
    assert rights(path) == 0o600


def test_an_existing_journal_with_wider_rights_is_narrowed_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, SEVERED)
    path.chmod(0o666)
    with closing(Journal(str(path), TIME)):
        assert rights(path) == 0o600


# -- files that aren't journals

# The evidence has its time, and would fail on it after everything was sent.
NO_TIME = '{"event": "outcome", "instance_id": "A1"}\n'


@pytest.mark.parametrize(
    "content", ["root:x:0:0:root:/root:/bin/bash\n", "[]\n", '{"a": 1}\n', "null\n", "# note\n", NO_TIME]
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_was(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other"
    path.write_text(content)
    path.chmod(0o644)
    assert "line 1" in refusal(path)
    assert "is this a journal?" in refusal(path, read_only=True)
    assert (path.read_text(), rights(path)) == (content, 0o644)


def test_the_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, SEVERED, UNPROVEN)
    with path.open("a") as file:
        file.write("hello\n")
    assert "journal: line 4 of" in refusal(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path, read_only: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    assert "not a regular file" in refusal(pipe, read_only)
    assert rights(pipe) == 0o644
    null = rights(Path("/dev/null"))
    assert "not a regular file" in refusal("/dev/null", read_only)
    assert rights(Path("/dev/null")) == null


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "not a regular file" in refusal(tmp_path)
    note(tmp_path / "file", SEVERED)
    assert refusal(tmp_path / "file" / "journal").startswith("journal: can't be written: File exists")


# -- one run at a time


def test_a_second_run_is_refused_while_the_first_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with closing(Journal(str(path), TIME)):
        assert "another run is writing" in refusal(path)
    note(path, SEVERED)


def test_the_lock_of_a_process_that_was_killed_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    code = (
        "import sys, time, fcntl\nfile = open(sys.argv[1], 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\nprint('locked', flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        assert "another run is writing" in refusal(path)
        process.kill()
    note(path, SEVERED)


def test_a_refused_journal_keeps_neither_a_lock_nor_a_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("hello\n")
    before = len(os.listdir("/proc/self/fd"))
    for dummy in range(5):
        assert "is this a journal?" in refusal(path)
    assert len(os.listdir("/proc/self/fd")) == before
    path.write_text("")
    note(path, SEVERED)


# -- check mode


def test_check_mode_makes_no_file_and_waits_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with closing(Journal(str(path), TIME, read_only=True)) as journal:
        journal.write("outcome", ID, TIME, verdict=SEVERED)
    assert not path.exists()
    with closing(Journal(str(path), TIME)), closing(Journal(str(path), TIME, read_only=True)) as journal:
        assert journal.earlier == {}


def test_check_mode_reads_what_is_known_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, SEVERED)
    path.chmod(0o640)
    before = path.read_bytes()
    with closing(Journal(str(path), TIME, read_only=True)) as journal:
        journal.write("outcome", ID, TIME, verdict=UNPROVEN)
        assert verdicts(journal) == {f"{ID}-0": SEVERED}
    assert (path.read_bytes(), rights(path)) == (before, 0o640)


# -- lines


def test_a_line_is_with_the_system_when_write_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with closing(Journal(str(path), TIME)) as journal:
        journal.write("sending", ID, TIME, action="logout", status="WORKING")
        event = json.loads(path.read_text().splitlines()[-1])
    assert [len(event.pop(name)) for name in ("crc", "run")] == [8, 12]
    assert event == {
        "event": "sending",
        "instance_id": ID,
        "time": TIME,
        "action": "logout",
        "status": "WORKING",
        "line": 1,
    }


def test_any_text_survives(tmp_path: Path) -> None:
    """A lone surrogate too: a name that an API cut in two must not end a run."""
    path = tmp_path / "жур нал" / "\N{GRINNING FACE}.jsonl"
    path.parent.mkdir()
    names = ["Ünï\n", "\ud83d", "\x00", '"', "\u2028"]
    with closing(Journal(str(path), TIME)) as journal:
        for name in names:
            journal.write("outcome", ID, TIME, name=name)
    assert [json.loads(line)["name"] for line in path.read_text("utf-8").split("\n")[1:-1]] == names
    with closing(Journal(str(path), TIME)) as journal:
        assert journal.earlier == {}


def test_a_second_run_appends(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, SEVERED)
    note(path, SEVERED, UNPROVEN)
    assert len(list(read_events(str(path)))) == 3


def whole() -> bytes:
    events = [
        {"event": "sending", "instance_id": "ä1", "time": TIME, "action": "logout", "status": "WORKING"},
        {"event": "outcome", "instance_id": "ä1", "time": TIME, "verdict": SEVERED},
        {"event": "outcome", "instance_id": "b2", "time": TIME, "verdict": UNPROVEN},
    ]
    return b"".join(encode(event) for event in events)


def test_a_journal_that_was_cut_off_anywhere_is_read_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = whole().index(b"\n")
    second = whole().index(b"\n", first + 1)
    for end in range(len(whole()) + 1):
        path.write_bytes(whole()[:end])
        note(path, SEVERED)
        with closing(Journal(str(path), TIME)) as journal:
            assert verdicts(journal)[f"{ID}-0"] == SEVERED
            assert verdicts(journal).get("ä1") == (SEVERED if end >= second else SENT if end >= first else None)


def test_a_journal_that_was_joined_to_one_that_was_cut_off_anywhere_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, SEVERED)
    behind = path.read_bytes()
    for end in range(len(whole()) + 1):
        path.write_bytes(whole()[:end] + behind)
        with closing(Journal(str(path), TIME, read_only=True)) as journal:
            assert verdicts(journal)[f"{ID}-0"] == SEVERED


def test_the_zeros_that_a_power_failure_leaves_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(whole() + b"\0" * 100)
    note(path, SEVERED)
    with closing(Journal(str(path), TIME)) as journal:
        assert verdicts(journal)["ä1"] == SEVERED


def test_a_full_disk_is_told_and_does_not_end_the_run(tmp_path: Path) -> None:
    """The limit on a file's size stands in for the disk's."""
    path = tmp_path / "journal"
    with closing(Journal(str(path), TIME)) as journal:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (330, hard))
        try:
            for number in range(3):
                journal.write("outcome", f"{ID}-{number}", TIME, verdict=SEVERED)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert journal.failure == "can't be written: File too large"
        journal.write("outcome", "later", TIME, verdict=SEVERED)
    with closing(Journal(str(path), TIME)) as journal:
        assert verdicts(journal) == {f"{ID}-0": SEVERED, "later": SEVERED}


# -- queries


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.wawp.net", "api.wawp.net.jsonl"),
        ("HTTPS://API.Wawp.net./", "api.wawp.net.jsonl"),
        ("https://api.wawp.net:443/", "api.wawp.net.jsonl"),
        (" http://api.wawp.net:80", "api.wawp.net.jsonl"),
        ("http://127.0.0.1:8080/v2/", "127.0.0.1_8080_v2.jsonl"),
        ("https://user:secret@host/../../etc", "host_.._.._etc.jsonl"),
        ("https://[::1]:8443", "__1_8443.jsonl"),
    ],
)
def test_an_api_has_one_journal_however_its_address_is_written(url: str, name: str) -> None:
    assert default_path(url) == f"~/.ansible/wawp/{name}"
    assert default_path(url, "/home/ops/.ansible") == f"/home/ops/.ansible/wawp/{name}"


def test_a_journal_that_is_written_to_says_since_when(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    note(path, SEVERED)
    with closing(Journal(str(path), "2026-11-23T02:00:00.000Z")):
        assert survey(str(path)).busy_since == "2026-11-23T02:00:00.000Z"
        assert "since 2026-11-23T02:00:00.000Z; wait until it has ended" in refusal(path)
    assert survey(str(path)).busy_since is None
    assert survey(str(tmp_path / "none")) == ({}, 0, {}, None)


@pytest.mark.parametrize("problem", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_not_another_run(
    tmp_path: Path, problem: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(file: int, operation: int) -> None:
        raise OSError(problem, os.strerror(problem))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert "can't be locked" in refusal(tmp_path / "journal")
    assert "local disk" in refusal(tmp_path / "journal")
