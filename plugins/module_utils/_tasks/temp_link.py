# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_temp_link: make or revoke the temporary link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import OptionError, WawpError
from .._files import remove, write_private
from .._session.temp_link import GET, REVOKE, parse_link
from .options import CONNECTION, INSTANCE, Spec
from .resource import Setting
from .result import TaskResult

LINK_SPEC: Spec = {
    **CONNECTION,
    **INSTANCE,
    "state": {"type": "str", "required": True, "choices": ["present", "absent"]},
    "path": {"type": "path"},
    "return_link": {"type": "bool", "default": False},
}
_MAKE = "temp_link_create"
# Added to the message when the link's file couldn't be written.
_STILL = {
    True: "the link is valid anyway, until it expires after 30 minutes or state=absent revokes it",
    False: "the link itself is revoked",
}


def link_task(params: Mapping[str, Any], check_mode: bool) -> TaskResult:
    """Make or revoke the temporary link. Raises OptionError."""
    wanted = params["state"] == "present"
    setting: Setting[str | None] = Setting(params, GET, parse_link)
    try:
        before = setting.read()
        changed = (before is not None) != wanted
        link = before if wanted else None
        if changed and not check_mode:
            link = setting.reach(
                before, lambda seen: (seen is not None) == wanted, lambda dummy: (_MAKE if wanted else REVOKE, {})
            )
    except WawpError as error:
        return TaskResult({"failed": True, "changed": False, "msg": str(error), "error": error.as_result()})
    finally:
        setting.close()
    if params["path"] and not check_mode:
        try:
            _keep(params["path"], link)
        except OptionError as error:
            raise OptionError("path", f"{error.problem}; {_STILL[wanted]}") from None
    sides = [{"temporary_link": side} for side in (before is not None, wanted)]
    result: dict[str, Any] = {"changed": changed, "exists": wanted, "error": None}
    if params["return_link"]:
        result["link"] = link
    return TaskResult(result, setting.connection.warnings, {"before": sides[0], "after": sides[1]})


def _keep(path: str, link: str | None) -> None:
    if link is None:
        remove(path, "path")
    else:
        write_private(path, [f"{link}\n".encode()], "path")
