# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The collection's version, for code that can't read galaxy.yml; a test compares the two."""

from __future__ import annotations

VERSION = "1.0.0"
