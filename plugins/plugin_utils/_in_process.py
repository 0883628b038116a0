# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module in the controller process when the result is identical.

Packing a module and starting a Python for it costs forty times as much as a call. If the task would run on the
controller with its own Python, the same options are checked against the same specification and passed to the same code.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.vars import load_extra_vars

from ..module_utils._api.client import REQUESTS_IMPORT_ERROR
from ..module_utils._errors import OptionError
from ..module_utils._files import anchored
from ..module_utils._redact import make_redactor
from ..module_utils._run.interrupt import abandoned_by_parent
from ..module_utils._run.room import start_thread
from ..module_utils._tasks.options import NO_TEXT, Spec
from ..module_utils._tasks.redaction import find_secrets, redact_options
from ..module_utils._tasks.result import TaskResult, crashed
from ._numbers import made_of_numbers
from ._plain import plain
from ._registered import packed, with_registered
from ._variables import near_misses, overridden, slips

# Ansible's standard error, from before a worker is cut off from it: after an interruption, lines must bypass Ansible,
# which shows no more then. Other programs don't inherit it.
try:
    _TERMINAL = os.dup(2)
except OSError:
    _TERMINAL = -1
_INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The runbooks' folder; a relative path on the command line never means it.
_RUNBOOKS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "playbooks"))


class InProcessAction(NormalAction):
    """The action of a module: runs it in this process where possible, and starts it as usual elsewhere.

    Attributes:
        is_abandoned: returns whether the controller was killed, so nobody waits for the result.
        spec: the module's options.
        secret_when: the option that asks for a secret. The result is then kept out of all output and logs;
            only a registered variable holds it.
        if_interrupted: what to do after an interruption, where the task itself can't say.
        only_reads: whether aborting the task leaves nothing half-done; it is then aborted if the controller was killed.
        named_lists: options whose value may be the name of a list in a registered result.
        packs: lists of the result that ``packed`` makes one text of.
    """

    is_abandoned: Callable[[], bool]
    spec: ClassVar[Spec]
    secret_when: str = ""
    if_interrupted: ClassVar[str] = ""
    only_reads: ClassVar[bool] = False
    named_lists: ClassVar[tuple[str, ...]] = ()
    packs: ClassVar[tuple[str, ...]] = ()

    def task(self, params: Mapping[str, Any], check_mode: bool) -> TaskResult:
        """Carry out the module with its checked options."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        """Show a line during the task; not on the standard output, which may be a callback's JSON."""
        self._display.display(f"{self._task.get_name()}: {line}", stderr=True)

    def say_last(self, line: str) -> None:
        """Show a line after an interruption, when Ansible itself shows no more."""
        with suppress(OSError):  # the terminal may be closed
            os.write(_TERMINAL, f"{self._task.get_name()}: {line}\n".encode())

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        problems = self._given_from_outside(task_vars or {}) if self._in_a_runbook() else []
        if problems:
            return {"failed": True, "msg": f"Nothing was sent: {'; '.join(problems)}"}
        if numbers := made_of_numbers(self._task, self._templar):
            return {"failed": True, "msg": f"{numbers[0]}: {NO_TEXT}, where the template gets it from"}
        secret = bool(self.secret_when) and boolean(self._task.args.get(self.secret_when, False), strict=False)
        if secret and self._task.async_val:
            # async keeps the result in a file and shows it through a separate task.
            return {"failed": True, "msg": f"{self.secret_when}: no secret with async, leave one out"}
        if secret:
            self._silence_connection()
        try:
            self._task.args = with_registered(self._task.args, task_vars or {}, self.named_lists)
        except KeyError as error:
            return {"failed": True, "msg": error.args[0]}
        self.is_abandoned = abandoned_by_parent()
        try:
            result = self._run(tmp, task_vars or {})
        finally:
            if self.is_abandoned():
                _end_worker()
        if secret:
            result["_ansible_no_log"] = True
        return packed(result, self.packs) if boolean(self._task.args.get("packed", False), strict=False) else result

    def _in_a_runbook(self) -> bool:
        """Whether the task is in a role of this collection."""
        role = getattr(self._task, "_role", None)
        return role is not None and getattr(role, "_role_collection", None) == "wawp.cloud"

    def _given_from_outside(self, task_vars: Mapping[str, Any]) -> list[str]:
        """Return the problems of variables that override a role's: given with -e, or where the role is included."""
        task = self._task
        beside = {**task.get_include_params(), **task._role.get_role_params(task.get_dep_chain())}
        loop = getattr(task.loop_control, "loop_var", None) if task.loop else None
        return [
            *slips({**load_extra_vars(self._loader), **beside}, ours_only=True),
            *overridden({name: task_vars[name] for name in task_vars if name != loop}, task.get_vars()),
            *near_misses(task_vars),
        ]

    def _silence_connection(self) -> None:
        """Stop the connection from showing a module's output at -vvv: ssh checks its own context, not the result."""
        self._connection._play_context.no_log = True

    def _run(self, tmp: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        self._task.args = self._with_anchored_paths(self._task.args)
        if not self._runs_here(task_vars):
            with _when_abandoned(self.is_abandoned, _end_worker), _when_interrupted(self._say_what_next):
                return self._run_module(tmp, task_vars)
        given = plain(self._task.args)
        uncopied = self._uncopied(given)
        given = {**given, **{name: [] for name in uncopied}}
        validated = ModuleArgumentSpecValidator(self.spec).validate(given)
        params = {**validated.validated_parameters, **uncopied}
        if validated.error_messages:
            result = {"failed": True, "msg": self._complaint(validated.errors[0])}
        elif self.only_reads:
            with _when_abandoned(self.is_abandoned, _break_off), _tidying_up(self._say_what_next):
                result = self._result(params)
        else:
            result = self._result(params)
        cleaned: dict[str, Any] = make_redactor(find_secrets({**given, **params}, self.spec))(result)
        if _shows_invocation(task_vars):
            cleaned["invocation"] = {"module_args": redact_options({**given, **params}, self.spec)}
        return cleaned

    def _uncopied(self, given: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return lists of mappings that need no conversion, to save copying them: they may have thousands of items."""
        free = {
            name for name, option in self.spec.items() if option.get("elements") == "dict" and "options" not in option
        }
        return {
            name: value
            for name, value in given.items()
            if name in free and isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
        }

    def _say_what_next(self) -> None:
        if self.if_interrupted:
            self.say_last(f"Ended early. {self.if_interrupted}")

    def _run_module(self, tmp: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Start the module. A failing connection still says why, even if silenced."""
        try:
            ran: dict[str, Any] = super().run(tmp, task_vars)  # type: ignore[no-untyped-call]
        except AnsibleConnectionFailure:
            if self._connection._play_context.no_log and not self._task.no_log:
                self._connection._play_context.no_log = False
                # This fails with the connection's own message, and sends nothing secret.
                self._low_level_execute_command(":", sudoable=False)
            raise
        return ran

    def _with_anchored_paths(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options, with paths that mean the same file wherever and however the module runs."""
        paths = {name for name, option in self.spec.items() if option["type"] == "path"}
        given = {name: str(args[name]) for name in paths if isinstance(args.get(name), (str, int)) and args[name] != ""}
        if not given:
            return dict(args)
        folder = self._folder() if self._connection.transport == "local" else "~"
        return {**args, **{name: anchored(path, folder) for name, path in given.items()}}

    def _folder(self) -> str:
        """Return the base of relative paths on the controller: the playbook's folder; for a runbook, the current one.

        Ignores $PWD: under cron, systemd and ansible-pull it is unset or names another folder.
        """
        folder = os.path.abspath(self._loader.get_basedir())
        if os.path.realpath(folder) != _RUNBOOKS:
            return folder
        try:
            return os.getcwd()
        except OSError:
            raise AnsibleActionFail("The current folder is gone; give full paths, or run this from another") from None

    def _result(self, params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            report = self.task(params, self._task.check_mode)
        except OptionError as error:
            return {"failed": True, "msg": str(error)}
        except Exception as error:  # Ansible would show it unredacted
            report = crashed(error, params)
        result = {**report.result, **({"warnings": report.warnings} if report.warnings else {})}
        if self._task.diff and report.diff:
            result["diff"] = report.diff
        return result

    def _complaint(self, error: Any) -> str:
        """Return the message with which AnsibleModule refuses an option."""
        if isinstance(error, UnsupportedError):
            return f"Unsupported parameters for ({self._task.resolved_action}) module: {error.msg}"
        return str(error.msg)

    def _runs_here(self, task_vars: dict[str, Any]) -> bool:
        """Whether the module would run on this machine, as this user, with this environment and this Python."""
        task = self._task
        return bool(
            self._connection.transport == "local"
            and not self._connection.become
            and not task.async_val
            and not any(task.environment or [])
            and REQUESTS_IMPORT_ERROR is None
            and boolean(self._variable("wawp_in_process", task_vars, True))
            and self._own_python(task_vars)
        )

    def _own_python(self, task_vars: dict[str, Any]) -> bool:
        """Whether the module would run with this Python, determined as Ansible does."""
        host_vars = self._delegated(task_vars) if self._task.delegate_to else task_vars
        wanted = constants.config.get_config_value("INTERPRETER_PYTHON", variables=host_vars)
        wanted = str(self._templar.template(wanted)).strip()
        return wanted in ("", sys.executable) or wanted.startswith("auto")

    def _variable(self, name: str, task_vars: dict[str, Any], default: Any) -> Any:
        """Return a variable of the host that the task runs on, which delegate_to may have changed."""
        value = self._delegated(task_vars).get(name, task_vars.get(name, default))
        return self._templar.template(value)

    def _delegated(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        return found


def _end_worker() -> None:
    """End this process, whose controller was killed. It would wait forever to hand over its result."""
    os._exit(1)


def _break_off() -> None:
    """Raise KeyboardInterrupt in the task, which cleans up on its way out."""
    os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def _when_interrupted(tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` on an interruption before it takes its usual effect."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def heed(number: int, frame: Any) -> None:
        for each, handler in before.items():  # only once: Ansible sends a SIGTERM after a Ctrl-C
            signal.signal(each, handler)
        tell()
        signal.raise_signal(number)

    for number in numbers:
        signal.signal(number, heed)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _tidying_up(tell: Callable[[], None]) -> Iterator[None]:
    """Unwind the task on a signal, so that no QR code stays on disk. Ansible's handlers would end it at once."""
    before = [(number, signal.signal(number, signal.default_int_handler)) for number in _INTERRUPTING]
    try:
        yield
    except KeyboardInterrupt:
        tell()
        _end_worker()
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _when_abandoned(is_abandoned: Callable[[], bool], act: Callable[[], None]) -> Iterator[None]:
    """Act once the controller was killed. When this process ends, a module sees that nobody reads its output.

    The watching thread takes no signals: there they wouldn't wake this thread, which waits for the module.
    """
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            if is_abandoned():
                act()
                return

    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTING)
    try:
        start_thread(watch, name="wawp-controller")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield
    finally:
        ended.set()


def _shows_invocation(task_vars: dict[str, Any]) -> bool:
    """Whether results include their invocation, as they always did before ansible-core 2.21."""
    if not constants.config.get_configuration_definition("INJECT_INVOCATION"):
        return True
    return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=task_vars))
