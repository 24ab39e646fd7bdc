"""Commands of the same moment share a round trip, and none of them fails because of another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

import pytest_asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from bot.in_turn import TOGETHER
from bot.store import batches
from bot.store.batches import Batches, Command
from bot.store.connection import connect
from bot.store.content import Cipher, Content
from bot.store.counted import CountedRedis
from tests.iterations import Iterations


@pytest_asyncio.fixture
async def client(redis_url: str) -> AsyncIterator[CountedRedis]:
    """A client of the bot's own kind."""
    client = connect(redis_url, timeout_s=30.0)
    yield client
    await client.flushdb()
    await client.aclose()


async def reads(client: CountedRedis) -> int:
    """How often the server has read from its clients: once for each round trip."""
    return int((await client.info("stats"))["total_reads_processed"])


async def test_commands_and_pipelines_of_the_same_moment_share_a_round_trip(client: CountedRedis) -> None:
    await client.set("one", "1")
    before = await reads(client)
    pipe = client.pipeline(transaction=False)
    pipe.get("one")
    pipe.incr("two")
    got = await asyncio.gather(client.get("one"), pipe.execute(), client.hgetall("none"), client.incr("one"))
    assert got == ["1", ["1", 1], {}, 2]
    assert await reads(client) - before == 2  # theirs, and that of the second look


async def test_a_transaction_stays_by_itself(client: CountedRedis) -> None:
    pipe = client.pipeline(transaction=True)
    pipe.incr("one")
    pipe.incr("one")
    assert await asyncio.gather(pipe.execute(), client.get("two")) == [[1, 2], None]


async def test_a_command_that_is_refused_fails_alone(redis_url: str) -> None:
    failures: list[str] = []
    client = connect(redis_url, timeout_s=30.0, failed=lambda: failures.append("failed"))
    await client.set("text", "not a number")
    pipe = client.pipeline(transaction=False)
    pipe.get("text")
    pipe.incr("text")
    found = await asyncio.gather(
        client.incr("text"), client.get("text"), pipe.execute(), return_exceptions=True
    )
    assert [type(each) for each in found] == [ResponseError, str, ResponseError]
    assert len(failures) == 2
    await client.delete("text")
    await client.aclose()


async def test_who_tries_whether_redis_serves_goes_on_before_all_others(client: CountedRedis) -> None:
    await client.set("one", "1")
    iterations = Iterations()
    ends: dict[str, int] = {}

    async def ended(name: str, asking: Awaitable[object]) -> None:
        await asking
        ends[name] = iterations.number

    others = batches.MOST_COMMANDS - 2  # all in one batch
    crowd = [ended(f"get {number}", client.get("one")) for number in range(others)]
    trials = [ended("ping", client.ping()), ended("eval", client.eval("return 1", 0))]
    await asyncio.gather(*crowd, *trials)
    assert max(ends["ping"], ends["eval"]) <= min(ends.values()) + 1


async def test_a_caller_that_is_cancelled_takes_nobody_along(client: CountedRedis) -> None:
    await client.set("one", "1")
    leaving = asyncio.ensure_future(client.get("one"))
    staying = [asyncio.ensure_future(client.get("one")) for _ in range(2)]
    await asyncio.sleep(0)
    leaving.cancel()
    assert await asyncio.gather(*staying) == ["1", "1"]
    assert leaving.cancelled()


async def test_content_of_a_batch_is_encrypted_and_decrypted(redis_url: str) -> None:
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    client = connect(redis_url, timeout_s=30.0, cipher=Cipher([key]))
    plain = connect(redis_url, timeout_s=30.0)
    await asyncio.gather(*(client.set(name, Content(f"text of {name}")) for name in ("one", "two")))
    assert not str(await plain.get("one")).endswith("text of one")
    read = await asyncio.gather(client.get("one"), client.get("two"))
    assert list(map(str, read)) == ["text of one", "text of two"]
    await client.delete("one", "two")
    await client.aclose()
    await plain.aclose()


async def test_after_a_failure_of_the_connection_each_command_is_left_to_its_caller() -> None:
    async def fail(_: Sequence[Command]) -> list[Any]:
        raise RedisConnectionError

    gathered = Batches(fail)
    assert await asyncio.gather(*(gathered.join([(("GET", "a"), {})]) for _ in range(3))) == [None] * 3


async def test_a_batch_holds_no_more_commands_than_the_limit() -> None:
    sizes: list[int] = []

    async def send(commands: Sequence[Command]) -> list[Any]:
        sizes.append(len(commands))
        return list(range(len(commands)))

    gathered = Batches(send)
    count = batches.MOST_COMMANDS // 2
    jobs: list[list[Command]] = [[(("GET", "a"), {})] * count for _ in range(4)]
    found = await asyncio.gather(*map(gathered.join, jobs))
    assert sizes == [batches.MOST_COMMANDS] * 2
    assert found[1] == list(range(count, 2 * count))


async def test_a_command_by_itself_is_left_to_its_caller() -> None:
    async def send(_: Sequence[Command]) -> list[Any]:
        raise AssertionError("nothing is to be sent")

    assert await Batches(send).join([(("GET", "a"), {})]) is None


async def test_few_callers_go_on_in_one_iteration_of_the_loop_and_in_order() -> None:
    iterations, resumed = Iterations(), list[tuple[int, int]]()
    answer = asyncio.Event()

    async def send(commands: Sequence[Command]) -> list[Any]:
        await answer.wait()
        return list(commands)

    async def ask(number: int) -> None:
        assert await gathered.join([(("GET", number), {})]) == [(("GET", number), {})]
        resumed.append((iterations.number, number))

    gathered = Batches(send)
    asking = asyncio.gather(*map(ask, range(10 * batches.MOST_COMMANDS)))
    asyncio.get_running_loop().call_later(0.01, answer.set)
    await asking
    together = Counter(each for each, _ in resumed)
    assert max(together.values()) <= TOGETHER
    assert [number for _, number in resumed] == list(range(10 * batches.MOST_COMMANDS))
