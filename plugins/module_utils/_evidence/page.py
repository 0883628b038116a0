# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A report as one page of HTML that needs nothing else.

Every text from outside goes through `text` or `foreign`. The page's own script and style are allowed by their hashes,
so that a browser runs nothing else even if something slipped through.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from string import Template
from typing import Any

from .._redact import one_line
from .._session.model import NO_ACCOUNT, SEVERED, UNPROVEN
from .page_assets import PAGE, SCRIPT, STYLE
from .report import (
    ACCEPTED,
    FAILED,
    LEFT_ALONE,
    LINKED,
    LOOK,
    MISSING,
    NOT_RUN,
    OUTCOMES,
    RELINK,
    SEVER,
    SHIFT,
    UNKNOWN,
    UNLINKED,
    UNREADABLE,
    parse_time,
)

_DASH = "\u2013"
# For each outcome: what it is called, the sign that tells it apart without colour, what it means.
OUTCOME_LABELS: Mapping[str, tuple[str, str, str]] = {
    SEVERED: ("Severed", "✓", "logged out while working, and seen without an account afterwards"),
    NO_ACCOUNT: ("No account", "✓", "no account was there before anything was sent"),
    ACCEPTED: ("Unproven, accepted", "≈", "the phone may still list the device; accepted beforehand"),
    UNPROVEN: ("Unproven", "!", "the phone may still list the device"),
    FAILED: ("Failed", "✕", "the state was not reached"),
    LEFT_ALONE: ("Left alone", _DASH, "too many others had failed before its turn came"),
    NOT_RUN: ("Not run", _DASH, "nothing was sent to it"),
    UNREADABLE: ("Unreadable", "✕", "its status could not be read"),
    UNKNOWN: ("Not telling", "?", "it doesn't say whether an account is logged in"),
    MISSING: ("Missing", "∅", "there is no such session"),
    LINKED: ("Linked", "●", "an account is logged in, or its key is still there"),
    UNLINKED: ("Not linked", "○", "no account is logged in"),
}
_CALLS: Mapping[str, str] = {
    "temp_link_revoke": "revoke link",
    "temp_link_create": "create link",
}
_BINS = 72
_WIDE = 1000.0
_LOUD = frozenset({UNPROVEN, FAILED, UNREADABLE, LEFT_ALONE, NOT_RUN})


def render(report: Mapping[str, Any]) -> bytes:
    """The page."""
    axis = _Axis(report)
    values = {
        "csp": _policy(),
        "style": STYLE,
        "script": SCRIPT,
        "title": text(report["title"]),
        "tone": "good" if report["summary"]["complete"] else "bad",
        "sign": "✓" if report["summary"]["complete"] else "!",
        "statement": text(_statement(report)),
        "lead": _lead(report),
        "bar": _bar(report),
        "tiles": _tiles(report),
        "attention": _attention(report),
        "timeline": _timeline(report, axis),
        "rows": "".join(_row(record, axis) for record in report["records"]),
        "total": str(report["summary"]["total"]),
        "facts": _facts(report),
        "words": _glossary(report),
        "head": text(report["chain"]["head"]),
        "algorithm": text(report["chain"]["algorithm"].upper().replace("SHA", "SHA-")),
        "version": text(report["place"].get("versions", {}).get("wawp.cloud", "")),
        "ended": text(_when(report["ended"])),
    }
    return Template(PAGE).substitute(values).encode("utf-8")


def text(value: Any) -> str:
    """Any value as text that HTML shows and does nothing else with."""
    return html.escape(one_line(str(value), 2000), quote=True) if value is not None else ""


def bidi_isolate(value: Any, otherwise: str = _DASH) -> str:
    """A text that others have chosen, which keeps its direction of writing to itself."""
    return f"<bdi>{text(value)}</bdi>" if value not in (None, "") else f'<span class="none">{otherwise}</span>'


def _policy() -> str:
    hashes = [base64.b64encode(hashlib.sha256(part.encode("utf-8")).digest()).decode() for part in (STYLE, SCRIPT)]
    allowed = f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _statement(report: Mapping[str, Any]) -> str:
    """The whole report in one sentence."""
    numbers, purpose = report["summary"], report["purpose"]
    total, outcomes = numbers["total"], numbers["outcomes"]
    if not total:
        return "No instance was looked at."
    if outcomes[NOT_RUN] == total:
        return f"Nothing was sent to any of the {total} sessions."
    if purpose == LOOK:
        drifted = f"; {numbers['drifted']} changed since the earlier report" if numbers["drifted"] else ""
        return f"{outcomes[LINKED]} of {total} sessions are linked{drifted}."
    if purpose == RELINK:
        return f"{outcomes[LINKED]} of {total} sessions belong to the account that was wanted."
    took_over = f" {outcomes[LINKED]} took over." if outcomes[LINKED] else ""
    return _severed(outcomes[SEVERED] + outcomes[NO_ACCOUNT], total - outcomes[LINKED]) + took_over


def _span(began: str, ended: str) -> float:
    """Seconds between two times of a report."""
    return (parse_time(ended) - parse_time(began)).total_seconds()


def _severed(severed: int, total: int) -> str:
    if severed < total or not total:
        return f"{severed} of {total} links are severed."
    return f"All {total} links are severed." if total > 1 else "The link is severed."


def _lead(report: Mapping[str, Any]) -> str:
    numbers = report["summary"]
    needs = numbers["needs_human"]
    accepted = numbers["outcomes"][ACCEPTED]
    parts = [
        *([f"{accepted} {'was' if accepted == 1 else 'were'} accepted as unproven beforehand."] if accepted else []),
        f"{needs} {'needs' if needs == 1 else 'need'} a human." if needs else "Nothing is left to be done.",
        f"{numbers['calls']} calls in {_length(_span(report['began'], report['ended']))}, "
        f"ended {_when(report['ended'])}.",
    ]
    trouble = f'<p class="trouble">{text(report["trouble"])}</p>' if report["trouble"] else ""
    return f"<p>{text(' '.join(parts))}</p>{trouble}"


def _bar(report: Mapping[str, Any]) -> str:
    """The outcomes as parts of one bar."""
    total = report["summary"]["total"] or 1
    parts, at = [], 0.0
    for name in reversed(OUTCOMES):
        count = report["summary"]["outcomes"][name]
        if count:
            width = count * _WIDE / total
            parts.append(f'<rect class="f-{name}" x="{at:.2f}" y="0" width="{width:.2f}" height="10"/>')
            at += width
    box = f'viewBox="0 0 {_WIDE:g} 10" preserveAspectRatio="none"'
    return f'<svg class="bar" {box} aria-hidden="true">{"".join(parts)}</svg>'


def _tiles(report: Mapping[str, Any]) -> str:
    """One button for each outcome that occurs: its number, and a filter."""
    tiles = []
    total = report["summary"]["total"] or 1
    for name in reversed(OUTCOMES):
        count = report["summary"]["outcomes"][name]
        if not count and name not in _EXPECTED[report["purpose"]]:
            continue
        label, sign, meaning = OUTCOME_LABELS[name]
        tiles.append(
            f'<button type="button" class="tile" data-outcome="{name}" aria-pressed="false" title="{text(meaning)}">'
            f'<span class="count">{count}</span><span class="chip c-{name}">{_sign(sign)}{label}</span>'
            f'<span class="share">{100 * count / total:.0f} %</span></button>'
        )
    return "".join(tiles)


_EXPECTED: Mapping[str, frozenset[str]] = {
    SEVER: frozenset({SEVERED, NO_ACCOUNT, UNPROVEN}),
    RELINK: frozenset({LINKED}),
    SHIFT: frozenset({LINKED, SEVERED, NO_ACCOUNT, UNPROVEN}),
    LOOK: frozenset({LINKED, UNLINKED}),
}


def _sign(sign: str) -> str:
    return f'<i class="sign" aria-hidden="true">{sign}</i>'


def _chip(outcome: str) -> str:
    label, sign, meaning = OUTCOME_LABELS[outcome]
    return f'<span class="chip c-{outcome}" title="{text(meaning)}">{_sign(sign)}{label}</span>'


def _attention(report: Mapping[str, Any]) -> str:
    """Those that need a human, the worst first."""
    wanted = [record for record in report["records"] if record["needs_human"]]
    if not wanted:
        return '<p class="calm">Nobody has to do anything.</p>'
    wanted.sort(key=lambda record: (not record["drift"], OUTCOMES.index(record["outcome"]), record["number"]))
    cards = [
        f'<li class="card b-{record["outcome"]}"><div class="who"><a href="#r{record["number"]}"><code>'
        f"{text(record['instance_id'])}</code></a>{_name(record)}</div>"
        f"{_chip(record['outcome'])}<p>{text(record['needs_human'])}</p></li>"
        for record in wanted
    ]
    return f'<ol class="cards">{"".join(cards)}</ol>'


def _name(record: Mapping[str, Any]) -> str:
    return f' <span class="name">{bidi_isolate(record["name"])}</span>' if record["name"] else ""


class _Axis:
    """Where the moments of a run lie between its begin and its end."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        times = [report["began"], report["ended"]]
        times += [time for record in report["records"] for time in (record["when"]["began"], record["when"]["ended"])]
        self.began, self.ended = min(map(parse_time, times)), max(map(parse_time, times))
        self._seconds = max((self.ended - self.began).total_seconds(), 0.001)

    def at(self, time: str) -> float:
        """From 0 to 1."""
        return min(1.0, max(0.0, (parse_time(time) - self.began).total_seconds() / self._seconds))

    def labels(self) -> list[datetime]:
        """Five moments, evenly spread."""
        return [self.began + (self.ended - self.began) * part / 4 for part in range(5)]


def _timeline(report: Mapping[str, Any], axis: _Axis) -> str:
    phases = "".join(
        f'<tr><th scope="row">{text(phase["name"])}</th><td>{_clock(parse_time(phase["began"]))}</td>'
        f"<td>{_length((parse_time(phase['ended']) - parse_time(phase['began'])).total_seconds())}</td>"
        f'<td class="lane">{_lane(axis.at(phase["began"]), axis.at(phase["ended"]), "f-phase")}</td></tr>'
        for phase in report["phases"]
    )
    logouts, others = [0] * _BINS, [0] * _BINS
    for record in report["records"]:
        for call in record["calls"]:
            place = min(_BINS - 1, int(axis.at(call["time"]) * _BINS))
            (logouts if call["action"] == "logout" else others)[place] += 1
    most = max([1, *(one + other for one, other in zip(logouts, others))])
    labels = "".join(f"<span>{_clock(time)}</span>" for time in axis.labels())
    return (
        f'<div class="chart"><div class="legend"><span class="key k-logout">logouts</span>'
        f'<span class="key k-other">other calls</span>'
        f'<span class="most">at most {most} in {_length(_bin(axis))}</span></div>'
        f"{_columns(logouts, others, most)}"
        f'<div class="axis">{labels}</div></div>'
        f'<table class="phases"><thead><tr><th scope="col">Phase</th><th scope="col">Began</th>'
        f'<th scope="col">Took</th><td></td></tr></thead><tbody>{phases}</tbody></table>'
    )


def _bin(axis: _Axis) -> float:
    return (axis.ended - axis.began).total_seconds() / _BINS


def _columns(logouts: Sequence[int], others: Sequence[int], most: int) -> str:
    """How many calls were sent when, as columns."""
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


def _lane(began: float, ended: float, css: str, ticks: Iterable[float] = ()) -> str:
    """A stretch of the run's time, with the calls as ticks."""
    width = max((ended - began) * _WIDE, 3.0)
    marks = "".join(
        f'<rect class="tick" x="{min(tick * _WIDE, _WIDE - 8):.1f}" y="0" width="8" height="12"/>' for tick in ticks
    )
    x = min(began * _WIDE, _WIDE - width)
    return (
        f'<svg class="gantt" viewBox="0 0 {_WIDE:g} 12" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" x="0" y="5.5" width="{_WIDE:g}" height="1"/>'
        f'<rect class="{css}" x="{x:.1f}" y="3" width="{width:.1f}" height="6"/>{marks}</svg>'
    )


def _row(record: Mapping[str, Any], axis: _Axis) -> str:
    """Two rows of the table: the facts at a glance, and the details that unfold below."""
    number, when = record["number"], record["when"]
    calls = record["calls"]
    names = " · ".join(_call(call) + ("" if call["outcome"] == "ok" else "!") for call in calls)
    began, ended = axis.at(when["began"]), axis.at(when["ended"])
    lane = _lane(began, ended, f"f-{record['outcome']}", (axis.at(call["time"]) for call in calls))
    before, after = record["before"]["status"], record["after"]["status"]
    start, took = parse_time(when["began"]), _span(when["began"], when["ended"])
    loud = " loud" if record["needs_human"] or record["outcome"] in _LOUD else ""
    return (
        f'<tr class="row{loud}" id="r{number}" data-outcome="{record["outcome"]}">'
        f'<td class="num" data-v="{number}"><button type="button" class="more" aria-expanded="false" '
        f'aria-controls="d{number}" aria-label="Details of {text(record["instance_id"])}">{number}</button></td>'
        f'<td data-v="{text(record["name"] or record["instance_id"])}"><code>{text(record["instance_id"])}</code>'
        f"{_name(record)}</td>"
        f'<td data-v="{OUTCOMES.index(record["outcome"])}">{_chip(record["outcome"])}</td>'
        f'<td class="way" data-v="{text(before)}">{_way(before, after)}</td>'
        f'<td class="account" data-v="{text(record["account"])}">{bidi_isolate(record["account"])}</td>'
        f'<td class="sent" data-v="{len(calls)}">{text(names) or _NONE}</td>'
        f'<td class="lane" data-v="{began:.6f}" title="{_clock(start)}, {_length(took)}">{lane}</td>'
        "</tr>"
        f'<tr class="detail" id="d{number}"><td></td><td colspan="6">{_details(record)}</td></tr>'
    )


_NONE = '<span class="none">none</span>'


def _call(call: Mapping[str, Any]) -> str:
    return _CALLS.get(call["action"], str(call["action"]))


def _way(before: Any, after: Any) -> str:
    if before == after or not after:
        return f'<span class="status">{text(before) or _DASH}</span>'
    arrow = '<span class="to" aria-label="then">→</span>'
    return f'<span class="status">{text(before) or _DASH}</span> {arrow} <span class="status">{text(after)}</span>'


def _details(record: Mapping[str, Any]) -> str:
    calls = "".join(
        f"<li><time>{_clock(parse_time(call['time']))}</time> <b>{text(_call(call))}</b> while {text(call['status'])}: "
        f"{text(call['outcome'])}{_http(call)}, {_length(float(call['duration']))}</li>"
        for call in record["calls"]
    )
    history = "".join(
        f"<li><time>{text(_when(event['time']))}</time> {text(event['what'])}</li>" for event in record["history"]
    )
    notes = [record["needs_human"], record["message"], *record["warnings"], *record["open_ends"]]
    told = "".join(f"<p>{text(note)}</p>" for note in dict.fromkeys(note for note in notes if note))
    after = record["after"]
    again = "read again at the end" if after["read_again"] else "as its run saw it last"
    deadline = {True: "met", False: "missed", None: "none"}[record["when"]["deadline_met"]]
    facts = [
        ("Account", bidi_isolate(record["account"])),
        ("Stands at", f"{text(after['status']) or _DASH}, {again}"),
        ("Earlier runs", text(record["earlier"]) or "nothing known"),
        ("Deadline", text(deadline)),
        ("Deleted", {True: "yes", False: "no, it failed", None: "no"}[record["deleted"]]),
        ("Record", f"<code>{text(record['hash'])}</code>"),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    calls = f"<h4>Calls</h4><ol>{calls}</ol>" if calls else ""
    history = f"<h4>Before this run</h4><ol>{history}</ol>" if history else ""
    return f"{told}{calls}{history}<dl>{listed}</dl>"


def _http(call: Mapping[str, Any]) -> str:
    return f" (HTTP {call['http_status']})" if call.get("http_status") else ""


def _facts(report: Mapping[str, Any]) -> str:
    request, place, plan = report["request"], report["place"], report["plan"] or {}
    met = [record["when"]["deadline_met"] for record in report["records"]]
    late = [is_met for is_met in met if is_met is not None]
    kept = "" if not late else ", met by all" if all(late) else f", missed by {late.count(False)}"
    none = f'<span class="none">{_DASH}</span>'
    eyes = " (four eyes required)" if request.get("require_four_eyes") else ""
    versions = ", ".join(f"{name} {version}" for name, version in place.get("versions", {}).items() if version)
    rows = [
        ("Runbook", f"<code>{text(report['runbook'])}</code>"),
        ("Ticket", bidi_isolate(request.get("ticket"))),
        ("Requested by", bidi_isolate(request.get("requester"))),
        ("Approved by", bidi_isolate(request.get("approver")) + eyes),
        ("Run by", bidi_isolate(request.get("operator"))),
        ("Deadline", f"{text(_when(request['deadline']))}{kept}" if request.get("deadline") else none),
        ("Instances from", bidi_isolate(place.get("source"))),
        ("API", bidi_isolate(place.get("api_url"))),
        ("Controller", bidi_isolate(place.get("controller"))),
        ("Plan", f"<code>{text(plan.get('confirm'))}</code>" if plan.get("confirm") else none),
        (
            "Accepted as unproven",
            text(", ".join(request.get("accept_unproven") or [])) or '<span class="none">none</span>',
        ),
        ("Began", text(_when(report["began"]))),
        ("Ended", text(_when(report["ended"]))),
        ("Versions", text(versions)),
    ]
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)


def _glossary(report: Mapping[str, Any]) -> str:
    names = [
        name
        for name in reversed(OUTCOMES)
        if report["summary"]["outcomes"][name] or name in _EXPECTED[report["purpose"]]
    ]
    return "".join(f"<div><dt>{_chip(name)}</dt><dd>{text(OUTCOME_LABELS[name][2])}</dd></div>" for name in names)


def _when(time: str) -> str:
    return parse_time(time).strftime("%Y-%m-%d %H:%M:%S UTC")


def _clock(time: datetime) -> str:
    return time.strftime("%H:%M:%S")


def _length(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
