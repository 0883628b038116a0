#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_plan: makes a plan of what would be done, and holds it against what was confirmed."""

DOCUMENTATION = r"""
module: wawp_plan
short_description: Plan what would be done to WhatsApp sessions of Wawp, and let nothing through that wasn't confirmed
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Makes a plan of what M(wawp.cloud.wawp_fleet) has predicted in check mode. What would be sent to which instance,
    what
    can't be undone, what can't be proven.
  - The plan has a fingerprint. A phrase of the action, the count and the beginning of the fingerprint confirms this
    plan and
    no other. With O(gate=true) the task fails unless that phrase was given, so that it stands between a plan and its
    execution, with or without a terminal.
  - The fingerprint covers instances, states, accounts, statuses, calls, expected verdicts and the API's URL. It
    does not
    cover times, nor the statuses through which an unpaired session drifts by itself.
options:
  sessions:
    description: RV(wawp.cloud.wawp_fleet#module:sessions) of a run in check mode.
    type: list
    elements: dict
    required: true
  action:
    description: What would be done, in a word. The phrase begins with it.
    type: str
    required: true
  delete:
    description: Whether the instances would be deleted in the end, which has a phrase of its own.
    type: bool
    default: false
  confirm:
    description: The phrase as it was given by whoever confirms.
    type: str
  confirm_delete:
    description: The same for the deletion.
    type: str
  gate:
    description: Whether to fail unless the plan is confirmed.
    type: bool
    default: false
  api_url:
    description: The API that would be called, so that a plan for a sandbox confirms none for the real one.
    type: str
attributes:
  async:
    support: full
    description: Can be used with the C(async) keyword.
  check_mode:
    support: full
    description: Can run in C(check_mode), where it does the same, since it changes nothing.
  diff_mode:
    support: N/A
    description: Will return details on what has changed, or would have changed in C(check_mode), when in diff mode.
  idempotent:
    support: full
    description: When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
extends_documentation_fragment:
  - wawp.cloud.request
seealso:
  - module: wawp.cloud.wawp_roster
  - module: wawp.cloud.wawp_fleet
  - module: wawp.cloud.wawp_report
  - name: Runbooks
    description: Playbooks of this collection that use this module.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/runbooks.md
"""

EXAMPLES = r"""
- name: What would be done?
  wawp.cloud.wawp_fleet:
    access_token: "{{ wawp_access_token }}"
    instances:
      - 3EB0BCB2E3D4
    state: decommissioned
  check_mode: true
  register: predicted

- name: Make a plan of it
  wawp.cloud.wawp_plan:
    sessions: "{{ predicted.sessions }}"
    action: decommission
  register: plan

- name: Show it
  ansible.builtin.debug:
    msg: "{{ plan.lines }}"

- name: Go on only with the phrase that belongs to it
  wawp.cloud.wawp_plan:
    sessions: "{{ predicted.sessions }}"
    action: decommission
    confirm: "{{ wawp_confirm | default(plan.confirm) }}"
    gate: true
"""

RETURN = r"""
action:
  description: What would be done, in a word.
  returned: always
  type: str
  sample: decommission
count:
  description: To how many instances.
  returned: always
  type: int
  sample: 1
entries:
  description: What would be done to each, and what is expected of it.
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
      description: Your name for it, null if it was given none.
      returned: always
      type: str
      sample: null
    origin:
      description: Where it stands in the list that it came from, null if nobody said.
      returned: always
      type: str
      sample: line 2
    state:
      description: What would be reached.
      returned: always
      type: str
      sample: decommissioned
    status:
      description: The status that was seen, null if there is no such session.
      returned: always
      type: str
      sample: WORKING
    account:
      description: The account, as it was given to the module, null if none was seen.
      returned: always
      type: str
      sample: "********5678@c.us"
    calls:
      description: The calls that would change something.
      returned: always
      type: list
      elements: str
      sample: [logout, stop]
    expected:
      description: The verdict that is expected.
      returned: always
      type: str
      sample: severed
    blocked:
      description: Why nothing more would be done, null if nothing stands in the way.
      returned: always
      type: str
      sample: null
effects:
  description: How many of each call would be sent.
  returned: success
  type: dict
  sample: {logout: 1, stop: 1}
irreversible:
  description: What can't be undone, in words.
  returned: success
  type: list
  elements: str
  sample: ["Logging out can't be undone: to connect again, somebody has to scan a QR code with the phone."]
unprovable:
  description: The instances whose link is not expected to be proven severed.
  returned: success
  type: list
  elements: str
  sample: []
blocked:
  description: The instances in whose way something stands.
  returned: success
  type: list
  elements: str
  sample: []
fingerprint:
  description: The hash of what makes this plan this plan.
  returned: always
  type: str
  sample: a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90
confirm:
  description: The phrase that confirms it.
  returned: always
  type: str
  sample: decommission-1-a1b2c3d4
confirm_delete:
  description: The phrase that confirms the deletion.
  returned: with O(delete=true)
  type: str
  sample: delete-1-b2c3d4e5
confirmed:
  description: Whether the phrases that were given are these.
  returned: always
  type: bool
  sample: false
time:
  description: When the plan was made, in UTC.
  returned: always
  type: str
  sample: "2026-11-22T01:30:05.120Z"
lines:
  description: The plan as a person reads it before deciding.
  returned: success
  type: list
  elements: str
  sample: ["Plan: decommission 1 instance"]
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.plan import PLAN_SPEC, plan_task


def main() -> None:
    if SUPPORTED:
        run_module(PLAN_SPEC, plan_task, calls=False)


if __name__ == "__main__":
    main()
