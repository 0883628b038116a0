# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a path means to each module that takes one."""

from __future__ import annotations


class ModuleDocFragment:
    """A note."""

    DOCUMENTATION = r"""
options: {}
notes:
  - A relative path starts in your playbook's folder, or, for this collection's own playbooks, in the folder in which
    you call C(ansible-playbook). On another machine, it starts in the user's home folder there.
"""
