#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_plan: plans a fleet's run, and carries it out if the plan was confirmed."""

DOCUMENTATION = r"""
module: wawp_plan
short_description: Plan what a fleet's run would do, and carry it out only if that plan was confirmed
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Reads all sessions and plans what M(wawp.cloud.wawp_fleet) would do with the same options. The plan says what
    would be sent to which instance, what can't be undone, and what stands in the way. Planning sends nothing that
    changes a session.
  - A phrase of action, count and fingerprint confirms this plan and no other. With O(execute=true) and the phrase in
    O(confirm), the module reads the sessions again, and carries the plan out if it is still the confirmed one.
    Planning and sending are one task, so nothing can come between them.
  - The phrase covers the instances, their full accounts, what can't be undone, the API's address, O(accept_unproven),
    O(arriving) and O(delete). It doesn't cover statuses, which can change at any time.
  - A session that shows another account than in the plan is not logged out, and nothing that can't be undone is sent
    unless it is in the plan.
  - Plans are kept in a folder C(plans) next to O(journal), with mode 0600. If sessions have changed since a plan was
    approved, the differences are shown. After an interruption, continue with the same phrase.
options:
  access_token:
    required: false
  state:
    description: The state to reach, see M(wawp.cloud.wawp_session).
    type: str
    choices: [logged_out, decommissioned, started, stopped, restarted, absent]
    required: true
  action:
    description: A word for what would be done. The phrase begins with it.
    type: str
    required: true
  delete:
    description: Whether to delete the instances whose link is severed at the end. This needs its own phrase.
    type: bool
    default: false
  arriving:
    description:
      - Who will be linked afterwards. The plan names them, and the phrase covers them. Each is a mapping with
        C(instance_id) and, optionally, C(name), C(expect_account) and C(access_token). This module links nobody.
    type: list
    elements: dict
    default: []
  keep_linked:
    description:
      - Whether to leave a session alone if it already has the account that O(arriving) expects.
      - A session is always left alone if this plan severed it in a run whose report was not complete, and it has its
        former account again, or the one that O(arriving) expects.
    type: bool
    default: false
  execute:
    description: Whether to carry the plan out, which needs O(confirm). In check mode, it is never carried out.
    type: bool
    default: false
  confirm_stop:
    description:
      - Whether to read a session after its stop even if the reply says that it is C(STOPPED). If you read all
        sessions afterwards anyway, as the runbooks do for their report, V(false) saves a call.
    type: bool
    default: true
  confirm:
    description: The phrase of the plan, as given by the person who confirms it.
    type: str
  confirm_delete:
    description: The phrase of the deletion.
    type: str
  input:
    description: Where the list of instances came from, RV(wawp.cloud.wawp_roster#module:input), for the plan's
      heading.
    type: dict
    default: {}
  start:
    description: RV(wawp.cloud.wawp_report#module:start) from the beginning of the run, from which its times are
      counted.
    type: dict
  report_dir:
    description: A folder that must be writable, or nothing is sent. Created with mode 0700 if it doesn't exist.
    type: path
  scan_dir:
    description: The same for the folder of QR codes.
    type: path
attributes:
  action_group:
    version_added: 1.0.0
  check_mode:
    support: full
    details:
      - Plans only. Fails if the given phrase doesn't match, or if an instance is blocked and not accepted.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - To the same extent as M(wawp.cloud.wawp_session).
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.fleet
  - wawp.cloud.wawp.packed
  - wawp.cloud.wawp.state
  - wawp.cloud.wawp.waiting
  - wawp.cloud.wawp.proof
  - wawp.cloud.request
  - wawp.cloud.attributes
  - wawp.cloud.paths
seealso:
  - module: wawp.cloud.wawp_roster
  - module: wawp.cloud.wawp_fleet
  - module: wawp.cloud.wawp_report
  - name: Runbooks
    description: Playbooks in this collection that use this module.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/runbooks.md
"""

EXAMPLES = r"""
- name: Plan, and carry out the plan once it is confirmed
  wawp.cloud.wawp_plan:
    access_token: "{{ wawp_access_token }}"
    instances:
      - 3EB0BCB2E3D4
    state: decommissioned
    action: decommission
    on_unproven: fail
    journal: /var/tmp/retire-office.jsonl
    execute: "{{ phrase is defined }}"
    confirm: "{{ phrase | default(omit) }}"
  register: plan

- name: Show the plan
  ansible.builtin.debug:
    msg: "{{ plan.lines }}"
"""

RETURN = r"""
action:
  description: A word for what would be done.
  returned: when the sessions were read
  type: str
  sample: decommission
api_url:
  description: The API's address, in the form that the phrase covers.
  returned: when the sessions were read
  type: str
  sample: https://api.wawp.net
count:
  description: How many instances the plan covers.
  returned: when the sessions were read
  type: int
  sample: 1
entries:
  description: What would be done to each instance, and what is expected to result.
  returned: unless something was refused
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
      sample: null
    origin:
      description: Its place in the list that it came from, null if unknown.
      returned: always
      type: str
      sample: line 2
    state:
      description: The state that would be reached.
      returned: always
      type: str
      sample: decommissioned
    status:
      description: The status seen, null if none was.
      returned: always
      type: str
      sample: WORKING
    exists:
      description: Whether there is such a session, null if it could not be read.
      returned: always
      type: bool
      sample: true
    account:
      description: The account, masked, null if none was seen.
      returned: always
      type: str
      sample: "********5678@c.us"
    account_digest:
      description: A digest of the full account, empty if none was seen. Nobody without the token can compute it.
      returned: always
      type: str
      sample: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
    calls:
      description: The calls that would change something.
      returned: always
      type: list
      elements: str
      sample: [logout, stop]
    expected:
      description: The verdict that is expected, or C(linked_already), see O(keep_linked).
      returned: always
      type: str
      sample: severed
    fails:
      description: Whether it is expected to fail.
      returned: always
      type: bool
      sample: false
    blocked:
      description: Why nothing more would be done, null if nothing stands in the way.
      returned: always
      type: str
      sample: null
    advice:
      description: What to do about it, null if there is nothing to do.
      returned: always
      type: str
      sample: null
file:
  description: The file in which the plan is kept.
  returned: with O(journal), outside check mode
  type: str
  sample: /home/ops/.ansible/wawp/plans/decommission-1-a1b2-c3d4-e5f6-0718-293a.json
sha256:
  description: The hash of that file.
  returned: with O(journal), outside check mode
  type: str
  sample: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
effects:
  description: How many of each call would be sent.
  returned: when the sessions were read
  type: dict
  sample: {logout: 1, stop: 1}
irreversible:
  description: What can't be undone, in words.
  returned: when the sessions were read
  type: list
  elements: str
  sample: ["Logging out can't be undone: to connect again, somebody has to scan a QR code with the phone."]
unprovable:
  description: The instances whose link is not expected to be proven severed.
  returned: when the sessions were read
  type: list
  elements: str
  sample: []
blocked:
  description: The instances that something blocks.
  returned: when the sessions were read
  type: list
  elements: str
  sample: []
fingerprint:
  description: The hash of what the phrase covers, of this plan or of the approved one if that still matches.
  returned: when the sessions were read
  type: str
  sample: a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90
confirm:
  description: The phrase that confirms it.
  returned: when the sessions were read
  type: str
  sample: decommission-1-a1b2-c3d4-e5f6-0718-293a
confirm_delete:
  description: The phrase that confirms the deletion.
  returned: with O(delete=true)
  type: str
  sample: delete-1-b2c3-d4e5-f607-1829-3a4b
executed:
  description: Whether the plan was carried out, successfully or not.
  returned: when the sessions were read
  type: bool
  sample: true
time:
  description: When the plan was made, in UTC.
  returned: when the sessions were read
  type: str
  sample: "2026-11-22T01:30:05.120Z"
lines:
  description: The plan, as text for the person who decides.
  returned: when the sessions were read
  type: list
  elements: str
  sample: ["Plan: decommission 1 instance"]
planned:
  description:
    - The predictions that the plan is based on, as M(wawp.cloud.wawp_fleet) returns them, except C(actions), see
      RV(entries[].calls), and C(session).
  returned: unless something was refused
  type: list
  elements: dict
  sample: []
sessions:
  description:
    - The result of each instance, as M(wawp.cloud.wawp_fleet) returns it, except C(session). Empty unless carried
      out.
  returned: unless something was refused
  type: list
  elements: dict
  sample: []
deleted:
  description: The result of each deletion, as M(wawp.cloud.wawp_fleet) returns it, except C(session).
  returned: with O(delete=true), when carried out
  type: list
  elements: dict
  sample: []
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.plan import PLAN_SPEC, plan_task


def main() -> None:
    if SUPPORTED:
        run_module(PLAN_SPEC, plan_task)


if __name__ == "__main__":
    main()
