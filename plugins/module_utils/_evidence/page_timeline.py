# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The timeline of a run: a chart, and a table of its phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .markup import text
from .times import clock, length, parse_time

_BINS = 72
_WIDE = 1000.0


class _Axis:
    """The time axis of a run, from its start to its end."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        times = [report["began"], report["ended"]]
        times += [time for record in report["records"] for time in (record["when"]["began"], record["when"]["ended"])]
        self.began, self.ended = min(map(parse_time, times)), max(map(parse_time, times))
        self._seconds = max((self.ended - self.began).total_seconds(), 0.001)

    def at(self, time: str) -> float:
        """Return a time's place, from 0 to 1."""
        return min(1.0, max(0.0, (parse_time(time) - self.began).total_seconds() / self._seconds))

    def labels(self) -> list[datetime]:
        """Return five times, evenly spread."""
        return [self.began + (self.ended - self.began) * part / 4 for part in range(5)]


def timeline(report: Mapping[str, Any]) -> str:
    """Render the calls sent over time, and the phases."""
    axis = _Axis(report)
    phases = "".join(
        f'<tr><th scope="row">{text(phase["name"])}</th><td>{clock(parse_time(phase["began"]))}</td>'
        f"<td>{length((parse_time(phase['ended']) - parse_time(phase['began'])).total_seconds())}</td>"
        f'<td class="lane">{_lane(axis.at(phase["began"]), axis.at(phase["ended"]), "f-phase")}</td></tr>'
        for phase in report["phases"]
    )
    logouts, others = [0] * _BINS, [0] * _BINS
    for record in report["records"]:
        for call in record["calls"]:
            place = min(_BINS - 1, int(axis.at(call["time"]) * _BINS))
            (logouts if call["action"] == "logout" else others)[place] += 1
    most = max([1, *(one + other for one, other in zip(logouts, others))])
    labels = "".join(f"<span>{clock(time)}</span>" for time in axis.labels())
    return (
        f'<div class="chart"><div class="legend"><span class="key k-logout">logouts</span>'
        f'<span class="key k-other">other calls</span>'
        f'<span class="most">at most {most} in {length(_bin(axis))}</span></div>'
        f"{_columns(logouts, others, most)}"
        f'<div class="axis">{labels}</div></div>'
        f'<table class="phases"><thead><tr><th scope="col">Phase</th><th scope="col">Began</th>'
        f'<th scope="col">Took</th><td></td></tr></thead><tbody>{phases}</tbody></table>'
    )


def _bin(axis: _Axis) -> float:
    return (axis.ended - axis.began).total_seconds() / _BINS


def _columns(logouts: Sequence[int], others: Sequence[int], most: int) -> str:
    """Render the calls sent over time as columns."""
    wide = _WIDE / _BINS
    parts = []
    for place, (one, other) in enumerate(zip(logouts, others)):
        low, high = 100.0 * one / most, 100.0 * other / most
        x = place * wide + wide * 0.14
        for css, top, height in (("f-logout", 100 - low, low), ("f-other", 100 - low - high, high)):
            if height:
                parts.append(
                    f'<rect class="{css}" x="{x:.2f}" y="{top:.2f}" width="{wide * 0.72:.2f}" height="{height:.2f}"/>'
                )
    return (
        f'<svg class="columns" viewBox="0 0 {_WIDE:g} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="Calls over the time of the run">{"".join(parts)}</svg>'
    )


def _lane(began: float, ended: float, css: str) -> str:
    """Render a stretch of the run's time."""
    width = max((ended - began) * _WIDE, 3.0)
    x = min(began * _WIDE, _WIDE - width)
    return (
        f'<svg class="gantt" viewBox="0 0 {_WIDE:g} 12" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" x="0" y="5.5" width="{_WIDE:g}" height="1"/>'
        f'<rect class="{css}" x="{x:.1f}" y="3" width="{width:.1f}" height="6"/></svg>'
    )
