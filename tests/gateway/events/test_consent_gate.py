"""People are asked for their consent, and what waited for it is accepted: on a real store and a local Discord."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from redis.asyncio import Redis

from bot.conversation import consent
from bot.conversation.errors import DiscordUnavailable, StoreUnavailable
from bot.gateway.conversion import reading
from bot.gateway.events.consent_gate import ConsentGate
from bot.gateway.events.held_messages import HeldMessages
from bot.render.outbox import Outgoing, Sent
from bot.store.consents import Consents
from bot.store.conversations import Conversations
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

    def held(
        self, accepted: list[int], *, failures: int = 0, retry_after_s: tuple[float, ...] = ()
    ) -> HeldMessages:
        """What accepts Ann's messages, by a client to which Discord does not show the channel `failures` times."""
        client, left = self.post.client, [failures]

        async def fetch_channel(channel: int) -> object:
            if left[0]:
                left[0] -= 1
                raise TimeoutError
            return await client.fetch_channel(channel)

        async def accept(message: discord.Message, _: object) -> None:
            accepted.append(message.id)

        connected = SimpleNamespace(
            user=client.user,
            get_channel=lambda _: None,
            get_guild=lambda _: object(),
            fetch_channel=fetch_channel,
        )
        intake = SimpleNamespace(accept=accept)
        return HeldMessages(
            cast("Any", connected),
            Consents(self.redis, KEYS),
            self.conversations,
            cast("Any", intake),
            retry_after_s=retry_after_s,
        )

    @property
    def conversations(self) -> Conversations:
        return Conversations(self.redis, KEYS, ttl_s=1000)

    async def waiting(self) -> discord.Message:
        """Ann's message that waits, in a channel that was listed beyond it."""
        message = await self.message("hello")
        assert await self.gate.holds_back(message, message.author.id)
        assert await self.conversations.advance(
            self.post.channel, before=None, after=message.id + 1, listed=()
        )
        return message

    async def is_listed_again(self, message: discord.Message) -> bool:
        (mark,) = await self.conversations.marks([self.post.channel])
        return mark is not None and mark < message.id

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


async def test_what_waited_is_accepted_when_discord_shows_it_again(bench: Bench) -> None:
    message = await bench.waiting()
    accepted: list[int] = []
    await bench.held(accepted, failures=1, retry_after_s=(0.0,)).accept(message.author.id)
    assert accepted == [message.id]
    assert await Consents(bench.redis, KEYS).waiting(message.author.id) == ()


async def test_what_discord_does_not_show_for_long_goes_on_waiting_and_is_listed_again(bench: Bench) -> None:
    message = await bench.waiting()
    accepted: list[int] = []
    await bench.held(accepted, failures=9, retry_after_s=(0.0,)).accept(message.author.id)
    assert accepted == []
    assert await Consents(bench.redis, KEYS).waiting(message.author.id) == ((bench.post.channel, message.id),)
    assert await bench.is_listed_again(message)


async def test_a_deleted_message_does_not_wait_any_more(bench: Bench) -> None:
    message = await bench.waiting()
    await bench.post.ann.delete(bench.post.channel, message.id)
    await bench.held([], retry_after_s=(0.0,)).accept(message.author.id)
    assert await Consents(bench.redis, KEYS).waiting(message.author.id) == ()
    assert not await bench.is_listed_again(message)


async def test_what_waited_is_listed_again_if_a_crash_follows_the_consent(bench: Bench) -> None:
    message = await bench.waiting()
    await bench.held([]).agree(message.author.id, 5)
    assert await Consents(bench.redis, KEYS).agreed_ms(message.author.id) == 5
    assert await bench.is_listed_again(message)
