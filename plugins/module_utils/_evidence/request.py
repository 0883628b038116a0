# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Who asked for a run, and on what terms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from .._identity import LOOK_ALIKES
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
        if _persons(requester) & _persons(approver):
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


def _persons(name: str) -> set[str]:
    """Whom a name may stand for, without what only its writing has.

    Case, accents, order, punctuation, signs that can't be seen and look-alikes of other scripts make no other person,
    nor does the domain of a mail address.
    """
    mail = re.compile(r"[^\s<>(),;:\"]+@[^\s<>(),;:\"]*")
    parts = [mail.sub(" ", name), *(found.partition("@")[0].partition("+")[0] for found in mail.findall(name))]
    return {skeleton for skeleton in map(_skeleton, parts) if skeleton} or {""}


def _skeleton(name: str) -> str:
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(each if each.isalnum() else "" if unicodedata.category(each)[0] in "CM" else " " for each in letters)
    return "".join(sorted(kept.translate(LOOK_ALIKES).split()))


def _stripped(text: Any) -> str | None:
    return (str(text).strip() or None) if text is not None else None
