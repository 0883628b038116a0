# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_pairing against the simulator: one instance or several at once, and failures."""

from __future__ import annotations

import base64
import stat
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._redact import mask_account
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Goal
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.options import Member, Target
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.pairing import PAIRING_SPEC, Waiting, pairing_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.qr_file import png_image
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance

from .stage import OURS, THEIRS, TOKEN, Stage


@pytest.mark.parametrize("qr", ["é", "A", "A=A="])
def test_an_image_that_cannot_be_read_is_not_shown(stage: Stage, tmp_path: Path, qr: str) -> None:
    stage.add("SCAN_QR_CODE")
    stage.fault("patch", "info", replace={"qr": f"data:image/png;base64,{qr}"}, times=None)
    result = pair(stage, wait_timeout=0.1, qr_path=str(tmp_path / "qr.png"))
    assert result["sessions"][0]["status"] == "SCAN_QR_CODE"


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
BASE64 = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "qr",
    [
        f"data:image/png;base64,{BASE64}",
        BASE64,
        f"{BASE64[:10]}\n{BASE64[10:]}",
        {"mimetype": "image/png", "data": BASE64},
        {"mimetype": "image/png", "data": f"data:image/png;base64,{BASE64}"},
        {"qr": BASE64},
        {"base64": BASE64},
        {"qrCode": BASE64},
        {"data": {"qr": {"image": f"data:image/png;base64,{BASE64}"}}},
        {"type": "Buffer", "data": list(PNG)},
        BASE64.rstrip("="),
        BASE64.replace("+", "-").replace("/", "_"),
        f"data:image/png;base64,{quote(BASE64, safe='')}",
    ],
    ids=repr,
)
def test_an_image_in_every_form(qr: Any) -> None:
    assert png_image(qr) == PNG


@pytest.mark.parametrize(
    "qr", [None, "", {}, [], 5, "2@AbC,dEf", BASE64[:37], [300], ["x"], base64.b64encode(b"GIF89a").decode()]
)
def test_what_is_no_image(qr: Any) -> None:
    assert png_image(qr) is None


def test_a_qr_code_that_cannot_be_kept_is_told(stage: Stage, tmp_path: Path) -> None:
    stage.add("SCAN_QR_CODE")
    stage.fault("patch", "info", replace={"qr": "2@AbC,dEf"}, times=None)
    (warning,) = stage.run("pairing", wait_timeout=0.1, wait_sleep=0.02, qr_path=str(tmp_path / "qr.png")).warnings
    assert warning == "The QR code could not be kept in qr_path: it is not a PNG image."


@pytest.mark.parametrize("expected", [None, OURS])
def test_a_session_that_hides_whose_it_is_is_linked(stage: Stage, expected: str | None) -> None:
    stage.add(account=OURS)
    stage.fault("patch", "info", replace={"me": None}, times=None)
    report = stage.run("pairing", wait_timeout=0.1, wait_sleep=0.02, expect_account=expected)
    message = "n account is linked, but the session doesn't show whose it is"
    assert report.failed == (expected is not None)
    assert (message in report.result["msg"]) if expected else any(message in warning for warning in report.warnings)


def pair(stage: Stage, **options: Any) -> dict[str, Any]:
    result = stage.run("pairing", wait_sleep=0.02, **{"wait_timeout": 20.0, **options}).result
    assert result["sessions"][0]["instance_id"] == "A1"
    return result


def scan_soon(stage: Stage, path: Path, account: str, seen: list[Any]) -> threading.Thread:
    def look() -> None:
        deadline = time.monotonic() + 20
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append((path.read_bytes()[:4], stat.S_IMODE(path.stat().st_mode)))
        stage.engine.world("scan", "A1", account=account)

    thread = threading.Thread(target=look)
    thread.start()
    return thread


@pytest.mark.parametrize("status", ["SCAN_QR_CODE", "STOPPED", "FAILED"])
@pytest.mark.parametrize("info_has_qr", [True, False])
def test_pairing(stage: Stage, tmp_path: Path, status: str, info_has_qr: bool) -> None:
    stage.add(status, credentials=False, linked=False)
    if not info_has_qr:
        stage.fault("patch", "info", remove=["qr"], times=None)
    seen: list[Any] = []
    thread = scan_soon(stage, tmp_path / "qr.png", OURS, seen)
    result = pair(stage, qr_path=str(tmp_path / "qr.png"), expect_account="+20 101 234 5678")
    thread.join()
    assert seen == [(b"\x89PNG", 0o600)]
    assert not (tmp_path / "qr.png").exists()
    assert (result["changed"], result.get("failed")) == (status != "SCAN_QR_CODE", None)
    assert result["sessions"][0]["account"] == "********5678@c.us"


def test_the_wrong_person_fails_and_is_left(stage: Stage, tmp_path: Path) -> None:
    stage.add("SCAN_QR_CODE")
    thread = scan_soon(stage, tmp_path / "qr.png", THEIRS, [])
    result = pair(stage, qr_path=str(tmp_path / "qr.png"), expect_account=OURS)
    thread.join()
    assert result["failed"]
    assert "expect_account" in result["msg"]
    assert stage.engine.writes() == []
    assert not (tmp_path / "qr.png").exists()


def test_linked_already_is_no_change(stage: Stage) -> None:
    stage.add(account=OURS)
    result = pair(stage, expect_account=OURS)
    assert (result["changed"], result["sessions"][0]["status"]) == (False, "WORKING")


def test_a_file_that_holds_no_qr_code_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    stage.add(status="SCAN_QR_CODE")
    (tmp_path / "precious.txt").write_text("precious")
    with pytest.raises(OptionError, match=r"qr_path: .* is not a PNG image"):
        stage.run("pairing", wait_sleep=0.02, qr_path=str(tmp_path / "precious.txt"))
    assert (tmp_path / "precious.txt").read_text() == "precious"
    assert stage.engine.calls() == []


def test_nobody_scans(stage: Stage) -> None:
    stage.add("SCAN_QR_CODE")
    result = pair(stage, wait_timeout=0.1)
    assert "nobody has linked an account within 0.1 s; it is SCAN_QR_CODE" in result["msg"]


def test_an_engine_that_does_not_stay_up_is_given_up(stage: Stage) -> None:
    stage.add("FAILED", credentials=False, linked=False, starts_into=["FAILED"] * 99)
    result = pair(stage)
    assert "doesn't stay up" in result["msg"]
    assert len(stage.engine.writes()) == 20


@pytest.mark.parametrize("option", ["wait_timeout", "wait_sleep"])
def test_times_that_cannot_be_waited_for_are_refused(stage: Stage, option: str) -> None:
    with pytest.raises(OptionError, match=f"{option}: is 1e[+]300, it must be a number of seconds"):
        stage.run("pairing", check=False, **{option: 1e300})


def test_check_mode_waits_for_nobody(stage: Stage) -> None:
    stage.add("STOPPED", credentials=False, linked=False)
    result = stage.run("pairing", check=True, wait_sleep=0.02).result
    assert result["changed"]
    assert [action["action"] for action in result["sessions"][0]["actions"]] == ["start"]
    assert stage.engine.writes() == []


# -- wawp_pairing, several at once


class Crowd:
    """Instances whose people scan, each as soon as its QR code is there."""

    def __init__(self, stage: Stage, folder: Path, accounts: dict[str, str | None]) -> None:
        self._stage, self._folder = stage, folder
        self.lines: list[str] = []
        self.shown_at_once: set[str] = set()
        self._accounts = accounts
        for name in accounts:
            stage.engine.add(Instance(name, TOKEN, status="SCAN_QR_CODE"))

    def pair(self, **options: Any) -> TaskResult:
        """Wait for all of them, while they scan once all QR codes are there."""
        given = {"access_token": TOKEN, "api_url": self._stage.url, "wait_sleep": 0.02, "progress": 0.01, **options}
        validated = ArgumentSpecValidator(PAIRING_SPEC).validate({"qr_dir": str(self._folder), **given})
        assert not validated.error_messages
        thread = threading.Thread(target=self._scan)
        thread.start()
        try:
            return pairing_task(validated.validated_parameters, False, self.lines.append)
        finally:
            thread.join()

    def _scan(self) -> None:
        codes = {name: self._folder / f"{name}-qr.png" for name in self._accounts}
        deadline = time.monotonic() + 20
        while not all(code.exists() for code in codes.values()) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.shown_at_once = {name for name, code in codes.items() if code.exists()}
        for name, account in self._accounts.items():
            if account:
                self._stage.engine.world("scan", name, account=account)


def test_several_scan_at_once_and_each_is_checked(stage: Stage, tmp_path: Path) -> None:
    crowd = Crowd(stage, tmp_path, {"A1": OURS, "A2": THEIRS, "A3": None})
    entries = [
        {"instance_id": "A1", "name": "Front desk", "expect_account": OURS},
        {"instance_id": "A2", "expect_account": OURS},
        {"instance_id": "A3", "name": "Sales"},
    ]
    done = crowd.pair(instances=entries, wait_timeout=3.0)
    assert crowd.shown_at_once == {"A1", "A2", "A3"}
    assert [(entry["instance_id"], entry["failed"]) for entry in done.result["sessions"]] == [
        ("A1", False),
        ("A2", True),
        ("A3", True),
    ]
    assert done.result["msg"].startswith("2 of 3 were not linked. A2: expect_account")
    assert "A3 (Sales): nobody has linked an account within 3 s" in done.result["msg"]
    assert "A1 (Front desk): linked, ********5678@c.us" in crowd.lines
    assert any(line.startswith("1 of 3 linked, 1 failed; waiting for Sales; ") for line in crowd.lines)
    assert list(tmp_path.iterdir()) == []
    assert stage.engine.writes() == []


def test_who_is_waited_for_is_named_with_the_time_left() -> None:
    members = [Member(f"A{number}", f"Desk {number}", None, TOKEN, Goal("paired")) for number in range(7)]
    waiting = Waiting(members, 600, 1, None)
    assert waiting.line(240) == (
        "0 of 7 linked; waiting for Desk 0, Desk 1, Desk 2, Desk 3, Desk 4 and 2 more; 4 min left"
    )
    assert waiting.line(59.7).endswith("60 s left")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"instances": ["A1", "A1"]}, "instances: entry 2: A1 is entry 1 already"),
        (
            {"instances": ["A1", "A2"], "qr_path": "one.png", "qr_dir": None},
            "qr_path: can't hold the QR codes of 2",
        ),
        ({"instances": ["A1"], "qr_path": "one.png"}, "qr_path: is given, and so is qr_dir"),
        ({"instances": ["A1"], "name": "Front desk"}, "name: belongs to instance_id"),
        ({}, "instance_id: is missing, and so is instances"),
        ({"instances": [{"instance_id": "A1", "state": "absent"}]}, "unknown state"),
    ],
)
def test_instances_that_make_no_sense_are_refused(
    stage: Stage, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError) as refused:
        Crowd(stage, tmp_path, {}).pair(**options)
    assert message in str(refused.value)
    assert stage.engine.calls() == []


ALIKE = "201099995678@c.us"


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (OURS, None),
        (THEIRS, "Another account came back: ********5678@c.us is linked now, *********5678@c.us was before."),
        (ALIKE, "the digits in which they differ are masked"),
        ("123456789012345@lid", "it isn't known whether that is the same account"),
        ("", None),
    ],
)
def test_another_account_that_comes_back_is_named(stage: Stage, before: str, message: str | None) -> None:
    stage.add(account=OURS)
    target = Target("A1", None, None, TOKEN)
    whole = before if before.endswith("@lid") else before.partition("@")[0]
    entry = {"instance_id": "A1", "account": mask_account(before), "account_digest": target.account_digest(whole)}
    done = stage.run("pairing", wait_sleep=0.02, previous=[entry])
    assert not done.failed
    (session,) = done.result["sessions"]
    assert session["open_ends"] == done.warnings
    assert len(done.warnings) == bool(message)
    assert all(message in warning for warning in done.warnings if message)
