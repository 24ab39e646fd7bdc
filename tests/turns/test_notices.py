"""The notices below a reply and in place of a reply."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import DiscordForbidden
from bot.conversation.wording import NO_FILES, SMALL
from bot.store.claim import UnreadableConversation
from bot.store.keys import Keys
from tests.turns.stage import ANSWER, CODE, A, B, Bench, C, hear


@pytest.mark.parametrize("broken", ["payload", "history"])
async def test_what_another_version_wrote_is_told_of_once_and_goes_with_a_reset(
    bench: Bench, redis_url: str, broken: str
) -> None:
    redis: Redis = Redis.from_url(redis_url, decode_responses=True)
    keys = Keys("test")
    await hear(bench, A)
    if broken == "history":
        await redis.rpush(keys.history(C), '{"secret": "from the future"}')
    else:
        await redis.hset(keys.record(C, A.id), "payload", '{"secret": "from the future"}')
    for _ in range(3):
        claim = await bench.journal.claim(C, "me")
        assert isinstance(claim, UnreadableConversation)
        await bench.runner.post_unreadable(claim)
        await bench.journal.release(claim, blameless=True)
    (told,) = bench.outbox.texts()
    assert "/reset" in told
    await bench.conversations.reset(C, before=A.id)
    await hear(bench, B)
    await bench.turn()
    assert bench.outbox.texts()[-1] == ANSWER
    await redis.aclose()


async def test_a_reply_whose_files_are_refused_says_so_below_it(bench: Bench) -> None:
    await hear(bench, A)
    bench.claude.answer = CODE
    bench.outbox.refuses_files = DiscordForbidden("Attach Files")
    await bench.turn()
    assert bench.outbox.texts() == [CODE, SMALL + NO_FILES]
