# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Text from outside as HTML that shows it and does nothing else."""

from __future__ import annotations

import html
from typing import Any

from .._redact import one_line
from .outcomes import OUTCOME_LABELS

DASH = "\u2013"
NONE = f'<span class="none">{DASH}</span>'
_LONGEST = 2000


def text(value: Any) -> str:
    """Escape any value so that HTML shows it as text and does nothing else with it."""
    return html.escape(one_line(str(value), _LONGEST), quote=True) if value is not None else ""


def bidi_isolate(value: Any) -> str:
    """Isolate the writing direction of a text that others chose."""
    return f"<bdi>{text(value)}</bdi>" if value not in (None, "") else NONE


def chip(outcome: str, predicted: bool = False) -> str:
    """Render an outcome with its sign; its meaning shows on hover."""
    label = OUTCOME_LABELS[outcome]
    name = label.predicted.capitalize() if predicted else label.name
    sign = f'<i class="sign" aria-hidden="true">{label.sign}</i>'
    return f'<span class="chip c-{outcome}" title="{text(label.meaning)}">{sign}{text(name)}</span>'
