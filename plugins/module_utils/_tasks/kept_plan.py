# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Plans kept beside the journal, by the phrase that confirms them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from .._errors import OptionError
from .._evidence.plan import FORMAT, seal, words
from .._files import read_bytes, write_private

_PLAIN = re.compile(r"[a-z0-9_-]{1,200}")


def _plan_file(journal: str, phrase: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(journal)), "plans", f"{phrase}.json")


def keep_plan(plan: Mapping[str, Any], approved: Mapping[str, Any], journal: str) -> dict[str, str]:
    """Keep a plan beside the journal, so that its phrase also confirms what an interruption leaves of it.

    Returns:
        The path of the approved plan, and the file's hash.
    """
    path = _plan_file(journal, approved["confirm"])
    if plan is approved or plan["confirm"] != approved["confirm"]:
        content = json.dumps(plan, indent=1, ensure_ascii=True) + "\n"
        write_private(_plan_file(journal, plan["confirm"]), [content.encode("ascii")], "journal")
    return {"file": path, "sha256": hashlib.sha256(read_bytes(path, "journal")).hexdigest()}


def kept_plan(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the plan kept with the given phrase, None if there is none. Raises OptionError."""
    phrase = "-".join(words(params["confirm"]))
    if not params["journal"] or not _PLAIN.fullmatch(phrase):
        return None
    path = _plan_file(params["journal"], phrase)
    if not os.path.isfile(path):
        return None
    try:
        kept = json.loads(read_bytes(path, "journal"))
        whole = kept["format"] == FORMAT and seal(kept).items() <= kept.items() and kept["confirm"] == phrase
    except (ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise OptionError("confirm", f"{path} is not as it was written; make a new plan")
    found: dict[str, Any] = kept
    return found
