# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same account in another spelling isn't a change; another one is, and a pending pairing code is nobody's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.wawp.cloud.extensions.eda.plugins._wawp.reading import (
    after,
    differs,
    parse_reading,
)

NUMBER, LID = "201012345678", "99887766554433"
BOTH = {"id": f"{NUMBER}@c.us", "lid": f"{LID}@lid"}


def changes(*mes: Any) -> bool:
    """Whether the last of these readings of a working session is a change from the earlier ones."""
    known = None
    for me in mes[:-1]:
        known = after(parse_reading(json.dumps({"status": "WORKING", "me": me}).encode()), known)
    assert known is not None
    return differs(parse_reading(json.dumps({"status": "WORKING", "me": mes[-1]}).encode()), known.reading)


@pytest.mark.parametrize(
    "mes",
    [
        (f"{NUMBER}@c.us", {"id": f"{NUMBER}:12@s.whatsapp.net"}),
        ({"id": f"{NUMBER}@c.us"}, [NUMBER]),
        ({"id": {"_serialized": f"{NUMBER}@c.us"}}, {"phone": int(NUMBER)}),
        (BOTH, {"lid": LID}),
        (BOTH, {"lid": LID}, {"id": f"{NUMBER}@c.us"}),
        ({"id": f"{NUMBER}@c.us"}, {"lid": LID}),
        (BOTH, None),
        (BOTH, {"id": "491712345678@c.us", "pushName": "~", "lid": ""}),
    ],
    ids=repr,
)
def test_no_change(mes: tuple[Any, ...]) -> None:
    assert not changes(*mes)


@pytest.mark.parametrize(
    "mes",
    [
        (BOTH, {"id": "491712345678@c.us"}),
        (BOTH, {"lid": "11223344556677"}),
        ({"id": f"{NUMBER}@c.us"}, {"id": f"{NUMBER}@c.us", "lid": LID}, {"lid": "11223344556677"}),
    ],
    ids=repr,
)
def test_a_change(mes: tuple[Any, ...]) -> None:
    assert changes(*mes)
