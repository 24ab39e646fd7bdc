import pytest
from redis.exceptions import RedisError

from bot.conversation.errors import StoreUnavailable
from bot.store.connection import connect, translated
from bot.store.keys import Key
from bot.store.scripts import Scripts
from bot.store.scripts.value import CompareAndSet
from tests.patience import idle_timeout
from tests.redis_server import redis_server


def once(key: Key) -> CompareAndSet:
    return CompareAndSet(step="once", value=key, before="", after="me", ttl_s=1000)


async def test_each_command_and_pipeline_that_fails_is_told_once() -> None:
    failures: list[str] = []
    with redis_server() as url:
        redis = connect(url, timeout_s=30.0, failed=lambda: failures.append("failed"))
        await redis.set("text", "not a number")
        assert failures == []
        with pytest.raises(RedisError):
            await redis.incr("text")
        assert len(failures) == 1
        pipe = redis.pipeline(transaction=False)
        pipe.get("text")
        assert await pipe.execute() == ["not a number"]
        pipe.incr("text")
        pipe.incr("text")
        with pytest.raises(RedisError):
            await pipe.execute()
        assert len(failures) == 2
    with pytest.raises(StoreUnavailable), translated():
        async with idle_timeout(30):
            await redis.get("text")
    assert len(failures) == 3
    await redis.aclose()


async def test_a_script_that_the_server_has_to_be_sent_first_is_no_failure() -> None:
    failures: list[str] = []
    with redis_server() as url:
        redis = connect(url, timeout_s=30.0, failed=lambda: failures.append("failed"))
        await Scripts(redis).run(once(Key("key")))
        await redis.aclose()
    assert failures == []
