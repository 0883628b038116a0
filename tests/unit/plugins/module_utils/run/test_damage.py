# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A damaged journal is refused, or has the same facts as before: no flipped bit silently changes them."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._run.history import replay
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal import Journal, read_events, survey
from ansible_collections.wawp.cloud.plugins.module_utils._run.journal_lines import (
    DamagedLineError,
    Event,
    encode,
    read_lines,
)
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import Known
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.run.journals import note

TIME = "2026-11-22T10:00:00.000Z"


def line(event: str, instance_id: str, **fields: object) -> bytes:
    return encode({"event": event, "instance_id": instance_id, "time": TIME, **fields})


BURNT = line("sending", "burnt", action="logout", status="STARTING", in_doubt=True)
SENT = line("sending", "sent", action="logout", status="WORKING", account="2010****5678@c.us")
OUTCOME = line("outcome", "ä-severed", verdict="severed", actions=[{"action": "logout", "outcome": "ok"}])
# A reply may hold anything, even the beginning of an event.
NESTED = line("outcome", "nested", verdict="unproven", session={"config": {"event": "x", "crc": "00000000"}})
HOST = socket.gethostname()
BEGIN = encode({"event": "begin", "host": HOST, "time": TIME, "pid": 7})
JOURNAL = BEGIN + BURNT + SENT + OUTCOME + NESTED
FORMS = {
    "whole": JOURNAL,
    "cut off": JOURNAL + BURNT[:-25],
    "cut off before its line break": JOURNAL[:-1],
    "zeros behind": JOURNAL + b"\0" * 16,
    "cut off, then zeros": JOURNAL + SENT[:40] + b"\0" * 16,
    "joined at a cut": JOURNAL[:-30] + BEGIN + BURNT + SENT,
    "joined at a missing line break": NESTED[:-1] + BURNT,
    "joined behind zeros": SENT + b"\0" * 8 + BEGIN + BURNT,
}


def known(content: bytes) -> dict[str, Known] | None:
    """Return the facts of a journal, None if it is refused."""
    events: list[Event] = []
    try:
        for found in read_lines(content.splitlines(keepends=True) if b"\r" not in content else split(content)):
            events += [event for event in found.events if "instance_id" in event]
    except DamagedLineError:
        return None
    return replay(events)


def split(content: bytes) -> list[bytes]:
    """Split into lines as a file has them, which end only in line feeds."""
    return [part + b"\n" for part in content.split(b"\n")[:-1]] + [content.rsplit(b"\n", 1)[-1]]


@pytest.mark.parametrize("form", FORMS)
def test_no_single_flipped_bit_changes_what_is_known(form: str) -> None:
    content = FORMS[form]
    before = known(content)
    assert before
    changed = []
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        if known(bytes(flipped)) not in (None, before):
            changed.append(bit)
    assert not changed, f"{len(changed)} of {len(content) * 8}"


def overwrite(content: bytearray, dice: random.Random) -> None:
    """Write a few bytes of garbage, as from a bad sector."""
    start = dice.randrange(len(content))
    for place in range(start, min(start + dice.randrange(1, 40), len(content))):
        content[place] = dice.randrange(256)


def blank(content: bytearray, dice: random.Random) -> None:
    """Write blanks, as an editor may leave."""
    start = dice.randrange(len(content) - 1)
    length = dice.randrange(1, 40)
    content[start : start + length] = b" " * len(content[start : start + length])


def drop(content: bytearray, dice: random.Random) -> None:
    """Remove bytes in the middle."""
    start = dice.randrange(len(content) - len(NESTED))
    del content[start : start + dice.randrange(1, 30)]


@pytest.mark.parametrize("damage", [overwrite, blank, drop])
def test_other_damage_to_a_whole_line_is_refused(damage: Callable[[bytearray, random.Random], None]) -> None:
    # A crash, too, may leave damage to just the end of the last line.
    before, without_last = known(JOURNAL), known(JOURNAL[: -len(NESTED)])
    dice = random.Random(15)  # noqa: S311 - the same damage each time
    for dummy in range(2000):
        content = bytearray(JOURNAL)
        damage(content, dice)
        assert known(bytes(content)) in (None, before, without_last), bytes(content)


@pytest.mark.parametrize("between", [b"\n", b"", b"\0\0", b" "])
def test_a_line_cut_in_the_middle_of_a_file_is_no_crash(between: bytes) -> None:
    assert known(BURNT[:-30] + between + SENT) is None


def test_an_outcome_teaches_what_the_lost_line_before_its_logout_would_have() -> None:
    for status, verdict in (("STARTING", "unproven"), ("WORKING", "sent")):
        actions = [{"action": "logout", "outcome": "ok", "status": status}]
        found = known(line("outcome", "a", verdict="unproven", actions=actions))
        assert found == {"a": Known(verdict)}


def test_a_run_is_refused_by_a_damaged_journal_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    content = JOURNAL.replace(b'"burnt"', b'"burnu"')
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(OptionError, match=r"line 2 of .* damaged: restore it from a backup"):
            Journal(str(path), TIME, read_only)
    with pytest.raises(OptionError, match="line 2"):
        list(read_events(str(path)))
    assert path.read_bytes() == content


def runs(folder: Path, name: str = "journal") -> list[bytes]:
    """Return the lines of two runs with three outcomes each."""
    path = folder / name
    for verdict in ("severed", "unproven"):
        journal = Journal(str(path), TIME)
        for number in range(3):
            journal.write("outcome", f"{verdict}-{number}", TIME, verdict=verdict)
        journal.close(TIME)
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("place", range(10))
def test_a_line_that_was_taken_out_is_missed(tmp_path: Path, place: int) -> None:
    """All but the last one of a run: a killed run's journal ends early too."""
    path = tmp_path / "journal"
    lines = runs(tmp_path)
    assert len(lines) == 10
    path.write_bytes(b"".join(lines[:place] + lines[place + 1 :]))
    if lines[place].startswith(b'{"event": "end"'):
        assert len(list(read_events(str(path)))) == 6
        return
    for use in (lambda: Journal(str(path), TIME), lambda: list(read_events(str(path))), lambda: survey(str(path))):
        with pytest.raises(OptionError, match=r"lacks 1 of its lines; .* restore it from a backup"):
            use()


@pytest.mark.parametrize("cut", range(1, 6))
def test_the_last_lines_of_a_killed_run_were_never_written(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal"
    lines = runs(tmp_path)[:-cut]
    path.write_bytes(b"".join(lines))
    outcomes = sum(line.startswith(b'{"event": "outcome"') for line in lines)
    note(path, "severed")
    assert len(list(read_events(str(path)))) == outcomes + 1


def test_journals_can_be_joined_in_any_order_and_twice(tmp_path: Path) -> None:
    one, other = runs(tmp_path, "one"), runs(tmp_path, "other")
    path = tmp_path / "journal"
    for lines in (other + one, sorted(one + other), one + other + one[:5]):
        path.write_bytes(b"".join(lines))
        assert {event["event"] for event in read_events(str(path))} == {"outcome"}


def test_what_a_crash_left_is_taken_off_before_anything_follows(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for form in ("cut off", "zeros behind", "cut off, then zeros", "cut off before its line break"):
        path.write_bytes(FORMS[form])
        Journal(str(path), TIME).close()
        content = path.read_bytes()
        assert content.startswith(JOURNAL), form
        assert json.loads(content[len(JOURNAL) :])["event"] == "begin", form
