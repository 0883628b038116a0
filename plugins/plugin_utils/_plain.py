# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of Ansible's values to Python's own types."""

from __future__ import annotations

from typing import Any

from ..module_utils._json_values import converted


def plain(value: Any) -> Any:
    """Convert a value to Python's own types, from the containers and strings of templating and the vault."""
    return converted(value, _plain_scalar)


def _plain_scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)
