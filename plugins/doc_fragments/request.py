# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that say who asked for a run, and on what terms."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that are the same in wawp_plan and wawp_report."""

    DOCUMENTATION = r"""
options:
  ticket:
    description: The ticket that the run belongs to.
    type: str
  requester:
    description: Who asked for the run.
    type: str
  approver:
    description: Who approved the run.
    type: str
  require_four_eyes:
    description:
      - Whether to require both O(requester) and O(approver), and two different people.
      - M(wawp.cloud.wawp_plan) refuses any other plan. M(wawp.cloud.wawp_report) notes that it was required.
    type: bool
    default: false
  deadline:
    description: When the run must be done, in ISO 8601 with the offset from UTC, such as
      V(2026-11-30T18:00:00+01:00).
    type: str
  accept_unproven:
    description:
      - The ids of instances whose link doesn't have to be proven severed, because a person takes care of it or
        accepts the risk.
    type: list
    elements: str
    default: []
"""
