"""/export: the thread as a file, for those who can read it, and for nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.commands.export import MAY_NOT_READ
from bot.commands.failures import missing
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.conversation import wording
from bot.local.simulator.discord import permissions as bits
from tests.e2e.in_time import first_answer
from tests.e2e.test_commands import answer
from tests.e2e.world import World
from tests.files import samples
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def exported(world: World, who: Any, place: int, kind: str | None = None) -> tuple[str, str, str]:
    """What the person is told, the name of the file, and its text."""
    handle = await who.command(place, "export", {} if kind is None else {"format": kind})
    assert (await handle.response()).ephemeral
    message = await handle.message()
    assert message["ephemeral"]
    (file,) = message["attachments"]
    stored = world.discord.world.messages[int(message["id"])].attachments[0]
    return str(message["content"]), str(file["filename"]), stored.content.decode()


async def test_the_thread_is_exported_as_people_see_it(world: World) -> None:
    channel = world.channel()
    world.claude.say("A loom holds <the> warp:\n```py\nwarp = 1\n```")
    thread = await world.converse(channel, "how do looms work?", world.ann)
    await world.settled(thread)
    file = ("plan.png", "image/png", samples.picture("PNG"))
    said = await world.ben.post(
        thread, f"{world.mention} and {world.ann.mention}'s <b>loom</b>?", attachments=[file]
    )
    await world.answered(thread, 2)
    await world.settled(said)
    told, name, page = await exported(world, world.ben, thread)
    assert told.startswith("4 messages")
    assert name == "how-do-looms-work.html"
    for part in (
        "how do looms work?",
        "A loom holds &lt;the&gt; warp",
        "warp = 1",
        "@Ann&#x27;s &lt;b&gt;loom&lt;/b&gt;?",
    ):
        assert part in page, part
    assert "plan.png" in page
    assert "<script" not in page
    _, name, text = await exported(world, world.ann, thread, "json")
    messages = json.loads(text)["messages"]
    assert [each["author"]["username"] for each in messages] == ["ann", "Bobbin", "ben", "Bobbin"]
    assert messages[0]["id"] == str(thread)
    assert messages[2]["attachments"][0]["name"] == "plan.png"
    _, name, text = await exported(world, world.ann, thread, "markdown")
    assert name.endswith(".md")
    assert "> A loom holds \\<the> warp:\n> ```py\n> warp = 1\n> ```" in text


async def test_outside_of_conversations_there_is_nothing_to_export(world: World) -> None:
    channel = world.channel()
    assert await answer(await world.admin.command(channel, "export")) == NOT_A_CONVERSATION
    thread = await world.ann.create_thread(channel, "not the bot's")
    assert await answer(await world.ann.command(thread["id"], "export")) == NOT_A_CONVERSATION


async def test_security_only_who_may_read_a_thread_gets_it(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "the word is tulip")
    world.deny(channel, bits.READ_MESSAGE_HISTORY, world.ben.id)
    refused = await answer(await world.ben.command(thread, "export"))
    assert refused == MAY_NOT_READ.format("Read Message History")
    told = await answer(await world.ann.command(channel, "chat", {"message": "a secret", "private": True}))
    private = int(told.partition("<#")[2].rstrip(">"))
    await world.answered(private, 2)
    _, _, page = await exported(world, world.ann, private)
    assert "a secret" in page
    with pytest.raises(Exception, match=r"Unknown Channel|Missing Access"):
        await world.ben.command(private, "export")


async def test_a_permission_that_the_bot_lacks_is_named(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await world.settled(thread)
    world.deny(channel, bits.READ_MESSAGE_HISTORY)
    assert await answer(await world.ann.command(thread, "export")) == missing("Read Message History")


async def test_direct_messages_are_exported_for_the_person(world: World) -> None:
    person = world.person("dora")
    direct = await world.dm_of(person)
    await person.post(direct, "between us")
    await world.answered(direct)
    _, name, page = await exported(world, person, direct)
    assert name == "Direct-messages.html"
    assert "between us" in page


async def test_a_long_thread_is_listed_page_by_page_up_to_a_limit(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    asked = len(world.asked)
    for number in range(250):
        await world.ann.post(thread, f"{world.ben.mention} number {number}")
    told, _, text = await exported(world, world.ann, thread, "json")
    messages = json.loads(text)["messages"]
    assert told.startswith("252 messages")
    assert [each["text"].rpartition(" ")[2] for each in messages[2:]] == [
        str(number) for number in range(250)
    ]
    assert len({each["id"] for each in messages}) == 252
    assert len(world.asked) == asked


async def test_it_is_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    for delay_s in (0.8, 5.0):
        proxy.delay_s = delay_s
        assert (await first_answer(lambda: own.ann.command(thread, "export"))).ephemeral
    proxy.leave()
    assert await answer(await own.ann.command(thread, "export")) == wording.STORE_DOWN
