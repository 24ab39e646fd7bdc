"""People who are forgotten anew, because the store has gone back."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.commands.forget import NO_RECEIPT
from bot.store.keys import Keys
from tests.e2e.controls import press
from tests.e2e.forgetting_scene import code_of, forget, verify
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_commands import set_prompt
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_verify_tells_of_a_message_that_came_back_and_of_nothing_that_was_said_or_set_since(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        await set_prompt(own.ann, thread, "Always speak of tulips.")
        key = Keys(own.prefix).history(thread)
        async with redis_of(own) as redis:
            (entry,) = await redis.lrange(key, 0, -1)
            code = code_of(await forget(own, own.ann, thread))
            await set_prompt(own.ann, thread, "Speak of roses.")
            await set_prompt(own.ann, thread, "Speak of daisies.")
            await own.settled(await own.ann.post(thread, "here I am again"))
            assert "nothing is left" in await verify(own.ann, thread, code)
            await redis.lset(key, 0, str(entry))
            assert "found 1 message" in await verify(own.ann, thread, code)
        assert "2 messages" in await forget(own, own.ann, thread)
        assert not any("tulips" in value for value in (await stored(own)).values())


async def test_a_job_that_the_store_has_lost_is_done_all_the_same(alone: World) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        await alone.start_bot(REDIS_URL=proxy.url)
        threads = [await alone.converse(alone.channel(), f"tulips {number}") for number in range(3)]
        for thread in threads:
            await alone.settled(thread)
        handle = await alone.ann.command(threads[0], "forget me")
        await handle.response()
        question = await handle.message()
        proxy.delay_s = 0.1
        await press(alone.ann, threads[0], question, "Forget me")
        keys = Keys(alone.prefix)
        async with redis_of(alone) as redis:
            while not await redis.scard(keys.forget_left(alone.ann.id)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await redis.delete(keys.forget_job(alone.ann.id), keys.forget_left(alone.ann.id))
            await redis.zrem(keys.forget_queue, str(alone.ann.id))
        proxy.delay_s = 0.0
        await alone.until(lambda: "Receipt" in alone.discord.message(int(question["id"]))["content"])
        assert not any("tulips" in value for value in (await stored(alone)).values())


async def test_a_store_that_goes_back_while_a_bot_runs_is_noticed_and_the_person_forgotten_anew(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        direct = await own.dm_of(own.ann)
        before = await snapshot(own)
        code = code_of(await forget(own, own.ann, thread))
        await go_back(own, before)
        await own.bots[0].logged("person_forgotten", again=True)
        assert not any("tulips" in value for value in (await stored(own)).values())
        await own.until(lambda: any(code in each["content"] for each in own.said(direct)))
        assert "nothing is left" in await verify(own.ann, thread, code)


async def test_a_store_that_was_set_back_while_no_bot_ran_is_found_out_by_the_code_of_the_receipt(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "a question about tulips")
        await own.settled(thread)
        direct = await own.dm_of(own.ann)
        before = await snapshot(own)
        code = code_of(await forget(own, own.ann, thread))
        await own.bots[0].stop()
        await go_back(own, before)
        own.bots = [await own.start_bot()]
        assert await verify(own.ben, thread, code) == NO_RECEIPT
        said = await verify(own.ann, thread, code)
        assert "found 1 message" in said
        assert "went back to an earlier state" in said
        await own.until(lambda: any(code in each["content"] for each in own.said(direct)))
        assert not any("tulips" in value for value in (await stored(own)).values())
        assert "nothing is left" in await verify(own.ann, thread, code)


async def snapshot(world: World) -> dict[str, bytes]:
    """The values of all keys, as they are stored."""
    redis: Redis = Redis.from_url(world.redis_url)
    found = {}
    async for key in redis.scan_iter(match=f"{world.prefix}:*"):
        found[key.decode()] = await redis.dump(key) or b""
    await redis.aclose()
    return found


async def go_back(world: World, before: dict[str, bytes]) -> None:
    """Set the store back."""
    redis: Redis = Redis.from_url(world.redis_url)
    async for key in redis.scan_iter(match=f"{world.prefix}:*"):
        await redis.delete(key)
    for key, value in before.items():
        await redis.restore(key, 0, value)
    await redis.aclose()
