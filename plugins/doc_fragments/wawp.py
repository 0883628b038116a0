# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that the modules share, each documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that are the same in every module."""

    # Connection options.
    DOCUMENTATION = r"""
options:
  access_token:
    description:
      - The access token of the Wawp account, from its dashboard.
      - It is sent in the body of each request and, for the few calls that are GET only, also in a header, never in a
        URL.
      - If unset, the environment variable E(WAWP_ACCESS_TOKEN) is used.
    type: str
    required: true
  api_url:
    description:
      - Where the Wawp API is.
      - If unset, the environment variable E(WAWP_API_URL) is used.
      - Plain C(http) outside loopback draws a warning.
    type: str
    default: https://api.wawp.net
  request_timeout:
    description:
      - Seconds after which a single call is given up.
      - The slowest engine takes up to 25 seconds for a logout. Less than 60 can cut real logouts off, which then have
        to be verified the long way.
    type: float
    default: 90.0
  validate_certs:
    description: Whether the server's TLS certificate must be trusted.
    type: bool
    default: true
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the system's.
      - If unset, the environment variables E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE) are used.
    type: path
requirements:
  - requests (Python library) where the task runs
notes:
  - Proxies are taken from the environment variables E(HTTPS_PROXY), E(HTTP_PROXY), E(ALL_PROXY) and E(NO_PROXY).
  - C(~/.netrc), cookies and redirects are never used.
"""

    # Which session.
    INSTANCE = r"""
options:
  instance_id:
    description:
      - The id of the instance, from the Wawp dashboard.
      - It must be text, so quote it in YAML. A number is refused, since YAML changes digits of some, and it would be
        another session's id.
      - If unset, the environment variable E(WAWP_INSTANCE_ID) is used.
    type: raw
    required: true
"""

    # Which session, where instances may name many.
    ONE_OR_MANY = r"""
options:
  instance_id:
    description:
      - The id of one instance, from the Wawp dashboard. Ignored where O(instances) is given.
      - It must be text, so quote it in YAML. A number is refused, since YAML changes digits of some.
      - If unset, the environment variable E(WAWP_INSTANCE_ID) is used.
    type: raw
"""

    # The pace, where nothing is sent that a reading could be too old for.
    PACE = r"""
options:
  max_connections:
    description: How many calls may be under way at once.
    type: int
    default: 16
  calls_per_second:
    description: How many calls may be sent in a second, V(0) for no bound.
    type: float
    default: 20.0
"""

    # Which sessions, and how fast.
    PACKED = r"""
options:
  packed:
    description:
      - Whether to return each list of mappings as one JSON text, which the filter P(ansible.builtin.from_json#filter)
        takes apart. Ansible takes each value that is registered in hand several times, which costs as much as the calls
        where there are thousands.
      - M(wawp.cloud.wawp_report) takes such texts by their names, as V(done.sessions), and so does O(instances) here a
        list that was registered.
    type: bool
    default: false
"""

    FLEET = r"""
options:
  instances:
    description:
      - The instances, each an id, or a mapping with C(instance_id) and optionally C(name), C(access_token),
        C(expect_account) and C(state), which go before the options of the same names.
      - C(name) is yours, it comes back in RV(sessions).
      - Quote ids, since some look like numbers. Duplicate and malformed entries are refused before the first call.
    type: list
    elements: raw
    required: true
  max_connections:
    description: How many calls may be under way at once.
    type: int
    default: 16
  calls_per_second:
    description:
      - How many calls may be sent in a second, V(0.2) at the least, V(0) for no bound.
      - When the API says that these are too many, the whole fleet waits for as long as it asks,
        and goes on more slowly.
    type: float
    default: 20.0
  max_failures:
    description:
      - How many sessions may fail, as a number or as a percentage of all such as V(10%).
      - When more have failed, no further ones are started. Those under way are brought to their end, and those left
        alone are named in RV(sessions).
      - If unset, all are tried.
    type: str
  progress:
    description:
      - Seconds between two lines that say how far the fleet is, V(0) for none.
      - They are shown where the task runs on the controller itself. Elsewhere, follow O(journal).
    type: float
    default: 5.0
"""

    # Options of the goal, beside the state.
    STATE = r"""
options:
  start_if_stopped:
    description:
      - With O(state=logged_out) and O(state=absent), start a session that is C(STOPPED), or restart one that has
        C(FAILED), so that it can be logged out from C(WORKING). Nothing else can prove that the phone was unlinked.
      - With O(state=decommissioned) that is done in any case.
    type: bool
    default: false
  on_unproven:
    description:
      - What an end means after which the phone may still list the device,
        see RV(wawp.cloud.wawp_session#module:verdict).
      - V(warn) ends well, with a warning. V(fail) fails the task.
      - A session that stays C(STARTING) is logged out with V(warn), which proves nothing and throws its key away.
        With V(fail) nothing is sent to it, so that it can come back.
    type: str
    choices: [warn, fail]
    default: warn
  expect_account:
    description:
      - The account that the session must belong to, as a phone number with its country code or as a WhatsApp id.
      - If it belongs to another one, the task fails and nothing is sent.
      - A session that hides its account is not logged out. It may be started to find out.
    type: str
  logout_first:
    description:
      - With O(state=absent), log the session out and see that done before it is deleted, as O(state=logged_out) would.
        A session that may still be linked is then not deleted, since its credentials are the only key
        that can unlink it from here.
      - With V(false) it is deleted as it is, and the phone may keep on listing it. With O(on_unproven=fail) only a
        session that awaits a scan is.
    type: bool
    default: true
  mask_account:
    description: Whether phone numbers and names are masked in everything that is returned.
    type: bool
    default: true
"""

    # Waiting options.
    WAITING = r"""
options:
  wait:
    description:
      - Whether to wait until the state has been reached.
      - Without it, the session is read once after a call, and an end that can't be seen yet is V(unproven).
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for a logout, a stop or a deletion to be seen. When they are over, the task fails.
      - After a logout the session is read for at least O(proof_timeout). If it shows no account by the end, but did not
        come to C(SCAN_QR_CODE), the verdict is V(unproven).
    type: float
    default: 120.0
  wait_sleep:
    description:
      - Seconds between two readings. Wawp asks for 3 to 5.
      - The first one comes at once, or up to a second after a logout, which shows nothing before.
    type: float
    default: 3.0
  start_timeout:
    description: Seconds given to an engine that is C(STARTING), each time it is.
    type: float
    default: 90.0
  confirm_after:
    description:
      - Seconds that bad news must last before it is believed, such as C(STOPPED), C(FAILED) or a missing session.
      - A restart that somebody else sends shows C(STOPPED) for up to 3 seconds. A shorter time can mistake that for a
        session that doesn't run.
    type: float
    default: 5.0
"""

    # Options of the proof.
    PROOF = r"""
options:
  proof_timeout:
    description:
      - How many seconds after the reply to a logout C(SCAN_QR_CODE) may be read at the latest to prove that the phone
        was unlinked. After a logout that got no answer, they count from its time-out.
      - A logout that met an outage ends in C(SCAN_QR_CODE) too, once the outage is over. The shorter this is, the
        shorter the outages that could be mistaken for a proof.
      - The engine takes 0.6 seconds. If yours is slow, RV(wawp.cloud.wawp_session#module:proof_seconds) shows by how
        much.
    type: float
    default: 30.0
  restart_first:
    description:
      - Restart a session that is C(WORKING) and see it C(WORKING) again before it is logged out.
      - That is the freshest proof that WhatsApp can be reached. A lost connection is shown as C(WORKING) for up to a
        minute, and a logout in that time throws the key away. A restart shows C(STARTING) instead, and keeps the key.
      - A session that has just been started is not restarted again.
    type: bool
    default: false
  trust_empty_account:
    description:
      - Whether a session that is C(STOPPED) or C(FAILED) with an empty C(me) has no account, so that there is nothing
        to unlink.
      - Many engines hide the account of a paired session so. Set this only if you have seen that yours doesn't.
    type: bool
    default: false
  journal:
    description:
      - A file to which each logout and each deletion is noted before it is sent, and each outcome as soon as it is
        known, one JSON object a line. It is made with mode 0600, and flushed to the disk while the run goes on.
      - A later run with the same journal only looks at what was severed instead of starting over, and keeps the time of
        the proof. It doesn't take for severed what an earlier run had to leave V(unproven).
      - It must be a regular file of your own, no link. A damaged one is refused before anything is sent.
      - It holds masked accounts unless O(mask_account=false), and never a token.
      - Not written in check mode.
    type: path
"""
