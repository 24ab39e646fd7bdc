"""What was said unheard is found wherever it stands, and whoever does not get an answer is told why."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
import redis
from redis.asyncio import Redis

from bot.conversation import wording
from bot.conversation.message import created_ms
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from tests.e2e.test_metrics import counted
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
OLD_MS = 1500
SOON = {**QUICK, "BOT_RECOVERY__EVERY_S": "0.4"}


def texts(world: World, place: int) -> list[str]:
    return [message["content"] for message in world.said(place)]


async def swept(world: World, times: int = 2) -> None:
    """Wait until everything has been looked through so often again."""
    before = len(world.called("GET", "/threads/active"))
    await world.until(lambda: len(world.called("GET", "/threads/active")) > before + times)


@pytest.mark.parametrize("every_s", ["0.3", "120"])
async def test_what_is_too_old_to_be_answered_is_told_once_in_a_thread_that_was_listed_or_never_was(
    alone: World, every_s: str
) -> None:
    too_soon = {**QUICK, "BOT_RECOVERY__MAX_AGE_HOURS": "0.0003", "BOT_RECOVERY__EVERY_S": every_s}
    bot = await alone.start_bot(**QUICK, BOT_RECOVERY__EVERY_S=every_s)
    thread = await alone.converse(alone.channel(), "hello")
    if every_s != "120":
        await swept(alone)
    await bot.kill()
    said = await alone.ann.post(thread, "are you there?")
    asked = len(alone.claude.requests)
    await alone.until(lambda: time.time() * 1000 - created_ms(int(said["id"])) > OLD_MS)
    await alone.start_bot(**too_soon)
    notice = wording.small(wording.missed(1))
    await alone.until(lambda: notice in texts(alone, thread))
    await alone.converse(alone.channel(), "something else")
    assert texts(alone, thread).count(notice) == 1
    assert len(alone.claude.requests) == asked + 1


async def test_more_than_is_looked_through_is_told_only_where_some_of_it_was_missed(alone: World) -> None:
    few = {"BOT_RECOVERY__MAX_MESSAGES": "3"}
    notice = wording.small(wording.missed_many(3))
    bot = await alone.start_bot(**QUICK, **few, BOT_RECOVERY__EVERY_S="120")
    thread = await alone.converse(alone.channel(), "hello")
    for number in range(3):
        await alone.ann.post(thread, f"heard {number}")
        await alone.answered(thread, 2 + number)
    await bot.stop()
    bot = await alone.start_bot(**SOON, **few)
    await swept(alone)
    assert notice not in texts(alone, thread)
    await bot.stop()
    for number in range(4):
        await alone.ann.post(thread, f"unheard {number}")
    await alone.start_bot(**SOON, **few)
    await alone.until(lambda: notice in texts(alone, thread))
    await swept(alone)
    assert texts(alone, thread).count(notice) == 1
    assert "unheard 0" not in str([call.body for call in alone.claude.requests])


async def test_a_place_that_cannot_be_read_keeps_no_other_from_its_turn(alone: World) -> None:
    refused, later = alone.channel(), alone.channel()
    bot = await alone.start_bot(**SOON)
    await alone.converse(refused, "hello")
    thread = await alone.converse(later, "hello")
    await swept(alone)
    await bot.stop()
    alone.discord.faults.add(
        action="error",
        method="GET",
        route=f"^/channels/{refused}/messages",
        status=403,
        code=50001,
        times=None,
    )
    first = await alone.ann.post(refused, f"{alone.mention} can you read this?")
    mention = await alone.ann.post(later, f"{alone.mention} and this?")
    await alone.ann.post(thread, "and here?")
    bot = await alone.start_bot(**SOON)
    await alone.answered(await alone.thread_of(mention))
    await alone.answered(thread, 2)
    await swept(alone, 3)
    (told,) = bot.log("channel_forbidden")
    assert told["channel"] == refused
    alone.discord.faults.clear()
    await alone.answered(await alone.thread_of(first))


async def test_a_message_that_cannot_be_read_is_passed_over_once_and_the_others_are_answered(
    alone: World,
) -> None:
    bot = await alone.start_bot(**SOON)
    thread = await alone.converse(alone.channel(), "hello")
    await swept(alone)
    await bot.stop()
    odd = await alone.ann.post(thread, "odd")
    mention = await alone.ben.post(alone.channel(), f"{alone.mention} and here?")
    await alone.ann.post(thread, "are you there?")

    def garble(answer: Any) -> Any:
        return [{**each, "author": None} if each["id"] == odd["id"] else each for each in answer]

    alone.discord.faults.add(
        action="garble", method="GET", route=f"^/channels/{thread}/messages$", times=None, garble=garble
    )
    bot = await alone.start_bot(**SOON)
    await alone.answered(thread, 2)
    await alone.answered(await alone.thread_of(mention))
    (told,) = bot.log("discord_item_unreadable")
    assert (told["item"], told["id"]) == ("message", odd["id"])
    await swept(alone)  # the answer is listed as well
    before = len(alone.called("GET", f"/channels/{thread}/messages"))
    await swept(alone, 3)
    assert len(alone.called("GET", f"/channels/{thread}/messages")) == before, "its mark has moved on"


async def test_a_place_whose_listing_fails_once_is_read_by_the_next_sweep(alone: World) -> None:
    bot = await alone.start_bot(**SOON)
    thread = await alone.converse(alone.channel(), "hello")
    other = await alone.converse(alone.channel(), "hello")
    direct = await alone.dm_of(alone.ben)
    await alone.ben.post(direct, "hello")
    await alone.answered(direct)
    await swept(alone)
    await bot.stop()
    alone.discord.faults.add(
        action="error", method="GET", route=f"^/channels/{thread}/messages", status=404, code=10003
    )
    alone.discord.faults.add(action="reset", method="GET", route=f"^/channels/{direct}$")
    await alone.ann.post(thread, "one")
    await alone.ann.post(other, "two")
    await alone.ben.post(direct, "three")
    await alone.start_bot(**SOON)
    for place in (thread, other, direct):
        await alone.answered(place, 2)
    assert len(alone.claude.requests) == 6


async def test_direct_messages_are_found_behind_any_number_of_active_threads(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    direct = await alone.dm_of(alone.ann)
    await alone.ann.post(direct, "hello")
    await alone.answered(direct)
    await alone.converse(alone.channel(), "hello")
    channel = alone.channel()
    for number in range(310):
        await alone.ann.create_thread(channel, f"thread {number}")
    threads = {each: int(time.time() * 1000) + each % 1000 for each in active_in(alone, channel)}
    redis = Redis.from_url(alone.redis_url)
    await redis.zadd(f"{alone.prefix}:known", {str(each): score for each, score in threads.items()})
    await redis.aclose()
    await bot.stop()
    await alone.ann.post(direct, "written while you were away")
    await alone.start_bot(**QUICK)
    await alone.answered(direct, 2)
    assert not [call for call in alone.calls() if call.method == "GET" and call.path in paths_of(threads)]


async def test_what_was_said_in_a_thread_that_is_archived_by_now_is_answered_by_a_listing_for_all(
    alone: World,
) -> None:
    bot = await alone.start_bot(**QUICK)
    channel = alone.channel()
    idle, asked = [await alone.converse(channel, f"hello {n}") for n in range(2)]
    chat = await alone.ann.command(channel, "chat", {"message": "hello", "private": True})
    private = int((await chat.message())["content"].split("<#")[1].split(">")[0])
    await alone.answered(private, 2)
    await bot.stop()
    await alone.admin.edit_thread(idle, archived=True)
    for thread in (asked, private):
        await alone.ann.post(thread, "are you there?")
        await alone.admin.edit_thread(thread, archived=True)
    await alone.start_bot(**QUICK)
    await alone.answered(asked, 2)
    await alone.answered(private, 3)  # the first is the question that /chat put there
    looked_at = [call for call in alone.calls() if call.method == "GET" and call.path == f"/channels/{idle}"]
    assert len(looked_at) <= 1, "the look whether the thread exists, and none of the listing"


async def test_what_was_said_unheard_just_before_a_thread_was_archived_is_answered(alone: World) -> None:
    await alone.start_bot(**SOON)
    thread = await alone.converse(alone.channel(), "hello")
    await swept(alone)
    alone.discord.faults.swallow_events(1, "MESSAGE_CREATE")
    await alone.ann.post(thread, "are you there?")
    await alone.admin.edit_thread(thread, archived=True)
    await alone.answered(thread, 2)


async def test_what_a_thread_missed_is_answered_together_with_the_next_message_before_a_sweep_has_come_so_far(
    alone: World,
) -> None:
    bot = await alone.start_bot(**SOON)
    thread = await alone.converse(alone.channel(), "hello")
    direct = await alone.dm_of(alone.ben)
    await alone.ben.post(direct, "hello")
    await alone.answered(direct)
    await swept(alone)
    await bot.stop()
    for listing in ("/threads/active", f"^/channels/{direct}"):
        alone.discord.faults.add(
            action="error", method="GET", route=f"{listing}$", times=None, status=503, code=0
        )
    await alone.ann.post(thread, "the first")
    await alone.ben.post(direct, "the first")
    await alone.start_bot(**SOON)
    for place, person in ((thread, alone.ann), (direct, alone.ben)):
        asked = len(alone.claude.requests)
        await person.post(place, "the second")
        await alone.answered(place, 2)
        (request,) = alone.claude.requests[asked:]
        sent = str(request.body["messages"][-1])
        assert 0 < sent.find("the first") < sent.find("the second")
    alone.discord.faults.clear()
    asked = len(alone.claude.requests)
    await swept(alone)
    await alone.converse(alone.channel(), "something else")
    assert len(alone.claude.requests) == asked + 1


def active_in(world: World, channel: int) -> list[int]:
    return [each.id for each in world.discord.world.channels.values() if each.parent_id == channel]


def paths_of(channels: Iterable[int]) -> set[str]:
    return {f"/channels/{each}" for each in channels}


async def test_what_a_notice_has_refused_is_not_refused_again_after_a_restart(alone: World) -> None:
    bot = await alone.start_bot(**QUICK, BOT_RECOVERY__EVERY_S="120")
    channel, voice = alone.channel(), alone.channel("voice")
    alone.deny(channel, bits.CREATE_PUBLIC_THREADS, alone.ben.id)
    refused = await alone.ben.post(channel, f"{alone.mention} hello?")
    elsewhere = await alone.ben.post(voice, f"{alone.mention} hello?")
    await alone.noticed(channel)
    await alone.noticed(voice)
    await noted(alone, channel, refused)
    await noted(alone, voice, elsewhere)
    await bot.kill()
    # As much later as nonces last: Discord would show a second notice.
    alone.discord.world.nonces.forget(int(alone.app.user_id))
    await alone.start_bot(**SOON)
    await swept(alone)
    await alone.converse(channel, "something else")
    assert texts(alone, channel) == [wording.small(wording.may_not("Create Public Threads"))]
    assert texts(alone, voice) == [wording.small(wording.NO_THREADS_HERE)]


async def noted(world: World, channel: int, message: dict[str, Any]) -> None:
    """Wait until it is noted why a message gets no answer."""
    with redis.Redis.from_url(world.redis_url) as store:
        await world.until(lambda: store.hexists(Keys(world.prefix).decisions(channel), message["id"]))


async def test_sweeps_neither_count_nor_report_messages_again(alone: World) -> None:
    bot = await alone.start_bot(**SOON, BOT_TELEMETRY__METRICS_PORT="0")
    thread = await alone.converse(alone.channel(), "hello")
    await alone.ann.post(thread, "// a comment")
    for number in range(3):
        await alone.settled(await alone.ann.post(thread, f"and {number}?"))
        await swept(alone)
    found = await counted(alone)
    assert found['bobbin_messages_received_total{decision="prefixed"}'] == 1
    assert found['bobbin_messages_received_total{decision="answer"}'] == 3
    reports = len(bot.log("channel_caught_up"))  # a sweep may bring a message before its event
    await alone.ann.post(thread, "// another comment")
    await swept(alone, 3)
    assert len(bot.log("channel_caught_up")) == reports
