#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_check_api: finds out how an API behaves."""

DOCUMENTATION = r"""
module: wawp_check_api
short_description: Find out how your Wawp API behaves, and which options fit it
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Reads one session and sends requests that must be refused. This changes nothing.
  - With O(confirm), it goes through a session's whole life, which B(unlinks the account). It stops, starts and
    restarts the session, logs it out, leaves it alone until it fails, and stops it.
  - Returns what was expected and what was seen, the options to set, and an anonymous recording.
options:
  confirm:
    description:
      - C(lose) and the O(instance_id), as in V(lose 3EB0BCB2E3D4), to go through the whole life. The instance must be
        WORKING. Afterwards it is STOPPED, and only a phone can pair it again.
      - If unset, nothing is changed.
    type: str
  path:
    description:
      - A file for the recording, as JSON with mode 0600. You can attach it to an issue.
    type: path
  wait_timeout:
    description: Seconds to wait for each status.
    type: float
    default: 120.0
  wait_sleep:
    description: Seconds between two readings. Times are measured no more finely than this.
    type: float
    default: 1.0
  drift_timeout:
    description: Seconds to leave the session alone after the logout, to see when it fails. V(0) skips this.
    type: float
    default: 300.0
seealso:
  - module: wawp.cloud.wawp_session
  - name: What you can find out about your API
    description: What the recording is for, and how to send it in.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/unknown.md
attributes:
  action_group:
    version_added: 1.0.0
  check_mode:
    support: full
    details:
      - Does only what changes nothing, and predicts whether O(confirm) would allow the rest.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - With O(confirm), it changes the session each time.
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.instance
  - wawp.cloud.attributes
  - wawp.cloud.paths
"""

EXAMPLES = r"""
- name: See how the API behaves, without changing anything
  wawp.cloud.wawp_check_api:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
  register: checked

- name: Show it
  ansible.builtin.debug:
    var: checked.table
"""

RETURN = r"""
findings:
  description: What was expected and what was seen.
  returned: when the options were in order
  type: list
  elements: dict
  contains:
    what:
      description: What was checked.
      returned: always
      type: str
      sample: reply to logout until SCAN_QR_CODE
    expected:
      description: What is documented, or was measured elsewhere.
      returned: always
      type: str
      sample: within 30 s
    seen:
      description: What was seen here, C(not seen) if nothing was.
      returned: always
      type: str
      sample: 0.9 s
table:
  description: RV(findings) in columns, for people.
  returned: when the options were in order
  type: list
  elements: str
  sample:
    - what                                 expected     seen
    - reply to logout until SCAN_QR_CODE   within 30 s  0.9 s
options:
  description: The options that fit this API.
  returned: when the options were in order
  type: dict
  contains:
    trust_empty_account:
      description: Whether an empty account means that there is none, null if this was not seen.
      returned: always
      type: bool
      sample: true
    proof_timeout:
      description:
        - Seconds to wait for a proof, three times what was seen and at least the default. Null if none was seen.
      returned: always
      type: float
      sample: 30.0
recording:
  description: What was called and what was seen, without secrets, ids or numbers, as written to O(path).
  returned: when the options were in order
  type: dict
  contains:
    format:
      description: The format's name and version.
      returned: always
      type: str
      sample: wawp.cloud check_api 1
    version:
      description: The collection's version.
      returned: always
      type: str
      sample: 1.0.0
    steps:
      description: The calls in order.
      returned: always
      type: list
      elements: dict
      contains:
        phase:
          description: The part of the check that the call belongs to.
          returned: always
          type: str
          sample: logged out
        call:
          description: The call.
          returned: always
          type: str
          sample: info
        at:
          description: When it was sent, in seconds since the start.
          returned: always
          type: float
          sample: 12.4
        seconds:
          description: How long its reply took.
          returned: always
          type: float
          sample: 0.03
        http:
          description: The HTTP status, null if no reply came.
          returned: always
          type: int
          sample: 201
        error:
          description: The kind of the error, null if there was none.
          returned: always
          type: str
          sample: null
        code:
          description: What the API calls the error, C(other) if that isn't a plain word, null if it has no name.
          returned: always
          type: str
          sample: null
        status:
          description: The status in the reply, C(other) if it isn't a plain word, null if there is none.
          returned: always
          type: str
          sample: SCAN_QR_CODE
        me:
          description:
            - How a reading names the account. C(missing), C(null), C(empty), C(code) for a waiting pairing code, or
              C(account). Null for other calls.
          returned: always
          type: str
          sample: account
        named_by:
          description: The fields that name the account.
          returned: always
          type: list
          elements: str
          sample: [id, lid, pushName]
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.check_api import CHECK_API_SPEC, check_api_task
from ..module_utils._tasks.module import run_module


def main() -> None:
    if SUPPORTED:
        run_module(CHECK_API_SPEC, check_api_task)


if __name__ == "__main__":
    main()
