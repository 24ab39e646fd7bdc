"""Facts stay where they were learnt."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

import pytest

from bot.commands.memory import NOTHING
from bot.conversation.memory import FORGOTTEN as TAKEN_BACK
from bot.conversation.memory import Keeping
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer, press
from tests.e2e.forgetting_scene import holding
from tests.e2e.memory_scene import LOOM, ON, ask, card_of, ids, propose, remember, told
from tests.e2e.stored import stored
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def private_channel(world: World, *people: Any) -> int:
    """A channel that only these people, and the bot, may view."""
    channel = world.channel()
    make_private(world, channel, *people)
    return channel


def make_private(world: World, channel: int, *people: Any) -> None:
    world.deny(channel, bits.VIEW_CHANNEL, world.guild.id)
    for who in (world.app.user_id, *(person.id for person in people)):
        world.discord.set_overwrite(world.discord.world.channels[channel], who, allow=bits.VIEW_CHANNEL)


def make_public(world: World, channel: int) -> None:
    place = world.discord.world.channels[channel]
    for who in list(place.overwrites):
        world.discord.set_overwrite(place, who)


async def test_security_what_is_learnt_in_a_private_channel_stays_there_also_once_it_is_public(
    world: World,
) -> None:
    async with world.apart(ON) as own:
        channel = private_channel(own, own.ann)
        assert Keeping.CHANNEL.value in await remember(own.ann, channel, LOOM)
        thread = await ask(own, channel, own.ann)
        assert len(told(own)) == 1
        await ask(own, own.channel(), own.ann)
        assert told(own) == []
        assert await ids(own.ann, own.channel()) == {}
        assert NOTHING in await answer(await own.ann.command(own.channel(), "memory show"))
        make_public(own, channel)
        await ask(own, own.channel(), own.ann)
        assert told(own) == []
        await ask(own, channel, own.ben)
        assert told(own) == []
        assert await ids(own.ann, channel) == {}
        # Where it was told before, its words are sent no more, and neither are they stored there.
        await own.settled(await own.ann.post(thread, "and now?"))
        assert told(own) == []
        sent = json.dumps(own.asked[-1].body)
        assert [LOOM in sent, sent.count(TAKEN_BACK)] == [False, 1]
        assert not any("history" in name for name in holding(await stored(own), {"fact": LOOM}))


async def test_security_a_private_answer_of_a_channel_that_became_public_tells_no_fact_of_before(
    world: World,
) -> None:
    async with world.apart(ON) as own:
        channel = private_channel(own, own.ann)
        await remember(own.ann, channel, LOOM)
        thread = await ask(own, channel, own.ann)
        await own.bots.pop().kill()
        make_public(own, channel)
        await own.start_bot()
        await answer(await own.ben.command(thread, "catchup", {}))
        sent = json.dumps(own.asked[-1].body)
        assert [LOOM in sent, sent.count(TAKEN_BACK)] == [False, 1]
        # A channel that is private again may be told anew.
        make_private(own, channel, own.ann)
        await own.settled(await own.ann.post(thread, "and now?"))
        assert len(told(own)) == 1


async def test_security_a_fact_that_was_proposed_in_private_is_kept_there_if_it_is_allowed_in_public(
    world: World,
) -> None:
    async with world.apart(ON) as own:
        channel = private_channel(own, own.ann)
        thread = await propose(own, channel, LOOM)
        card = card_of(own, thread)
        assert Keeping.CHANNEL.value in card["content"]
        make_public(own, channel)
        await press(own.ann, thread, card, "Allow once")
        await own.until(lambda: "and done" in card_of(own, thread)["content"])
        for place in (own.channel(), channel):
            await ask(own, place, own.ann)
            assert told(own) == []


async def test_security_what_is_learnt_in_a_private_thread_is_told_there_alone(world: World) -> None:
    async with world.apart(ON) as own:
        channel = own.channel()
        said = await answer(await own.ann.command(channel, "chat", {"private": True}))
        thread = int(re.findall(r"<#(\d+)>", said)[0])
        await own.settled(await own.ann.post(thread, "hello"))
        assert Keeping.THREAD.value in await remember(own.ann, thread, LOOM)
        await ask(own, channel, own.ann)
        assert told(own) == []
        assert LOOM not in await answer(await own.admin.command(channel, "memory show"))
        await own.settled(await own.ann.post(thread, "where is it?"))
        assert len(told(own)) == 1
        await remember(own.ben, channel, "Wool is on the shelf.")
        await own.settled(await own.ann.post(thread, "and the wool?"))
        assert ["on the shelf" in each for each in told(own)] == [True]


async def test_security_direct_messages_are_apart(world: World) -> None:
    async with world.apart(ON) as own:
        direct = await own.dm_of(own.ann)
        assert Keeping.DIRECT.value in await remember(own.ann, direct, LOOM)
        await remember(own.ann, own.channel(), "Wool is on the shelf.", about_me=True)
        await own.settled(await own.ann.post(direct, "hello"))
        assert ["attic" in each for each in told(own)] == [True]
        await ask(own, own.channel(), own.ann)
        assert ["shelf" in each for each in told(own)] == [True]
        other = await own.dm_of(own.ben)
        await own.settled(await own.ben.post(other, "hello"))
        assert told(own) == []


async def test_a_fact_about_a_person_is_told_where_they_ask_and_after_a_restart(world: World) -> None:
    async with world.apart(ON) as own:
        await remember(own.ann, own.channel(), "Ann likes blue.", about_me=True)
        own.bots.pop().signal(signal.SIGKILL)
        await own.start_bot()
        channel = own.channel()
        thread = await ask(own, channel, own.ben)
        assert told(own) == []
        await own.settled(await own.ann.post(thread, "and I?"))
        (fact,) = told(own)
        assert "Ann likes blue." in fact
