# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_temp_link and wawp_webhook against the simulator: check, run, run again, and failures."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError

from .stage import TOKEN, Stage

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
    with pytest.raises(OptionError, match=r"path: can't be written.*the link is valid anyway"):
        stage.run("link", state="present", path=str(tmp_path / "file/link.txt"))
    with pytest.raises(OptionError, match=r"path: can't be removed.*the link itself is revoked"):
        stage.run("link", state="absent", path=str(tmp_path / "file/link.txt"))


def test_only_files_are_replaced_or_removed(stage: Stage, tmp_path: Path) -> None:
    """As root, a run with /dev/null as its path would delete /dev/null for everybody."""
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
    """It goes back to Wawp with the token, and is shown without."""
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
