# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wawp_plan against a simulator: nothing is sent without this plan's phrase, and nothing outside the plan."""

from __future__ import annotations

import fcntl
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._run import driver
from ansible_collections.wawp.cloud.plugins.module_utils._tasks import plan as plan_module
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Instance

from .desk import ACCOUNT, ALIKE, Desk


def test_the_very_plan_is_carried_out(desk: Desk) -> None:
    planned = desk.plan()
    assert desk.engine.writes() == []
    assert not planned["executed"]
    done = desk.execute(confirm=planned["confirm"])
    assert done["executed"]
    assert [entry["verdict"] for entry in done["sessions"]] == ["severed", "severed"]
    assert not desk.engine.look("A1").linked
    kept = json.loads(Path(done["file"]).read_text(encoding="utf-8"))
    assert planned["time"] == done["time"] == kept["time"]


@pytest.mark.parametrize("confirm", [None, "", "yes", "decommission-2", "decommission-2-0000-0000-0000-0000-0000"])
def test_without_its_phrase_nothing_is_sent(desk: Desk, confirm: str | None) -> None:
    done = desk.execute(confirm=confirm)
    assert done["failed"]
    assert done["msg"].startswith("Nothing was sent: confirm ")
    assert desk.engine.writes() == []


def test_the_phrase_of_one_does_not_send_to_two(desk: Desk) -> None:
    phrase = desk.plan("A1")["confirm"]
    assert "A2: not in the approved plan" in desk.execute("A1", "A2", confirm=phrase)["msg"]
    assert desk.engine.writes() == []


@pytest.mark.parametrize("keep", [True, False])
def test_an_account_that_is_masked_alike_is_another(desk: Desk, keep: bool) -> None:
    phrase = desk.plan()["confirm"]
    if not keep:
        (desk.folder / f"plans/{phrase}.json").unlink()
    desk.engine.look("A2").account = ALIKE
    done = desk.execute(confirm=phrase)
    assert ("A2: account" if keep else "confirm belongs to another plan") in done["msg"]
    assert desk.engine.writes() == []


def test_a_plan_keeps_no_number_and_no_token(desk: Desk) -> None:
    planned = desk.plan()
    path = desk.folder / f"plans/{planned['confirm']}.json"
    text = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ACCOUNT.partition("@")[0] not in text
    assert SANDBOX_TOKEN not in text
    assert json.loads(text)["entries"][0]["account"] == "********5678@c.us"


def test_the_digest_of_an_account_needs_the_token(desk: Desk) -> None:
    """The same account in the same place, planned with another token, has another digest."""
    desk.engine.add(Instance("A3", "another-token", account=ACCOUNT))
    one, other = (desk.plan({"instance_id": "A3", "access_token": token}) for token in (SANDBOX_TOKEN, "another-token"))
    assert one["entries"][0]["account_digest"] != other["entries"][0]["account_digest"]


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_a_session_that_stopped_since_keeps_the_phrase(desk: Desk, status: str) -> None:
    phrase = desk.plan()["confirm"]
    desk.engine.look("A2").status = status
    done = desk.execute(confirm=phrase)
    assert [entry["verdict"] for entry in done["sessions"]] == ["severed", "severed"]
    assert done["confirm"] == phrase


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Let something happen after a plan was found to fit, and before it is carried out."""
    real = plan_module._execute

    def execute(*arguments: Any) -> Any:
        happens()
        return real(*arguments)

    monkeypatch.setattr(plan_module, "_execute", execute)


@pytest.mark.parametrize("restart_first", [True, False])
def test_who_was_paired_instead_in_the_last_moment_is_not_logged_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, restart_first: bool
) -> None:
    """The account seen after the restart counts, or once the gate's reading is too old for a logout."""
    phrase = desk.plan()["confirm"]
    if not restart_first:
        monkeypatch.setattr(driver, "MAX_READING_AGE", 0.0)
    meanwhile(monkeypatch, lambda: setattr(desk.engine.look("A2"), "account", ALIKE))
    done = desk.execute(confirm=phrase, restart_first=restart_first)
    assert "the account isn't the one that the plan names" in done["sessions"][1]["msg"]
    assert "logout" not in desk.engine.writes("A2")


def test_who_was_paired_anew_in_the_last_moment_is_not_logged_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.add("A3", "SCAN_QR_CODE", account="", linked=False)
    phrase = desk.plan("A1", "A3")["confirm"]
    meanwhile(monkeypatch, lambda: desk.engine.world("scan", "A3", account=ALIKE))
    done = desk.execute("A1", "A3", confirm=phrase)
    assert "the plan has no logout of it" in done["sessions"][1]["msg"]
    assert desk.engine.look("A3").linked


def names(desk: Desk, first: int = 0) -> list[str]:
    """Return the names of the calls about A1, from index `first` on."""
    return [f"{entry.method} {entry.call}" for entry in desk.engine.calls("A1")[first:]]


def test_a_plan_takes_one_reading_and_its_run_no_second_one_before_the_logout(desk: Desk) -> None:
    phrase = desk.plan()["confirm"]
    assert names(desk) == ["POST info"]
    done = desk.execute(confirm=phrase, confirm_stop=False)
    seen = ["POST info", "GET temp_link", "POST logout", "POST info", "POST stop"]
    assert names(desk, 1) == seen
    assert [entry["reads"] for entry in (*done["planned"], *done["sessions"])] == [1, 1, 2, 2]
    assert all(entry["verdict"] == "severed" and entry["status"] == "SCAN_QR_CODE" for entry in done["sessions"])


def test_a_reading_of_the_gate_that_has_grown_old_is_made_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    phrase = desk.plan()["confirm"]
    monkeypatch.setattr(driver, "MAX_READING_AGE", 0.0)
    desk.execute(confirm=phrase)
    assert names(desk, 1)[:4] == ["POST info", "POST info", "GET temp_link", "POST logout"]


def test_after_an_interruption_the_rest_goes_on_with_the_phrase(desk: Desk) -> None:
    phrase = desk.plan()["confirm"]
    desk.execute(confirm=phrase)
    desk.engine.look("A2").status = "STOPPED"
    again = desk.execute(confirm=phrase)
    assert again["executed"]
    assert again["confirm"] == phrase
    assert desk.engine.writes("A1").count("logout") == 1


def test_a_kept_plan_that_was_changed_is_refused(desk: Desk) -> None:
    phrase = desk.plan("A1")["confirm"]
    path = desk.folder / f"plans/{phrase}.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"A1"', '"A2"'), encoding="utf-8")
    with pytest.raises(OptionError, match="is not as it was written"):
        desk.execute("A2", confirm=phrase)
    assert desk.engine.writes() == []


@pytest.mark.parametrize("phrase", ["../../etc/passwd", "/etc/passwd", "a" * 5000])
def test_a_phrase_is_no_path(desk: Desk, phrase: str) -> None:
    assert "belongs to another plan" in desk.execute(confirm=phrase)["msg"]


def test_a_deletion_needs_its_own_phrase(desk: Desk) -> None:
    planned = desk.plan(delete=True)
    assert "confirm_delete is not given" in desk.execute(delete=True, confirm=planned["confirm"])["msg"]
    assert "approved was audit" in desk.execute(confirm=desk.plan(action="audit")["confirm"])["msg"]
    assert desk.engine.writes() == []
    phrases = {name: planned[name] for name in ("confirm", "confirm_delete")}
    done = desk.execute(delete=True, **phrases)
    assert set(desk.engine.removed) == {"A1", "A2"}
    assert [entry["verdict"] for entry in done["deleted"]] == ["severed", "severed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_another_run_is_noticed_before_anything_is_read(desk: Desk, check_mode: bool) -> None:
    desk.journal.touch(0o600)
    with desk.journal.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OptionError, match=r"another run has been using it.*: wait until it ends"):
            desk.plan(check_mode=check_mode)
    assert desk.engine.calls() == []


def test_check_mode_leaves_no_trace_and_tells_a_phrase_that_works(desk: Desk) -> None:
    planned = desk.plan(check_mode=True, execute=True, report_dir=str(desk.folder / "reports"))
    assert "failed" not in planned
    assert list(desk.folder.iterdir()) == []
    assert desk.execute(confirm=planned["confirm"])["executed"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("instances", "given", "message"),
    [
        (("A1", "GONE"), {}, "1 of 2 would not succeed. GONE: instance_id: the session doesn't exist"),
        (("A1",), {"confirm": "decommission-1-0000-0000-0000-0000-0000"}, "belongs to another plan"),
        (
            ("A1",),
            {"api_url": "http://127.0.0.1:9"},
            "1 of 1 could not be read, so nothing is known about them. A1: POST http://127.0.0.1:9",
        ),
    ],
)
def test_check_mode_fails_where_a_run_would(
    desk: Desk, instances: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    assert message in desk.plan(*instances, check_mode=True, execute=True, **given)["msg"]


@pytest.mark.usefixtures("impatient")
def test_what_could_not_be_read_is_not_said_to_be_missing(desk: Desk) -> None:
    lines = desk.plan("A1", "A2", api_url="http://127.0.0.1:9")["lines"]
    assert any(line.startswith("  A1: not read -> blocked: POST http://127.0.0.1:9") for line in lines)
    assert lines[-1] == "None of them could be read, so there is nothing to confirm yet"
    lines = desk.plan("A1", "GONE")["lines"]
    assert any(line.startswith("  GONE: not there -> blocked: ") for line in lines)
    assert lines[-1].startswith("To confirm: ")


def test_what_is_blocked_does_not_count_against_max_failures(desk: Desk) -> None:
    instances = ("GONE", "AWAY", "A1", "A2")
    planned = desk.plan(*instances, max_failures="0")
    done = desk.execute(*instances, max_failures="0", max_connections=1, confirm=planned["confirm"])
    assert [entry["left_alone"] for entry in done["sessions"]] == [False] * 4
    assert [entry["verdict"] for entry in done["sessions"][2:]] == ["severed", "severed"]
    assert done["failed"]  # or somebody new would be linked though not all have left


def test_a_plan_in_which_all_are_blocked_can_be_confirmed_for_its_report(desk: Desk) -> None:
    """The operator gets a report on each, and nothing is sent, even if nothing blocks them by then."""
    planned = desk.execute("GONE", "AWAY")
    assert "something stands in the way of every instance" in planned["msg"]
    assert f"-e wawp_confirm={planned['confirm']}" in planned["msg"]
    done = desk.execute("GONE", "AWAY", confirm=planned["confirm"])
    assert (done["executed"], done["failed"]) == (True, True)
    assert [(entry["verdict"], entry["failed"]) for entry in done["sessions"]] == [("unproven", True)] * 2
    desk.add("GONE")
    done = desk.execute("GONE", "AWAY", confirm=planned["confirm"])
    assert "the plan has changed" in done["msg"]
    assert desk.engine.writes() == []


@pytest.mark.parametrize("option", ["report_dir", "scan_dir"])
@pytest.mark.parametrize("folder", ["/proc/version", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_read(
    desk: Desk, option: str, folder: str
) -> None:
    with pytest.raises(OptionError, match=f"{option}: .*{folder}"):
        desk.plan(check_mode=False, **{option: folder})
    assert desk.engine.calls() == []


def test_the_head_says_what_the_plan_rests_on(desk: Desk) -> None:
    listed = {"source": "office.csv", "columns": ["instance_id"], "ignored_columns": ["desk"]}
    head = "\n".join(desk.plan({"instance_id": "A1", "expect_account": ACCOUNT}, "A2", input=listed)["lines"])
    assert f"API: {desk.url} (SANDBOX" in head
    assert "List: office.csv; columns instance_id; ignored desk" in head
    assert "account checked of 1 of 2" in head
    assert "is new, so it is unknown what earlier runs sent" in head
    desk.execute(confirm=desk.plan()["confirm"])
    assert "knows of 2 of these 2" in "\n".join(desk.plan()["lines"])


def test_a_link_that_cannot_be_read_is_told_as_it_would_be(desk: Desk) -> None:
    desk.engine.add_fault(Fault("http", call="info", http_status=403, instance_id="A1", times=None))
    planned = desk.plan()
    assert planned["blocked"] == ["A1"]
    assert planned["lines"][6].startswith("Expected: 1 blocked, 1 would be severed")


def test_the_sandbox_is_known_by_its_token() -> None:
    assert plan_module.SANDBOX_TOKEN == SANDBOX_TOKEN
