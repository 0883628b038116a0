# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A report as one self-contained HTML page.

Every text from outside goes through `text` or `bidi_isolate`, or into the page's data, from which its script sets the
text of elements. Script and style are allowed by their hashes, so that a browser runs nothing else even if something
slips through.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from .advice import Group, grouped
from .headline import headline
from .markup import bidi_isolate, chip, text
from .outcomes import EXPECTED, OUTCOME_LABELS, OUTCOMES
from .page_assets import PAGE, STYLE
from .page_data import page_data
from .page_facts import facts, first_facts
from .page_script import SCRIPT
from .page_timeline import timeline
from .times import date_and_time

_WIDE = 1000.0
# Instances of a group that its card shows.
_IN_A_CARD = 20
_KEYS = {
    "there": "The key is still there: nothing is lost, run again.",
    "gone": "The key is gone: only the phone can end it.",
}


def render(report: Mapping[str, Any]) -> bytes:
    """Render the page."""
    groups = grouped(report["records"])
    begin = headline(report)
    style = STYLE + _print_style(report)
    values = {
        "csp": _policy(style),
        "style": style,
        "script": SCRIPT,
        "title": text(report["title"]),
        "tone": begin.tone,
        "sign": begin.sign,
        "statement": text(begin.statement),
        "lead": text(begin.lead),
        "trouble": _abort_reason(report),
        "bar": _bar(report),
        "tiles": _tiles(report),
        "first_facts": first_facts(report),
        "needs": str(report["summary"]["needs_human"]),
        "attention": _attention(groups),
        "timeline": timeline(report),
        "data": page_data(report, groups),
        "total": str(report["summary"]["total"]),
        "facts": facts(report),
        "words": _glossary(report),
        "head": text(report["chain"]["head"]),
        "algorithm": text(report["chain"]["algorithm"].upper().replace("SHA", "SHA-")),
        "version": text(report["environment"].get("versions", {}).get("wawp.cloud", "")),
        "ended": text(date_and_time(report["ended"])),
    }
    return Template(PAGE).substitute(values).encode("utf-8")


def _policy(style: str) -> str:
    hashes = [base64.b64encode(hashlib.sha256(part.encode("utf-8")).digest()).decode() for part in (style, SCRIPT)]
    allowed = f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _print_style(report: Mapping[str, Any]) -> str:
    """Return the style that puts hash and page number on each printed sheet; the hash is hexadecimal."""
    head = report["chain"]["head"]
    return (
        f'@page {{ @bottom-left {{ content: "{head}"; font-size: 7pt; }} '
        '@bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }\n'
    )


def _abort_reason(report: Mapping[str, Any]) -> str:
    return f'<p class="trouble">{text(report["abort_reason"])}</p>' if report["abort_reason"] else ""


def _bar(report: Mapping[str, Any]) -> str:
    """Render the outcomes as parts of one bar."""
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


def _shown_outcomes(report: Mapping[str, Any]) -> list[str]:
    """Return the outcomes that occur or were requested, best first."""
    numbers, wanted = report["summary"]["outcomes"], EXPECTED[report["purpose"]]
    return [name for name in reversed(OUTCOMES) if numbers[name] or name in wanted]


def _tiles(report: Mapping[str, Any]) -> str:
    """Render a button for each outcome: its number, and a filter."""
    total = report["summary"]["total"] or 1
    tiles = []
    for name in _shown_outcomes(report):
        count = report["summary"]["outcomes"][name]
        share = 100 * count / total
        tiles.append(
            f'<button type="button" class="tile" data-outcome="{name}" aria-pressed="false" '
            f'title="{text(OUTCOME_LABELS[name].meaning)}">'
            f'<span class="count">{count}</span>{chip(name, report["prediction"])}'
            f'<span class="share">{_percent(share)} %</span>'
            "</button>"
        )
    return "".join(tiles)


def _percent(share: float) -> str:
    """Format a share as a percentage: 0 only for none, 100 only for all."""
    return "&lt;1" if 0 < share < 1 else "&gt;99" if 99 < share < 100 else f"{share:.0f}"


def _attention(groups: Sequence[Group]) -> str:
    """Render what needs a person: one card for all instances that need the same."""
    if not groups:
        return '<p class="calm">Nobody has to do anything.</p>'
    return f'<ol class="cards">{"".join(_card(place, group) for place, group in enumerate(groups))}</ol>'


def _card(place: int, group: Group) -> str:
    count = len(group.records)
    listed = "".join(f"<li>{_link(record)}</li>" for record in group.records[:_IN_A_CARD])
    more = f'<li class="none">and {count - _IN_A_CARD} more</li>' if count > _IN_A_CARD else ""
    key = f'<p class="key-note">{_KEYS[group.key]}</p>' if group.key in _KEYS else ""
    return (
        f'<li class="card b-{group.outcome}"><div class="who">{count} instance{"" if count == 1 else "s"}</div>'
        f'{chip(group.outcome)}<p>{text(group.advice)}</p>{key}<ul class="ids">{listed}{more}</ul>'
        f'<button type="button" class="whole" data-group="{place}" hidden>Show in the table</button></li>'
    )


def _link(record: Mapping[str, Any]) -> str:
    name = f' <span class="name">{bidi_isolate(record["name"])}</span>' if record["name"] else ""
    account = f' <span class="account">{bidi_isolate(record["account"])}</span>' if record["account"] else ""
    return f'<a href="#r{record["number"]}"><code>{text(record["instance_id"])}</code></a>{name}{account}'


def _glossary(report: Mapping[str, Any]) -> str:
    meanings = [(name, OUTCOME_LABELS[name].meaning) for name in _shown_outcomes(report)]
    return "".join(f"<div><dt>{chip(name)}</dt><dd>{text(meaning)}</dd></div>" for name, meaning in meanings)
