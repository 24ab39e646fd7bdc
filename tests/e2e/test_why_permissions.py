"""Who may ask about a message."""

from __future__ import annotations

import pytest

from bot.commands import why_view
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer
from tests.e2e.why_scene import menu, url, why
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_security_whoever_may_not_read_a_channel_learns_nothing_of_its_messages(world: World) -> None:
    hidden, here = world.channel(), world.channel()
    asked = await world.ann.post(hidden, f"{world.mention} hello?")
    await world.answered(await world.thread_of(asked))
    for known in (
        url(world, hidden, asked),
        url(world, int(asked["id"]), world.replies(int(asked["id"]))[0]),
    ):
        assert await why(world.ben, here, known) != why_view.UNKNOWN
    world.deny(hidden, bits.VIEW_CHANNEL, world.ben.id)
    for known in (
        url(world, hidden, asked),
        url(world, int(asked["id"]), world.replies(int(asked["id"]))[0]),
        url(world, hidden, 1),
        url(world, 999999999999999999, asked),
        str(asked["id"]),
        "nonsense",
    ):
        assert await why(world.ben, here, known) == why_view.UNKNOWN, known
    assert await why(world.ann, here, url(world, hidden, asked)) != why_view.UNKNOWN


async def test_without_the_history_a_person_asks_only_about_what_they_see(world: World) -> None:
    channel = world.channel()
    said = await world.ann.post(channel, "good morning")
    world.deny(channel, bits.READ_MESSAGE_HISTORY, world.ben.id)
    assert await why(world.ben, channel, said) == why_view.UNKNOWN
    assert await why(world.ben, channel) == why_view.NOTHING_HERE


async def test_security_of_a_private_thread_only_its_members_and_moderators_learn(world: World) -> None:
    channel = world.channel()
    await answer(await world.ann.command(channel, "chat", {"message": "a secret", "private": True}))
    (thread,) = world.discord.threads(channel)
    reply = (await world.answered(int(thread["id"]), 2))[-1]
    known = url(world, int(thread["id"]), reply)
    assert await why(world.ben, channel, known) == why_view.UNKNOWN
    assert "It answers" in await why(world.ann, channel, known)
    assert "It answers" in await why(world.person("mod", bits.MANAGE_THREADS), channel, known)


async def test_security_another_server_and_other_direct_messages_stay_unknown(world: World) -> None:
    direct = await world.dm_of(world.ann)
    said = await world.ann.post(direct, "hello")
    await world.answered(direct)
    await world.settled(said)
    assert "was answered" in await why(world.ann, direct, said)
    assert "It answers" in await menu(world.ann, direct, world.replies(direct)[0])
    foreign = f"https://discord.com/channels/@me/{direct}/{said['id']}"
    assert await why(world.ann, world.channel(), foreign) == why_view.UNKNOWN
    assert await why(world.ben, await world.dm_of(world.ben), foreign) == why_view.UNKNOWN
