"""A store that is away for longer than anybody likes to wait: nothing of what is said meanwhile is lost."""

from __future__ import annotations

import itertools
from typing import Any

import aiohttp
import pytest

from bot.conversation import wording
from bot.render.mark import is_marked
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {
    "BOT_TURNS__LEASE_S": "2",
    "BOT_TURNS__HEARTBEAT_S": "0.5",
    "BOT_TURNS__POLL_S": "0.2",
    "POINTS_NOTIFY_AFTER_S": "0.5",
}
POINTS_BOT = "tests.engine.points_bot"


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["content"] for message in messages]


async def posted_by_the_bot(world: World, place: int, text: str, reply_to: str) -> None:
    body = {"content": text, "message_reference": {"message_id": reply_to}}
    headers = {"Authorization": f"Bot {world.app.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{world.discord.api_url}/channels/{place}/messages"
        async with session.post(url, json=body) as response:
            assert response.status == 200


async def answered_once(world: World, place: int, questions: list[str], before: int = 0) -> None:
    """Wait until each question is answered, in as few turns or as many, and see that it is so only once."""

    def answering() -> list[list[int]]:
        """Which questions each reply answers."""
        asked = [str(call.body["messages"][-1]) for call in world.asked if call.body and not call.hung_up]
        found = [[n for n, question in enumerate(questions) if question in text] for text in asked]
        return [each for each in found if each]

    def done() -> bool:
        replies = texts(world.replies(place))
        all_asked = sorted(itertools.chain.from_iterable(answering())) == list(range(len(questions)))
        return all_asked and len(replies) == before + len(answering()) and not any(map(is_marked, replies))

    await world.until(done)


async def test_what_is_written_while_the_store_is_away_for_long_is_answered_once_when_it_is_back(
    alone: World,
) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        bot = await alone.start_bot(**QUICK, REDIS_URL=proxy.url, module=POINTS_BOT)
        thread = await alone.converse(alone.channel(), "hello")
        known = await alone.dm_of(alone.ben)
        await alone.ben.post(known, "hello")
        await alone.answered(known)
        channel, fresh = alone.channel(), await alone.dm_of(alone.ann)
        joined = int((await alone.ann.create_thread(alone.channel(), "ours"))["id"])
        proxy.leave()
        await alone.ann.post(thread, "in the thread <1>")
        await alone.ben.post(thread, "in the thread, too <2>")
        mention = await alone.ann.post(channel, f"{alone.mention} in a channel <3>")
        await alone.ben.post(known, "in direct messages <4>")
        await alone.ann.post(fresh, "my first direct message <5>")
        await alone.ann.post(joined, "this is for somebody else")
        for place in (channel, thread, known, fresh):
            await alone.until(lambda place=place: alone.said(place)[-1:] != alone.replies(place)[-1:])  # type: ignore[misc]
        proxy.come_back()
        await answered_once(alone, thread, ["<1>", "<2>"], before=1)
        await answered_once(alone, await alone.thread_of(mention), ["<3>"])
        await answered_once(alone, known, ["<4>"], before=1)
        await answered_once(alone, fresh, ["<5>"])
        notice, direct = map(wording.small, (wording.STORE_DOWN_FOR_NOW, wording.STORE_DOWN_IN_DMS))
        assert [texts(alone.said(place)).count(notice) for place in (thread, channel)] == [1, 1]
        assert [texts(alone.said(place)).count(direct) for place in (known, fresh)] == [1, 1]
        assert not alone.said(joined)
        assert not bot.log("reply_found")


async def test_it_is_found_by_the_next_start_although_the_bot_has_told_that_it_takes_long(
    alone: World,
) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        bot = await alone.start_bot(**QUICK, REDIS_URL=proxy.url, module=POINTS_BOT)
        thread = await alone.converse(alone.channel(), "hello")
        proxy.leave()
        await alone.ann.post(thread, "in the thread <1>")
        await alone.noticed(thread, 2)
        await bot.kill()
        proxy.come_back()
        await alone.start_bot(**QUICK)
        await answered_once(alone, thread, ["<1>"], before=1)


async def test_what_an_earlier_version_told_aloud_and_as_a_reply_is_no_answer(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    thread = await alone.converse(alone.channel(), "hello")
    await bot.stop()
    asked = await alone.ann.post(thread, "in the thread <1>")
    await posted_by_the_bot(alone, thread, wording.LOUD_ONCE[0], asked["id"])
    await alone.start_bot(**QUICK)
    await answered_once(alone, thread, ["<1>"], before=2)


async def test_what_is_edited_or_deleted_while_the_store_is_away_counts_as_it_stands_then(
    alone: World,
) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        bot = await alone.start_bot(**QUICK, REDIS_URL=proxy.url)
        deleted, edited = [await alone.converse(alone.channel(), f"hello {n}") for n in range(2)]
        proxy.leave()
        gone = await alone.ann.post(deleted, "not this <1>")
        said = await alone.ann.post(edited, "not this <2>")
        for message in (gone, said):
            await bot.logged("store_unavailable", message=int(message["id"]))
        await alone.ann.delete(deleted, gone["id"])
        await alone.ann.edit(edited, said["id"], "but this <3>")
        await alone.ann.post(deleted, "but this <4>")
        proxy.come_back()
        await alone.until(lambda: asked_with(alone, "<3>"))
        await alone.answered(edited, 2)
        await alone.until(lambda: asked_with(alone, "<4>"))
        await alone.answered(deleted, 2)
        assert "<1>" not in str(asked_with(alone, "<4>")[-1])
        assert "<2>" not in str(asked_with(alone, "<3>")[-1])
        assert [len(alone.replies(place)) for place in (deleted, edited)] == [2, 2]


def asked_with(world: World, text: str) -> list[Any]:
    return [call.body["messages"] for call in world.claude.requests if text in str(call.body)]
