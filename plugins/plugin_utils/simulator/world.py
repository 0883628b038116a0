# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions of phones, hosts and other people on a session. Pure, like transitions.py."""

from __future__ import annotations

import typing as t

from .environment import Environment
from .model import FAILED, SCAN_QR_CODE, STARTING, STOPPED, WORKING, ImpossibleError, Instance
from .transitions import Call, enter, submit


def scan(
    instance: Instance, now: float, env: Environment, *, account: str = "", push_name: str = "", via_link: bool = False
) -> None:
    """Scan the QR code: a new link. `via_link`: by an outsider, on the page of the temporary link."""
    if instance.status != SCAN_QR_CODE:
        raise ImpossibleError(f"there is no QR code to scan in {instance.status}")
    if not instance.live:
        raise ImpossibleError("WhatsApp can't be reached, so nothing can be scanned")
    instance.link_to(now, account, push_name, via_link)
    enter(instance, WORKING, now, env)


def unlink_on_phone(instance: Instance, now: float, env: Environment) -> None:
    """Remove the device in Linked Devices on the phone, and every orphan with it."""
    instance.linked, instance.orphans = False, []
    if instance.status == WORKING and instance.live:
        enter(instance, FAILED, now, env)
    instance.forget()


def drop_connection(instance: Instance, now: float, env: Environment) -> None:
    """Break the connection to WhatsApp, which is then made anew."""
    if instance.status != WORKING:
        raise ImpossibleError("only a WORKING session has a connection to drop")
    enter(instance, STARTING, now, env)


def crash(instance: Instance, now: float, env: Environment) -> None:
    """Crash the engine's session."""
    enter(instance, FAILED, now, env)


def hibernate(instance: Instance, now: float, env: Environment) -> None:
    """Hibernate the session, as by its host."""
    instance.closed = True
    enter(instance, STOPPED, now, env)


def restart(instance: Instance, now: float, env: Environment) -> None:
    """Restart the session, as by somebody else's call."""
    submit(instance, Call("restart"), now, env)


ACTIONS: dict[str, t.Callable[..., None]] = {
    function.__name__: function for function in (scan, unlink_on_phone, drop_connection, crash, hibernate, restart)
}
