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
  - Reads all sessions and plans what M(wawp.cloud.wawp_fleet) would do with the same options. What would be sent to
    which instance, what can't be undone, what stands in the way. Sends nothing that changes a session.
  - A phrase of action, count and fingerprint confirms this plan and no other. With O(execute=true), and the phrase in
    O(confirm), the sessions are read again, and the plan is carried out if it is still the one that was confirmed.
    Planning and sending are one task, so that nothing can come between them.
  - The phrase stands for the instances, the whole accounts, what can't be undone, the API's address,
    O(accept_unproven), O(arriving) and O(delete). It doesn't stand for statuses, which change by themselves.
  - While the plan is carried out, no session is logged out that shows another account than the plan saw, and nothing
    that can't be undone is sent unless the plan has it.
  - Plans are kept in a folder C(plans) beside O(journal), with mode 0600. Where sessions have changed since a plan was
    approved, the differences are shown. After an interruption, the rest of the plan goes on with the same phrase.
options:
  access_token:
    required: false
  state:
    description: What is to be reached, see M(wawp.cloud.wawp_session).
    type: str
    choices: [logged_out, decommissioned, started, stopped, restarted, absent]
    required: true
  action:
    description: What would be done, in a word. The phrase begins with it.
    type: str
    required: true
  delete:
    description: Whether to delete the instances in the end whose link is severed, which has a phrase of its own.
    type: bool
    default: false
  arriving:
    description:
      - Who is to be linked afterwards, which the plan names and the phrase stands for. Each a mapping with
        C(instance_id) and optionally C(name), C(expect_account) and C(access_token). Nobody is linked by this module.
    type: list
    elements: dict
    default: []
  keep_linked:
    description:
      - Whether to leave a session alone that has the account already which O(arriving) expects there.
      - Left alone in any case is one that this plan has severed in a run whose report was not complete, and that has
        the account again which it had, or which O(arriving) expects.
    type: bool
    default: false
  execute:
    description: Whether to carry the plan out, which needs O(confirm). In check mode it is never carried out.
    type: bool
    default: false
  confirm_stop:
    description:
      - Whether to read a session after its stop even if the reply says that it is C(STOPPED). Whoever reads all
        sessions afterwards anyway, as the runbooks do for their report, saves a call with V(false).
    type: bool
    default: true
  confirm:
    description: The phrase of the plan, as it was given by whoever confirms.
    type: str
  confirm_delete:
    description: The same for the deletion.
    type: str
  input:
    description: Where the list of instances came from, RV(wawp.cloud.wawp_roster#module:input), for the plan's head.
    type: dict
    default: {}
  start:
    description: RV(wawp.cloud.wawp_report#module:start) of the run's beginning, from which its times are counted.
    type: dict
  report_dir:
    description: A folder that must be writable, or nothing is sent. Made with mode 0700 if it isn't there.
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
      - Plans. Fails if a phrase was given that doesn't fit, or if an instance is blocked and not accepted.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - As far as M(wawp.cloud.wawp_session) is.
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
    description: Playbooks of this collection that use this module.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/runbooks.md
"""

EXAMPLES = r"""
- name: Plan, and carry out what is confirmed
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
  description: What would be done, in a word.
  returned: when the sessions were read
  type: str
  sample: decommission
api_url:
  description: The API's address, in the writing that the phrase stands for.
  returned: when the sessions were read
  type: str
  sample: https://api.wawp.net
count:
  description: To how many instances.
  returned: when the sessions were read
  type: int
  sample: 1
entries:
  description: What would be done to each, and what is expected of it.
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
      description: The status that was seen, null if none was.
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
      description: Stands for the whole account, empty if none was seen. Nobody without the token can compute it.
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
      description: What to do about it, null if there is nothing to say.
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
  description: The instances in whose way something stands.
  returned: when the sessions were read
  type: list
  elements: str
  sample: []
fingerprint:
  description: The hash of what makes this plan this plan, or the approved one if that still fits.
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
  description: Whether the plan was carried out, with whatever success.
  returned: when the sessions were read
  type: bool
  sample: true
time:
  description: When the plan was made, in UTC.
  returned: when the sessions were read
  type: str
  sample: "2026-11-22T01:30:05.120Z"
lines:
  description: The plan as a person reads it before deciding.
  returned: when the sessions were read
  type: list
  elements: str
  sample: ["Plan: decommission 1 instance"]
planned:
  description:
    - The predictions that the plan was made of, as M(wawp.cloud.wawp_fleet) returns them, but for C(actions), see
      RV(entries[].calls), and C(session).
  returned: unless something was refused
  type: list
  elements: dict
  sample: []
sessions:
  description:
    - What became of each instance, as M(wawp.cloud.wawp_fleet) returns it, but for C(session). Empty unless carried
      out.
  returned: unless something was refused
  type: list
  elements: dict
  sample: []
deleted:
  description: What became of each deletion, as M(wawp.cloud.wawp_fleet) returns it, but for C(session).
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
