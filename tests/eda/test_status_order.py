# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""session_status: each event once, and in order, over real connections."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ansible_collections.wawp.cloud.tests.eda.support import (
    ID,
    listening,
    now,
    webhook,
    with_history,
)


def test_an_event_is_told_once() -> None:
    async def test() -> None:
        async with listening() as source:
            body = webhook()
            answers = [await source.post(body) for dummy in range(3)]
            assert [answer["result"] for dummy, answer in answers] == ["accepted", "duplicate", "duplicate"]
            nameless = {"instance_id": ID, "status": "STOPPED", "ts": now() // 1000}
            answers = [await source.post(nameless) for dummy in range(2)]
            assert [answer["result"] for dummy, answer in answers] == ["accepted", "duplicate"]
            assert len(await source.events(2)) == 2
            assert source.queue.empty()

    asyncio.run(test())


def test_over_restarts_with_a_state_file_and_only_then(tmp_path: Path) -> None:
    body, state = webhook("WORKING"), tmp_path / "state"

    async def results(**args: Any) -> list[str]:
        found = []
        for dummy in range(2):
            async with listening(**args) as source:
                found.append((await source.post(body))[1]["result"])
        return found

    assert asyncio.run(results()) == ["accepted", "accepted"]
    assert asyncio.run(results(state_file=str(state))) == ["accepted", "duplicate"]
    assert state.stat().st_mode & 0o777 == 0o600

    async def previous() -> Any:
        async with listening(state_file=str(state)) as source:
            await source.post(webhook("FAILED"))
            while (event := await source.event())["status"] != "FAILED":
                pass
            return event["previous_status"]

    assert asyncio.run(previous()) == "WORKING"


def summary(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(e["status"], e["previous_status"], e["kind"], e["recovered"], e["late"]) for e in events]


def test_a_logout_as_the_engine_tells_it() -> None:
    async def test() -> None:
        async with listening() as source:
            for status in ("WORKING", "STOPPED", "STARTING", "SCAN_QR_CODE", "SCAN_QR_CODE", "FAILED"):
                await source.post(webhook(status))
            events = await source.events(6)
            kinds = ["restored", "stopped", "starting", "logged_out", "logged_out", "failed"]
            assert [event["kind"] for event in events] == kinds
            assert [event["changed"] for event in events] == [True, True, True, True, False, True]

    asyncio.run(test())


def test_a_link_that_breaks_while_reconnecting_is_lost() -> None:
    async def test() -> None:
        async with listening() as source:
            for status in ("WORKING", "STARTING", "FAILED", "FAILED"):
                await source.post(webhook(status))
            assert [e["kind"] for e in await source.events(4)] == ["restored", "starting", "lost", "failed"]

    asyncio.run(test())


def test_missed_and_swapped_webhooks_are_put_in_order() -> None:
    t = now() - 10_000
    steps = [("WORKING", t), ("STOPPED", t + 1000), ("STARTING", t + 2000), ("SCAN_QR_CODE", t + 3000)]

    async def test() -> None:
        async with listening() as source:
            await source.post(with_history(steps[0]))
            newest = with_history(*steps[1:])
            await source.post(newest)  # overtook two others
            for late in (with_history(*steps[:2]), with_history(*steps[:3]), newest):
                assert await source.post(late) == (200, {"result": "duplicate"})
            assert summary(await source.events(4)) == [
                ("WORKING", None, "restored", False, False),
                ("STOPPED", "WORKING", "stopped", True, False),
                ("STARTING", "STOPPED", "starting", True, False),
                ("SCAN_QR_CODE", "STARTING", "logged_out", False, False),
            ]
            assert source.queue.empty()

    asyncio.run(test())


def test_of_a_session_new_to_us_only_the_news_is_told() -> None:
    t = now() - 10_000

    async def test() -> None:
        async with listening() as source:
            await source.post(with_history(("WORKING", t), ("STARTING", t + 1000), ("FAILED", t + 2000)))
            assert summary([await source.event()]) == [("FAILED", "STARTING", "lost", False, False)]
            await source.post(with_history(("WORKING", t), ("STARTING", t + 1000)))
            assert summary([await source.event()]) == [("STARTING", "WORKING", "starting", False, True)]
            assert source.queue.empty()

    asyncio.run(test())


def test_a_late_webhook_without_history_is_told_as_late() -> None:
    t = now() - 10_000

    async def test() -> None:
        async with listening() as source:
            await source.post(webhook("WORKING", timestamp=t + 1000))
            await source.post(webhook("STARTING", timestamp=t))
            await source.post(webhook("FAILED", timestamp=t + 2000))
            assert summary(await source.events(3)) == [
                ("WORKING", None, "restored", False, False),
                ("STARTING", None, "starting", False, True),
                ("FAILED", "WORKING", "lost", False, False),
            ]

    asyncio.run(test())


def test_ids_count_for_one_session_and_status_only() -> None:
    async def test() -> None:
        async with listening() as source:
            first = webhook("WORKING", id="evt_1", session="other")
            bodies = [first, webhook("FAILED", id="evt_1"), webhook("WORKING", id="evt_1"), first]
            answers = [(await source.post(body))[1]["result"] for body in bodies]
            assert answers == ["accepted", "accepted", "accepted", "duplicate"]

    asyncio.run(test())


def test_a_session_named_like_another_s_id_is_another_subject() -> None:
    async def test() -> None:
        async with listening() as source:
            await source.post(webhook("FAILED", session=ID, payload={"status": "FAILED"}))
            await source.post(webhook("WORKING", instance_id=ID))
            events = await source.events(2)
            assert [event["previous_status"] for event in events] == [None, None]
            assert [event["subject"] for event in events] == [f"session {ID}", ID]
            assert (await source.health(ID))[1]["last_event"] == events[1]["occurred_at"]

    asyncio.run(test())


def test_an_early_event_makes_no_genuine_one_late() -> None:
    """With a clock slightly ahead; anything more is refused, or without a check counts as now."""

    async def test() -> None:
        async with listening(replay_window=0) as source:
            for early in (2_000, 300_000, 10**9):
                await source.post(webhook("STARTING", timestamp=now() + early))
                await source.post(webhook("FAILED", timestamp=now()))
            events = await source.events(6)
            assert not [event for event in events if event["late"] or event["occurred_at"] > event["received_at"]]
        async with listening() as source:
            assert (await source.post(webhook("STARTING", timestamp=now() + 300_000)))[0] == 403

    asyncio.run(test())


def test_two_changes_in_the_same_second_without_an_id() -> None:
    second = now() // 1000 - 5

    async def test() -> None:
        async with listening() as source:
            statuses = ["WORKING", "FAILED", "FAILED", "WORKING", "WORKING", "FAILED"]
            bodies = [{"instance_id": ID, "status": status, "ts": second} for status in statuses]
            answers = [(await source.post(body))[1]["result"] for body in bodies]
            assert answers == ["accepted", "accepted", "duplicate", "accepted", "duplicate", "accepted"]
            assert not [event for event in await source.events(4) if event["late"]]
            old = {"instance_id": ID, "status": "WORKING", "ts": second - 10}
            assert [(await source.post(old))[1]["result"] for dummy in range(2)] == ["accepted", "duplicate"]

    asyncio.run(test())


def test_a_list_in_whole_seconds_keeps_its_order() -> None:
    t = (now() // 1000 - 5) * 1000
    statuses = ["WORKING", "STOPPED", "STARTING", "SCAN_QR_CODE"]

    async def test() -> None:
        async with listening() as source:
            await source.post(with_history((statuses[0], t)))
            await source.post(with_history(*((status, t) for status in statuses), timestamp=t // 1000))
            events = await source.events(4)
            assert [event["status"] for event in events] == statuses
            assert [event["recovered"] for event in events] == [False, True, True, False]

    asyncio.run(test())


def generation_k(status: str) -> dict[str, Any]:
    """Make a webhook of the oldest engine measured: no id, no time, no signature."""
    return {"event": "session.status", "session": "default", "engine": "NOWEB", "payload": {"status": status}}


def test_the_oldest_engine_s_webhooks_are_told_apart_by_what_is_known() -> None:
    """While it can't connect, it reports STARTING every two seconds; a returning status has the same words again."""

    async def test() -> None:
        async with listening(hmac_keys=None, allow_unsigned=True) as source:
            outage = [
                "WORKING",
                *["STARTING"] * 5,
                "WORKING",
                *["STARTING"] * 5,
                "FAILED",
                "FAILED",
                "WORKING",
                "FAILED",
            ]
            for status in outage:
                assert (await source.post(generation_k(status), {}))[0] == 200
            events = await source.events(7)
            assert source.queue.empty()
            assert [event["status"] for event in events] == [s for s, last in zip(outage, [None, *outage]) if s != last]
            assert [event["kind"] for event in events[-3:]] == ["lost", "restored", "lost"]
            assert not [event for event in events if event["late"] or not event["changed"]]

    asyncio.run(test())
