#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_roster: returns the instances that a run is about."""

DOCUMENTATION = r"""
module: wawp_roster
short_description: List the Wawp instances of a run, from a list, a CSV file or the inventory
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Wawp has no call that lists instances. This module reads them from the first of its options that you set. It
    refuses duplicate and malformed entries, and names all of them at once, before anything is called.
  - If the list contains tokens or expected accounts, the result is hidden from all output and logs; only a registered
    variable holds it. C(async) is refused, since it keeps results in files.
options:
  entries:
    description:
      - Instances, each an id, or a mapping with C(instance_id) and, optionally, C(name), C(expect_account) and
        C(access_token). C(origin) is the instance's place in a list of your own.
      - Anything but text is refused, since YAML changes the digits of some numbers.
    type: list
    elements: raw
  csv:
    description:
      - A CSV file in UTF-8, separated by commas, semicolons or tabs, whose first line names its columns.
      - It uses the columns C(instance_id), C(name), C(expect_account) and C(access_token), in any case, and with
        blanks or dashes for underscores. Other columns are ignored, but those with nearly the same names are refused.
    type: path
  hosts:
    description:
      - Names of hosts in the inventory, whose variables C(wawp_instance_id), C(wawp_name), C(wawp_expect_account) and
        C(wawp_access_token) describe the instance. Mappings like those in O(entries) are accepted too.
      - A host without an instance is left out. No host gets another host's token; a host without its own uses the
        controller's environment variable C(WAWP_ACCESS_TOKEN).
    type: list
    elements: raw
  packed:
    description:
      - Whether to return each list of mappings as one JSON text, which is faster with thousands of instances.
      - M(wawp.cloud.wawp_plan), M(wawp.cloud.wawp_session_info) and M(wawp.cloud.wawp_report) accept such texts by
        their names, as V(roster.instances).
    type: bool
    default: false
extends_documentation_fragment:
  - wawp.cloud.paths
seealso:
  - module: wawp.cloud.wawp_fleet
  - module: wawp.cloud.wawp_plan
  - plugin: wawp.cloud.wawp
    plugin_type: inventory
  - name: Runbooks
    description: Playbooks in this collection that use this module.
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
- name: Read a file saved from a spreadsheet
  wawp.cloud.wawp_roster:
    csv: /var/tmp/office.csv
  register: roster

- name: Read a list
  wawp.cloud.wawp_roster:
    entries:
      - 3EB0BCB2E3D4
      - instance_id: 3EB0BCB2E3D5
        name: Front desk
"""

RETURN = r"""
source:
  description: Where the instances came from, and how many there are.
  returned: success
  type: str
  sample: a variable, 2 instances
input:
  description: The list, for M(wawp.cloud.wawp_report).
  returned: success
  type: dict
  contains:
    source:
      description: Where the list came from.
      returned: always
      type: str
      sample: /var/tmp/office.csv
    count:
      description: How many instances are in the list.
      returned: always
      type: int
      sample: 2
    sha256:
      description: Its SHA-256 hash.
      returned: always
      type: str
      sample: 5f8a6d1c0e2b49b7a3f4c1d2e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718
    hashed:
      description: What was hashed, V(file) for a CSV file, or V(ids) for the sorted ids, each with a line feed.
      returned: always
      type: str
      sample: file
    columns:
      description: The columns of a CSV file that were used.
      returned: always
      type: list
      elements: str
      sample: [instance_id, name]
    ignored_columns:
      description: The columns that were ignored.
      returned: always
      type: list
      elements: str
      sample: [Floor]
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
    origin:
      description: Its place in the list.
      returned: always
      type: str
      sample: line 2
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
    - {instance_id: 3EB0BCB2E3D4, origin: line 2}
    - {instance_id: 3EB0BCB2E3D5, name: Front desk, origin: line 3}
identities:
  description: The instances and their places in the list, without tokens, for M(wawp.cloud.wawp_report).
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
      description: Your name for it, null if you gave none.
      returned: always
      type: str
      sample: Front desk
    origin:
      description: Its place in the list.
      returned: always
      type: str
      sample: line 2
  sample:
    - {instance_id: 3EB0BCB2E3D4, name: null, origin: line 2}
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
    origin:
      description: Its place in the list.
      returned: always
      type: str
      sample: line 2
    access_token:
      description: Its own token.
      returned: if it was given
      type: str
  sample:
    - {instance_id: 3EB0BCB2E3D4, origin: line 2}
    - {instance_id: 3EB0BCB2E3D5, name: Front desk, origin: line 3}
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.roster import ROSTER_SPEC, roster_task


def main() -> None:
    if SUPPORTED:
        run_module(ROSTER_SPEC, roster_task, calls=False)


if __name__ == "__main__":
    main()
