#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_roster: tells which instances a run is about."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wawp_roster
short_description: Tell which Wawp instances a run is about, from a list, a CSV file or the inventory
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Wawp has no call that lists instances. This module takes them from the first of its options that is given, and
    refuses
    duplicate and malformed ones, all named at once, before anything is called.
  - If tokens or expected accounts stand among them, the result is shown in no output and no log, only a registered
    variable holds it. C(async) is refused, since it keeps results in files.
options:
  entries:
    description:
      - Instances, each an id, or a mapping with C(instance_id) and optionally C(name), C(expect_account) and
        C(access_token).
    type: list
    elements: raw
  csv:
    description:
      - A CSV file in UTF-8, separated by commas or semicolons, whose first line names its columns.
        The columns C(instance_id), C(name), C(expect_account) and C(access_token) are taken, others are left to people.
    type: path
  hosts:
    description:
      - Names of hosts in the inventory, whose variables C(wawp_instance_id), C(wawp_name), C(wawp_expect_account) and
        C(wawp_access_token) say what the instance is. Also taken are mappings like those in O(entries).
      - A host without an instance is left out.
    type: list
    elements: raw
extends_documentation_fragment:
  - wawp.cloud.paths
seealso:
  - module: wawp.cloud.wawp_fleet
  - module: wawp.cloud.wawp_plan
  - plugin: wawp.cloud.wawp
    plugin_type: inventory
  - name: Runbooks
    description: Playbooks of this collection that use this module.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/runbooks.md
attributes:
  async:
    support: none
    description: Can be used with the C(async) keyword.
    details:
      - The result may hold tokens, and C(async) would keep it in a file.
  check_mode:
    support: full
    description: Can run in C(check_mode), where it does the same, since it changes nothing.
  diff_mode:
    support: N/A
    description: Will return details on what has changed, or would have changed in C(check_mode), when in diff mode.
  idempotent:
    support: full
    description: When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
"""

EXAMPLES = r"""
- name: From a file that a spreadsheet has saved
  wawp.cloud.wawp_roster:
    csv: /var/tmp/office.csv
  register: roster

- name: From a list
  wawp.cloud.wawp_roster:
    entries:
      - 3EB0BCB2E3D4
      - instance_id: 3EB0BCB2E3D5
        name: Front desk
"""

RETURN = r"""
source:
  description: Where they came from, and how many there are.
  returned: success
  type: str
  sample: a variable, 2 instances
instances:
  description: The instances, for M(wawp.cloud.wawp_fleet).
  returned: success
  type: list
  elements: dict
  contains:
    instance_id:
      description: The instance.
      returned: always
      type: str
      sample: 3EB0BCB2E3D4
    name:
      description: Your name for it.
      returned: if it was given
      type: str
      sample: Front desk
    expect_account:
      description: The account that it must belong to.
      returned: if it was given
      type: str
      sample: "+201012345678"
    access_token:
      description: Its own token.
      returned: if it was given
      type: str
  sample:
    - instance_id: 3EB0BCB2E3D4
    - {instance_id: 3EB0BCB2E3D5, name: Front desk}
targets:
  description: The same without C(expect_account), for M(wawp.cloud.wawp_session_info).
  returned: success
  type: list
  elements: dict
  contains:
    instance_id:
      description: The instance.
      returned: always
      type: str
      sample: 3EB0BCB2E3D4
    name:
      description: Your name for it.
      returned: if it was given
      type: str
      sample: Front desk
    access_token:
      description: Its own token.
      returned: if it was given
      type: str
  sample:
    - instance_id: 3EB0BCB2E3D4
    - {instance_id: 3EB0BCB2E3D5, name: Front desk}
"""

from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.roster import ROSTER_SPEC, roster_task


def main() -> None:
    run_module(ROSTER_SPEC, roster_task, calls=False)


if __name__ == "__main__":
    main()
