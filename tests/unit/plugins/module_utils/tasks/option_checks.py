# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checked options, as a module gets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError

GIVEN = {"instance_id": "3EB0BCB2E3D4", "access_token": "hushed", "state": "logged_out"}


def checked(spec: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """Return the options as Ansible passes them to a module."""
    result = ArgumentSpecValidator(spec).validate(given)
    assert result.error_messages == []
    params: dict[str, Any] = result.validated_parameters
    return params


def problem(function: Any, *args: Any) -> OptionError:
    """Return the error with which a check ends."""
    with pytest.raises(OptionError) as caught:
        function(*args)
    error = caught.value
    assert str(error).startswith(f"{error.option}: ")
    assert str(error).isprintable()
    return error
