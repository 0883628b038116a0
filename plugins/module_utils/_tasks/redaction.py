# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Redaction of options, checked or not, for logs and files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .._identity import IDENTITY_FIELDS
from .._redact import REDACTED, mask_account, redact_sensitive_keys

NO_LOG = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"  # Ansible's words
# Fields that an entry may show. Any other value counts as a secret unless it is too short for one: starring every "a"
# would hide the message.
_SECRET_LENGTH = 8
_SHOWN = frozenset({*IDENTITY_FIELDS, "expect_account", "state"})
# The options that hold entries.
INSTANCE_LIST_OPTIONS = frozenset({"instances", "entries", "hosts", "arriving"})
# The number of a list's entries to show.
_MANY = 100
# An id, or several in one string, too short to hide a token.
_SHOWABLE = re.compile(r"[A-Za-z0-9_-]*(\s*,\s*[A-Za-z0-9_-]*)*")
_FIELD = re.compile(r"[a-z_]{1,32}")
# The fields of a webhook.
_HOOK = frozenset({"url", "events", "is_active"})


def find_tokens(instances: Any) -> set[str]:
    """Return the secrets in unchecked instances: tokens, and strings that only a slip can have put there."""
    if isinstance(instances, str):  # Ansible makes a list of it, at its commas
        instances = [instances, *(part.strip() for part in instances.split(","))]
    entries = instances if isinstance(instances, (list, tuple)) else [instances]
    found: set[str] = set()
    for entry in entries:
        fields = entry if isinstance(entry, Mapping) else {} if _SHOWABLE.fullmatch(str(entry)) else {"": entry}
        for key, value in fields.items():
            if key in _SHOWN and _simple(value):
                continue
            texts = [*_strings(value), *([str(key)] if shown_name(key) == REDACTED and key else [])]
            found.update(text for text in texts if key == "access_token" or len(text) >= _SECRET_LENGTH)
    return found


def find_secrets(params: Mapping[str, Any], spec: Mapping[str, Any]) -> set[str]:
    """Return the tokens in the instances, and the options with no_log, which ansible-core 2.22 leaves in results."""
    given = {str(params[name]) for name, option in spec.items() if option.get("no_log") and params.get(name)}
    secrets = {secret for secret in given if secret.strip()}  # starring every blank would hide the message
    return secrets | find_tokens(params.get("instances")) | find_tokens(params.get("arriving"))


def redact_options(params: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Redact options, checked or not, so that they may be logged and kept.

    Anything that may be a token is removed: in a list of instances, under a name that isn't the option's, and in the
    credentials or query of a URL. Expected accounts are masked unless ``mask_account`` is false.
    """
    mask = params.get("mask_account") is not False
    shown = {name: _shown(name, value, mask) if name in spec else REDACTED for name, value in params.items()}
    return {**shown, **{name: NO_LOG for name, option in spec.items() if option.get("no_log") and params.get(name)}}


def _shown(name: str, value: Any, mask: bool) -> Any:
    if value is None:
        return None
    if isinstance(value, list) and len(value) > _MANY:
        return f"{len(value)} entries"  # Ansible passes all of it on with each result, and logs it
    if name in INSTANCE_LIST_OPTIONS:
        return _shown_entries(value, mask)
    if name == "webhooks" and isinstance(value, list):
        return [_shown_fields(hook, _HOOK, mask) if isinstance(hook, Mapping) else REDACTED for hook in value]
    if name == "expect_account" and mask:
        return mask_account(str(value))
    return redact_sensitive_keys(value) if name in ("api_url", "url") else value


def _shown_entries(value: Any, mask: bool) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shown_entries(entry, mask) for entry in value]
    if isinstance(value, Mapping):
        return _shown_fields(value, _SHOWN, mask)
    return value if value is None or _SHOWABLE.fullmatch(str(value)) else REDACTED


def _shown_fields(fields: Mapping[str, Any], known: Collection[str], mask: bool) -> dict[str, Any]:
    """Return the fields of an entry, with stars for non-empty unknown values and for nested ones."""
    return {
        shown_name(key): _shown(key, value, mask) if value is None or (key in known and _simple(value)) else REDACTED
        for key, value in fields.items()
    }


def _simple(value: Any) -> bool:
    return isinstance(value, (str, int, float)) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def shown_name(key: Any) -> str:
    """Return a field's name, starred unless it looks like one: it may be a value that lost its name."""
    return str(key) if _FIELD.fullmatch(str(key)) else REDACTED


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings in a value, and its numbers as strings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)
