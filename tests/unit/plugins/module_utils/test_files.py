# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that options name: anything but a regular file of a usual size gives a clear error at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _files
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import Journal, read_events, survey
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.report import REPORT_SPEC, report_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.roster import ROSTER_SPEC, roster_task

TIME = "2026-11-22T10:00:00.000Z"


def report(option: str, path: str) -> object:
    params = {name: spec.get("default") for name, spec in REPORT_SPEC.items()}
    state = "verified" if option == "report" else "present"
    return report_task({**params, "state": state, "directory": "/nowhere", option: path}, True)


def roster(path: str) -> object:
    return roster_task({**dict.fromkeys(ROSTER_SPEC), "csv": path}, False)


READERS: dict[str, Callable[[str], object]] = {
    "csv": roster,
    "report": lambda path: report("report", path),
    "baseline": lambda path: report("baseline", path),
    "journal": lambda path: Journal(path, TIME),
    "journal in check mode": lambda path: Journal(path, TIME, read_only=True),
    "journal of a plan": survey,
    "events": lambda path: list(read_events(path)),
    "bytes": lambda path: _files.read_bytes(path, "x"),
    "beginning": lambda path: _files.first_bytes(path, 8, "x"),
    "written": lambda path: _files.write_private(path, [], "x"),
    "removed": lambda path: _files.remove(path, "x"),
}


def odd_file(folder: Path, kind: str) -> str:
    path = folder / "odd"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    else:
        return kind
    return str(path)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["fifo", "socket", "folder", "/dev/zero", "/dev/null", "/dev/stdin"])
def test_what_is_not_a_regular_file_is_refused_without_waiting(reader: str, kind: str, tmp_path: Path) -> None:
    if kind == "/dev/stdin" and os.path.isfile(kind):
        pytest.skip("it is a regular file here")
    with pytest.raises(OptionError, match="not a regular file"):
        READERS[reader](odd_file(tmp_path, kind))


@pytest.mark.parametrize("reader", [name for name in READERS if name not in ("beginning", "written", "removed")])
def test_a_huge_file_is_refused_before_it_is_read(reader: str, tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OptionError, match="has more than"):
        READERS[reader](str(path))


@pytest.mark.parametrize("reader", READERS)
def test_what_cannot_be_a_name_is_refused(reader: str) -> None:
    with pytest.raises(OptionError):
        READERS[reader]("a\0b")


@pytest.mark.parametrize("kind", ["fifo", "socket", "folder", "/dev/zero", "/dev/null"])
def test_a_report_is_not_held_up_by_an_odd_journal_and_says_so(kind: str, tmp_path: Path) -> None:
    """A report is still written: it may be all that is left of a run."""
    params = {name: spec.get("default") for name, spec in REPORT_SPEC.items()}
    journal, folder = odd_file(tmp_path, kind), tmp_path / "reports"
    task = report_task({**params, "state": "present", "directory": str(folder), "journal": journal}, False)
    assert len(list(folder.glob("*.json"))) == 1
    assert [warning for warning in task.warnings if "not a regular file" in warning]


def test_a_file_that_hides_its_size_is_bounded() -> None:
    with pytest.raises(OptionError, match="has more than"):
        _files.read_bytes("/proc/self/maps", "x", most=10)


JOURNALS = [name for name in READERS if "journal" in name or name == "events"]


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="only root may read the kernel's messages")
def test_a_file_that_has_nothing_to_say_yet_is_empty() -> None:
    """It looks like a regular file, and would block until the kernel's next message."""
    with suppress(OptionError):  # where even root may not
        assert isinstance(_files.read_bytes("/proc/kmsg", "x"), bytes)
        assert isinstance(_files.first_bytes("/proc/kmsg", 1, "x"), bytes)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="there is no /proc")
@pytest.mark.parametrize("use", [survey, lambda path: list(read_events(path))], ids=["survey", "events"])
def test_a_file_that_fails_when_it_is_read_is_refused_as_a_journal(use: Callable[[str], object]) -> None:
    with pytest.raises(OptionError, match="journal: "):
        use("/proc/self/mem")


@pytest.mark.parametrize("reader", JOURNALS)
def test_a_journal_that_is_a_link_is_refused(reader: str, tmp_path: Path) -> None:
    """Otherwise anybody who can write to the folder would choose what is trusted or overwritten."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OptionError, match="is a link; name the file that it points to"):
        READERS[reader](str(tmp_path / "link"))


@pytest.mark.parametrize("reader", JOURNALS)
def test_a_journal_of_another_user_is_refused(reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j"
    path.write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(OptionError, match="belongs to another user, uid"):
        READERS[reader](str(path))


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "qr.png").symlink_to(tmp_path / "precious")
    _files.write_private(str(tmp_path / "qr.png"), [b"image"], "qr_path")
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "qr.png").is_symlink()


def test_what_a_job_of_awx_does_not_leave_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container's own file system has the device of its root; what is mounted into it has another."""
    (tmp_path / "runner").mkdir()
    monkeypatch.setattr(_files, "_JOB_FOLDER", str(tmp_path / "runner"))
    inside = str(tmp_path / "runner/project/journals/j.jsonl")
    assert not _files.dies_with_job(inside), "no job"
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/tmp/awx_7_x")  # noqa: S108 - what AWX sets
    assert _files.dies_with_job(inside)
    assert _files.dies_with_job("/no-such-folder/journals/j.jsonl")
    assert not _files.dies_with_job("/proc/j.jsonl"), "a mount"
