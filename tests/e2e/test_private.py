"""What is said in a private thread shows nowhere else: one test for each place where it could; docs/access.md lists
the places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.commands.failures import UNKNOWN_CHANNEL
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer
from tests.e2e.test_audit import shown
from tests.e2e.test_commands import set_prompt
from tests.e2e.world import ANSWER, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "periwinkle"


@dataclass
class Private:
    """A private thread of Ann's, the channel around it, and the message with the secret."""

    channel: int
    thread: int
    message: dict[str, Any]

    def link(self, world: World) -> str:
        return f"https://discord.com/channels/{world.guild.id}/{self.thread}/{self.message['id']}"


@pytest_asyncio.fixture(loop_scope="session")
async def private(world: World) -> Private:
    channel = world.channel()
    said = await answer(await world.ann.command(channel, "chat", {"private": True}))
    thread = int(re.findall(r"<#(\d+)>", said)[0])
    world.claude.say(f"I keep the {SECRET} to myself.")
    message = await world.ann.post(thread, f"the word is {SECRET}")
    await world.settled(message)
    return Private(channel, thread, message)


def visible(world: World, place: int) -> str:
    return str(world.discord.messages(place))


async def test_security_a_link_into_a_private_thread_stays_a_link(world: World, private: Private) -> None:
    for who in (world.ann, world.ben):
        thread = await world.converse(private.channel, f"what is {private.link(world)} about?", who)
        assert SECRET not in str(world.asked[-1].body)
        assert SECRET not in visible(world, thread)


async def test_security_the_room_around_a_private_thread_does_not_hold_its_words(
    world: World, private: Private
) -> None:
    handle = await world.ann.command(private.channel, "chat", {"message": "sum it up", "context": 50})
    thread = int(re.findall(r"/(\d+)\. I answer", await answer(handle))[0])
    await world.answered(thread)
    assert SECRET not in str(world.asked[-1].body)
    handle = await world.ann.command(private.thread, "chat", {"message": "sum it up", "context": 50})
    assert "stays there" in await answer(handle)


async def test_security_why_and_export_tell_outsiders_nothing_of_a_private_thread(
    world: World, private: Private
) -> None:
    for named in (private.message["id"], private.link(world)):
        told = await answer(await world.ben.command(private.channel, "why", {"message": named}))
        assert SECRET not in told
        assert str(private.thread) not in told.replace(private.link(world), "")
    handle = await world.ben.command(private.channel, "export")
    assert SECRET not in await answer(handle)


async def test_security_the_audit_log_holds_lengths_of_what_is_set_in_a_private_thread(
    world: World, private: Private
) -> None:
    audited = world.channel()
    await answer(await world.admin.command(audited, "audit channel", {"channel": audited}))
    await set_prompt(world.ann, private.thread, f"Say {SECRET} often.")
    await world.until(lambda: "the prompt of" in visible(world, audited))
    lines = await shown(world.admin, private.channel)
    assert any("prompt" in line for line in lines)
    assert SECRET not in str(lines)
    assert SECRET not in visible(world, audited)


async def test_security_the_settings_around_a_private_thread_tell_nothing_of_its_own(
    world: World, private: Private
) -> None:
    await set_prompt(world.ann, private.thread, f"Say {SECRET} often.")
    for command in ("settings show", "system show", "context", "access show", "answer show"):
        handle = await world.ben.command(private.channel, command)
        await handle.response()
        assert SECRET not in str(await handle.message()), command


async def test_security_no_title_notice_or_log_line_holds_the_words_of_a_private_thread(
    world: World, private: Private
) -> None:
    assert SECRET not in world.bots[0].output
    assert SECRET not in visible(world, private.channel)
    names = [each.name for each in world.discord.world.channels.values() if each.id != private.thread]
    assert SECRET not in str(names)
    assert world.replies(private.thread)[-1]["content"] != ANSWER, "it was answered with the secret"


async def test_security_another_conversation_of_the_same_person_is_sent_nothing_of_it(
    world: World, private: Private
) -> None:
    await world.converse(private.channel, "what do you know of me?")
    assert SECRET not in str(world.asked[-1].body)


async def test_security_no_command_that_names_a_channel_tells_of_one_that_the_person_cannot_see(
    world: World,
) -> None:
    hidden, here = world.channel(), world.channel()
    await answer(await world.admin.command(hidden, "answer set", {"mode": "quiet"}))
    await answer(await world.admin.command(hidden, "access block", {"role": world.guild.id}))
    world.deny(hidden, bits.VIEW_CHANNEL, world.ben.id)
    for command in ("answer show", "access show"):
        seen = await answer(await world.ann.command(here, command, {"channel": hidden}))
        assert str(hidden) in seen
        assert await answer(await world.ben.command(here, command, {"channel": hidden})) == UNKNOWN_CHANNEL
    manager = world.person("manager", bits.MANAGE_GUILD)
    world.deny(hidden, bits.VIEW_CHANNEL, manager.id)
    for command, options in (
        ("answer set", {"mode": "never"}),
        ("answer clear", {}),
        ("access allow", {"person": world.ben.id}),
        ("access clear", {}),
    ):
        said = await answer(await manager.command(here, command, {"channel": hidden, **options}))
        assert said == UNKNOWN_CHANNEL, command
    assert world.bots[0].log("interaction_failed") == []


async def test_security_what_is_typed_completes_to_no_private_thread_and_to_no_hidden_channel(
    world: World, private: Private
) -> None:
    hidden = world.channel()
    await answer(await world.admin.command(hidden, "access block", {"person": world.ann.id}))
    manager = world.person("manager", bits.MANAGE_GUILD)
    world.deny(hidden, bits.VIEW_CHANNEL, manager.id)
    offered = await manager.autocomplete(
        private.channel, "access clear", {"rule": "", "channel": hidden}, "rule"
    )
    assert offered == [], "rules of a channel that they cannot see"
    for name, option in (("audit show", "what"), ("system preset use", "name"), ("model set", "model")):
        found = await world.admin.autocomplete(private.channel, name, {option: ""}, option)
        assert str(private.thread) not in str(found)
        assert SECRET not in str(found)


async def test_security_usage_names_a_private_thread_to_nobody_outside_and_the_table_neither(
    world: World, private: Private
) -> None:
    names = [each.name for each in world.discord.world.channels.values() if each.id == private.thread]
    for who, scope in ((world.ben, "me"), (world.ann, "me"), (world.admin, "server")):
        handle = await who.command(private.channel, "usage", {"scope": scope, "csv": True})
        await handle.response()
        message = await handle.message()
        stored = world.discord.world.messages[int(message["id"])].attachments
        tables = [each.content.decode() for each in stored if each.filename.endswith(".csv")]
        for text in (str(message), *tables):
            assert str(private.thread) not in text, scope
            assert SECRET not in text
            assert not any(name in text for name in names if name), scope
