# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A setting of an instance, read and brought to its wanted value.

For anything but a session's status: its temporary link, its webhooks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from .._api.client import Client
from .._errors import UNEXPECTED, UNREADABLE, WawpError
from .._session.run import MAX_RETRY_AFTER, RETRY_DELAYS
from .options import parse_connection, parse_instance_id, parse_token

T = TypeVar("T")
# How often a write may be sent; a second time only after a reading that shows the old state.
_TRIES = 2
# Readings after a write: Wawp may answer a GET from a cache for a moment.
_LOOKS = 3


class Setting(Generic[T]):
    """One setting of one instance.

    Args:
        params: the module's options.
        name: the call that reads it.
        parse: parses a reply; raises ValueError if it doesn't show the setting.
    """

    def __init__(self, params: Mapping[str, Any], name: str, parse: Callable[[Any], T]) -> None:
        self.connection = parse_connection(params)
        self._which = parse_instance_id(params["instance_id"]), parse_token(params["access_token"])
        self._client = Client(self.connection)
        self._name, self._parse = name, parse

    def close(self) -> None:
        self._client.close()

    def read(self) -> T:
        """Read the setting, and retry transient failures. Raises WawpError."""
        for pause in (*RETRY_DELAYS, None):
            try:
                return self._parse(self._client.call(self._name, *self._which)[1])
            except ValueError as error:
                raise WawpError(UNREADABLE, f"{self._name}: {error}") from None
            except WawpError as error:
                if not error.transient or pause is None:
                    raise
                time.sleep(max(pause, min(error.retry_after or 0.0, MAX_RETRY_AFTER)))
        raise AssertionError("not reached")

    def reach(self, current: T, done: Callable[[T], bool], write: Callable[[T], tuple[str, dict[str, Any]]]) -> T:
        """Send a write until a reading is ``done``.

        Args:
            current: the reading just made.
            done: whether a reading is as wanted.
            write: returns the call to send and its fields, given the last reading.

        Returns:
            The last reading.

        Raises:
            WawpError: the write was refused or had no effect.
        """
        problem: WawpError | None = None
        for dummy in range(_TRIES):
            if done(current):
                return current
            name, fields = write(current)
            try:
                self._client.call(name, *self._which, **fields)
                problem = None
            except WawpError as error:
                if not error.transient:
                    raise
                problem = error
                time.sleep(min(error.retry_after or RETRY_DELAYS[0], MAX_RETRY_AFTER))
            current = self._look(done)
        if not done(current):
            raise problem or WawpError(UNEXPECTED, f"{name} was accepted, but what is read says otherwise")
        return current

    def _look(self, done: Callable[[T], bool]) -> T:
        current = self.read()
        for pause in RETRY_DELAYS[:_LOOKS]:
            if done(current):
                break
            time.sleep(pause)
            current = self.read()
        return current
