"""What is counted and reserved survives kills, and a store that goes back."""

from __future__ import annotations

import pytest

from tests.e2e.budget_scene import mention, pattern, refused
from tests.e2e.history_scene import store_of
from tests.e2e.world import World
from tests.redis_server import redis_server
from tests.store.rollback import roll_back, snapshot

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def expire_reservations(own: World) -> None:
    """Let the time of all open reservations be over."""
    async with store_of(own) as redis:
        key = f"{own.prefix}:{{budgets}}:open"
        for member in await redis.zrange(key, 0, -1):
            await redis.zadd(key, {str(member): 1})


async def test_an_answer_whose_bot_is_killed_after_its_reservation_is_given_by_the_next(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__SERVER": "1 message per month"}) as own:
        own.claude.hold(after=0)
        message = await mention(own, own.ann)
        await own.claude.until(lambda: len(own.asked) == 1)
        await own.bots.pop().kill()
        own.begin()
        await own.start_bot()
        (reply,) = await own.answered(await own.thread_of(message))
        assert reply["content"] == "I see."
        await refused(own, await mention(own, own.ben))


async def test_what_a_killed_bot_had_reserved_is_given_back_when_its_time_is_over(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__SERVER": "1 message per month"}) as own:
        channel = own.channel()
        own.claude.hold(after=0)
        message = await mention(own, own.ann, channel=channel)
        await own.claude.until(lambda: len(own.asked) == 1)
        await own.bots.pop().kill()
        own.begin()
        await own.ann.delete(channel, message["id"])
        await own.start_bot()
        await refused(own, await mention(own, own.ben))
        await expire_reservations(own)
        await own.converse(channel, "and I?", own.admin)


async def test_a_store_that_goes_back_lets_nobody_ask_more_than_the_limit(world: World) -> None:
    with redis_server() as url:
        async with world.apart({"BOT_BUDGETS__SERVER": "3 messages per month"}, redis_url=url) as own:
            channel = own.channel()
            await own.settled(await own.converse(channel, "one"))
            before = await snapshot(url, pattern(own))
            await own.settled(await own.converse(channel, "two"))
            await roll_back(url, before, pattern(own))
            await own.settled(await own.converse(channel, "three"))
            await own.until(lambda: own.bots[0].log("budgets_restored"))
            await refused(own, await mention(own, own.ann))
            assert len(own.asked) == 3


async def test_what_either_of_two_bots_has_counted_survives_a_store_that_goes_back(world: World) -> None:
    settings = {"BOT_BUDGETS__SERVER": "3 messages per month", "BOT_TURNS__MAX_CONCURRENT": "1"}
    with redis_server() as url:
        async with world.apart(settings, bots=2, redis_url=url) as own:
            channel = own.channel()
            await own.settled(await own.converse(channel, "one"))
            before = await snapshot(url, pattern(own))
            posted, gates = [], []
            for who in (own.ann, own.ben):  # a bot has room for one reply, so each of the two writes one
                gates.append(own.claude.hold(after=0))
                posted.append(await mention(own, who, channel=channel))
                await gates[-1].reached()
            for gate, message in zip(gates, posted, strict=True):
                gate.release()
                await own.settled(message)
            (second,) = [bot for bot in own.bots if bot.log("turn_started", turn=int(posted[1]["id"]))]
            await roll_back(url, before, pattern(own))
            # Direct messages, for which no limit is set, keep the bot busy that has counted last.
            busy = []
            for who in (own.ann, own.ben):
                gate = own.claude.hold(after=0)
                message = await who.post(await own.dm_of(who), "hello")
                await gate.reached()
                busy.append((gate, message))
                if second.log("turn_started", turn=int(message["id"])):
                    break
            for gate, message in busy[:-1]:
                gate.release()
                await own.settled(message)
            asked = len(own.asked)
            await refused(own, await mention(own, own.admin, channel=channel))
            assert len(own.asked) == asked
            await own.until(lambda: second.log("budgets_restored"))
            busy[-1][0].release()
            await own.settled(busy[-1][1])
