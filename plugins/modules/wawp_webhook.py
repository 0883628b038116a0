#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_webhook: keeps the list of an instance's webhooks."""

DOCUMENTATION = r"""
module: wawp_webhook
short_description: Add, change or remove webhooks of a Wawp instance
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Wawp's API replaces the whole list of webhooks. This module reads the list, changes what you ask for, and leaves
    the rest as it is.
  - Two tasks that do so at the same moment can still undo each other's change, since the API has no locks.
  - Wawp allows webhooks on paid plans only. On other plans, the task fails and says so.
options:
  state:
    description:
      - V(present) adds the webhooks, or changes those with the same URL. V(absent) removes those with the same URL.
        V(exact) makes the list contain only these webhooks.
    type: str
    choices: [present, absent, exact]
    default: present
  webhooks:
    description: The webhooks. With O(state=exact), an empty list removes all webhooks.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description: The URL to which events are sent. It identifies the webhook.
        type: str
        required: true
      events:
        description: The events to send. If unset, an existing webhook keeps its events, and a new one gets none.
        type: list
        elements: str
      is_active:
        description: Whether events are sent. If unset, an existing webhook keeps its setting, and a new one is
          active.
        type: bool
seealso:
  - module: wawp.cloud.wawp_session
  - module: wawp.cloud.wawp_session_info
  - name: Events
    description: Rulebooks that act on webhooks, and a playbook that sets them up and proves that they work.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/events.md
attributes:
  action_group:
    version_added: 1.0.0
  check_mode:
    support: full
    details:
      - Reads the list, and predicts how a run would change it.
  diff_mode:
    support: full
    details:
      - Shows the lists, without the credentials and queries in URLs.
  idempotent:
    support: full
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.instance
  - wawp.cloud.attributes
  - wawp.cloud.paths
"""

EXAMPLES = r"""
- name: Get an event when the session's status changes
  wawp.cloud.wawp_webhook:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    webhooks:
      - url: https://hooks.example.com/wawp
        events: [session.status]

- name: Keep only these webhooks
  wawp.cloud.wawp_webhook:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    state: exact
    webhooks:
      - url: https://hooks.example.com/wawp
        events: [session.status, message]
"""

RETURN = r"""
webhooks:
  description: The list at the end of the task, without the credentials and queries in URLs. In check mode, as it
    would be.
  returned: success
  type: list
  elements: dict
  contains:
    url:
      description: Where the events are sent.
      returned: always
      type: str
      sample: https://hooks.example.com/wawp
    events:
      description: Which events.
      returned: if the API says so
      type: list
      elements: str
      sample: [session.status]
    is_active:
      description: Whether they are sent.
      returned: if the API says so
      type: bool
      sample: true
  sample:
    - url: https://hooks.example.com/wawp
      events: [session.status]
      is_active: true
error:
  description: The call that failed, null if none did; the fields are those of M(wawp.cloud.wawp_session).
  returned: always
  type: dict
  sample: null
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.webhook import WEBHOOK_SPEC, webhook_task


def main() -> None:
    if SUPPORTED:
        run_module(WEBHOOK_SPEC, webhook_task)


if __name__ == "__main__":
    main()
