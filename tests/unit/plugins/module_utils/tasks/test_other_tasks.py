# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_temp_link, wawp_webhook and wawp_pairing against the simulator: check, run, again, and what can go wrong."""

from __future__ import annotations

import base64
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._tasks import resource as _settings
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.pairing import PAIRING_SPEC, pairing_task, png_image
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.result import TaskResult
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.temp_link import LINK_SPEC, link_task
from ansible_collections.wawp.cloud.plugins.module_utils._tasks.webhook import WEBHOOK_SPEC, webhook_task
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import Instance
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

TOKEN = "wawp-3c1fb1a6c0ffee"
OURS, THEIRS = "201012345678@c.us", "4915112345678@c.us"
TASKS: dict[str, Any] = {
    "link": (LINK_SPEC, link_task),
    "webhook": (WEBHOOK_SPEC, webhook_task),
    "pairing": (PAIRING_SPEC, pairing_task),
}


class Stage:
    """One instance, and the modules that act on it."""

    def __init__(self, server: Server) -> None:
        self.engine, self.url = server.engine, server.url

    def add(self, status: str = "WORKING", **fields: Any) -> Instance:
        return self.engine.add(Instance("A1", TOKEN, status=status, **fields))

    def fault(self, kind: str, call: str, **fields: Any) -> None:
        self.engine.add_fault(Fault(kind, call=call, **fields))

    def run(self, what: str, check: bool = False, **options: Any) -> TaskResult:
        spec, task = TASKS[what]
        given = {"instance_id": "A1", "access_token": TOKEN, "api_url": self.url, **options}
        validated = ArgumentSpecValidator(spec).validate(given)
        assert not validated.error_messages
        report: TaskResult = task(validated.validated_parameters, check)
        assert TOKEN not in str(report)
        return report


@pytest.fixture
def stage(server: Server, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(_settings, "RETRY_DELAYS", (0.01, 0.01, 0.01, 0.01))
    return Stage(server)


# -- wawp_temp_link


def test_link_check_run_again(stage: Stage, tmp_path: Path) -> None:
    stage.add("SCAN_QR_CODE")
    path = tmp_path / "link.txt"
    checked = stage.run("link", check=True, state="present", path=str(path), return_link=True).result
    assert (checked["changed"], checked["exists"], checked["link"]) == (True, True, None)
    assert stage.engine.writes() == []
    assert not path.exists()
    made = stage.run("link", state="present", path=str(path), return_link=True)
    assert made.result["changed"]
    assert len(stage.engine.calls("A1")) == 1 + 3  # check mode: read; the run: read, make, read
    assert path.read_text() == made.result["link"] + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.result["link"] not in str(made.diff)
    again = stage.run("link", state="present").result
    assert (again["changed"], "link" in again) == (False, False)
    for changed in (True, False):
        gone = stage.run("link", state="absent", path=str(path)).result
        assert (gone["changed"], gone["exists"]) == (changed, False)
        assert not path.exists()
    assert stage.engine.writes() == ["temp_link", "temp_link"]


def test_the_token_is_never_in_a_url(stage: Stage) -> None:
    stage.add()
    stage.run("link", state="present")
    stage.run("link", state="absent")
    assert {entry.credentials for entry in stage.engine.calls("A1")} == {"body", "body+header"}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "http", "http_status": 401, "times": None}, "bad_token"),
        ({"kind": "http", "http_status": 404, "times": None}, "unknown_session"),
        ({"kind": "http", "http_status": 503, "times": None}, "gateway"),
        ({"kind": "patch", "remove": ["link"], "times": None}, "unreadable"),
    ],
)
def test_link_failures_are_named(stage: Stage, fault: dict[str, Any], kind: str) -> None:
    stage.add()
    stage.fault(call="temp_link", **fault)
    result = stage.run("link", state="present").result
    assert result["failed"]
    assert result["error"]["kind"] == kind


def test_an_unanswered_link_is_read_before_anything_is_sent_again(stage: Stage) -> None:
    stage.add()
    stage.fault("http", "temp_link", http_status=504, when="after", skip=1)
    assert stage.run("link", state="present").result["changed"]
    assert stage.engine.writes() == ["temp_link"]


def test_a_link_that_does_not_go_fails_in_the_end(stage: Stage) -> None:
    stage.add()
    stage.fault("patch", "temp_link", replace={"link": "https://link.wawp.example/x"}, times=None)
    result = stage.run("link", state="absent").result
    assert "what is read says otherwise" in result["msg"]
    assert stage.engine.writes() == ["temp_link", "temp_link"]


def test_a_path_that_cannot_be_written_is_named(stage: Stage, tmp_path: Path) -> None:
    stage.add()
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match=r"path: can't be written.*the link is live all the same"):
        stage.run("link", state="present", path=str(tmp_path / "file/link.txt"))
    with pytest.raises(OptionError, match=r"path: can't be removed.*the link itself is revoked"):
        stage.run("link", state="absent", path=str(tmp_path / "file/link.txt"))


def test_only_files_are_replaced_or_removed(stage: Stage, tmp_path: Path) -> None:
    """As root, /dev/null as a path for nothing would be gone for everybody."""
    stage.add()
    os.mkfifo(tmp_path / "pipe")
    for state in ("present", "absent"):
        with pytest.raises(OptionError, match=r"path: .* is not a regular file"):
            stage.run("link", state=state, path=str(tmp_path / "pipe"))
    with pytest.raises(OptionError, match=r"qr_path: .* is not a regular file"):
        stage.run("pairing", wait_sleep=0.02, qr_path=str(tmp_path / "pipe"))
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_what_names_no_file_is_refused(stage: Stage, name: str) -> None:
    stage.add()
    with pytest.raises(OptionError, match="path: can't be"):
        stage.run("link", state="present", path=name)


# -- wawp_webhook

HOOK = {"url": "https://hooks.example.com/wawp?key=secret", "events": ["session.status"]}


def test_webhook_check_run_again(stage: Stage) -> None:
    instance = stage.add(paid=True)
    instance.webhooks = [{"url": "https://others.example", "events": ["message"], "is_active": True}]
    checked = stage.run("webhook", check=True, webhooks=[HOOK])
    assert checked.result["changed"]
    assert stage.engine.writes() == []
    made = stage.run("webhook", webhooks=[HOOK])
    assert made.result == checked.result
    assert "secret" not in str((made.result, made.diff))
    assert [hook["url"] for hook in instance.webhooks] == ["https://others.example", HOOK["url"]]
    assert not stage.run("webhook", webhooks=[HOOK]).result["changed"]
    assert stage.run("webhook", webhooks=[{"url": HOOK["url"]}], state="absent").result["changed"]
    assert [hook["url"] for hook in instance.webhooks] == ["https://others.example"]
    assert stage.run("webhook", webhooks=[], state="exact").result["webhooks"] == []
    assert instance.webhooks == []


def test_a_free_plan_is_told_plainly(stage: Stage) -> None:
    stage.add(paid=False)
    result = stage.run("webhook", webhooks=[HOOK]).result
    assert result["failed"]
    assert "paid Wawp plan" in result["msg"]
    assert result["error"]["code"] == "subscription_required"


def test_not_every_403_is_about_the_plan(stage: Stage) -> None:
    stage.add(paid=True)
    stage.fault("http", "webhook", http_status=403, body="html", times=None)
    result = stage.run("webhook", webhooks=[HOOK]).result
    assert result["failed"]
    assert "paid Wawp plan" not in result["msg"]
    assert result["error"]["kind"] == "not_wawp"


@pytest.mark.parametrize(
    "urls",
    [
        ["ftp://x"],
        ["hooks"],
        ["http://[::1"],
        ["https://bot:PW\uff031@a.example"],
        ["http://a:99999"],
        ["https://a.example", "https://a.example"],
    ],
)
def test_urls_that_are_none_are_refused(stage: Stage, urls: list[str]) -> None:
    stage.add(paid=True)
    with pytest.raises(OptionError, match="webhooks"):
        stage.run("webhook", webhooks=[{"url": url} for url in urls])
    assert stage.engine.calls() == []


def test_a_webhook_of_others_that_holds_the_token_stays_as_it_is(stage: Stage) -> None:
    """It goes back to Wawp whole, and is shown without."""
    instance = stage.add(paid=True)
    theirs = {"url": f"https://others.example/{TOKEN}?t={TOKEN}", "events": ["message"], "is_active": True}
    instance.webhooks = [theirs]
    made = stage.run("webhook", webhooks=[HOOK])
    assert instance.webhooks[0] == theirs
    assert made.result["webhooks"][0]["url"] == "https://others.example/********?********"


@pytest.mark.parametrize("hook", [{"url": ["https://a.example"]}, {"url": "https://a.example", "events": 5}])
def test_webhooks_that_make_no_sense_are_left_alone(stage: Stage, hook: dict[str, Any]) -> None:
    stage.add(paid=True).webhooks = [hook]
    result = stage.run("webhook", webhooks=[HOOK]).result
    assert result["error"]["kind"] == "unreadable"
    assert stage.engine.writes() == []


# -- wawp_pairing


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
    ],
    ids=repr,
)
def test_an_image_in_every_form(qr: Any) -> None:
    assert png_image(qr) == PNG


@pytest.mark.parametrize("qr", [None, "", {}, [], 5, "2@AbC,dEf", BASE64[:-1], base64.b64encode(b"GIF89a").decode()])
def test_what_is_no_image(qr: Any) -> None:
    assert png_image(qr) is None


def test_a_qr_code_that_cannot_be_kept_is_told(stage: Stage, tmp_path: Path) -> None:
    stage.add("SCAN_QR_CODE")
    stage.fault("patch", "info", replace={"qr": "2@AbC,dEf"}, times=None)
    (warning,) = stage.run("pairing", wait_timeout=0.1, wait_sleep=0.02, qr_path=str(tmp_path / "qr.png")).warnings
    assert warning == "The QR code could not be kept in qr_path: it came in a form that is no PNG image."


@pytest.mark.parametrize("expected", [None, OURS])
def test_a_session_that_hides_whose_it_is_is_linked(stage: Stage, expected: str | None) -> None:
    stage.add(account=OURS)
    stage.fault("patch", "info", replace={"me": None}, times=None)
    report = stage.run("pairing", wait_timeout=0.1, wait_sleep=0.02, expect_account=expected)
    told = "n account is linked, but the session doesn't show whose it is"
    assert report.failed == (expected is not None)
    assert (told in report.result["msg"]) if expected else any(told in warning for warning in report.warnings)


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
    with pytest.raises(OptionError, match=f"{option}: 1e[+]300 is no usable number of seconds"):
        stage.run("pairing", check=False, **{option: 1e300})


def test_check_mode_waits_for_nobody(stage: Stage) -> None:
    stage.add("STOPPED", credentials=False, linked=False)
    result = stage.run("pairing", check=True).result
    assert result["changed"]
    assert [action["action"] for action in result["sessions"][0]["actions"]] == ["start"]
    assert stage.engine.writes() == []
