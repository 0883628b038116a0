#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_temp_link: makes or revokes the page on which anybody can scan an instance's QR code."""

DOCUMENTATION = r"""
module: wawp_temp_link
short_description: Create or revoke the temporary link of a Wawp instance
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - A temporary link opens a page with the QR code of the instance. For 30 minutes, anybody who has the link can scan
    the code there and so link a phone. The link is a secret. While it is valid, it lets an outsider link the instance
    again after a logout.
options:
  state:
    description:
      - V(present) creates a link if there is none. V(absent) revokes all links.
    type: str
    choices: [present, absent]
    required: true
  path:
    description:
      - A file that holds the link, with mode 0600, for the person who scans. Removed with O(state=absent).
    type: path
  return_link:
    description:
      - Whether to return the link. The task's result is then hidden from all output and logs; only a registered
        variable holds it.
      - Can't be used with C(async), which would show it.
    type: bool
    default: false
seealso:
  - module: wawp.cloud.wawp_session
  - module: wawp.cloud.wawp_pairing
  - name: Runbooks
    description: Playbooks in this collection that use this module.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/runbooks.md
attributes:
  action_group:
    version_added: 1.0.0
  async:
    support: partial
    details:
      - Refused with O(return_link=true).
  check_mode:
    support: full
    details:
      - Reads whether there is a link, and predicts what a run would do.
  diff_mode:
    support: full
    details:
      - Shows whether there is a link, never the link itself.
  idempotent:
    support: full
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.instance
  - wawp.cloud.attributes
  - wawp.cloud.paths
"""

EXAMPLES = r"""
- name: Create a link for the new agent to scan from
  wawp.cloud.wawp_temp_link:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    state: present
    path: /var/tmp/link-for-the-new-agent.txt

- name: Revoke it
  wawp.cloud.wawp_temp_link:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    state: absent
    path: /var/tmp/link-for-the-new-agent.txt
"""

RETURN = r"""
exists:
  description: Whether there is a link at the end of the task. In check mode, whether there would be.
  returned: success
  type: bool
  sample: true
link:
  description: The link, null if there is none, and in check mode if there was none.
  returned: if O(return_link=true), success
  type: str
  sample: https://link.wawp.example/0123456789abcdef
error:
  description: The call that failed, null if none did; the fields are those of M(wawp.cloud.wawp_session).
  returned: always
  type: dict
  sample: null
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.temp_link import LINK_SPEC, link_task


def main() -> None:
    if SUPPORTED:
        run_module(LINK_SPEC, link_task)


if __name__ == "__main__":
    main()
