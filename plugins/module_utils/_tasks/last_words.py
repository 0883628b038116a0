# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The last words of an interrupted run, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._session.model import PROVEN, UNPROVEN, VERDICTS
from .causes import first_of

NEXT_PLAN = "Run the same command again: the rest of the approved plan continues with its phrase."
# A module in a separate process can't say what it did.
ELSEWHERE = "Where the module runs, it waits for the outcome of what was sent, and records it in its journal."
NEXT_FLEET = "Run it again with the same journal: severed sessions are only read, the rest continues."
_NO_JOURNAL = "Run it again. There is no journal, so the next run won't know of a logout that proved nothing."


def next_step(params: Mapping[str, Any]) -> str:
    """Return what to do after a fleet was interrupted."""
    return NEXT_FLEET if params["journal"] else _NO_JOURNAL


def ending(reason: str) -> str:
    """Return the line to show as soon as a run is interrupted."""
    return f"Ending, since {reason}: nothing new is started, and logouts that were sent are followed to their outcome."


def last_words(
    results: Sequence[Mapping[str, Any] | None], sent: Sequence[str], reason: str, predicts: bool, step: str
) -> str:
    """Summarize a run that was interrupted, and say what to do next.

    Args:
        results: the result of each session, None for those without.
        sent: the instances that were sent an irreversible call.
        reason: why the run ended.
        predicts: whether it was a plan or check mode, which send nothing.
        step: what to do next.
    """
    if predicts:
        return f"Ended, since {reason}. It only read, nothing was sent. {step}"
    ended = {str(entry["instance_id"]): entry["verdict"] for entry in results if entry}
    unknown = [instance_id for instance_id in sent if instance_id not in ended]
    verdicts = Counter(
        verdict for name, verdict in ended.items() if verdict in PROVEN or (verdict == UNPROVEN and name in sent)
    )
    counts = [f"{verdicts[name]} {name.replace('_', ' ')}" for name in VERDICTS if verdicts[name]]
    doubt = f"what came of it isn't known for {len(unknown)}: {first_of(unknown)}" if unknown else "nothing is unknown"
    return (
        f"Ended, since {reason}. Of {len(results)}, {len(sent)} were sent a logout or a deletion; "
        f"{', '.join(counts) or 'none proven'}; {doubt}. Nothing of the kind was sent to the others. {step}"
    )
