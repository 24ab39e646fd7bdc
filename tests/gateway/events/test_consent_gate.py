"""People are asked for their consent: on a real store and a local Discord."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import discord
import pytest
from redis.asyncio import Redis

from bot.conversation import consent
from bot.conversation.errors import DiscordUnavailable, StoreUnavailable
from bot.gateway.conversion import reading
from bot.gateway.events.consent_gate import ConsentGate
from bot.render.outbox import Outgoing, Sent
from bot.store.consents import Consents
from bot.store.keys import Keys
from tests.gateway.conftest import Post

KEYS = Keys("test")


class Unnoted(Consents):
    """A store that loses the first note that a person was asked."""

    lost = False

    async def note_asked(self, person: int, home: int) -> None:
        if not self.lost:
            self.lost = True
            raise StoreUnavailable("lost")
        await super().note_asked(person, home)


@dataclass
class Bench:
    post: Post
    redis: Redis
    gate: ConsentGate = field(init=False)
    is_down: bool = False

    def __post_init__(self) -> None:
        self.gate = self.gate_on(Consents(self.redis, KEYS))

    def gate_on(self, consents: Consents) -> ConsentGate:
        return ConsentGate(consents, cast("Any", self), days=90, privacy_url=None)

    async def send(self, channel: int, message: Outgoing) -> Sent:
        """Post, as the outbox, unless Discord is down."""
        if self.is_down:
            raise DiscordUnavailable("send")
        return await self.post.outbox.send(channel, message)

    async def message(self, text: str) -> discord.Message:
        """Ann's new message in the channel."""
        posted = await self.post.ann.post(self.post.channel, text)
        channel: Any = await self.post.client.fetch_channel(self.post.channel)
        found = await reading.messages(self.post.client, channel, limit=10)
        return next(each for each in found if each.id == int(posted["id"]))

    def asked_below(self) -> list[int]:
        """The messages below which the question stands."""
        return [
            int(each["message_reference"]["message_id"])
            for each in self.post.discord.messages(self.post.channel)
            if consent.LINE in each["content"]
        ]


@pytest.fixture
def bench(post: Post, redis: Redis) -> Bench:
    return Bench(post, redis)


async def test_a_person_is_asked_once_in_a_server(bench: Bench) -> None:
    first, second = await bench.message("hello"), await bench.message("hello?")
    for each in (first, first, second):
        assert await bench.gate.holds_back(each, each.author.id)
    assert bench.asked_below() == [first.id]


async def test_who_could_not_be_asked_is_asked_with_the_next_message(bench: Bench) -> None:
    first, second = await bench.message("hello"), await bench.message("hello?")
    bench.is_down = True
    assert await bench.gate.holds_back(first, first.author.id)
    bench.is_down = False
    assert await bench.gate.holds_back(second, second.author.id)
    assert bench.asked_below() == [second.id]


async def test_a_question_whose_note_is_lost_is_asked_once_more_by_the_same_message_and_stands_once(
    bench: Bench,
) -> None:
    first, second = await bench.message("hello"), await bench.message("hello?")
    gate = bench.gate_on(Unnoted(bench.redis, KEYS))
    with pytest.raises(StoreUnavailable):
        await gate.holds_back(first, first.author.id)
    for each in (first, second):
        assert await gate.holds_back(each, each.author.id)
    assert bench.asked_below() == [first.id]


async def test_messages_that_come_at_once_and_are_heard_by_two_instances_are_asked_about_once(
    bench: Bench,
) -> None:
    first, second = await bench.message("hello"), await bench.message("hello?")
    gates = [bench.gate, bench.gate_on(Consents(bench.redis, KEYS))]
    held = [gate.holds_back(each, each.author.id) for gate in gates for each in (first, second)]
    assert all(await asyncio.gather(*held))
    assert bench.asked_below() == [first.id]
