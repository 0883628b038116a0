# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookup journal_path: the path of an API's journal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: journal_path
short_description: Return the path of an API's journal
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Returns the path, below Ansible's home, of the journal in which all runbooks record what they sent to an API,
    whatever folder you call them in.
options:
  _terms:
    description: The API's address.
    required: true
  on_controller:
    description: Whether the runbook calls the API from the controller. Another machine has its own home.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Show where earlier runs are recorded
  ansible.builtin.debug:
    msg: "{{ lookup('wawp.cloud.journal_path', 'https://api.wawp.net') }}"
"""

RETURN = r"""
_raw:
  description: The path.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible import constants
from ansible.plugins.lookup import LookupBase

from ..module_utils._run.journal import default_path


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return a path for each address."""
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]
        here = self.get_option("on_controller")  # type: ignore[no-untyped-call]
        home = constants.config.get_config_value("ANSIBLE_HOME") if here else "~/.ansible"
        return [default_path(str(address), str(home)) for address in terms]
