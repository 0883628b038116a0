# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report the branch coverage of plugins/ over all data that the last units and integration runs left behind.

Runs inside `.venv`. Fails below the share that pyproject.toml demands, and without data.
"""

from __future__ import annotations

import sys
from pathlib import Path

import coverage

from ansibletest import collection_copy
from environments import CORES, ROOT, WORK


def main() -> None:
    """Combine, report, and tell the verdict by the exit code."""
    folders = [collection_copy(core) / "tests/output/coverage" for core in CORES]
    files = [str(path) for folder in folders for path in folder.glob("*=coverage.*")]
    if not files:
        raise SystemExit("No coverage data: run units and integration first.")
    report = coverage.Coverage(data_file=WORK / "coverage", config_file=ROOT / "pyproject.toml")
    report.combine(files, strict=True, keep=True)
    data = report.get_data()
    # A file that no run imported counts as uncovered instead of not at all.
    data.touch_files([str(path) for path in Path(ROOT, "plugins").rglob("*.py")])
    share = report.report()
    report.html_report(directory=str(WORK / "htmlcov"), skip_empty=True)
    needed = report.get_option("report:fail_under")
    print(f"{share:.1f} % of the branches and statements in plugins/ are covered; {needed} % are needed.")
    sys.exit(share < float(str(needed)))


if __name__ == "__main__":
    main()
