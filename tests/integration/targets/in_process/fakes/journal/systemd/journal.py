# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal in the file that JOURNAL names."""

from __future__ import annotations

import os
from typing import Any


def send(**fields: Any) -> None:
    with open(os.environ["JOURNAL"], "a", encoding="utf-8") as file:
        file.write(f"{fields}\n")


sendv = send
