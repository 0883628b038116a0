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


# Letters and digits of other scripts that look like Latin ones, and those that look like each other.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d"
    "\u0261\u0251\u03b1\u03b2\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b7\u03bc\u0131"
    "\u0578\u0585\u057d\u057001i|5",
    "abekmhopctyxljsdqwgaabelkvoptuxhmlnouholll" + "s",
)


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
    return "".join(sorted(kept.translate(_LOOK_ALIKES).split()))


def _stripped(text: Any) -> str | None:
    return (str(text).strip() or None) if text is not None else None
