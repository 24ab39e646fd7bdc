"""The primary that real Sentinels name is written to, also after it was replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from bot.conversation.errors import StoreUnavailable
from bot.store import wakeups
from bot.store.connection import connect, translated
from bot.store.counted import CountedRedis
from bot.store.keys import Keys
from bot.store.sentinels import SentinelSettings
from bot.store.wakeups import Wakeups
from tests.redis_node import free_ports
from tests.redis_sentinels import SentinelShape, redis_sentinels
from tests.store.test_cluster import sooner_or_later

PASSWORD = "word"
URL = f"redis://:{PASSWORD}@not-asked/0"


@pytest.fixture
def shape() -> Iterator[SentinelShape]:
    with redis_sentinels(password=PASSWORD) as shape:
        yield shape


def client_of(
    shape: SentinelShape, password: str | None = PASSWORD, service: str = "weavers"
) -> CountedRedis:
    nobody = ("127.0.0.1", free_ports(1)[0])  # a Sentinel that is down
    return connect(
        URL,
        timeout_s=1.0,
        sentinels=SentinelSettings((nobody, *shape.addresses), service, None, password),
    )


async def test_after_a_failover_the_new_primary_is_written_to_and_its_wakeups_are_heard(
    shape: SentinelShape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "LISTEN_S", 0.05)
    heard: asyncio.Queue[int] = asyncio.Queue()
    async with client_of(shape) as redis:
        here = Wakeups(redis, Keys("p"))
        listening = asyncio.create_task(here.listen(heard.put_nowait))
        await asyncio.gather(*(redis.set(f"key{number}", "1") for number in range(20)))
        shape.fail_over()
        assert await sooner_or_later(lambda: redis.set("after", "1"))
        assert shape.primary.redis.get("after") == b"1"
        async with asyncio.timeout(60):
            while heard.empty():
                shape.primary.redis.publish("p:bell", "5")
                await asyncio.sleep(0.02)
        assert await heard.get() == 5
        listening.cancel()
        await asyncio.wait([listening])


async def test_a_primary_that_hangs_is_left_and_is_not_written_to_when_it_goes_on(
    shape: SentinelShape,
) -> None:
    async with client_of(shape) as redis:
        await redis.set("before", "1")
        old = shape.primary
        pid = old.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            shape.wait_for_another(old)
            assert await sooner_or_later(lambda: redis.set("after", "1"))
        finally:
            os.kill(pid, signal.SIGCONT)
        assert await redis.set("later", "1")
        assert shape.primary.redis.mget("after", "later") == [b"1", b"1"]


async def test_a_primary_that_is_killed_is_replaced(shape: SentinelShape) -> None:
    async with client_of(shape) as redis:
        await redis.set("before", "1")
        old = shape.primary
        old.redis.wait(1, 1000)
        old.kill()
        shape.wait_for_another(old)
        assert await sooner_or_later(lambda: redis.get("before")) == "1"


@pytest.mark.parametrize(
    ("password", "service"), [("wrong", "weavers"), (None, "weavers"), (PASSWORD, "others")]
)
async def test_sentinels_that_do_not_know_us_or_the_service_are_a_store_that_is_away(
    shape: SentinelShape, password: str | None, service: str
) -> None:
    async with client_of(shape, password, service) as redis:
        with pytest.raises(StoreUnavailable) as caught, translated():
            await redis.get("key")
        assert PASSWORD not in str(caught.value)
