# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fork does the same as the command: tests/forked.py."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.wawp.cloud.tests.forked import ansible_playbook, command_itself

from .conftest import ANSIBLE_PLAYBOOK, World, play

TOLD = (
    "{{ lookup('config', 'ANSIBLE_HOME') }}",
    "{{ lookup('config', 'DEFAULT_LOCAL_TMP') | dirname }}",
    "{{ lookup('config', 'DEFAULT_TIMEOUT') }}",
    "{{ lookup('config', 'DEFAULT_ROLES_PATH') }}",
    "{{ lookup('ansible.builtin.env', 'WAWP_API_URL') }} {{ lookup('ansible.builtin.env', 'PYTEST_CURRENT_TEST') }}",
    "{{ lookup('ansible.builtin.pipe', 'pwd; env | sort | grep -v ^_=') }}",
    "{{ lookup('wawp.cloud.journal_path', 'https://api.wawp.net') }}",
    "{{ ansible_verbosity }} {{ ansible_check_mode }} {{ playbook_dir }}",
    "{{ ran.stdout }}",
)


def test_it_tells_the_same_and_leaves_nothing_behind(world: World) -> None:
    """Another call has another environment; other settings than the server's are tested in test_clock.py."""
    playbook = play(
        world.folder,
        {"ansible.builtin.command": "id -u", "register": "ran", "check_mode": False, "changed_when": False},
        {"ansible.builtin.debug": {"msg": TOLD}},
        {"ansible.builtin.assert": {"that": "not ansible_check_mode"}},
    )
    command = [ANSIBLE_PLAYBOOK, str(playbook)]
    first = world.environment
    second = {**first, "ANSIBLE_HOME": f"{world.folder}/other", "HOME": str(world.folder), "WAWP_API_URL": "http://x"}
    for environment, options, code in ((first, [], 0), (second, ["--check"], 2)):
        done = command_itself([*command, *options], world.folder, environment)
        forked = ansible_playbook([*command, *options], world.folder, environment)
        assert (forked.returncode, forked.stdout) == (done.returncode, done.stdout)
        assert forked.returncode == code
        assert os.listdir(Path(environment["ANSIBLE_HOME"]) / "tmp") == []
