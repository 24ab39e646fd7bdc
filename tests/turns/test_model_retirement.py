"""When the operator is told that a model will end: with a real Redis, and the shipped table of models."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anthropic import AsyncAnthropic
from redis.asyncio import Redis
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.claude.catalogue import Catalogue
from bot.store.connection import connect
from bot.store.coordination import Coordination
from bot.store.keys import Keys
from bot.turns.model_retirement import ModelRetirement
from tests.claude.server import serve
from tests.claude.test_models import MODEL, described, listing
from tests.patience import idle_timeout

ENDING, LASTING = "claude-sonnet-4-5", "claude-sonnet-5-5"


class Calendar:
    def __init__(self) -> None:
        self.today = dt.date(2026, 11, 22)

    def __call__(self) -> dt.date:
        return self.today


class Instance:
    """One process of a bot."""

    def __init__(self, redis: Redis, name: str, calendar: Calendar, *, model: str = LASTING) -> None:
        self.catalogue = Catalogue(AsyncAnthropic(api_key="never used"), today=calendar)
        self.endings = ModelRetirement(
            self.catalogue, Coordination(redis, Keys("test"), instance=name), model
        )


async def told(*instances: Instance) -> list[tuple[str, int]]:
    """The models that they tell of, and how many days are left."""
    with capture_logs() as logs:
        for instance in instances:
            await instance.endings.warn()
    return [(line["model"], line["days"]) for line in logs if line["event"] == "model_ends"]


async def test_the_end_of_the_configured_model_is_told_once_a_day_whoever_runs_and_restarts(
    redis: Redis,
) -> None:
    calendar = Calendar()
    one, two = (Instance(redis, name, calendar, model=ENDING) for name in ("one", "two"))
    assert await told(one, two, one) == [(ENDING, 8)]
    restarted = Instance(redis, "three", calendar, model=ENDING)
    assert await told(restarted) == []
    calendar.today += dt.timedelta(days=1)
    assert await told(restarted, two) == [(ENDING, 7)]


async def test_a_model_that_was_chosen_is_told_of_at_once_and_after_a_restart_every_day(redis: Redis) -> None:
    calendar = Calendar()
    one = Instance(redis, "one", calendar)
    assert await told(one) == []
    one.catalogue.use(ENDING)
    assert await told(one) == [(ENDING, 8)]
    calendar.today += dt.timedelta(days=1)
    assert await told(Instance(redis, "two", calendar)) == [(ENDING, 7)]


@asynccontextmanager
async def keeping(endings: ModelRetirement, every_s: float = 3600.0) -> AsyncIterator[list[EventDict]]:
    with capture_logs() as logs:
        task = asyncio.create_task(endings.watch(every_s=every_s))
        try:
            yield logs
        finally:
            task.cancel()
            await asyncio.wait([task])


async def until(condition: Callable[[], object]) -> None:
    async with idle_timeout(10):
        while not condition():  # noqa: ASYNC110 - nobody tells of a line in the log
            await asyncio.sleep(0.005)


async def test_whoever_keeps_watch_tells_as_soon_as_a_model_comes_into_use(redis: Redis) -> None:
    one = Instance(redis, "one", Calendar())
    async with keeping(one.endings) as logs:
        one.catalogue.use(ENDING)
        await until(lambda: [line for line in logs if line["event"] == "model_ends"])


async def test_the_catalogue_is_read_again_and_again_and_what_it_tells_is_told(redis: Redis) -> None:
    async with serve() as server:
        server.models["/v1/models"] = listing(described(lifecycle="retired", retires_at="2026-01-01"))
        sdk = AsyncAnthropic(api_key="any", base_url=server.url, max_retries=0)
        catalogue = Catalogue(sdk, today=Calendar())
        endings = ModelRetirement(catalogue, Coordination(redis, Keys("test"), instance="one"), MODEL)
        async with keeping(endings, every_s=0.01) as logs:
            await until(lambda: sum(line["event"] == "catalogue_read" for line in logs) >= 3)
        await sdk.close()
    (line,) = [line for line in logs if line["event"] == "model_retired"]
    assert (line["model"], line["retires"]) == (MODEL, "2026-01-01")


async def test_while_the_store_is_away_nothing_is_told_and_nothing_ends() -> None:
    away = connect("redis://127.0.0.1:1", timeout_s=0.1)
    one = Instance(away, "one", Calendar(), model=ENDING)
    async with keeping(one.endings) as logs:
        await until(lambda: logs)
    assert [line["event"] for line in logs] == ["retirements_not_checked"]
    await away.aclose()
