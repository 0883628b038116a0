#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_fleet: brings many WhatsApp sessions to their states at once."""

DOCUMENTATION = r"""
module: wawp_fleet
short_description: Log out, start, stop, restart or delete many WhatsApp sessions of Wawp at once
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Does what M(wawp.cloud.wawp_session) does, for thousands of sessions in one task.
  - Limits the number of connections and the rate of calls. A waiting session uses neither.
  - A session that fails doesn't stop the others. If any failed, the task fails at the end and returns all results.
options:
  access_token:
    required: false
  state:
    description:
      - The state to reach, see M(wawp.cloud.wawp_session). Required, unless each instance has its own.
    type: str
    choices: [logged_out, decommissioned, started, stopped, restarted, absent]
attributes:
  action_group:
    version_added: 1.0.0
  check_mode:
    support: full
    details:
      - Reads the sessions, sends nothing that changes them, and predicts what a run would do.
  diff_mode:
    support: full
    details:
      - Shows the sessions that change.
  idempotent:
    support: partial
    details:
      - To the same extent as M(wawp.cloud.wawp_session).
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.fleet
  - wawp.cloud.wawp.state
  - wawp.cloud.wawp.waiting
  - wawp.cloud.wawp.proof
  - wawp.cloud.attributes
  - wawp.cloud.paths
seealso:
  - module: wawp.cloud.wawp_session
  - module: wawp.cloud.wawp_session_info
  - module: wawp.cloud.wawp_roster
  - module: wawp.cloud.wawp_plan
  - module: wawp.cloud.wawp_report
  - name: Fleets and pacing
    description: What the API sees of a fleet, the journal, and what happens when some sessions fail.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/fleets.md
  - name: Verdicts explained
    description: What each verdict is based on, and its limits.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/verdicts.md
"""

EXAMPLES = r"""
- name: Retire an office, and continue after an interruption
  wawp.cloud.wawp_fleet:
    access_token: "{{ wawp_access_token }}"
    instances:
      - 3EB0BCB2E3D4
      - 3EB0BCB2E3D5
      - instance_id: 3EB0BCB2E3D6
        name: Front desk
        expect_account: "+20 101 234 5679"
    state: logged_out
    start_if_stopped: true
    on_unproven: fail
    max_failures: 10%
    journal: /var/tmp/retire-office.jsonl
  register: office

- name: Show what was found
  ansible.builtin.debug:
    var: office.summary

- name: Bring each session to its own state
  wawp.cloud.wawp_fleet:
    access_token: "{{ wawp_access_token }}"
    instances:
      - {instance_id: 3EB0BCB2E3D4, state: started}
      - {instance_id: 3EB0BCB2E3D5, state: stopped}
"""

RETURN = r"""
sessions:
  description:
    - One entry for each instance, in the order given, with the fields that M(wawp.cloud.wawp_session) returns and
      those listed here.
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
      sample: logged_out
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
    left_alone:
      description: Whether it was not even read, because of O(max_failures).
      returned: always
      type: bool
      sample: false
    earlier:
      description:
        - What O(journal) knew about it before, a verdict, or C(sent) for a logout whose outcome was not seen.
        - Null if the journal knew nothing.
      returned: always
      type: str
      sample: null
summary:
  description: The run in numbers.
  returned: when the options were in order
  type: dict
  contains:
    total:
      description: How many instances there are.
      returned: always
      type: int
      sample: 3
    changed:
      description: How many were changed.
      returned: always
      type: int
      sample: 3
    failed:
      description: How many failed.
      returned: always
      type: int
      sample: 0
    left_alone:
      description: How many were left alone.
      returned: always
      type: int
      sample: 0
    verdicts:
      description: How many ended with each verdict.
      returned: always
      type: dict
      sample: {severed: 3, no_account: 0, unproven: 0}
    calls:
      description: How many calls were sent.
      returned: always
      type: int
      sample: 9
    duration:
      description: How long the run took, in seconds.
      returned: always
      type: float
      sample: 4.2
prediction:
  description: Whether anything in RV(sessions) is a prediction, because check mode kept a call from being sent.
  returned: when the options were in order
  type: bool
  sample: false
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.fleet import fleet_module_task
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.options import FLEET_SPEC


def main() -> None:
    if SUPPORTED:
        run_module(FLEET_SPEC, fleet_module_task)


if __name__ == "__main__":
    main()
