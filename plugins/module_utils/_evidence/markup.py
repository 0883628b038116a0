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
    """Any value as text that HTML shows and does nothing else with."""
    return html.escape(one_line(str(value), _LONGEST), quote=True) if value is not None else ""


def bidi_isolate(value: Any) -> str:
    """A text that others have chosen, which keeps its direction of writing to itself."""
    return f"<bdi>{text(value)}</bdi>" if value not in (None, "") else NONE


def chip(outcome: str, predicted: bool = False) -> str:
    """An outcome with its sign; its meaning shows when it is pointed at."""
    label = OUTCOME_LABELS[outcome]
    name = label.predicted.capitalize() if predicted else label.name
    sign = f'<i class="sign" aria-hidden="true">{label.sign}</i>'
    return f'<span class="chip c-{outcome}" title="{text(label.meaning)}">{sign}{text(name)}</span>'
