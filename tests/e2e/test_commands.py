"""/chat, /help, and commands as such: each is answered once, in time, to one alone."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from bot.commands.chat import NO_THREAD_HERE, question_posted
from bot.commands.failures import missing
from bot.commands.reset import QUESTION, forgotten
from bot.commands.system import prompt_set
from bot.conversation import wording
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.in_time import first_answer
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG_PROMPT = ("Speak like a weaver. " * 200)[:3995] + "Knot!"
"""4000 characters: what a modal holds."""


async def answer(handle: Any) -> str:
    """What the person is told, and nobody else."""
    await handle.response()
    message = await handle.message()
    assert message.get("ephemeral"), message
    return str(message["content"])


async def told_after(handle: Any, world: World) -> str:
    """What the person is told in a further message."""
    await world.until(lambda: handle.followups)
    (message,) = handle.followups
    assert message.get("ephemeral"), message
    return str(message["content"])


def button(message: dict[str, Any], label: str) -> str:
    """The custom id of a button."""
    return next(
        str(each["custom_id"]) for each in message["components"][0]["components"] if each["label"] == label
    )


async def ask_to_reset(person: Any, thread: int) -> dict[str, Any]:
    """Run /reset and return the question."""
    handle = await person.command(thread, "reset")
    await handle.response()
    message: dict[str, Any] = await handle.message()
    assert message["content"] == QUESTION
    assert message["ephemeral"]
    return message


async def reset(world: World, person: Any, thread: int) -> str:
    """Reset a thread for good; what the question has become."""
    question = await ask_to_reset(person, thread)
    await person.press(thread, question["id"], button(question, "Forget it all"))
    await world.until(lambda: world.discord.message(question["id"])["content"] != QUESTION)
    after = world.discord.message(question["id"])
    assert not after["components"]
    return str(after["content"])


async def set_prompt(person: Any, place: int, prompt: str, scope: str | None = None) -> str:
    """Set a prompt by command and modal."""
    opened = await person.command(place, "system set", {"scope": scope} if scope else {})
    assert (await opened.response()).kind == "modal"
    return await answer(await person.submit(opened, {"prompt": prompt}))


def system_of(call: Any) -> str:
    """The system prompt of a request, as one text."""
    return "\n".join(block["text"] for block in call.body["system"])


# /chat


async def test_chat_opens_a_thread_with_what_was_said_and_answers_in_it(world: World) -> None:
    channel = world.channel()
    world.claude.say("Looms weave.")
    handle = await world.ann.command(channel, "chat", {"message": "how do looms work?"})
    said = await answer(handle)
    (question,) = world.said(channel)
    assert question["content"] == "**Ann:** how do looms work?"
    assert said == question_posted(
        f"https://discord.com/channels/{world.guild.id}/{channel}/{question['id']}"
    )
    thread = world.discord.thread(await world.thread_of(question))
    assert thread["name"] == "how do looms work?"
    assert thread["type"] == 11
    (reply,) = await world.answered(int(thread["id"]))
    assert reply["content"] == "Looms weave."
    assert '<message from="Ann" username="ann" at="' in str(world.asked[-1].body["messages"])


async def test_chat_without_a_message_just_opens_the_thread(world: World) -> None:
    channel = world.channel()
    await answer(await world.ann.command(channel, "chat"))
    (thread,) = world.discord.threads(channel)
    assert thread["name"] == "Chat with Ann"
    assert world.asked == []
    world.claude.say("Here I am.")
    await world.ann.post(thread["id"], "hello")
    assert (await world.answered(int(thread["id"])))[-1]["content"] == "Here I am."


async def test_a_private_chat_is_seen_by_its_starter_alone(world: World) -> None:
    channel = world.channel()
    await answer(await world.ann.command(channel, "chat", {"message": "a secret", "private": True}))
    (thread,) = world.discord.threads(channel)
    assert thread["type"] == 12
    await world.answered(int(thread["id"]), 2)
    state = world.discord.world.channels[int(thread["id"])].thread
    assert state is not None
    assert set(state.members) == {world.ann.id, world.app.user_id}


async def test_chat_within_a_thread_opens_another_one_beside_it(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await answer(await world.ann.command(thread, "chat", {"message": "something else"}))
    await world.answered(await world.thread_of(world.said(channel)[-1]))
    assert [each["name"] for each in world.discord.threads(channel)] == ["hello", "something else"]


async def test_chat_in_a_forum_post_says_what_to_do_instead(world: World) -> None:
    post = await world.ann.create_post(world.channel("forum"), "Looms", "which loom?")
    assert await answer(await world.ann.command(post, "chat")) == NO_THREAD_HERE


@pytest.mark.parametrize(
    ("private", "bit", "name"),
    [
        (False, bits.CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (True, bits.CREATE_PRIVATE_THREADS, "Create Private Threads"),
    ],
)
async def test_chat_without_the_permission_names_it(world: World, private: bool, bit: int, name: str) -> None:
    channel = world.channel()
    world.deny(channel, bit)
    said = await answer(await world.ann.command(channel, "chat", {"private": private}))
    assert said == missing(name)


# Restarts, several bots, a store that is away


async def test_no_choice_of_a_command_is_shown_in_capitals(world: World) -> None:
    registered = json.dumps(list(world.app.commands.values()))
    names = re.findall(r'"choices": \[(.*?)\]', registered)
    shown = [name for choices in names for name in re.findall(r'"name": "(.*?)"', choices)]
    assert {"this thread", "this channel", "this server"} <= set(shown)
    assert {name for name in shown if name.isupper()} == {"USD"}


async def test_buttons_and_modals_outlive_a_restart_and_commands_are_registered_once(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "the password is tulip")
        question = await ask_to_reset(own.ann, thread)
        opened = await own.ann.command(thread, "system set")
        await opened.response()
        await own.bots.pop().stop()
        await own.start_bot()
        said = await answer(await own.ann.submit(opened, {"prompt": "Be brief."}))
        assert said == prompt_set(Scope.THREAD)
        await own.ann.press(thread, question["id"], button(question, "Forget it all"))
        await own.until(lambda: own.discord.message(question["id"])["content"] == forgotten(1))
        assert len(own.called("PUT", f"/applications/{own.app.id}/commands")) == 1


async def test_of_two_bots_exactly_one_answers_each_interaction(world: World) -> None:
    async with world.apart(bots=2) as own:
        thread = await own.converse(own.channel(), "hello")
        handles = await asyncio.gather(*(own.ann.command(thread, "system show") for _ in range(12)))
        for handle in handles:
            assert "the default of this bot" in await answer(handle)
            assert handle.followups == []
        callbacks = [call for call in own.calls() if call.path.endswith("/callback")]
        mine = [call for call in callbacks if any(str(handle.id) in call.path for handle in handles)]
        assert [call.status for call in mine] == [204] * 12 or [call.status for call in mine] == [200] * 12
        assert await reset(own, own.ann, thread) == forgotten(1)


@pytest.mark.parametrize("command", ["system show", "system set", "system clear", "reset"])
async def test_every_command_is_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int], command: str
) -> None:
    own, proxy, thread = flaky
    for delay_s in (0.8, 5.0):
        proxy.delay_s = delay_s
        response = await first_answer(lambda: own.ann.command(thread, command))
        assert response.ephemeral or response.kind == "modal"


async def test_without_a_store_the_person_is_told_and_nothing_else_happens(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    proxy.leave()
    for command in ("system show", "system set", "reset", "chat"):
        assert await answer(await own.ann.command(thread, command)) == wording.STORE_DOWN


async def test_help_says_what_to_do_where_one_is_to_oneself_alone(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    direct = await world.dm_of(world.ann)
    asked = len(world.asked)
    in_channel, in_thread, in_direct = [
        await answer(await world.ann.command(place, "help")) for place in (channel, thread, direct)
    ]
    assert "a thread opens" in in_channel
    assert "no need to mention me in this thread" in in_thread
    assert "Just write" in in_direct
    assert "/chat" not in in_direct
    for told in (in_channel, in_thread, in_direct):
        assert all(f"`/{name}`" in told for name in ("stop", "retry", "context", "model", "system", "reset"))
        assert "What I read" in told
        assert "Privacy" in told
        assert len(told) <= 2000
    assert len(world.asked) == asked


async def test_a_command_that_is_typed_as_text_costs_no_answer(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    asked, notice = len(world.asked), wording.small(wording.TYPED_COMMAND)
    for number, typed in enumerate(("/help", "/reset", f"{world.mention} /system show"), 1):
        said = await world.ann.post(thread, typed)
        await world.until(
            lambda number=number: [each["content"] for each in world.said(thread)].count(notice) == number  # type: ignore[misc]
        )
        assert world.said(thread)[-1]["message_reference"]["message_id"] == said["id"]
    await world.ann.post(thread, "/etc/hosts is what?")
    await world.answered(thread, 2)
    await world.ann.post(thread, f"/reset in git: {'what does it do? ' * 5}")
    await world.answered(thread, 3)
    # Late turns of other tests ask as well.
    own = [str(call.body["messages"]) for call in world.asked[asked:]]
    assert not any("/help" in each or "/system show" in each for each in own)
    assert sum("/etc/hosts" in each for each in own) == 2


async def test_a_typed_command_opens_no_thread(world: World) -> None:
    channel = world.channel()
    said = await world.ann.post(channel, f"{world.mention} /help")
    await world.until(lambda: wording.small(wording.TYPED_COMMAND) in str(world.said(channel)))
    assert int(said["id"]) not in world.discord.world.channels
