# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookup runbook_hosts: the hosts of a runbook's play. Refuses a command line that can't work."""

from __future__ import annotations

DOCUMENTATION = r"""
name: runbook_hosts
short_description: Return the hosts of a runbook's play
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Returns the variable C(wawp_hosts), or V(localhost) if it isn't set. The playbooks of this collection use it for
    C(hosts), which Ansible evaluates even if no task is left to run.
  - Fails if a variable given with C(-e) has nearly the name of a runbook's variable, or begins like one but isn't
    one.
  - Fails where Ansible would run nothing and end with exit code 0, that is, with a pattern that matches no host, and
    with C(--tags), C(--skip-tags), C(--start-at-task) and C(--step).
options:
  _terms:
    description: Nothing.
    required: false
"""

EXAMPLES = r"""
- name: A play of a runbook
  hosts: "{{ lookup('wawp.cloud.runbook_hosts') }}"
  gather_facts: false
  serial: 1
  tasks:
    - name: Decommission instances
      ansible.builtin.include_role:
        name: wawp.cloud.decommission

    - name: End the play, since the role has handled all hosts
      ansible.builtin.meta: end_play
"""

RETURN = r"""
_raw:
  description: The pattern.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import load_extra_vars

from ..plugin_utils._variables import slips

# Command-line options that leave out tasks, with their defaults.
PARTIAL = {"tags": ("all",), "skip_tags": (), "start_at_task": None, "step": False}


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the pattern. Raises AnsibleLookupError."""
        variables = variables or {}
        problems = slips(load_extra_vars(self._loader), ours_only=False)  # type: ignore[arg-type]
        if problems:
            raise AnsibleLookupError("; ".join(problems))
        for option, default in PARTIAL.items():
            given = context.CLIARGS.get(option, default)
            if given and (given is True or tuple(given) != default):
                name = option.replace("_", "-")
                raise AnsibleLookupError(f"--{name}: a runbook runs as a whole, since its steps rest on each other")
        hosts = str(self._templar.template(variables.get("wawp_hosts", "localhost")))  # type: ignore[union-attr]
        if hosts != "localhost" and not self._matches(hosts, variables):
            raise AnsibleLookupError(f"wawp_hosts: no host in the inventory matches {hosts}")
        return [hosts]

    def _matches(self, hosts: str, variables: Mapping[str, Any]) -> bool:
        """Whether the pattern matches any host. Looks a group up by name; any other pattern rebuilds the inventory."""
        if variables.get("groups", {}).get(hosts):
            return True
        find = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=self._loader, templar=self._templar)
        return bool(find.run([hosts], variables))
