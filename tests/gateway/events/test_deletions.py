"""Whether the message that a copy repeats is deleted: on a local Discord."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest

from bot.conversation.clock import Clock
from bot.conversation.message import created_ms
from bot.gateway.conversion import reading
from bot.gateway.events.deletions import Deletions
from tests.gateway.conftest import Post
from tests.patience import idle_timeout

LONG_S = 3600.0


@dataclass
class Bench:
    """Two messages, of which the second repeats the first; `age_s` is how old the second is."""

    post: Post
    age_s: float = 0.0
    original: int = 0
    copy: discord.Message = field(init=False)

    async def begin(self) -> None:
        for _ in range(2):
            await self.post.ann.post(self.post.channel, "what is a warp?")
        channel: Any = await self.post.client.fetch_channel(self.post.channel)
        self.copy, original = await reading.messages(self.post.client, channel, limit=2)
        self.original = original.id

    def deletions(self) -> Deletions:
        began_s = created_ms(self.copy.id) / 1000
        return Deletions(Clock(lambda: began_s + self.age_s, lambda: 0.0), wait_s=LONG_S)


@pytest.fixture
async def bench(post: Post) -> Bench:
    bench = Bench(post)
    await bench.begin()
    return bench


async def test_a_deletion_that_was_told_of_counts_at_once(bench: Bench) -> None:
    deletions = bench.deletions()
    deletions.note(bench.original)
    assert await deletions.of(bench.original, bench.copy)


async def test_all_who_have_a_new_copy_wait_for_the_deletion(bench: Bench) -> None:
    deletions = bench.deletions()
    waiting = [asyncio.create_task(deletions.of(bench.original, bench.copy)) for _ in range(2)]
    await asyncio.sleep(0)
    deletions.note(bench.original)
    async with idle_timeout(5):
        assert await asyncio.gather(*waiting) == [True, True]


async def test_for_an_old_copy_discord_is_asked_at_once(bench: Bench) -> None:
    bench.age_s = LONG_S
    async with idle_timeout(5):
        assert not await bench.deletions().of(bench.original, bench.copy)
        await bench.post.ann.delete(bench.post.channel, bench.original)
        assert await bench.deletions().of(bench.original, bench.copy)
