#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_session: brings one WhatsApp session to a state."""

DOCUMENTATION = r"""
module: wawp_session
short_description: Log out, start, stop, restart or delete a WhatsApp session of Wawp
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Brings the WhatsApp session of a Wawp instance to a state, and checks that it got there.
  - With O(state=logged_out), the module also returns how sure it is that the phone no longer lists the device. A
    reply of 200 proves nothing. The engine below the API returns it even when it could not reach the phone, and by
    then it has thrown away the only key that could have unlinked the device.
  - A session is therefore V(severed) only if it was C(WORKING), was logged out, and came to C(SCAN_QR_CODE) soon
    after that. Everything else is V(unproven).
options:
  state:
    description:
      - V(logged_out) unlinks the account. The instance and its settings stay.
      - V(decommissioned) revokes the temporary link if there is one, logs out, and then stops the session so that
        nobody is shown a QR code. A session that isn't running is started first, as with O(start_if_stopped=true). A
        session that may still be linked is not stopped, since that would only hide it. RV(open_ends) lists what could
        not be closed.
      - V(started) starts a session that is C(STOPPED), and restarts one that has C(FAILED). It leaves a session alone
        that is starting, working or waiting for a scan.
      - V(stopped) stops the session. It stays linked.
      - V(restarted) always restarts the session.
      - V(absent) deletes the instance, which can't be undone, see O(logout_first).
    type: str
    required: true
    choices: [logged_out, decommissioned, started, stopped, restarted, absent]
seealso:
  - module: wawp.cloud.wawp_fleet
  - module: wawp.cloud.wawp_session_info
  - module: wawp.cloud.wawp_pairing
  - module: wawp.cloud.wawp_temp_link
  - name: Verdicts explained
    description: What each verdict is based on, and its limits.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/verdicts.md
  - name: Troubleshooting
    description: What to do about each message.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/troubleshooting.md
attributes:
  action_group:
    version_added: 1.0.0
  check_mode:
    support: full
    details:
      - Reads the session, sends nothing that changes it, and predicts what a run would do, see RV(prediction).
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - O(state=restarted) restarts each time.
      - With O(state=decommissioned) and with O(start_if_stopped=true), a session that is C(STOPPED) or C(FAILED)
        without an account is started each time to look, unless O(journal) knows it or O(trust_empty_account=true).
      - A C(FAILED) session that can't be revived is restarted once in each run with O(start_if_stopped=true).
      - With O(wait=false), a run that follows within seconds sees C(STARTING) and logs out again, unless
        O(on_unproven=fail).
extends_documentation_fragment:
  - wawp.cloud.wawp
  - wawp.cloud.wawp.instance
  - wawp.cloud.wawp.state
  - wawp.cloud.wawp.waiting
  - wawp.cloud.wawp.proof
  - wawp.cloud.attributes
  - wawp.cloud.paths
"""

EXAMPLES = r"""
- name: Log the session out, and fail unless that is proven
  wawp.cloud.wawp_session:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    state: logged_out
    start_if_stopped: true
    on_unproven: fail

- name: Log out only if it is this person's account
  wawp.cloud.wawp_session:
    instance_id: 3EB0BCB2E3D4
    access_token: "{{ wawp_access_token }}"
    state: logged_out
    expect_account: "+20 101 234 5678"
  register: retired

- name: Show how sure the verdict is
  ansible.builtin.debug:
    msg: "{{ retired.verdict }}: {{ retired.account }} was {{ retired.previous_status }}, is {{ retired.status }}"

- name: Set token and URL once for all tasks
  module_defaults:
    group/wawp.cloud.wawp:
      access_token: "{{ wawp_access_token }}"
      api_url: "{{ wawp_api_url }}"
  block:
    - name: Make sure that the session is running
      wawp.cloud.wawp_session:
        instance_id: 3EB0BCB2E3D4
        state: started

    - name: Stop it, but keep it linked
      wawp.cloud.wawp_session:
        instance_id: 3EB0BCB2E3D4
        state: stopped

    - name: Log out, then delete the instance
      wawp.cloud.wawp_session:
        instance_id: 3EB0BCB2E3D4
        state: absent
        start_if_stopped: true
"""

RETURN = r"""
status:
  description: The last status seen, null if the session no longer exists.
  returned: always
  type: str
  sample: SCAN_QR_CODE
previous_status:
  description: The first status seen, null if none was.
  returned: always
  type: str
  sample: WORKING
verdict:
  description:
    - With O(state=logged_out), O(state=decommissioned) and O(state=absent), what is known about the link between phone
      and session.
    - V(severed) means that the session was C(WORKING), the module's logout was sent and not refused, and
      C(SCAN_QR_CODE) was read within O(proof_timeout) after its reply. An earlier proof in O(journal) counts as long
      as the session shows no account.
    - V(no_account) means that there was nothing to unlink. The session was seen in C(SCAN_QR_CODE) before any logout
      was sent. What ended the link was not seen.
    - V(unproven) means that the phone may still list the device. RV(advice) says what to do, and RV(key) whether you
      can do it from here.
    - Null for the other states, and with O(state=absent) if there was no session to begin with.
  returned: always
  type: str
  sample: severed
advice:
  description: What to do about an V(unproven) verdict, null otherwise.
  returned: always
  type: str
  sample: null
key:
  description:
    - Whether the stored credentials are still there. Only they can unlink the session from here.
    - With V(there), run again; nothing is lost. With V(gone), only the phone can end a link that may still exist.
      With V(unknown), it was not seen.
    - Null if RV(verdict) is null.
  returned: always
  type: str
  sample: gone
proven_at:
  description:
    - When the C(SCAN_QR_CODE) that proves the verdict V(severed) was read, in UTC. If RV(verdict) is based on an
      earlier run's proof in O(journal), this is the time of that proof.
    - Null for other verdicts, and in check mode.
  returned: always
  type: str
  sample: "2026-11-22T01:30:08.410Z"
proof_seconds:
  description:
    - Seconds until C(SCAN_QR_CODE) was read, from the reply to the logout, or from the time-out if the logout got no
      answer.
    - With V(unproven), C(SCAN_QR_CODE) came later than O(proof_timeout). Null if it was not seen, and in check mode.
  returned: always
  type: float
  sample: 1.034
account:
  description:
    - The account that the session belongs to, as far as it was seen, masked unless O(mask_account=false).
    - Null if none was seen.
  returned: always
  type: str
  sample: "********5678@c.us"
session:
  description:
    - The last reading as the API returned it, without secrets, and with the account masked unless
      O(mask_account=false).
    - Null if the session no longer exists.
  returned: always
  type: dict
  sample:
    name: wawp-84729105
    status: SCAN_QR_CODE
    config: {webhooks: {}, proxy: null}
    me: null
actions:
  description: The calls that change something, in the order sent. In check mode, those that would be sent.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: The call.
      returned: always
      type: str
      sample: logout
    time:
      description: When it was sent, in UTC.
      returned: always
      type: str
      sample: "2026-11-22T01:30:05.120Z"
    duration:
      description: Seconds until its reply.
      returned: always
      type: float
      sample: 2.31
    status:
      description: The session's status as seen before the call.
      returned: always
      type: str
      sample: WORKING
    outcome:
      description: C(ok), C(planned) in check mode, or the kind of error, as in RV(error.kind).
      returned: always
      type: str
      sample: ok
    http_status:
      description: The reply's HTTP status, null if there was no reply.
      returned: always
      type: int
      sample: 200
reads:
  description: How often the session was read.
  returned: always
  type: int
  sample: 1
open_ends:
  description:
    - With O(state=decommissioned), what could not be closed, such as a temporary link that could not be revoked.
    - Empty for the other states.
  returned: always
  type: list
  elements: str
  sample: []
began:
  description: When the run began, in UTC.
  returned: always
  type: str
  sample: "2026-11-22T01:30:04.980Z"
prediction:
  description: Whether the result is a prediction, because check mode kept a call from being sent.
  returned: always
  type: bool
  sample: false
duration:
  description: How long the run took, in seconds.
  returned: always
  type: float
  sample: 5.42
error:
  description: The failed call that ended the run, null if there was none.
  returned: always
  type: dict
  sample: null
  contains:
    kind:
      description:
        - One of C(bad_request), C(bad_token), C(forbidden), C(unknown_session), C(wrong_status), C(rate_limited),
          C(server_error), C(gateway), C(unreadable), C(timeout), C(unreachable), C(tls), C(redirected), C(unexpected),
          C(refused), C(busy), C(not_wawp). See the troubleshooting guide for what each means.
      returned: always
      type: str
      sample: bad_token
    http_status:
      description: The reply's HTTP status, null if there was no reply.
      returned: always
      type: int
      sample: 401
    code:
      description: Wawp's own name for the error, null if the reply has none.
      returned: always
      type: str
      sample: invalid_token
    message:
      description: What happened.
      returned: always
      type: str
      sample: "POST https://api.wawp.net/v2/session/info: HTTP 401, the access token was refused, check access_token"
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.options import SESSION_SPEC
from ..module_utils._tasks.session import session_module_task


def main() -> None:
    if SUPPORTED:
        run_module(SESSION_SPEC, session_module_task)


if __name__ == "__main__":
    main()
