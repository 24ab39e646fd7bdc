"""People who are forgotten anew, because the store has gone back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from bot.conversation.found import Found
from bot.conversation.message import first_id
from tests.conversation.builders import ANN, snowflake
from tests.store.stage import KEYS
from tests.turns.forgetting_stage import OF_BEN, SECRET, WHO, Bench, bench, forgetting_of

__all__ = ["bench"]


async def test_what_a_store_that_has_gone_back_holds_again_is_forgotten_anew(bench: Bench) -> None:
    await bench.store.answer(SECRET, OF_BEN)
    before = {str(key): await bench.redis.dump(key) async for key in bench.redis.scan_iter(match="test:*")}
    other = forgetting_of(bench)
    await bench.forget(replace(WHO, before=first_id(round(time.time() * 1000))))
    await other.recall()
    await bench.redis.flushdb()
    for key, value in before.items():
        await bench.redis.restore(key, 0, value or b"")
    assert await bench.holds() != []
    await other.recall()
    # The instance that has noticed begins, and whichever looks first does the job.
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while not bench.told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert await bench.holds() == []
    assert "gone back to an earlier state" in bench.told[0]
    assert "1 message" in bench.told[0]


async def test_an_empty_store_has_nobody_told_of_what_did_not_come_back(bench: Bench) -> None:
    await bench.store.answer(SECRET)
    await bench.forget(replace(WHO, before=first_id(round(time.time() * 1000))))
    await bench.redis.flushdb()
    await bench.forgetting.recall()
    job = await bench.forgetting.run(ANN.id)
    assert job is not None
    assert (job.again, job.done, job.found) == (True, True, Found())
    await bench.redis.zadd(KEYS.forget_queue, {str(ANN.id): 0})
    watching = asyncio.create_task(bench.forgetting.watch(every_s=0.01))
    async with asyncio.timeout(10):
        while await bench.redis.zcard(KEYS.forget_queue):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert bench.told == []


async def test_who_was_forgotten_long_ago_is_not_forgotten_anew(bench: Bench) -> None:
    await bench.forgetting.begin(replace(WHO, before=snowflake(1)))
    await bench.redis.flushdb()
    await bench.forgetting.recall()
    assert await bench.forgetting.latest(ANN.id) is None
