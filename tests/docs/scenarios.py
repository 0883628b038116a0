# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions for testing examples and results, and a table of scenarios for each module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "201012345678@c.us"

# The instances that the examples name. Fields that aren't given have the defaults of the status.
SCENE: list[dict[str, Any]] = [
    {"instance_id": "3EB0BCB2E3D4", "account": ACCOUNT, "paid": True},
    {"instance_id": "3EB0BCB2E3D5", "account": "201012345670@c.us", "paid": True},
    {"instance_id": "3EB0BCB2E3D6", "account": "201012345679@c.us", "paid": True},
]


# Files that the examples read, as they would be in /var/tmp.
FILES = {"office.csv": "instance_id;name;expect_account\n3EB0BCB2E3D4;Front desk;+20 101 234 5678\n"}


@dataclass(frozen=True)
class Scenario:
    """A task, and the session that it meets. ``ONE`` stands for the session's id, which differs in each scenario.

    Args:
        options: the module's options; ``instance_id`` is ONE unless given, None leaves an option out.
        session: the simulated session's fields besides the id.
        faults: the simulator's faults for that session.
        check: whether it runs in check mode.
        before: tasks that prepare the session.
    """

    options: dict[str, Any]
    session: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    check: bool = False
    before: list[dict[str, Any]] = field(default_factory=list)


_STATES = ["logged_out", "decommissioned", "started", "stopped", "restarted", "absent"]
_SESSIONS: list[dict[str, Any]] = [
    {"status": "WORKING"},
    {"status": "SCAN_QR_CODE"},
    {"status": "STOPPED", "generation": "A"},
    {"status": "FAILED", "linked": False},
    {"status": "STARTING", "starts_into": "STARTING"},
]
_WORKING, _SCAN, _STOPPED = _SESSIONS[:3]
_GATEWAY = {"kind": "http", "http_status": 502, "body": "html", "call": "*", "times": None}
_REFUSED = {"kind": "http", "http_status": 403, "code": "subscription_required", "call": "logout"}
_BRIEF = {"wait_timeout": 0.2, "start_timeout": 0.2, "start_if_stopped": True}
_BAD_TOKEN = {"access_token": "another-token"}
_NOWHERE = {"instance_id": "NOWHERE"}
_BROKEN: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    (_BAD_TOKEN, []),
    (_NOWHERE, []),
    ({}, [_GATEWAY]),
    ({}, [_REFUSED]),
    ({"expect_account": "+49 171 2345679"}, []),
]
_HOOKS = [{"url": "https://hooks.example.com/wawp", "events": ["message"], "is_active": True}]
_NAMED = {"instance_id": "ONE", "name": "Front desk", "origin": "line 2"}
_LOG_OUT = {
    "wawp.cloud.wawp_fleet": {
        "instances": [_NAMED, "NOWHERE"],
        "state": "decommissioned",
        **_BRIEF,
    },
    "ignore_errors": True,
    "register": "fleet",
}
_READ = {"wawp.cloud.wawp_session_info": {"instances": ["ONE"]}, "register": "seen"}
_REPORT = {"directory": "reports-ONE", "sessions": "{{ fleet.sessions }}", "after": "{{ seen.sessions }}"}
_PLAN = {"instances": [_NAMED, "NOWHERE"], "state": "decommissioned", "action": "decommission", **_BRIEF}
_PHRASES = ("confirm", "confirm_delete")

SCENARIOS: dict[str, list[Scenario]] = {
    "wawp_session": [
        *(Scenario({"state": state, **_BRIEF}, session) for state in _STATES for session in _SESSIONS),
        *(Scenario({"state": state, **_BRIEF}, _STOPPED, check=True) for state in _STATES),
        *(Scenario({"state": "logged_out", **options}, {}, faults) for options, faults in _BROKEN),
    ],
    "wawp_session_info": [
        *(Scenario({"qr": qr}, session) for session in _SESSIONS for qr in (False, True)),
        *(Scenario(options, {}, faults) for options, faults in _BROKEN[:3]),
        Scenario(
            {
                "instance_id": None,
                "instances": ["ONE", {**_NAMED, "instance_id": "NOWHERE"}],
            }
        ),
    ],
    "wawp_check_api": [
        Scenario({"path": "ONE.json"}),
        *(
            Scenario({"confirm": "lose ONE", "wait_sleep": 0.01, "drift_timeout": 0.0}, check=check)
            for check in (False, True)
        ),
        Scenario({"confirm": "lose ONE"}, _STOPPED),
        *(Scenario(options, {}, faults) for options, faults in _BROKEN[:3]),
    ],
    "wawp_fleet": [
        *(Scenario({"state": "absent", "instances": ["ONE", "NOWHERE"], **_BRIEF}, session) for session in _SESSIONS),
        *(Scenario({"state": "logged_out", "instances": ["ONE"], **_BRIEF}, it, check=True) for it in _SESSIONS),
        Scenario({"state": "logged_out", "instances": [_NAMED]}),
        Scenario(
            {
                "state": "logged_out",
                "instances": ["NOWHERE", "NOBODY", "ONE"],
                "max_failures": "0",
                "max_connections": 1,
            }
        ),
        Scenario(
            {"state": "logged_out", "instances": ["ONE"], "journal": "ONE.jsonl"},
            before=[{"wawp.cloud.wawp_fleet": {"state": "logged_out", "instances": ["ONE"], "journal": "ONE.jsonl"}}],
        ),
        Scenario({"state": "logged_out", "instances": ["ONE"], **_BAD_TOKEN}),
        Scenario({"state": "logged_out", "instances": ["ONE"]}, {}, [_REFUSED]),
    ],
    "wawp_pairing": [
        *(Scenario({"wait_timeout": 0.2, "qr_path": "ONE.png"}, session) for session in _SESSIONS),
        Scenario({"wait_timeout": 0.2}, _STOPPED, check=True),
        Scenario({"wait_timeout": 0.2, "instance_id": None, "instances": ["ONE", "NOWHERE"], "qr_dir": "codes"}),
        Scenario({"name": "Front desk", "origin": "line 2", "expect_account": "+49 171 2345679"}),
        *(Scenario(options, {}, faults) for options, faults in _BROKEN[:3]),
    ],
    "wawp_temp_link": [
        *(Scenario({"state": state}, check=check) for state in ("present", "absent") for check in (False, True)),
        Scenario({"state": "present", "return_link": True, "path": "ONE.txt"}),
        Scenario({"state": "absent", "return_link": True}),
        *(Scenario({"state": "present", **options}, {}, faults) for options, faults in _BROKEN[:3]),
    ],
    "wawp_webhook": [
        *(
            Scenario({"webhooks": _HOOKS, "state": state}, {"paid": True, "webhooks": _HOOKS}, check=check)
            for state in ("present", "absent", "exact")
            for check in (False, True)
        ),
        Scenario({"webhooks": _HOOKS}, {"paid": False}),
        *(Scenario({"webhooks": _HOOKS, **options}, {}, faults) for options, faults in _BROKEN[:3]),
    ],
    "wawp_plan": [
        *(Scenario(_PLAN, session) for session in _SESSIONS),
        Scenario({**_PLAN, "delete": True, "journal": "journal.jsonl"}, check=True),
        Scenario({**_PLAN, "delete": True, "journal": "journal.jsonl"}),
        Scenario({**_PLAN, "execute": True, "confirm": "yes"}),
        Scenario(
            {**_PLAN, "delete": True, "execute": True, **{name: f"{{{{ plan.{name} }}}}" for name in _PHRASES}},
            before=[{"wawp.cloud.wawp_plan": {**_PLAN, "delete": True}, "register": "plan"}],
        ),
        Scenario({**_PLAN, "instances": []}),
    ],
    "wawp_report": [
        *(Scenario(_REPORT, session, before=[_LOG_OUT, _READ]) for session in (_WORKING, _SCAN, _STOPPED)),
        Scenario(_REPORT, check=True, before=[_LOG_OUT, _READ]),
        Scenario(
            {**_REPORT, "baseline": "{{ written.files.json }}", "purpose": "audit"},
            before=[
                _LOG_OUT,
                _READ,
                {"wawp.cloud.wawp_report": _REPORT, "register": "written"},
                {"wawp.cloud.wawp_session": {"instance_id": "ONE", "state": "absent", "trust_empty_account": True}},
                _READ,
            ],
        ),
        Scenario(
            {"state": "verified", "report": "{{ written.files.json }}"},
            before=[_LOG_OUT, _READ, {"wawp.cloud.wawp_report": _REPORT, "register": "written"}],
        ),
        Scenario(
            {"state": "verified", "report": "{{ written.files.json }}", "head": "0" * 64},
            before=[_LOG_OUT, _READ, {"wawp.cloud.wawp_report": _REPORT, "register": "written"}],
        ),
    ],
    "wawp_roster": [
        Scenario({"entries": ["ONE", {"instance_id": "TWO", "name": "Front desk", "access_token": "another-token"}]}),
        Scenario({"entries": ["ONE", "ONE"]}),
        Scenario(
            {"csv": "{{ playbook_dir }}/ONE.csv"},
            before=[
                {"ansible.builtin.copy": {"dest": "ONE.csv", "content": FILES["office.csv"], "mode": "0600"}},
            ],
        ),
        Scenario({"hosts": [{"instance_id": "ONE"}]}),
    ],
}


@dataclass(frozen=True)
class Borrowed:
    """Fields of another module: the module, the path, and the fields that aren't included."""

    module: str
    path: str = ""
    without: frozenset[str] = frozenset()


# Entries that have the fields of another module's result, by module and path.
FIELDS_OF = {
    ("wawp_fleet", "sessions"): Borrowed("wawp_session"),
    ("wawp_plan", "planned"): Borrowed("wawp_fleet", "sessions", without=frozenset({"actions", "session"})),
    **{
        ("wawp_plan", name): Borrowed("wawp_fleet", "sessions", without=frozenset({"session"}))
        for name in ("sessions", "deleted")
    },
    ("wawp_pairing", "sessions"): Borrowed("wawp_session", without=frozenset({"prediction", "session", "verdict"})),
    ("wawp_session_info", "sessions.error"): Borrowed("wawp_session", "error"),
    ("wawp_temp_link", "error"): Borrowed("wawp_session", "error"),
    ("wawp_webhook", "error"): Borrowed("wawp_session", "error"),
}
