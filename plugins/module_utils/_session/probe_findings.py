# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The findings of a probe's recording: a table of expected and seen behaviour, and the options to set."""

from __future__ import annotations

import math
from typing import Any

from .model import FAILED, SCAN_QR_CODE, STARTING, STOPPED, WORKING
from .probe import (
    AT_REST_PAIRED,
    AT_REST_UNPAIRED,
    DRIFTED,
    FOUND,
    LOGGED_OUT,
    RESTARTED,
    STARTED,
    Recording,
)

NOT_SEEN = "not seen"
WRONG_TOKEN, UNKNOWN_ID = "wrong token", "unknown instance"
GET_BODY, GET_HEADERS = "GET, credentials in the body", "GET, credentials in the headers"
PROOF_TIMEOUT = 30.0  # the default of the modules' option
# A slow moment must not look like an outage.
_MARGIN = 3.0
# A starting engine names its account after a moment; one that never does may hide it in FAILED too.
_NAMED_BY = 1.0


def suggested_options(recording: Recording) -> dict[str, Any]:
    """Suggest ``trust_empty_account`` and ``proof_timeout``; None where the recording doesn't show the answer."""
    took = seconds_to(recording, LOGGED_OUT, "logout", SCAN_QR_CODE)
    timeout = None if took is None else max(PROOF_TIMEOUT, float(math.ceil(took * _MARGIN)))
    return {"trust_empty_account": shows_account_at_rest(recording), "proof_timeout": timeout}


def shows_account_at_rest(recording: Recording) -> bool | None:
    """Whether an empty account means that there is none: every reading of a paired session named its account."""
    readings = [step["me"] for step in recording.seen(AT_REST_PAIRED) if step["status"] == STOPPED]
    if not readings:
        return None
    hidden = [
        step
        for phase, call in ((STARTED, "start"), (RESTARTED, "restart"))
        for step in recording.seen(phase)
        if step["status"] == STARTING and step["me"] != "account" and _since(recording, phase, call, step) >= _NAMED_BY
    ]
    return all(me == "account" for me in readings) and not hidden


def seconds_to(recording: Recording, phase: str, call: str, status: str) -> float | None:
    """Return the seconds from the reply to a call to the first reading of a status; None if it was not read."""
    for step in recording.seen(phase):
        if step["status"] == status:
            return max(0.0, _since(recording, phase, call, step))
    return None


def _took(recording: Recording, phase: str, call: str, status: str) -> str:
    """Return `seconds_to` as text, with the duration of the call itself added."""
    seconds = seconds_to(recording, phase, call, status)
    return NOT_SEEN if seconds is None else f"{seconds + recording.seen(phase, call)[-1]['seconds']:.1f} s"


def _since(recording: Recording, phase: str, call: str, step: dict[str, Any]) -> float:
    """Return the seconds from the reply to the phase's first call to the reply to a reading."""
    calls = recording.seen(phase, call)
    replied = calls[-1]["at"] + calls[-1]["seconds"] if calls else 0.0
    return round(float(step["at"] + step["seconds"] - replied), 2)


def table(recording: Recording) -> list[dict[str, str]]:
    """Return rows of ``what``, ``expected`` and ``seen``."""
    rows = [
        ("A wrong token", "HTTP 401", _answer(recording, WRONG_TOKEN)),
        ("An instance that doesn't exist", "HTTP 404", _answer(recording, UNKNOWN_ID)),
        ("A GET with credentials in the body", "not documented", _answer(recording, GET_BODY, "temp_link_get")),
        (
            "A GET with credentials in the headers",
            "not documented",
            _answer(recording, GET_HEADERS, "temp_link_get"),
        ),
        ("The session as found", "a status", _reading(recording, FOUND)),
        ("STOPPED, paired: me", "account; null on older engines", _me(recording, AT_REST_PAIRED, STOPPED)),
        ("start until WORKING", "about 1 s", _took(recording, STARTED, "start", WORKING)),
        ("restart until WORKING", "1 to 4 s", _took(recording, RESTARTED, "restart", WORKING)),
        ("STARTING, paired: me", "account, after a moment", _me(recording, RESTARTED, STARTING)),
        ("Status in the reply to logout", "STARTING or SCAN_QR_CODE", _reply(recording, LOGGED_OUT, "logout")),
        ("reply to logout until SCAN_QR_CODE", "within 30 s", _proof(recording)),
        ("SCAN_QR_CODE, logged out: me", "null", _me(recording, LOGGED_OUT, SCAN_QR_CODE)),
        ("Left alone, until FAILED", "about 160 s", _drift(recording)),
        ("STOPPED, unpaired: me", "null", _me(recording, AT_REST_UNPAIRED, STOPPED)),
        ("The device in Linked devices on the phone", "gone", "look at the phone; no API shows it"),
    ]
    return [{"what": what, "expected": expected, "seen": seen} for what, expected, seen in rows]


def as_text(rows: list[dict[str, str]]) -> list[str]:
    """Return the table as text, in columns."""
    names = ("what", "expected", "seen")
    lines = [dict(zip(names, names)), *rows]
    widths = {name: max(len(line[name]) for line in lines) for name in names}
    return ["  ".join(line[name].ljust(widths[name]) for name in names).rstrip() for line in lines]


def _answer(recording: Recording, phase: str, call: str = "info") -> str:
    for step in recording.seen(phase, call):
        said = f"HTTP {step['http']}" if step["http"] else "no reply"
        return f"{said}, {step['error']}" if step["error"] else said
    return NOT_SEEN


def _reading(recording: Recording, phase: str) -> str:
    for step in recording.seen(phase):
        if step["error"]:
            return _answer(recording, phase)
        named = f" ({', '.join(step['named_by'])})" if step["named_by"] else ""
        return f"HTTP {step['http']}, {step['status']}, me: {step['me']}{named}"
    return NOT_SEEN


def _me(recording: Recording, phase: str, status: str) -> str:
    seen = [step["me"] for step in recording.seen(phase) if step["status"] == status]
    return ", then ".join(dict.fromkeys(seen)) or NOT_SEEN


def _reply(recording: Recording, phase: str, call: str) -> str:
    for step in recording.seen(phase, call):
        return _answer(recording, phase, call) if step["error"] else str(step["status"] or "none")
    return NOT_SEEN


def _proof(recording: Recording) -> str:
    seconds = seconds_to(recording, LOGGED_OUT, "logout", SCAN_QR_CODE)
    return NOT_SEEN if seconds is None else f"{seconds:.1f} s"


def _drift(recording: Recording) -> str:
    shown = [step["at"] for step in recording.seen(LOGGED_OUT) if step["status"] == SCAN_QR_CODE]
    failed = [step["at"] for step in recording.seen(DRIFTED) if step["status"] == FAILED]
    return f"{failed[0] - shown[0]:.0f} s" if shown and failed else NOT_SEEN
