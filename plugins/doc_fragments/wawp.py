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
      - It is sent in the body of each request and, for the few GET-only calls, also in a header, but never in a URL.
      - If unset, the environment variable E(WAWP_ACCESS_TOKEN) is used.
    type: str
    required: true
  api_url:
    description:
      - The URL of the Wawp API.
      - If unset, the environment variable E(WAWP_API_URL) is used.
      - Plain C(http) to anything but loopback causes a warning.
    type: str
    default: https://api.wawp.net
  request_timeout:
    description:
      - The time-out of a single call, in seconds.
      - The slowest engine takes up to 25 seconds for a logout. A value below 60 can cut off real logouts, which the
        module then has to verify the long way.
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
      - It must be text, so quote it in YAML. A number is refused, since YAML changes the digits of some numbers, and
        the result would be another session's id.
      - If unset, the environment variable E(WAWP_INSTANCE_ID) is used.
    type: raw
    required: true
"""

    # Which session, where instances may name many.
    ONE_OR_MANY = r"""
options:
  instance_id:
    description:
      - The id of one instance, from the Wawp dashboard. Ignored if O(instances) is set.
      - It must be text, so quote it in YAML. A number is refused, since YAML changes the digits of some
        numbers.
      - If unset, the environment variable E(WAWP_INSTANCE_ID) is used.
    type: raw
"""

    # The pace, where nothing is sent that a reading could be too old for.
    PACE = r"""
options:
  max_connections:
    description: How many calls may be in progress at once.
    type: int
    default: 16
  calls_per_second:
    description: How many calls may be sent per second, V(0) for no limit.
    type: float
    default: 20.0
"""

    # Which sessions, and how fast.
    PACKED = r"""
options:
  packed:
    description:
      - Whether to return each list of mappings as one JSON text, which the filter C(from_json)
        parses. Ansible processes each registered value several times; with thousands of values, that costs as much as
        the calls.
      - M(wawp.cloud.wawp_report) accepts such texts by their names, as V(done.sessions). O(instances) here also
        accepts the name of a registered list.
    type: bool
    default: false
"""

    FLEET = r"""
options:
  instances:
    description:
      - The instances, each an id, or a mapping with C(instance_id) and, optionally, C(name), C(access_token),
        C(expect_account) and C(state), which override the options of the same names.
      - C(name) is your own name for the instance, and is returned in RV(sessions).
      - Quote ids, since some look like numbers. Duplicate and malformed entries are refused before the first call.
    type: list
    elements: raw
    required: true
  max_connections:
    description: How many calls may be in progress at once.
    type: int
    default: 16
  calls_per_second:
    description:
      - How many calls may be sent per second, at least V(0.2), or V(0) for no limit.
      - When the API says that these are too many, the whole fleet waits for as long as the API asks, and continues
        more slowly.
    type: float
    default: 20.0
  max_failures:
    description:
      - How many sessions may fail, as a number, or as a percentage of all sessions such as V(10%).
      - When more have failed, no further sessions are started. Those in progress are finished, and those left alone
        are named in RV(sessions).
      - If unset, all sessions are tried.
    type: str
  progress:
    description:
      - Seconds between progress lines, V(0) for none.
      - They are shown if the task runs on the controller itself. Elsewhere, follow O(journal).
    type: float
    default: 5.0
"""

    # Options of the goal, beside the state.
    STATE = r"""
options:
  start_if_stopped:
    description:
      - With O(state=logged_out) and O(state=absent), start a session that is C(STOPPED), or restart one that has
        C(FAILED), so that it can be logged out while C(WORKING). Nothing else can prove that the phone was unlinked.
      - With O(state=decommissioned), this is always done.
    type: bool
    default: false
  on_unproven:
    description:
      - What to do if the phone may still list the device at the end, see RV(wawp.cloud.wawp_session#module:verdict).
      - V(warn) succeeds with a warning. V(fail) fails the task.
      - If a session stays C(STARTING), V(warn) logs it out, which proves nothing and throws its key away. V(fail)
        sends nothing to it, so that it can come back.
    type: str
    choices: [warn, fail]
    default: warn
  expect_account:
    description:
      - The account that the session must belong to, as a phone number with its country code or as a WhatsApp id.
      - If the session belongs to another account, the task fails and nothing is sent.
      - A session that hides its account is not logged out. It may be started to find out whose it is.
    type: str
  logout_first:
    description:
      - With O(state=absent), log the session out and verify that before deleting it, as O(state=logged_out) would. A
        session that may still be linked is then not deleted, since its credentials are the only key that can unlink
        it from here.
      - With V(false), the session is deleted as it is, and the phone may continue to list it. With
        O(on_unproven=fail), it is deleted only if it awaits a scan.
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
      - Whether to wait until the state is reached.
      - With V(false), the session is read once after a call. If the outcome can't be seen yet, it is V(unproven).
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait until a logout, a stop or a deletion is seen. After that, the task fails.
      - After a logout, the session is read for at least O(proof_timeout). If it shows no account at the end, but did
        not come to C(SCAN_QR_CODE), the verdict is V(unproven).
    type: float
    default: 120.0
  wait_sleep:
    description:
      - Seconds between two readings. Wawp asks for 3 to 5.
      - The first reading comes at once, or up to a second after a logout, since a logout shows nothing before that.
    type: float
    default: 3.0
  start_timeout:
    description: Seconds to wait for an engine that is C(STARTING), each time it starts.
    type: float
    default: 90.0
  confirm_after:
    description:
      - Seconds that bad news must last before it is believed, such as C(STOPPED), C(FAILED) or a missing session.
      - While somebody else restarts a session, it shows C(STOPPED) for up to 3 seconds. With a shorter time, that can
        be mistaken for a session that isn't running.
    type: float
    default: 5.0
"""

    # Options of the proof.
    PROOF = r"""
options:
  proof_timeout:
    description:
      - Seconds after the reply to a logout within which C(SCAN_QR_CODE) must be read to prove that the phone was
        unlinked. If the logout got no answer, they count from its time-out.
      - A logout that met an outage also ends in C(SCAN_QR_CODE), once the outage is over. The shorter this time is,
        the shorter are the outages that could be mistaken for a proof.
      - The engine takes 0.6 seconds. If yours is slow, RV(wawp.cloud.wawp_session#module:proof_seconds) shows by how
        much.
    type: float
    default: 30.0
  restart_first:
    description:
      - Restart a session that is C(WORKING), and log it out only once it is C(WORKING) again.
      - This is the freshest proof that WhatsApp can be reached. A session that has lost its connection shows
        C(WORKING) for up to a minute, and a logout in that time throws the key away. After a restart, it shows
        C(STARTING) instead, and keeps the key.
      - A session that has just been started is not restarted again.
    type: bool
    default: false
  trust_empty_account:
    description:
      - Whether a session that is C(STOPPED) or C(FAILED) with an empty C(me) counts as having no account, so that
        there is nothing to unlink.
      - Many engines hide the account of a paired session this way. Set this only if you have seen that yours doesn't.
    type: bool
    default: false
  journal:
    description:
      - A file that records each logout and each deletion before it is sent, and each outcome as soon as it is known,
        as one JSON object per line. It is created with mode 0600, and flushed to disk during the run.
      - A later run with the same journal only reads sessions that were severed instead of starting over, and keeps
        the time of the proof. If an earlier run had to leave a link V(unproven), a later run doesn't call it severed.
      - It must be a regular file that you own, not a link. A damaged journal is refused before anything is sent.
      - It contains accounts, masked unless O(mask_account=false), and never a token.
      - It isn't written in check mode.
    type: path
"""
