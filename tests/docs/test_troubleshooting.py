# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/troubleshooting.md lists messages that exist, and every kind of error."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common import validation
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import Client, Connection
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator import fleet
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.docs.collection import ROOT

ROWS = [
    [re.findall("`([^`]+)`", cell) for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| `") and not line.endswith("|---|")
]
MESSAGES = [message for row in ROWS for message in row[0]]
KINDS = {message: row[1][0] for row in ROWS if len(row) > 2 for message in row[0]}
ANSIBLE = [
    Path(str(module.__file__)) for module in (basic, validation)
]  # it has words for missing options and libraries
HTTP = re.compile(r"HTTP (\d+), ")


def strings(path: Path) -> Iterator[str]:
    """Yield the texts that a Python file may show: strings, and options with problems, with … for variable parts."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "OptionError":
            yield ": ".join(map(wording, node.args))
        elif isinstance(node, (ast.Constant, ast.JoinedStr)) and id(node) not in remarks:
            yield wording(node)


def wording(node: ast.AST) -> str:
    """Return the literal text of an expression."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(wording, node.values))
    return re.sub("%[sd]", "…", node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"


@functools.cache
def sources() -> list[str]:
    """Return all texts that the collection may show, without documentation, which has several lines."""
    code = [path for folder in ("plugins", "extensions") for path in sorted(ROOT.glob(f"{folder}/**/*.py"))]
    said = [text for path in (*code, *ANSIBLE) if "simulator" not in path.parts for text in strings(path)]
    for path in (*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")):
        tokens = yaml.scan(path.read_text(encoding="utf-8"))
        said += [re.sub("{{.*?}}", "…", token.value) for token in tokens if isinstance(token, yaml.ScalarToken)]
    return [text for text in said if "\n" not in text]


def is_said(message: str) -> bool:
    """Whether the sources have a message. Another test checks the place of the API's HTTP status in it."""
    pattern = re.compile(".*".join(map(re.escape, HTTP.sub("", message).split("…"))))
    return any(pattern.search(text) for text in sources())


def test_every_message_is_one_that_the_collection_has() -> None:
    assert [message for message in MESSAGES if not is_said(message)] == []


@pytest.mark.parametrize(
    ("message", "known"),
    [
        ("another run is writing to …", True),
        ("csv: … is not in UTF-8", True),
        ("wawp_fail_on_drift needs wawp_baseline", True),
        ("missing required arguments: …", True),
        ("journal: another run has eaten …", False),
        ("csv: another run is writing to …", False),
        ("Names of the errors, and the exceptions that carry them", False),  # a docstring in _errors.py
    ],
)
def test_a_message_that_nothing_says_is_found_out(message: str, known: bool) -> None:
    assert is_said(message) == known


def test_every_kind_of_error_has_a_row() -> None:
    kinds = {value for name, value in vars(_errors).items() if name.isupper() and isinstance(value, str)}

    # An expired write isn't sent, and the session is read again: no result ever has that kind.
    assert set(KINDS.values()) == kinds - {_errors.EXPIRED}


@pytest.mark.parametrize("message", [message for message in MESSAGES if HTTP.match(message)])
def test_a_reply_of_that_status_gives_that_message_and_kind(message: str, simulator: Server) -> None:
    status = int(HTTP.findall(message)[0])

    seen = [refusal(simulator, status, body) for body in ("json", "html")]

    assert any(f": {message}" in str(error) and error.kind == KINDS[message] for error in seen), seen


def refusal(simulator: Server, status: int, body: str) -> _errors.WawpError:
    """Return the error for a reply with that status."""
    fault = {"kind": "http", "call": "info", "http_status": status, "body": body}
    fleet.load(simulator.engine, [{"instance_id": f"ONE-{body}", "faults": [fault]}])
    client = Client(Connection(simulator.url, request_timeout=30.0))
    with pytest.raises(_errors.WawpError) as caught:
        client.call("info", f"ONE-{body}", SANDBOX_TOKEN)
    client.close()
    return caught.value
