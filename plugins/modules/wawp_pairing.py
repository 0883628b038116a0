#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_pairing: waits until somebody has linked an account to each instance."""

DOCUMENTATION = r"""
module: wawp_pairing
short_description: Wait until somebody has linked a WhatsApp account to each of one or many Wawp instances
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Starts sessions that aren't running, waits until somebody has scanned their QR codes, and checks that each account
    is the expected one. With O(instances), several people can scan at once, and each is checked separately.
  - The first QR code is valid for 60 seconds, and later ones for 20 seconds. The module keeps the code up to date in
    a file, and shows a new one when the engine has given up.
  - If another account than expected is linked, the task fails. The account stays linked, since you decide what to do
    about it.
options:
  access_token:
    required: false
  name:
    description: Your own name for the instance, returned in RV(sessions). Not for O(instances), which have their own.
    type: str
  origin:
    description: The instance's place in a list of yours. It is only returned. Not for O(instances).
    type: str
  instances:
    description:
      - Several instances, each an id, or a mapping with C(instance_id) and, optionally, C(name), C(access_token) and
        C(expect_account), which override the options of the same names.
    type: list
    elements: raw
  expect_account:
    description:
      - The account that must be linked, as a phone number with its country code or as a WhatsApp id.
      - If unset, any account is accepted.
    type: str
  previous:
    description:
      - RV(wawp.cloud.wawp_plan#module:entries), which name the accounts that were linked before. If another one is
        linked now, a warning and C(open_ends) in RV(sessions) name both, masked.
    type: list
    elements: dict
    default: []
  qr_path:
    description:
      - A file that holds the current QR code, as a PNG image with mode 0600, for the person who scans.
      - It is removed after the scan, and when the task ends. Anybody who can read it can link a phone.
    type: path
  qr_dir:
    description:
      - A folder with such a file for each instance, named C(INSTANCE_ID-qr.png). Created with mode 0700 if it doesn't
        exist.
    type: path
  start:
    description: RV(wawp.cloud.wawp_report#module:start) from the beginning of the run, from which its times are
      counted.
    type: dict
  wait_timeout:
    description: Seconds after which the task gives up and fails.
    type: float
    default: 600.0
  wait_sleep:
    description: Seconds between two readings. Wawp asks for 3 to 5.
    type: float
    default: 3.0
  progress:
    description:
      - Seconds between lines that list who has yet to scan, V(0) for none. Links and refusals are reported at once.
      - They are shown if the task runs on the controller itself.
    type: float
    default: 15.0
  mask_account:
    description: Whether phone numbers and names are masked in everything that is returned.
    type: bool
    default: true
seealso:
  - module: wawp.cloud.wawp_session
  - module: wawp.cloud.wawp_temp_link
  - name: Runbooks
    description: Playbooks in this collection that use this module.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/runbooks.md
attributes:
  action_group:
    version_added: 1.0.0
  check_mode:
    support: full
    details:
      - Reads each session once, doesn't wait for a scan, and predicts whether the session would be started.
  diff_mode:
    support: full
  idempotent:
    support: full
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.one_or_many
  - wawp.cloud.wawp.pace
  - wawp.cloud.attributes
  - wawp.cloud.paths
"""

EXAMPLES = r"""
- name: Let the new agent scan
  wawp.cloud.wawp_pairing:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    expect_account: "+20 101 234 5678"
    qr_path: /var/tmp/scan-me.png
  register: linked

- name: Let three agents scan at once
  wawp.cloud.wawp_pairing:
    access_token: "{{ wawp_access_token }}"
    instances:
      - instance_id: 3EB0BCB2E3D4
        name: Front desk
        expect_account: "+20 101 234 5678"
      - instance_id: 3EB0BCB2E3D5
        name: Sales
      - 3EB0BCB2E3D6
    qr_dir: /var/tmp/scan-me
"""

RETURN = r"""
sessions:
  description:
    - One entry for each instance, in the order given, with the fields that M(wawp.cloud.wawp_session) returns, except
      C(verdict), C(prediction) and C(session), and those listed here.
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
    state:
      description: The requested state.
      returned: always
      type: str
      sample: paired
    changed:
      description: Whether anything was sent that changes the session.
      returned: always
      type: bool
      sample: true
    failed:
      description: Whether the state was not reached.
      returned: always
      type: bool
      sample: false
    msg:
      description: Why the state was not reached, null if it was.
      returned: always
      type: str
      sample: null
    warnings:
      description: What an operator should know about this session.
      returned: always
      type: list
      elements: str
      sample: []
    status:
      description: The last status seen, null if none was.
      returned: always
      type: str
      sample: WORKING
    account:
      description: The account that is linked, masked unless O(mask_account=false), null if there is none.
      returned: always
      type: str
      sample: "********5678@c.us"
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.pairing import PAIRING_SPEC, pairing_task


def main() -> None:
    if SUPPORTED:
        run_module(PAIRING_SPEC, pairing_task)


if __name__ == "__main__":
    main()
