"""Characters that are not what they seem, from Claude and from Discord."""

from __future__ import annotations

import pytest

from bot.conversation import reply_wording
from bot.local.simulator.claude.reply import Reply
from tests.e2e.test_chatting import text_of
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_pair_of_surrogates_in_two_deltas_is_one_character_shown_stored_and_sent_again(
    world: World,
) -> None:
    world.claude.say(["smile \ud83d", "\ude00 bye"], pause=0.05)
    thread = await world.converse(world.channel(), "hello")
    assert [reply["content"] for reply in world.replies(thread)] == ["smile 😀 bye"]
    assert len(world.asked) == 1
    await world.ben.post(thread, "and now?")
    await world.answered(thread, 2)
    assert len(world.asked) == 2
    assert text_of(world.asked[-1].body["messages"][1]) == "smile 😀 bye"


async def test_half_of_a_pair_alone_is_replaced_wherever_it_comes_from(world: World) -> None:
    world.claude.say(["half \ud83d", " and \ude00"], pause=0.05)
    thread = await world.converse(world.channel(), "hello")
    assert [reply["content"] for reply in world.replies(thread)] == ["half \ufffd and \ufffd"]
    await world.ben.post(thread, "half a \ud83d smile")
    await world.answered(thread, 2)
    assert len(world.asked) == 2
    assert "half a \ufffd smile" in text_of(world.asked[-1].body["messages"][-1])


VIEW_CHANNEL = 1 << 10
INVISIBLE = "\u200b\ufeff\u3164\u2800"


async def test_security_an_invisible_reply_is_told_as_an_empty_one_and_sent_to_nobody(world: World) -> None:
    world.claude.say([INVISIBLE, INVISIBLE])
    asked = await world.ann.post(world.channel(), f"{world.mention} hello")
    thread = await world.thread_of(asked)
    await world.settled(asked)
    (said,) = world.said(thread)
    assert reply_wording.EMPTY_REPLY in said["content"]
    await world.ben.post(thread, "and now?")
    await world.answered(thread, 2)
    assert [message["role"] for message in world.asked[-1].body["messages"]] == ["user"]
    assert len(world.asked) == 2


async def test_security_an_invisible_continuation_adds_nothing(world: World) -> None:
    world.claude.say(Reply(("the beginning ",), stop_reason="max_tokens"))
    thread = await world.converse(world.channel(), "hello")
    world.claude.say(INVISIBLE)
    await (await world.ann.command(thread, "continue")).response()
    await world.until(lambda: len(world.asked) == 2)
    await world.until(lambda: not world.said(thread)[-1]["content"].endswith("▌"))
    await world.ben.post(thread, "and now?")
    await world.until(lambda: len(world.asked) == 3)
    texts = [text_of(message) for message in world.asked[-1].body["messages"]]
    assert texts[1].strip() == "the beginning"
    assert len(texts) == 3


async def test_security_an_invisible_message_is_not_answered(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await world.ben.post(thread, INVISIBLE)
    await world.ben.post(thread, "a visible one")
    await world.answered(thread, 2)
    assert len(world.asked) == 2
    assert text_of(world.asked[-1].body["messages"][-1]).count("<message ") == 1


async def test_ids_in_code_reach_claude_as_written_and_hidden_channels_keep_their_names(world: World) -> None:
    channel, secret = world.channel(), world.channel()
    name = world.discord.thread(channel)["name"]
    world.deny(secret, VIEW_CHANNEL, int(world.guild.id))
    secret_name = world.discord.thread(secret)["name"]
    said = f"`<@{world.ben.id}>` <@{world.ben.id}> <#{channel}> <#{secret}> {world.mention}"
    asked = await world.ann.post(channel, said)
    thread = await world.thread_of(asked)
    await world.answered(thread)
    text = text_of(world.asked[-1].body["messages"][-1])
    assert f"`<@{world.ben.id}>` @Ben #{name} #channel" in text
    assert secret_name not in text
    assert secret_name not in world.discord.thread(thread)["name"]
