# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A table of runs of one task on one session, each followed by a second run."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """The expectation of a task: calls and result of a run, and of a second one after it."""

    state: str
    start: bool
    status: str
    calls: str
    verdict: str | None
    ends: str | None
    again: str = "info"
    again_verdict: str | None = None
    fails: bool = False


# STARTING hangs, and gets no time to settle. STOPPED and FAILED are paired.
ROWS = [
    Row("logged_out", False, "WORKING", "info logout info", "severed", "SCAN_QR_CODE", "info", "no_account"),
    Row("logged_out", False, "SCAN_QR_CODE", "info", "no_account", "SCAN_QR_CODE", "info", "no_account"),
    Row(
        *("logged_out", False, "STARTING", "info info logout info", "unproven", "STARTING"),
        *("info info logout info", "unproven"),
    ),
    Row("logged_out", False, "STOPPED", "info info", "unproven", "STOPPED", "info info", "unproven", True),
    Row("logged_out", False, "FAILED", "info info", "unproven", "FAILED", "info info", "unproven", True),
    Row("logged_out", True, "PASSKEY_REQUIRED", "info", "unproven", "PASSKEY_REQUIRED", "info", "unproven", True),
    Row(
        *("logged_out", True, "STOPPED", "info info start info logout info", "severed", "SCAN_QR_CODE"),
        *("info", "no_account"),
    ),
    Row(
        *("logged_out", True, "FAILED", "info info restart info logout info", "severed", "SCAN_QR_CODE"),
        *("info", "no_account"),
    ),
    Row("started", False, "WORKING", "info", None, "WORKING"),
    Row("started", False, "SCAN_QR_CODE", "info", None, "SCAN_QR_CODE"),
    Row("started", False, "STARTING", "info info", None, "STARTING", "info info", fails=True),
    Row("started", False, "STOPPED", "info info start info", None, "WORKING"),
    Row("started", False, "FAILED", "info info restart info", None, "WORKING"),
    Row("started", False, "PASSKEY_REQUIRED", "info", None, "PASSKEY_REQUIRED"),
    Row("stopped", False, "WORKING", "info stop info", None, "STOPPED", "info info"),
    Row("stopped", False, "SCAN_QR_CODE", "info stop info", None, "STOPPED", "info info"),
    Row("stopped", False, "STARTING", "info stop info", None, "STOPPED", "info info"),
    Row("stopped", False, "STOPPED", "info info", None, "STOPPED", "info info"),
    Row("stopped", False, "FAILED", "info stop info", None, "STOPPED", "info info"),
    Row("stopped", False, "PASSKEY_REQUIRED", "info stop info", None, "STOPPED", "info info"),
    Row("restarted", False, "WORKING", "info restart info", None, "WORKING", "info restart info"),
    Row("restarted", False, "SCAN_QR_CODE", "info restart info", None, "SCAN_QR_CODE", "info restart info"),
    Row("restarted", False, "STOPPED", "info restart info", None, "WORKING", "info restart info"),
    Row("restarted", False, "FAILED", "info restart info", None, "WORKING", "info restart info"),
    Row("absent", False, "WORKING", "info logout info delete info", "severed", None, "info info"),
    Row("absent", False, "SCAN_QR_CODE", "info delete info", "no_account", None, "info info"),
    Row("absent", False, "STOPPED", "info info", "unproven", "STOPPED", "info info", "unproven", True),
    Row("absent", False, "FAILED", "info info", "unproven", "FAILED", "info info", "unproven", True),
    Row("absent", True, "STOPPED", "info info start info logout info delete info", "severed", None, "info info"),
    Row("absent", True, "FAILED", "info info restart info logout info delete info", "severed", None, "info info"),
    Row(
        *("decommissioned", False, "WORKING", "info temp_link logout info stop info", "severed", "STOPPED"),
        *("info temp_link info start info stop info", "no_account"),
    ),
    Row(
        *("decommissioned", False, "SCAN_QR_CODE", "info temp_link stop info", "no_account", "STOPPED"),
        *("info temp_link info start info stop info", "no_account"),
    ),
    Row(
        *("decommissioned", False, "STOPPED", "info temp_link info start info logout info stop info", "severed"),
        *("STOPPED", "info temp_link info start info stop info", "no_account"),
    ),
    Row(
        *("decommissioned", False, "FAILED", "info temp_link info restart info logout info stop info", "severed"),
        *("STOPPED", "info temp_link info start info stop info", "no_account"),
    ),
]
