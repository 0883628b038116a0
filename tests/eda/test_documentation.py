# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of sources and rulebooks, and docs/events.md, is true."""

from __future__ import annotations

import json
import re
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.parsing.convert_bool import BOOLEANS, boolean
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp import (
    event,
    event_queue,
    history,
    reading,
    webhook,
)
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.arguments import Arguments
from ansible_collections.wawp.cloud.tests.eda.support import ID, ROOT, session_poll, session_status

GUIDE = (ROOT / "docs/events.md").read_text()
RULEBOOKS = sorted((ROOT / "extensions/eda/rulebooks").glob("*.yml"))


def options_of(module: Any) -> dict[str, Any]:
    """Return the documented options."""
    options: dict[str, Any] = yaml.safe_load(module.DOCUMENTATION)["options"]
    return options


def flat(options: Any) -> dict[str, Any]:
    """Return the options of all groups."""
    found: dict[str, Any] = {}
    for name, value in (options._asdict() if hasattr(options, "_asdict") else vars(options)).items():
        grouped = hasattr(value, "_asdict") or is_dataclass(value)
        found.update(flat(value) if grouped else {name: value})
    return found


def plain(value: Any) -> Any:
    """Return a default as the documentation writes it."""
    return None if value in ((), "", {}) else value


def test_session_status_has_the_documented_options_and_defaults() -> None:
    defaults = {name: plain(value) for name, value in flat(session_status.Options()).items()}
    assert {name: option.get("default") for name, option in options_of(session_status).items()} == defaults


def test_session_poll_has_the_documented_options_and_defaults() -> None:
    read = vars(session_poll.read_options({"instances": [ID], "access_token": "x"}, {}))
    documented = {name: option.get("default") for name, option in options_of(session_poll).items()}
    assert set(documented) == {*read, "access_token"}
    assert {name: plain(read[name]) for name in documented.keys() & read.keys() - {"instances"}} == {
        name: value for name, value in documented.items() if name not in ("instances", "access_token")
    }


@pytest.mark.parametrize("module", [session_status, session_poll], ids=["session_status", "session_poll"])
def test_the_examples_are_rulebooks_with_options_that_exist(module: Any) -> None:
    (ruleset,) = yaml.safe_load(module.EXAMPLES)
    for source in ruleset["sources"]:
        ((name, args),) = source.items()
        assert name.startswith("wawp.cloud.session_")
        assert set(args) <= set(options_of(module))


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_rulebooks_use_what_exists_and_is_documented(path: Path) -> None:
    (ruleset,) = yaml.safe_load(path.read_text())
    assert f"`{path.stem}`" in GUIDE
    webhooks, polling = ruleset["sources"]
    assert set(webhooks["wawp.cloud.session_status"]) <= set(options_of(session_status))
    assert set(polling["wawp.cloud.session_poll"]) <= set(options_of(session_poll))
    for rule in ruleset["rules"]:
        assert rule["throttle"]["group_by_attributes"][0] == "event.subject"
        namespace, dummy, playbook = rule["action"]["run_playbook"]["name"].rpartition(".")
        assert namespace == "wawp.cloud"
        assert (ROOT / f"playbooks/{playbook}.yml").exists()
    variables = set(re.findall(r"wawp_\w+", path.read_text()))
    assert not {name for name in variables if f"`{name}`" not in GUIDE}


def test_the_guide_names_every_field_of_an_event() -> None:
    body = {"session": "s", "status": "FAILED", "ts": 1634567890}
    said = webhook.parse_webhook(body, hint=None, sessions={})
    assert said is not None
    (change,) = history.changes_of(said, known=None, now=1634567890123)
    event = event_queue.event_of(said, change, body, event_queue.Appearance(raw=True))
    assert not [name for name in event if f"`{name}`" not in GUIDE]
    polled = reading.event_of(ID, None, reading.Reading("FAILED"), None, mask=True)
    assert list(polled) == [name for name in event if name != "raw"]
    assert json.dumps(event)


def test_no_alarm_rests_on_what_another_event_decides() -> None:
    """Whether an event changes something or is late depends on those before it, and one of those may be forged."""
    rules = [rule for path in RULEBOOKS for rule in yaml.safe_load(path.read_text())[0]["rules"]]
    alarms = [rule for rule in rules if not rule["action"]["run_playbook"]["name"].endswith("working_again")]
    assert len(alarms) == 3
    assert not [rule for rule in alarms if re.search("changed|late|previous", rule["condition"])]


def test_no_forged_webhook_hides_what_polling_sees() -> None:
    """A rule that was started for an instance isn't again for minutes; for what anybody may send that counts apart."""
    for name in ("lost_link", "watch_decommissioned"):
        ((alarm, *dummy),) = [
            ruleset["rules"] for ruleset in yaml.safe_load((RULEBOOKS[0].parent / f"{name}.yml").read_text())
        ]
        assert "event.authenticated" in alarm["throttle"]["group_by_attributes"]


def test_the_guide_names_every_kind() -> None:
    kinds = {*event.KINDS.values(), "failed", "other"}
    assert not [kind for kind in kinds if f"`{kind}`" not in GUIDE]


@pytest.mark.parametrize("word", sorted(map(str, BOOLEANS)))
def test_words_for_true_and_false_are_those_of_ansible(word: str) -> None:
    for written in (word, word.upper(), f" {word} "):
        assert Arguments({"raw": written}).boolean("raw", not boolean(word)) is boolean(word)
