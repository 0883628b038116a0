# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Four eyes: one person in two spellings is one person."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.request import checked_request

MONA = "Mona Doe"


def check(requester: str, approver: str) -> None:
    checked_request({"requester": requester, "approver": approver, "require_four_eyes": True})


@pytest.mark.parametrize(
    "writing",
    [
        " mona  doe ",
        "Mona Doe.",
        '"Mona Doe"',
        "\u2018Mona\u2019 Doe",
        "Doe, Mona",
        "Mo\u200bna Doe",
        "Mona\u2060 Doe\u202e",
        "M\u043en\u0430 D\u043e\u0435",
        "\u039c\u03bfna Doe",
        "M0na Doe",
        "\uff2d\uff4f\uff4e\uff41 Doe",
        "M\u00f3na Doe",
        "Mo\u0301na Doe",
        "Mona.Doe@example.com",
        "mona.doe@example.org",
        "Mona Doe <md@example.com>",
        "Mona Doe (night shift)",
        "MonaDoe",
        "Mona\tDoe",
        "M\u3164ona Doe",
        "Mo\u2800na Doe",
        "Mona Doe\uffa0",
        "M\u1d0fna Doe",
        "M\u00f8na Doe",
        "Mo\u0274\u2c65 Doe",
        '"mona.doe"@example.com',
        "mona.doe+night@example.com",
        "mona.doe\uff20example.com",
        "mona.doe(night)@example.com",
        "mona.doe at example.com",
        "monadoe [at] example.com",
    ],
)
def test_one_person_in_two_writings_is_one_person(writing: str) -> None:
    for pair in ((MONA, writing), (writing, MONA)):
        with pytest.raises(OptionError, match="another person"):
            check(*pair)


@pytest.mark.parametrize(
    "writing", ["Mon\uab7a Doe", "M\u0d20na Doe", "M\u0c66na Doe", "\u13b7ona Doe", "Mona \ua4d3oe"]
)
def test_a_name_in_letters_of_several_scripts_is_a_disguise(writing: str) -> None:
    """No list has all look-alikes."""
    for pair in ((MONA, writing), (writing, MONA)):
        with pytest.raises(
            OptionError, match=r"(requester|approver) mixes letters of several scripts; write it in one"
        ):
            check(*pair)


@pytest.mark.parametrize("writing", ["\u0406lja", "1lja", "llja", "Il\u0458a", "\u0399lja"])
def test_look_alikes_are_alike_among_each_other(writing: str) -> None:
    with pytest.raises(OptionError, match="another person"):
        check("Ilja", writing)


def test_the_domain_of_a_mail_address_makes_no_other_person() -> None:
    for approver in ("mona@example.org", "MONA@mail.example.com", "mona+night@example.com", "Mona <mona@example.org>"):
        with pytest.raises(OptionError, match="another person"):
            check("mona@example.com", approver)


@pytest.mark.parametrize("nobody", ["\u200b.", "'-'", ".", "\u3164", "\u2800 \u00ad", "()", "@"])
def test_a_name_of_signs_alone_is_nobody(nobody: str) -> None:
    for pair in ((MONA, nobody), (nobody, MONA), (nobody, nobody)):
        with pytest.raises(OptionError, match="name both requester and approver"):
            check(*pair)


@pytest.mark.parametrize(
    "other", ["Jan Doe", "Mona Roe", "jan@example.com", "\u041c\u0438\u0448\u0430", "\u0645\u0646\u0649", "Mona"]
)
def test_two_persons_are_two(other: str) -> None:
    check(MONA, other)


@pytest.mark.parametrize(
    "name", ["\u738b\u5c0f\u660e", "\u30a2\u30f3\u5b50", "J\u00f8rgen \u00c5s", "\u0418\u0440\u0438\u043d\u0430 2"]
)
def test_a_name_of_another_script_is_a_name(name: str) -> None:
    check(MONA, name)
