#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_session_info: reads one or many WhatsApp sessions."""

DOCUMENTATION = r"""
module: wawp_session_info
short_description: Read the status of one or many WhatsApp sessions of Wawp
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Reads sessions and changes nothing.
  - A session that doesn't exist is a result, not a failure, see RV(sessions[].exists). If a session could not be read
    for any other reason, the task fails and returns everything that was read.
options:
  access_token:
    required: false
  instances:
    description:
      - Several instances, each an id, or a mapping with C(instance_id) and, optionally, C(name) and C(access_token).
      - Wawp has no call that lists them.
    type: list
    elements: raw
  qr:
    description:
      - Whether to return the QR code of a session that is waiting for a scan.
      - Anybody who has the code can link a phone to the instance. The task's result is therefore hidden from all
        output and logs; only a registered variable holds it.
      - Can't be used with C(async), which would show it.
    type: bool
    default: false
  return_session:
    description:
      - Whether to return the whole reply as RV(sessions[].session). With thousands of sessions, this is most of the
        data that Ansible has to carry.
    type: bool
    default: true
  mask_account:
    description: Whether phone numbers and names are masked in everything that is returned.
    type: bool
    default: true
attributes:
  action_group:
    version_added: 1.0.0
  async:
    support: partial
    details:
      - Refused with O(qr=true).
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.one_or_many
  - wawp.cloud.wawp.pace
  - wawp.cloud.wawp.packed
  - wawp.cloud.attributes
  - wawp.cloud.attributes.info_module
  - wawp.cloud.paths
seealso:
  - module: wawp.cloud.wawp_session
  - module: wawp.cloud.wawp_fleet
  - plugin: wawp.cloud.wawp
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Read one session
  wawp.cloud.wawp_session_info:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
  register: found

- name: Continue only if it exists
  ansible.builtin.assert:
    that: found.sessions[0].exists

- name: Read many
  wawp.cloud.wawp_session_info:
    access_token: "{{ wawp_access_token }}"
    instances:
      - 3EB0BCB2E3D4
      - instance_id: 3EB0BCB2E3D5
        name: Front desk
"""

RETURN = r"""
sessions:
  description: One entry for each instance, in the order given.
  returned: when the options were in order
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
      description: Its place in the list that it came from, null if unknown.
      returned: always
      type: str
      sample: line 2
    exists:
      description: Whether there is such a session, null if that could not be read.
      returned: always
      type: bool
      sample: true
    status:
      description: Its status, null if there is none.
      returned: always
      type: str
      sample: WORKING
    paired:
      description: Whether an account is logged in, null if the reply doesn't say, as is common while C(STARTING).
      returned: always
      type: bool
      sample: true
    account:
      description: The account, masked unless O(mask_account=false), null if the reply names none.
      returned: always
      type: str
      sample: "********5678@c.us"
    session:
      description: The reply, without secrets, and with the account masked unless O(mask_account=false), null if there
        is none.
      returned: unless O(return_session=false)
      type: dict
      sample:
        name: wawp-84729105
        status: WORKING
        config: {webhooks: {}, proxy: null}
        me: {id: "********5678@c.us", pushName: "J***"}
    error:
      description: Why the session could not be read, null if it could; the fields are those of
        M(wawp.cloud.wawp_session).
      returned: always
      type: dict
      sample: null
    reads:
      description: How often the session was read.
      returned: always
      type: int
      sample: 1
    qr:
      description: The QR code as a data URI, null if the session isn't waiting for a scan.
      returned: if O(qr=true)
      type: str
      sample: "data:image/png;base64,iVBORw0KGgo="
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.options import INFO_SPEC
from ..module_utils._tasks.session_info import info_task


def main() -> None:
    if SUPPORTED:
        run_module(INFO_SPEC, info_task)


if __name__ == "__main__":
    main()
