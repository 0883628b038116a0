# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The request for a run: who asked for it, and on what terms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from .._identity import ALIKE_IN_LATIN, as_latin, mixes_scripts, says_something
from .times import parse_time

_MAIL = re.compile(r"[^\s<>(),;:\"]+@[^\s<>(),;:\"]*")
_AT = re.compile(r"(?:\s+at\s+|\s*[(\[]\s*at\s*[)\]]\s*)(?=[\w-]+(?:\.\w+)+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)(?=.*\w)|(?<=\w)\s*\([^()]*\)")


def checked_request(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return who asked for a run, and on what terms.

    Raises:
        OptionError: the deadline can't be read, or the terms aren't met: four eyes are required, but two are missing.
    """
    request = {
        name: _stripped(params.get(name)) for name in ("operator", "ticket", "requester", "approver", "deadline")
    }
    if request["deadline"]:
        checked_time("deadline", request["deadline"])
    if params.get("require_four_eyes"):
        requester, approver = (request[name] or "" for name in ("requester", "approver"))
        if not says_something(requester) or not says_something(approver):
            raise OptionError("require_four_eyes", "name both requester and approver")
        if _persons(requester) & _persons(approver):
            raise OptionError("require_four_eyes", "the approver must be another person than the requester")
        mixed = [name for name in ("requester", "approver") if mixes_scripts(str(request[name]))]
        if mixed:
            raise OptionError("require_four_eyes", f"{mixed[0]} mixes letters of several scripts; write it in one")
    return {
        **request,
        "require_four_eyes": bool(params.get("require_four_eyes")),
        "accept_unproven": list(params.get("accept_unproven") or ()),
    }


def checked_time(option: str, text: str) -> str:
    """Return the time as given. Raises OptionError if it can't be read, or has no offset."""
    try:
        parse_time(text)
    except ValueError as error:
        raise OptionError(option, f"{error}; write it like 2026-11-30T18:00:00+01:00") from None
    return text


def _persons(name: str) -> set[str]:
    """Return the persons that a name may stand for, whatever its spelling.

    Case, accents, order, punctuation, invisible signs and look-alikes of other scripts don't make a different person,
    nor do the domain of a mail address, the part behind its plus, and remarks in brackets.
    """
    name = _COMMENT.sub("", _AT.sub("@", unicodedata.normalize("NFKC", name).replace('"', "")))
    parts = [_MAIL.sub(" ", name), *(re.split("[@+%]", found)[0] for found in _MAIL.findall(name))]
    return {skeleton for part in parts for skeleton in _skeletons(part) if skeleton}


def _skeletons(name: str) -> set[str]:
    """Return a name as it is read: its words in any order, and as one word."""
    words = re.findall(r"[^\W_]+", re.sub(r"[\u2019'`]", "", as_latin(name).translate(ALIKE_IN_LATIN)))
    return {"".join(sorted(words)), "".join(words)}


def _stripped(text: Any) -> str | None:
    return (str(text).strip() or None) if text is not None else None
