# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters that `tools/nox -s lint` runs, by name."""

from __future__ import annotations

from project import ROOT


def commands() -> dict[str, list[list[str]]]:
    """Return the commands of each linter."""
    return {
        "ruff": [["ruff", "check"], ["ruff", "format", "--check"]],
        "mypy": [["mypy"], ["mypy", "--python-version=3.11", "noxfile.py", "tools"]],
        "yamllint": [["yamllint", "--strict", "."]],
        "codespell": [["codespell"]],
        "shellcheck": [["shellcheck", ".ci/run", "tools/python", "tools/nox"]],
        "reuse": [["reuse", "lint", "--quiet"]],
        "ansible-lint": [["ansible-lint"]],
        "docs-lint": [["antsibull-docs", "lint-collection-docs", "--plugin-docs", "."]],
        "changelog": [["antsibull-changelog", "lint"]],
        "github": github_checks(),
    }


def github_checks() -> list[list[str]]:
    """Return the commands that check GitHub's files against their schemas."""
    files = {
        "workflows": ".github/workflows/*.yml",
        "issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
        "issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    }
    commands = [
        ["check-jsonschema", f"--builtin-schema=vendor.github-{kind}"]
        + [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(pattern))]
        for kind, pattern in files.items()
    ]
    return [*commands, ["check-jsonschema", "--builtin-schema=vendor.renovate", ".github/renovate.json"]]
