#!/usr/bin/python
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module wawp_report: writes the evidence of a run, and verifies it."""

DOCUMENTATION = r"""
module: wawp_report
short_description: Write the evidence of what was done to WhatsApp sessions of Wawp, or verify it
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Turns the results of other tasks into one record per instance, fit for an auditor. Writes them as JSON, as CSV for
    spreadsheets, and as a self-contained HTML page, with mode 0600, each completely or not at all.
  - The records are chained by hash, so an edit of any record shows. O(state=verified) verifies the chain.
  - The module calls no API. It knows only what the results say. Instead of a list of results, you can give the name
    of a registered one, such as V(done.sessions), packed or not, which saves a template of thousands of results.
options:
  state:
    description:
      - V(present) writes a new report.
      - V(closed) writes a separate report that closes unproven records of O(report), because somebody has seen on the
        phone that the device is gone. Nothing is edited. O(report), O(closed), O(closed_by), O(closed_at),
        O(closed_seen) and O(ticket) are required.
      - V(verified) verifies O(report), the page and the table next to it, its signature and its time-stamp. The task
        fails if anything was changed.
    type: str
    choices: [present, verified, closed]
    default: present
  directory:
    description: Where to write the report, required unless O(state=verified). Created if it doesn't exist.
    type: path
  runbook:
    description: What was run. The file names begin with it.
    type: str
    default: report
  purpose:
    description:
      - The goal for each instance, against which its outcome is judged.
      - V(sever) means that its link to a phone is severed, V(relink) that the right account is linked, V(shift) one
        or the other, V(audit) that it was read.
    type: str
    choices: [sever, relink, shift, audit]
    default: sever
  title:
    description: The report's title. If unset, it is derived from O(runbook).
    type: str
  instances:
    description:
      - The instances of the run, as RV(wawp.cloud.wawp_roster#module:identities). Each gets a record, even if no
        result came back.
    type: list
    elements: dict
    default: []
  planned:
    description: RV(wawp.cloud.wawp_fleet#module:sessions) of a run in check mode, before anything was sent.
    type: list
    elements: dict
    default: []
  sessions:
    description: RV(wawp.cloud.wawp_fleet#module:sessions) of the run itself.
    type: list
    elements: dict
    default: []
  linked:
    description: RV(wawp.cloud.wawp_pairing#module:sessions) of the tasks that waited for a scan.
    type: list
    elements: dict
    default: []
  after:
    description: RV(wawp.cloud.wawp_session_info#module:sessions), read at the end.
    type: list
    elements: dict
    default: []
  deleted:
    description: RV(wawp.cloud.wawp_fleet#module:sessions) of a run that deleted instances.
    type: list
    elements: dict
    default: []
  plan:
    description:
      - The result of M(wawp.cloud.wawp_plan). The report keeps C(confirm), C(fingerprint) and C(time). C(file) and
        C(sha256) can name the file that holds the plan.
    type: dict
  input:
    description: The list of instances, RV(wawp.cloud.wawp_roster#module:input).
    type: dict
  began:
    description: When the run began, in ISO 8601 with the offset from UTC. If unset, taken from O(start), or now.
    type: str
  start:
    description:
      - RV(start) of a task with this module in check mode at the beginning of the run. Times are then counted from
        there, whatever happens to the machine's clock, and the report shows if the clock was set.
      - It also shows which events of O(journal) belong to this run. Without it, their times show that.
    type: dict
  journal:
    description:
      - The O(wawp.cloud.wawp_fleet#module:journal) of the run. The records include what it knows of earlier runs, and
        what this run sent without a result, because the task was killed or the connection lost.
      - If it is set but doesn't exist, nothing was sent. Leave it out if it can't be read, for instance on a bastion
        that is down. Without it, nobody knows what was sent to instances without a result.
      - The journal records the report, and the next report names this one.
    type: path
  baseline:
    description:
      - The C(.json) file of an earlier report. RV(drift) lists what has changed since then, compared with O(after).
      - A report with a broken chain is refused.
    type: path
  abort_reason:
    description: What ended the run early, if anything did. Such a report is not complete.
    type: str
  source:
    description: Where the list of instances came from.
    type: str
  api_url:
    description: The API that was called.
    type: str
  operator:
    description: Who ran it. If unset, the name of the user on the machine where the task runs.
    type: str
  ansible_version:
    description: The version of ansible-core, which a module can't see for itself.
    type: str
  csv_separator:
    description:
      - What separates the cells of the table. Where a decimal comma is usual, spreadsheets expect V(semicolon).
    type: str
    choices: [comma, semicolon, tab]
    default: comma
  sign_key:
    description:
      - An SSH key with which C(ssh-keygen) signs the last hash. Either a private key without a passphrase, or a
        public key whose private part is in an agent or a hardware key. The signature is the C(.sig) file next to the
        report.
    type: path
  timestamp_url:
    description:
      - A time-stamping authority (RFC 3161) that confirms when the signature, or the last hash if there is no
        signature, existed. C(openssl) makes the request. The reply is the C(.tsr) file next to the report.
    type: str
  allowed_signers:
    description:
      - With O(state=verified), a file of accepted signers, in the format of C(ssh-keygen). The report must be signed
        by one of them.
    type: path
  timestamp_ca:
    description:
      - With O(state=verified), the certificate of a trusted time-stamping authority, in PEM. The report must have its
        time-stamp.
    type: path
  closed:
    description: With O(state=closed), the ids of instances whose device was removed on the phone.
    type: list
    elements: str
    default: []
  closed_by:
    description: With O(state=closed), who looked at the phone.
    type: str
  closed_at:
    description: With O(state=closed), when that was, in ISO 8601 with the offset from UTC.
    type: str
  closed_seen:
    description: With O(state=closed), what was seen. Phone numbers are masked.
    type: str
  report:
    description: The C(.json) file to verify or close, required with O(state=verified) and O(state=closed).
    type: path
  head:
    description: With O(state=verified), the last hash as kept elsewhere. The report must end on it.
    type: str
attributes:
  async:
    support: full
    description: Can be used with the C(async) keyword.
  check_mode:
    support: full
    description: Can run in C(check_mode) and return what the report would say, without writing it.
  diff_mode:
    support: none
    description: Will return details on what has changed, or would have changed in C(check_mode), when in diff mode.
  idempotent:
    support: partial
    description: When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
    details:
      - Each run with O(state=present) or O(state=closed) writes a new report.
extends_documentation_fragment:
  - wawp.cloud.request
  - wawp.cloud.paths
seealso:
  - module: wawp.cloud.wawp_fleet
  - module: wawp.cloud.wawp_plan
  - module: wawp.cloud.wawp_session_info
  - module: wawp.cloud.wawp_pairing
  - name: Evidence
    description: What a report contains, and what its chain of hashes can and cannot do.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/evidence.md
"""

EXAMPLES = r"""
- name: Log out
  wawp.cloud.wawp_fleet:
    access_token: "{{ wawp_access_token }}"
    instances: [3EB0BCB2E3D4]
    state: decommissioned
  register: done

- name: Read again
  wawp.cloud.wawp_session_info:
    access_token: "{{ wawp_access_token }}"
    instances: [3EB0BCB2E3D4]
  register: seen

- name: Write the evidence
  wawp.cloud.wawp_report:
    directory: /var/tmp/wawp_reports
    title: Office in Cairo closed
    sessions: "{{ done.sessions }}"
    after: "{{ seen.sessions }}"
    ticket: CHG-20417
  register: evidence

- name: Check that nobody has changed it
  wawp.cloud.wawp_report:
    state: verified
    report: "{{ evidence.files.json }}"
    head: "{{ evidence.head }}"
"""

RETURN = r"""
files:
  description: The files that were written, with full paths.
  returned: unless O(state=verified)
  type: dict
  sample:
    json: /var/tmp/wawp_reports/decommission-20261122T013000.123Z.json
    csv: /var/tmp/wawp_reports/decommission-20261122T013000.123Z.csv
    html: /var/tmp/wawp_reports/decommission-20261122T013000.123Z.html
    sig: /var/tmp/wawp_reports/decommission-20261122T013000.123Z.sig
head:
  description: The last hash of the chain. Keep it where nobody who can edit the report can also edit it.
  returned: always
  type: str
  sample: 5f8a6d1c0e2b49b7a3f4c1d2e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718
start:
  description: The beginning of a run, for O(start) of the tasks that follow.
  returned: in check mode, unless O(state=verified)
  type: dict
  sample:
    time: "2026-11-22T01:30:00.123Z"
    steady: 81234.567
    boot: 0a3c5b1e-9d7f-4c2a-8b6e-1f2d3c4b5a69
    events: 120
complete:
  description:
    - Whether every instance reached the goal or is listed in O(accept_unproven), and nothing ended the run early.
  returned: unless O(state=verified)
  type: bool
  sample: true
summary:
  description: The report in numbers.
  returned: unless O(state=verified)
  type: dict
  contains:
    total:
      description: How many instances there are.
      returned: always
      type: int
      sample: 1
    outcomes:
      description: How many instances have each outcome.
      returned: always
      type: dict
      sample: {severed: 1}
    needs_human:
      description: How many instances need a human.
      returned: always
      type: int
      sample: 0
    drifted:
      description: How many instances have changed since O(baseline).
      returned: always
      type: int
      sample: 0
    calls:
      description: How many calls that change something were sent.
      returned: always
      type: int
      sample: 2
    reads:
      description: How often sessions were read, so that you can compare the report with an access log.
      returned: always
      type: int
      sample: 9
    complete:
      description: The same as RV(complete).
      returned: always
      type: bool
      sample: true
needs_human:
  description: The instances that need a human, and why.
  returned: unless O(state=verified)
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
    outcome:
      description: Its outcome.
      returned: always
      type: str
      sample: unproven
    key:
      description: Whether the key is V(there), V(gone) or V(unknown); null if no link is left to end.
      returned: always
      type: str
      sample: gone
    needs_human:
      description: What is left to do.
      returned: always
      type: str
      sample: Remove the device on the phone, in WhatsApp under Linked devices.
  sample: []
drift:
  description: What has changed since O(baseline), by instance.
  returned: unless O(state=verified)
  type: list
  elements: dict
  contains:
    instance_id:
      description: The instance.
      returned: always
      type: str
      sample: 3EB0BCB2E3D4
    what:
      description: What has changed.
      returned: always
      type: str
      sample: was retired, and works again
  sample: []
lines:
  description: The report, or what was verified and what that leaves open, as text for a terminal.
  returned: always
  type: list
  elements: str
  sample: ["1 instance: 1 severed", "Report: /var/tmp/wawp_reports/decommission-20261122T013000.123Z.html"]
valid:
  description: Whether nothing was changed.
  returned: with O(state=verified)
  type: bool
  sample: true
authentic:
  description: Whether O(head) or a verified signature shows that this is the original report, not a rebuilt one.
  returned: with O(state=verified)
  type: bool
  sample: true
seals:
  description: Who signed the report, C(signer), according to O(allowed_signers), and when it already existed,
    C(stamped_at), as O(timestamp_ca) vouches. Null if nothing was verified.
  returned: with O(state=verified)
  type: dict
  sample: {signer: night-shift@example.com, stamped_at: Nov 22 01:31:02 2026 GMT}
problems:
  description: What was changed, in words.
  returned: with O(state=verified)
  type: list
  elements: str
  sample: []
compared:
  description:
    - The files that were checked. The page and the table are left out if they don't exist, or if another version of
      the collection wrote them.
  returned: with O(state=verified)
  type: list
  elements: str
  sample: [/var/tmp/wawp_reports/decommission-20261122T013000.123Z.json]
"""

from ..module_utils._python import SUPPORTED
from ..module_utils._tasks.module import run_module
from ..module_utils._tasks.report import REPORT_SPEC, report_task


def main() -> None:
    if SUPPORTED:
        run_module(REPORT_SPEC, report_task, calls=False)


if __name__ == "__main__":
    main()
