# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A decommissioned office of 25, as results of the modules, with names chosen by an attacker."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.wawp.cloud.plugins.module_utils._evidence.report import Evidence, build, versions
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.request import checked_request

BEGAN = datetime(2026, 11, 22, 1, 30, tzinfo=timezone.utc)
PHONE = (
    "The phone may still list this device. Remove it in WhatsApp under Linked devices; left alone, WhatsApp drops it "
    "after 30 days without contact."
)
HOSTILE = (
    "<script>window.harmed = 1</script>",
    '"><img src=x onerror="window.harmed = 1">',
    '=HYPERLINK("http://evil.example")',
    "\u202etxt.exe\u202c",
    "</td></tr></table><h1>All severed</h1>",
    "javascript:alert(1)",
)
DESKS = (
    "Front desk",
    "Sales",
    "Support",
    "\u0645\u0643\u062a\u0628 \u0627\u0644\u062f\u0639\u0645",
    "Billing",
    "Delivery",
    "",
)
# Status, calls and verdict of each kind, and the number of its sessions.
KINDS = (
    ("WORKING", ("logout", "stop"), "severed", 14),
    ("STOPPED", ("start", "logout", "stop"), "severed", 4),
    ("FAILED", ("restart", "logout", "stop"), "severed", 1),
    ("SCAN_QR_CODE", ("stop",), "no_account", 3),
    ("FAILED", ("restart",), "unproven", 2),
    ("STARTING", ("logout", "stop"), "unproven", 1),
)


def parse_time(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def session(number: int, kind: tuple[str, tuple[str, ...], str, int], name: str) -> dict[str, Any]:
    """Return one entry of wawp_fleet's result."""
    status, calls, verdict, dummy = kind
    began, took = 3 + number * 0.42, 2.5 + 3 * len(calls) + number * 7 % 5
    unproven = verdict == "unproven"
    return {
        "instance_id": f"3EB0BC{number * 7919 + 4096:06X}",
        "name": name or None,
        "state": "decommissioned",
        "failed": unproven,
        "msg": f"The link could not be proven severed. {PHONE}" if unproven else None,
        "left_alone": False,
        "earlier": None,
        "status": status if calls == ("restart",) else "STOPPED",
        "previous_status": status,
        "verdict": verdict,
        "advice": PHONE if unproven else None,
        "account": None if status == "SCAN_QR_CODE" else f"********{number * 271 % 9000 + 1000}@c.us",
        "actions": [
            {
                "action": call,
                "time": parse_time(began + took * (place + 0.2) / len(calls)),
                "duration": 1.1,
                "status": status,
                "outcome": "ok",
                "http_status": 200,
            }
            for place, call in enumerate(calls)
        ],
        "open_ends": [],
        "warnings": [],
        "began": parse_time(began),
        "duration": took,
        "error": None,
    }


REQUEST = {
    "operator": "night-shift",
    "ticket": "CHG-20417",
    "requester": "Mona Adel",
    "approver": "Jan Petersen",
    "require_four_eyes": True,
    "deadline": "2026-11-22T06:00:00+02:00",
}


def report(names: tuple[str, ...] = DESKS, offices: int = 1) -> dict[str, Any]:
    """Return the report of that office, or of several like it."""
    kinds = [kind for kind in KINDS for dummy in range(kind[3] * offices)]
    sessions = [session(number, kind, names[number % len(names)]) for number, kind in enumerate(kinds)]
    after = [
        {
            "instance_id": entry["instance_id"],
            "exists": True,
            "status": entry["status"],
            "paired": False,
            "account": None,
        }
        for entry in sessions
    ]
    return build(
        Evidence(
            runbook="decommission",
            purpose="sever",
            title="Office in Cairo closed",
            began=parse_time(0),
            ended=parse_time(31 + 10 * (offices - 1)),
            request=checked_request({**REQUEST, "accept_unproven": [sessions[-1]["instance_id"]]}),
            environment={
                "api_url": "https://api.wawp.net",
                "controller": "awx-7",
                "source": "office.csv, 25 instances",
                "versions": versions("2.21.5", "3.13.0"),
            },
            plan={"confirm": "decommission-25-a1b2c3d4", "fingerprint": "a1b2c3d4" * 8},
            planned=[{**entry, "began": parse_time(0.4), "duration": 2.1} for entry in sessions],
            sessions=sessions,
            after=after,
        )
    )
