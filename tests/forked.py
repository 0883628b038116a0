# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-playbook in forks of a process that has imported it, which saves more than half of the processor time.

Each call has its own environment, folder and session. A server serves the calls that share its configuration; Ansible's
other environment variables are read again for each call. Tests that send signals, use a terminal or look at processes
start the command itself.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import NoReturn

# Settings that Ansible and Python read when they are imported, except those that Ansible reads again.
CONFIGURATION = ("ANSIBLE_", "LC_", "PYTHON")
READ_AGAIN = ("ANSIBLE_ASYNC_DIR", "ANSIBLE_HOME")
ACTIONS = ("assert", "command", "debug", "fail", "include_role", "normal", "set_fact", "validate_argument_spec")
PATIENCE = 300  # seconds for a call on a busy machine
# Set for a call whose pauses aren't under test: the worker's pauses then take a moment each.
IMPATIENT = "WAWP_TESTS_IMPATIENT"
KINDS = ("become", "callback", "connection", "filter", "inventory", "shell", "strategy", "test", "vars")


@cache
def server(settings: frozenset[tuple[str, str]]) -> Connection:
    """Start a server with these settings that lives as long as this process."""
    ours, theirs = Pipe()
    number = theirs.fileno()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CONFIGURATION)}
    process = subprocess.Popen(
        [sys.executable, __file__, str(number)],
        env={**kept, **dict(settings)},
        pass_fds=[number],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def ansible_playbook(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal; output and errors together. The caller checks the exit code."""
    settings = {name: value for name, value in env.items() if name.startswith(CONFIGURATION) and name not in READ_AGAIN}
    connection = server(frozenset(settings.items()))
    reader, writer = os.pipe()
    connection.send((list(command), str(cwd), dict(env)))
    send_handle(connection, writer, None)
    os.close(writer)
    pid = connection.recv()
    timer = threading.Timer(PATIENCE, os.killpg, (pid, signal.SIGKILL))
    timer.start()
    with open(reader, encoding="utf-8") as output:
        shown = output.read()
    code = connection.recv()
    timer.cancel()
    return subprocess.CompletedProcess(command, code, shown)


def command_itself(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str], patience: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run any command like ansible_playbook does, in a separate process, for at most `patience` seconds."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=patience,
        check=False,
    )


def preload() -> None:
    """Import Ansible, the collection as Ansible does, and the plugins that Ansible always looks up."""
    importlib.import_module("ansible.cli.playbook")
    loader = importlib.import_module("ansible.plugins.loader")
    loader.init_plugin_loader()
    warnings.filterwarnings("ignore", "AnsibleCollectionFinder has already been configured")
    ours = [f"wawp.cloud.{path.stem}" for path in Path(__file__).parents[1].glob("plugins/action/*.py")]
    for name in (*ours, *ACTIONS):
        loader.action_loader.get(name, class_only=True)
    for kind in KINDS:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    gc.freeze()  # so that forks keep sharing it


def be_impatient() -> None:
    """Retry after a moment, as often as ever, and by default read often and confirm bad news soon."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ansible_collections.wawp.cloud.") and hasattr(module, "RETRY_DELAYS"):
            vars(module)["RETRY_DELAYS"] = (0.01,) * len(module.RETRY_DELAYS)
    tasks = "ansible_collections.wawp.cloud.plugins.module_utils._tasks"
    pairing, options = (importlib.import_module(f"{tasks}.{name}") for name in ("pairing", "options"))
    for option in (pairing.PAIRING_SPEC["wait_sleep"], options.WAITING["wait_sleep"]):
        option["default"] = 0.05
    options.WAITING["confirm_after"]["default"] = 0.1
    vars(pairing)["Goal"] = partial(pairing.Goal, confirm_after=0.1)


def play(call: tuple[list[str], str, dict[str, str]], output: int) -> NoReturn:
    """Become ansible-playbook in a new process."""
    arguments, folder, environment = call
    atexit._clear()  # the server cleans up
    os.setsid()
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    if IMPATIENT in environment:
        be_impatient()
    constants = importlib.import_module("ansible.constants")
    for name in constants.config.get_configuration_definitions():
        constants.set_constant(name, constants.config.get_config_value(name, variables=vars(constants)))
    sys.argv = arguments
    sys.exit(importlib.import_module("ansible.cli.playbook").main(arguments))


def serve(connection: Connection) -> None:
    """Fork for each call, and send the process's id and exit status."""
    while True:
        call = connection.recv()
        output = recv_handle(connection)
        pid = os.fork()
        if not pid:
            connection.close()
            play(call, output)
        os.close(output)
        connection.send(pid)
        connection.send(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    preload()
    with suppress(EOFError):  # the caller has ended
        serve(Connection(int(sys.argv[1])))
