# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Who asked for a run, and on what terms."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from .times import parse_time


def checked_request(params: Mapping[str, Any]) -> dict[str, Any]:
    """Who asked for a run and on what terms.

    Raises:
        OptionError: the deadline can't be read, or the terms aren't kept: four eyes are required but two aren't there.
    """
    request = {
        name: _stripped(params.get(name)) for name in ("operator", "ticket", "requester", "approver", "deadline")
    }
    if request["deadline"]:
        checked_time("deadline", request["deadline"])
    if params.get("require_four_eyes"):
        requester, approver = (request[name] for name in ("requester", "approver"))
        if not requester or not approver:
            raise OptionError("require_four_eyes", "name both requester and approver")
        if _person(requester) == _person(approver):
            raise OptionError("require_four_eyes", "the approver must be another person than the requester")
    return {
        **request,
        "require_four_eyes": bool(params.get("require_four_eyes")),
        "accept_unproven": list(params.get("accept_unproven") or ()),
    }


def checked_time(option: str, text: str) -> str:
    """The time as it was given. Raises OptionError if it can't be read, or has no offset."""
    try:
        parse_time(text)
    except ValueError as error:
        raise OptionError(option, f"{error}; write it like 2026-11-30T18:00:00+01:00") from None
    return text


def _person(name: str) -> str:
    """A person's name without what only its writing has: case, blanks, signs that can't be seen, forms of letters."""
    seen = (each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return " ".join("".join(seen).casefold().split())


def _stripped(text: Any) -> str | None:
    return (str(text).strip() or None) if text is not None else None
