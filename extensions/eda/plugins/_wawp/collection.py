# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources' imports from the collection itself: the only file that knows where it is."""

from __future__ import annotations

from .....plugins.module_utils._api.bodies import names_missing_session, read_json, says_no
from .....plugins.module_utils._redact import (
    mask_account,
    mask_accounts_in,
    mask_numbers_in,
    mask_person,
    one_line,
    redact_sensitive_keys,
    star_pieces,
)
from .....plugins.module_utils._session.account import are_different, shown_account
from .....plugins.module_utils._session.model import parse_session

__all__ = [
    "are_different",
    "mask_account",
    "mask_accounts_in",
    "mask_numbers_in",
    "mask_person",
    "names_missing_session",
    "one_line",
    "parse_session",
    "read_json",
    "redact_sensitive_keys",
    "says_no",
    "shown_account",
    "star_pieces",
]
