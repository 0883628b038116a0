# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Wait until somebody has scanned the QR code, which is kept in a file meanwhile."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from .._api.client import Client
from .._errors import OptionError, WawpError
from .._files import first_bytes, remove, write_private
from .._identity import IDENTITY_FIELDS, identity_of
from .._run.driver import Reply, Send, WallClock, drive, sender
from .._run.dry_run import dry_run
from .._session.model import SCAN_QR_CODE
from .._session.run import Goal
from .._session.states import PAIRED, lifecycle
from .options import (
    CONNECTION,
    INSTANCE,
    MASKING,
    STATE,
    Spec,
    parse_connection,
    parse_expected_account,
    parse_instance_id,
    parse_seconds,
    parse_token,
)
from .result import TaskResult, outcome_diff, outcome_result

PAIRING_SPEC: Spec = {
    **CONNECTION,
    **INSTANCE,
    **{name: {"type": "str"} for name in IDENTITY_FIELDS if name != "instance_id"},
    "expect_account": STATE["expect_account"],
    "qr_path": {"type": "path"},
    "wait_timeout": {"type": "float", "default": 600.0},
    "wait_sleep": {"type": "float", "default": Goal.wait_sleep},
    **MASKING,
}
_PNG = b"\x89PNG\r\n\x1a\n"


def pairing_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Wait until an account is linked. Raises OptionError."""
    connection = parse_connection(params)
    goal = Goal(
        PAIRED,
        expect_account=parse_expected_account(params["expect_account"]),
        wait_timeout=parse_seconds(params, "wait_timeout"),
        wait_sleep=parse_seconds(params, "wait_sleep", zero=False),
    )
    instance_id, token = parse_instance_id(params["instance_id"]), parse_token(params["access_token"])
    client, began = Client(connection), datetime.now(timezone.utc)
    try:
        send, clock = sender(client, instance_id, token), WallClock()
        if check_mode:
            outcome = dry_run(lifecycle(replace(goal, wait=False)), send, clock)
        elif params["qr_path"]:
            with QrFile(send, params["qr_path"]) as shown:
                outcome = drive(lifecycle(goal), shown, clock)
            outcome.warnings += shown.warnings
        else:
            outcome = drive(lifecycle(goal), send, clock)
    finally:
        client.close()
    mask = params["mask_account"]
    result = outcome_result(outcome, began, mask)
    entry = {
        **identity_of(params).fields,
        "state": PAIRED,
        "failed": outcome.failed,
        "msg": outcome.message or None,
        "warnings": outcome.warnings,
        **{name: value for name, value in result.items() if name not in ("verdict", "prediction", "session")},
    }
    result_fields: dict[str, Any] = {"changed": outcome.changed, "sessions": [entry]}
    if outcome.failed:
        result_fields.update(failed=True, msg=outcome.message)
    return TaskResult(result_fields, connection.warnings + outcome.warnings, outcome_diff(outcome, instance_id, mask))


class QrFile:
    """A Send that keeps the QR code that is on show in a file. The file is gone when there is none, and in the end.

    Args:
        send: what really sends.
        path: the file, a PNG image with mode 0600.
    """

    def __init__(self, send: Send, path: str) -> None:
        self._send, self._path = send, path
        self._shown: Any = None
        self._problem = ""

    def __enter__(self) -> QrFile:
        if first_bytes(self._path, len(_PNG), "qr_path") not in (b"", _PNG):
            raise OptionError("qr_path", f"{self._path} is not a PNG image and would be overwritten; give another path")
        remove(self._path, "qr_path")
        return self

    def __exit__(self, *dummy: object) -> None:
        remove(self._path, "qr_path")

    def __call__(self, name: str) -> Reply:
        reply = self._send(name)
        if reply.session is not None:
            waits = reply.session.status == SCAN_QR_CODE
            self._show((reply.session.body.get("qr") or self._ask()) if waits else None)
        return reply

    def _ask(self) -> Any:
        """The QR code by the call that is for it alone, where a reading comes without."""
        try:
            body = self._send("qr_image").body
        except WawpError as error:
            self._problem = str(error)
            return None  # the next reading asks again
        return (body.get("qr") or body) if isinstance(body, Mapping) else body

    def _show(self, qr: Any) -> None:
        if qr == self._shown:
            return
        self._shown = qr
        image = png_image(qr)
        if image is None:
            if qr:
                self._problem = "it came in a form that is no PNG image"
            remove(self._path, "qr_path")
        else:
            self._problem = ""
            write_private(self._path, image, "qr_path")

    @property
    def warnings(self) -> list[str]:
        """Why the last QR code is not in the file, if it isn't."""
        return [f"The QR code could not be kept in qr_path: {self._problem}."] if self._problem else []


def png_image(qr: Any) -> bytes | None:
    """The PNG image in a data URI, in bare base64, or in a mapping of one of both; None if there is none."""
    if isinstance(qr, Mapping):
        qr = next((qr[name] for name in ("data", "qr", "base64", "value") if qr.get(name)), None)
    if not isinstance(qr, str):
        return None
    text = qr.partition(",")[2] if qr.startswith("data:") else qr
    try:
        image = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None
    return image if image.startswith(_PNG) else None
