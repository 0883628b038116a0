# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment of all sessions: delays, and outages of the connection to WhatsApp. Pure."""

from __future__ import annotations

import typing as t

from .model import NEVER, OUTAGES, Delays, ImpossibleError, Instance

ANY = "*"


class Outage(t.NamedTuple):
    """WhatsApp can't be reached from `start` to `end`, by one instance or any (``*``)."""

    kind: str
    start: float
    end: float = NEVER
    instance_id: str = ANY

    def check(self, now: float) -> None:
        """Raise ImpossibleError for an impossible outage."""
        if self.kind not in OUTAGES:
            raise ImpossibleError("the kind of an outage must be one of {}".format(", ".join(OUTAGES)))
        if not now <= self.start < self.end:
            raise ImpossibleError("an outage must end after it begins, and not begin in the past")

    def concerns(self, instance_id: str) -> bool:
        """Whether it cuts off this instance."""
        return self.instance_id in (ANY, instance_id)


class Environment:
    """Delays and outages."""

    def __init__(self, delays: Delays) -> None:
        self.delays = delays
        self.outages: list[Outage] = []

    def outage(self, instance: Instance, at: float) -> str:
        """Return the kind of the oldest outage that cuts off `instance` at that time; empty for none."""
        for outage in self.outages:
            if outage.start <= at < outage.end and outage.concerns(instance.instance_id):
                return outage.kind
        return ""

    def next_edge(self, instance: Instance) -> float:
        """Return when an outage of `instance` next begins or ends."""
        edges = [
            edge
            for outage in self.outages
            if outage.concerns(instance.instance_id)
            for edge in (outage.start, outage.end)
            if edge > instance.now
        ]
        return min(edges, default=NEVER)
