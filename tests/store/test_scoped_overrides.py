import pytest
from redis.asyncio import Redis

from bot.conversation.model import Choice
from bot.store.keys import Keys
from bot.store.scoped_overrides import Scope, ScopedOverrides

TTL_S = 1000
THREAD, CHANNEL, SERVER = 1, 2, 3


@pytest.fixture
def prompts(redis: Redis) -> ScopedOverrides:
    return ScopedOverrides(redis, Keys("test"), ttl_s=TTL_S)


async def test_of_each_thing_the_narrowest_choice_counts(prompts: ScopedOverrides) -> None:
    await prompts.set(Scope.SERVER, SERVER, "Server rules.")
    await prompts.choose(Scope.SERVER, SERVER, model="a", effort="max")
    await prompts.choose(Scope.CHANNEL, CHANNEL, model="b", thinking="off")
    await prompts.set(Scope.THREAD, THREAD, "Thread rules.")
    counts = await prompts.effective(thread=THREAD, channel=CHANNEL, server=SERVER)
    assert counts == Choice("Thread rules.", "b", "max", "off")
    assert await prompts.effective(thread=THREAD, channel=None, server=None) == Choice("Thread rules.")
    by_scope = await prompts.by_scope(thread=None, channel=CHANNEL, server=SERVER)
    assert list(by_scope) == [Scope.CHANNEL, Scope.SERVER]
    assert by_scope[Scope.SERVER] == Choice("Server rules.", "a", "max")


async def test_everything_that_counts_takes_one_round_trip(redis: Redis, prompts: ScopedOverrides) -> None:
    await redis.config_resetstat()
    await prompts.effective(thread=THREAD, channel=CHANNEL, server=SERVER)
    stats = await redis.info("commandstats")
    assert stats["cmdstat_hmget"]["calls"] == 3
    assert set(stats) - {"cmdstat_config|resetstat", "cmdstat_info"} == {"cmdstat_hmget"}


async def test_what_is_not_given_stays_as_it_was(prompts: ScopedOverrides) -> None:
    await prompts.choose(Scope.THREAD, THREAD, model="a", effort="low")
    await prompts.choose(Scope.THREAD, THREAD, effort="high")
    counts = await prompts.effective(thread=THREAD, channel=None, server=None)
    assert counts == Choice(model="a", effort="high")


async def test_the_model_is_forgotten_without_the_prompt_and_the_prompt_without_the_model(
    prompts: ScopedOverrides,
) -> None:
    await prompts.set(Scope.CHANNEL, CHANNEL, "Be kind.")
    await prompts.choose(Scope.CHANNEL, CHANNEL, model="a", effort="low", thinking="on")
    assert await prompts.forget_model(Scope.CHANNEL, CHANNEL)
    assert not await prompts.forget_model(Scope.CHANNEL, CHANNEL)
    assert await prompts.get(Scope.CHANNEL, CHANNEL) == "Be kind."
    await prompts.choose(Scope.CHANNEL, CHANNEL, model="a")
    assert await prompts.clear(Scope.CHANNEL, CHANNEL)
    counts = await prompts.effective(thread=THREAD, channel=CHANNEL, server=None)
    assert counts == Choice(model="a")


async def test_a_thread_s_choice_lives_as_long_as_its_conversation_and_wider_ones_for_good(
    redis: Redis, prompts: ScopedOverrides
) -> None:
    for scope, target in ((Scope.THREAD, THREAD), (Scope.SERVER, SERVER)):
        await prompts.choose(scope, target, model="a")
    keys = Keys("test")
    assert 0 < await redis.ttl(keys.meta(THREAD)) <= TTL_S
    assert await redis.ttl(keys.scope(SERVER)) == -1


async def test_words_of_another_version_count_as_no_choice(redis: Redis, prompts: ScopedOverrides) -> None:
    await redis.hset(Keys("test").scope(SERVER), mapping={"effort": "utmost", "thinking": "maybe"})
    assert await prompts.effective(thread=THREAD, channel=None, server=SERVER) == Choice()
