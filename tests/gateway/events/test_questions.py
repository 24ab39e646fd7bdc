"""Questions that a crash has kept from the inbox, found in a listing: on a real store and a local Discord."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import discord
import pytest
from redis.asyncio import Redis

from bot.conversation import wording
from bot.conversation.message import Author, Message
from bot.gateway.conversion import reading
from bot.gateway.conversion.posted_question import posted_question
from bot.gateway.events.questions import Questions
from bot.render.outbox import Outgoing, Seen, Sent
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.removed_places import RemovedPlaces
from bot.store.revisions import Revisions
from tests.gateway.conftest import Post

KEYS = Keys("test")


@dataclass
class Bench:
    post: Post
    redis: Redis
    conversations: Conversations
    revisions: Revisions
    question: int = 0
    receives_meanwhile: bool = False

    async def receive(self) -> bool | None:
        message = Message(self.question, Author(1, "ann", "Ann"), "how do looms work?", opens="how")
        return await self.conversations.receive(
            self.question, message, source="command", channel_fields={"parent": self.post.channel}
        )

    async def send(self, channel: int, message: Outgoing) -> Sent:
        """Post, as the outbox; another instance may receive the question meanwhile."""
        sent = await self.post.outbox.send(channel, message)
        if self.receives_meanwhile:
            assert await self.receive()
        return sent

    async def delete(self, channel: int, message: int) -> None:
        await self.post.outbox.delete(channel, message)

    async def own_messages(self, channel: int, after: int) -> tuple[Seen, ...]:
        return await self.post.outbox.own_messages(channel, after)

    async def listed(self) -> discord.Message:
        channel: Any = await self.post.client.fetch_channel(self.post.channel)
        found = await reading.messages(self.post.client, channel, limit=10)
        return next(each for each in found if each.id == self.question)

    async def check(self) -> list[str]:
        """Check the question, and return what stands below it."""
        assert self.post.client.user
        questions = Questions(self.conversations, self.revisions, cast("Any", self))
        await questions.check(await self.listed(), self.post.client.user.id)
        posted = self.post.discord.messages(self.post.channel)
        return [each["content"] for each in posted if int(each["id"]) > self.question]


@pytest.fixture
async def bench(post: Post, redis: Redis) -> Bench:
    conversations = Conversations(redis, KEYS, ttl_s=1000)
    bench = Bench(post, redis, conversations, Revisions(redis, KEYS, ttl_s=1000))
    outgoing = Outgoing(posted_question("Ann", "how do looms work?"), "1", silent=True)
    bench.question = (await post.outbox.send(post.channel, outgoing)).id
    return bench


NOTICE = wording.small(wording.QUESTION_LOST)


async def test_a_question_that_was_not_received_has_a_notice_once_and_is_never_received(bench: Bench) -> None:
    assert await bench.check() == [NOTICE]
    assert await bench.check() == [NOTICE]
    assert await bench.receive() is False


async def test_a_question_that_was_received_or_has_a_thread_has_none(bench: Bench) -> None:
    assert await bench.receive()
    assert await bench.check() == []
    bench.question = (
        await bench.post.outbox.send(bench.post.channel, Outgoing("**Ann:** again", "2", silent=True))
    ).id
    await bench.post.outbox.open_thread(bench.post.channel, bench.question, "again")
    assert await bench.check() == []


async def test_a_question_that_is_received_meanwhile_is_answered_without_a_notice(bench: Bench) -> None:
    bench.receives_meanwhile = True
    assert await bench.check() == []
    assert await bench.receive() is False
    assert await bench.redis.zcard(KEYS.pending(bench.question)) == 1


async def test_no_other_message_of_the_bot_has_one(bench: Bench) -> None:
    for number, outgoing in enumerate(
        (Outgoing("**Ann:** a reply", "3"), Outgoing(wording.small("a notice"), "4", silent=True))
    ):
        bench.question = (await bench.post.outbox.send(bench.post.channel, outgoing)).id
        assert await bench.check() == [], number


async def ask_in_private_thread(bench: Bench) -> Message:
    """Post the question in a private thread of the bot's, as `/chat private:true` does; return what is received."""
    opened: Any = await bench.post.client.http.start_thread_without_message(
        bench.post.channel,
        name="how",
        auto_archive_duration=60,
        type=discord.ChannelType.private_thread.value,
    )
    bench.post.channel = int(opened["id"])
    question = Outgoing(posted_question("Ann", "how do looms work?"), "5")
    bench.question = (await bench.post.outbox.send(bench.post.channel, question)).id
    return Message(bench.question, Author(1, "ann", "Ann"), "how do looms work?")


async def receive_in_thread(bench: Bench, message: Message) -> bool | None:
    return await bench.conversations.receive(
        bench.post.channel, message, source="command", channel_fields={"parent": 1}
    )


async def test_a_lost_question_in_the_private_thread_that_was_started_for_it_has_a_notice_once(
    bench: Bench,
) -> None:
    message = await ask_in_private_thread(bench)
    assert await bench.check() == [NOTICE]
    assert await bench.check() == [NOTICE]
    assert not await receive_in_thread(bench, message)


async def test_what_the_bot_says_in_a_private_thread_with_a_conversation_is_no_lost_question(
    bench: Bench,
) -> None:
    assert await receive_in_thread(bench, await ask_in_private_thread(bench))
    assert await bench.check() == []
    bench.question = (await bench.post.outbox.send(bench.post.channel, Outgoing("**Bold:** it is", "6"))).id
    assert await bench.check() == []


async def test_a_reply_in_a_private_thread_whose_conversation_was_erased_is_no_lost_question(
    bench: Bench,
) -> None:
    assert await receive_in_thread(bench, await ask_in_private_thread(bench))
    assert await RemovedPlaces(bench.redis, KEYS).erase_conversation(bench.post.channel)
    bench.question = (await bench.post.outbox.send(bench.post.channel, Outgoing("**Looms:** so", "6"))).id
    assert await bench.check() == []


async def test_who_was_told_to_write_the_question_in_the_private_thread_is_told_once(bench: Bench) -> None:
    await ask_in_private_thread(bench)
    told = Outgoing(wording.small(wording.WRITE_IT_HERE), "6", silent=True)
    await bench.post.outbox.send(bench.post.channel, told)
    assert await bench.check() == [told.content]
