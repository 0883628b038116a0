# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The frame that runs a task in a module process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._api.client import REQUESTS_IMPORT_ERROR
from .._errors import OptionError
from .._redact import make_redactor
from .options import Spec
from .redaction import find_secrets, redact_options
from .result import TaskResult, crashed


class _Module(AnsibleModule):
    """An AnsibleModule that keeps tokens and accounts out of results and the system's log.

    Before 2.22, AnsibleModule did that for options that are secret as a whole; in a list of instances it would hide ids
    and names too.
    """

    def hide(self, value: Any) -> Any:
        """Return a copy of a value without the secrets of the options."""
        return make_redactor(self._secrets)(value)

    @property
    def _secrets(self) -> set[str]:
        return find_secrets(self.params, self.argument_spec)

    def _log_invocation(self) -> None:
        params = self.params
        self.params = redact_options(params, self.argument_spec)
        super()._log_invocation()  # type: ignore[no-untyped-call]
        self.params = params

    def exit_json(self, **result: Any) -> NoReturn:
        hidden = self.hide(result)
        self.params = redact_options(self.params, self.argument_spec)
        super().exit_json(**hidden)

    def fail_json(self, msg: Any, **result: Any) -> NoReturn:
        hidden = self.hide({**result, "msg": msg})
        self.params = redact_options(self.params, self.argument_spec)
        self.no_log_values = {secret for secret in self.no_log_values if secret.strip()}
        super().fail_json(**hidden)


def run_module(spec: Spec, task: Callable[[Mapping[str, Any], bool], TaskResult], calls: bool = True) -> None:
    """Run a task as a module with these options; ``calls`` says whether it calls the API."""
    module = _Module(argument_spec=spec, supports_check_mode=True)  # type: ignore[no-untyped-call]
    if calls and REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    try:
        report = task(module.params, module.check_mode)
    except OptionError as error:
        module.fail_json(msg=str(error))
    except Exception as error:  # Ansible would show it unredacted
        report = crashed(error, module.params)
    for warning in report.warnings:
        module.warn(module.hide(warning))
    result = dict(report.result)
    if module._diff and report.diff:
        result["diff"] = report.diff
    if report.failed:
        module.fail_json(**result)
    module.exit_json(**result)
