# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Carries a task in a module process. Private to the collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.wawp.cloud.plugins.module_utils._arguments import Spec, tokens_in
from ansible_collections.wawp.cloud.plugins.module_utils._client import REQUESTS_IMPORT_ERROR
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._task import Report


class _Module(AnsibleModule):
    """Knows the tokens inside of instances as secrets before it refuses an option or tells the system's log of a call.

    The option no_log can't be used for them: it would hide ids and names too. AnsibleModule's argument of that name
    doesn't last: each task overwrites it with its own.
    """

    def _load_params(self) -> None:
        super()._load_params()  # type: ignore[no-untyped-call]
        self.no_log_values.update(tokens_in(self.params.get("instances")))


def run_module(spec: Spec, task: Callable[[Mapping[str, Any], bool], Report], calls: bool = True) -> None:
    """Be the module that has these options and does this; ``calls`` if it calls the API."""
    module = _Module(argument_spec=spec, supports_check_mode=True)  # type: ignore[no-untyped-call]
    if calls and REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    try:
        report = task(module.params, module.check_mode)
    except OptionError as error:
        module.fail_json(msg=str(error))
    for warning in report.warnings:
        module.warn(warning)
    result = dict(report.result)
    if module._diff and report.diff:
        result["diff"] = report.diff
    if report.failed:
        module.fail_json(**result)
    module.exit_json(**result)
