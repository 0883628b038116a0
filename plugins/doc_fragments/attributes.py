# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module says about how it behaves; the modules add their level of support."""

from __future__ import annotations


class ModuleDocFragment:
    """Descriptions of the attributes."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/wawp.cloud.wawp) in C(module_defaults) to set options for this module.
    support: full
    membership:
      - wawp.cloud.wawp
  async:
    description: Can be used with the C(async) keyword.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Will return details on what has changed, or would have changed in C(check_mode), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
"""

    # A module that only reads.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module doesn't change anything.
  diff_mode:
    support: N/A
    details:
      - This module doesn't change anything.
  idempotent:
    support: full
    details:
      - This module doesn't change anything.
"""
