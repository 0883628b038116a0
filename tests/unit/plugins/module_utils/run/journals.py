# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of a journal, and their replay."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import (
    Journal,
)

ID, TIME = "3EB0BCB2E3D4", "2026-11-22T10:00:00.000Z"


def note(path: Path, *verdicts: str) -> None:
    """Write a run that ends with these outcomes."""
    with closing(Journal(str(path), TIME)) as journal:
        for number, verdict in enumerate(verdicts):
            journal.write("outcome", f"{ID}-{number}", TIME, verdict=verdict)


def verdicts(journal: Journal) -> dict[str, str]:
    return {instance_id: known.verdict for instance_id, known in journal.earlier.items()}
