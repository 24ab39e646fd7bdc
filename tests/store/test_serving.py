"""A server that was replaced keeps its connections open: they are dropped, and the new one is used at once."""

from __future__ import annotations

import pytest
from redis.exceptions import ReadOnlyError, ResponseError

from bot.conversation.errors import StoreUnavailable
from bot.store.connection import connect, translated
from bot.store.keys import Key, Keys
from bot.store.scripts import Scripts
from bot.store.scripts.value import CompareAndSet
from bot.store.serving import NotServing, code_of
from bot.store.trial import refusal
from tests.redis_proxy import RedisProxy
from tests.redis_server import order, redis_server


async def demote(url: str) -> None:
    """Make a server a replica of one that is not there."""
    await order(url, "REPLICAOF", "127.0.0.1", 1)


def once(key: Key) -> CompareAndSet:
    return CompareAndSet(step="once", value=key, before="", after="me", ttl_s=1000)


async def test_after_a_failover_each_open_connection_writes_to_the_new_server() -> None:
    with redis_server() as old, redis_server() as new:
        async with RedisProxy.before(old) as proxy, connect(proxy.url, timeout_s=3.0) as redis:
            scripts = Scripts(redis)
            await redis.set("before", "1")
            await demote(old)
            proxy.lead_to(new)
            await redis.set("plain", "1")
            assert await redis.get("before") is None  # the new server's answer
            async with redis.pipeline() as pipeline:
                pipeline.set("piped", "1")
                assert await pipeline.execute() == [True]
            assert await scripts.run(once(Keys("p").trial(0, "me")))
            assert await redis.get("plain") == "1"


async def test_a_script_that_meets_the_old_server_is_run_on_the_new_one() -> None:
    with redis_server() as old, redis_server() as new:
        async with RedisProxy.before(old) as proxy, connect(proxy.url, timeout_s=3.0) as redis:
            script = "return redis.call('set', KEYS[1], 'x') and 1"
            assert await redis.eval(script, 1, "before") == 1
            await demote(old)
            proxy.lead_to(new)
            assert await redis.eval(script, 1, "after") == 1
            assert await redis.get("before") is None


async def test_a_server_that_stays_read_only_is_told_by_its_code() -> None:
    with redis_server() as url:
        await demote(url)
        async with connect(url, timeout_s=3.0) as redis:
            with pytest.raises(StoreUnavailable, match=r"^NotServing READONLY$"), translated():
                await redis.set("key", "what people wrote")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReadOnlyError("You can't write", status_code="READONLY"), "READONLY"),
        (ResponseError("MISCONF Redis is configured to save"), "MISCONF"),
        (
            ResponseError(
                "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: "
                "-READONLY You can't write against a read only replica. "
            ),
            "READONLY",
        ),
        (NotServing("LOADING"), "LOADING"),
        (ResponseError("something else"), ""),
        (ValueError("READONLY says somebody"), ""),
    ],
)
def test_the_code_of_an_answer_is_found_also_where_a_script_quotes_it(error: Exception, code: str) -> None:
    assert code_of(error) == code


async def test_a_server_that_refuses_slowly_is_told_by_its_code_and_one_that_is_silent_without() -> None:
    with redis_server(None, "--replica-serve-stale-data", "no") as url:
        async with RedisProxy.before(url) as proxy, connect(proxy.url, timeout_s=30.0) as redis:
            assert await refusal(redis, Keys("p"), within_s=30.0) is None
            await demote(url)
            assert await refusal(redis, Keys("p"), within_s=30.0) == "MASTERDOWN"
            proxy.delay_s = 0.5
            assert await refusal(redis, Keys("p"), within_s=1.9) == "MASTERDOWN"
            assert await refusal(redis, Keys("p"), within_s=0.25) == ""
