"""What the bot says where it may not do what it needs to, and what it does when things vanish under its hands."""

from __future__ import annotations

import pytest

from bot.commands.system import prompt_cleared
from bot.conversation import wording
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def lacking(permission: str, place: str) -> str:
    """The notice that names a permission."""
    return wording.small(wording.missing_permission(permission, where=place))


def warned(world: World, conversation: int) -> list[str]:
    """The permissions that the operator was told of."""
    entries = world.bots[0].log("permission_missing", conversation=conversation)
    return [str(entry["permission"]) for entry in entries]


async def asked_in_vain(world: World, channel: int) -> int:
    """Mention the bot and wait for the notice that it leaves in the channel."""
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    await world.noticed(channel)
    return int(asked["id"])


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        (bits.CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (bits.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    ],
)
async def test_what_a_thread_needs_is_named_once_in_the_channel(world: World, bit: int, name: str) -> None:
    channel = world.channel()
    world.deny(channel, bit)
    thread = await asked_in_vain(world, channel)
    assert [m["content"] for m in world.said(channel)] == [lacking(name, "in a thread")]
    assert warned(world, thread) == [name]


async def test_without_the_history_permission_the_thread_is_told_and_goes_on_with_it(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    world.deny(channel, bits.READ_MESSAGE_HISTORY)
    await world.ann.post(thread, "are you there?")
    said = await world.noticed(thread, 2)
    assert said[-1]["content"] == lacking("Read Message History", "here")
    world.deny(channel, 0)
    world.claude.say("I am.")
    await world.settled(await world.ann.post(thread, "and now?"))
    assert world.said(thread)[-1]["content"] == "I am."


async def test_a_thread_that_lost_its_permission_is_named_in_the_channel(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    world.deny(channel, bits.SEND_MESSAGES_IN_THREADS)
    await world.ann.post(thread, "are you there?")
    (notice,) = await world.noticed(channel)
    assert notice["content"] == lacking("Send Messages in Threads", f"in <#{thread}>")


async def test_a_channel_hidden_in_mid_stream_ends_quietly_with_one_line_for_the_operator(
    world: World,
) -> None:
    channel = world.channel()
    gate = world.claude.hold(after=1)
    world.claude.say(["One ", "two."])
    thread = await world.thread_of(await world.ann.post(channel, f"{world.mention} count"))
    await gate.reached()
    await world.until(lambda: world.replies(thread))
    world.deny(channel, bits.VIEW_CHANNEL)
    gate.release()
    await world.bots[0].logged("permission_missing", conversation=thread)
    assert len(warned(world, thread)) == 1
    assert len(world.said(thread)) == 1
    world.deny(channel, 0)
    await world.converse(channel, "and now?")


async def test_a_locked_thread_says_that_it_is_locked_in_the_channel(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await world.admin.edit_thread(thread, locked=True)
    await world.admin.post(thread, "are you there?")
    (notice,) = await world.noticed(channel)
    assert notice["content"] == lacking("Manage Threads", f"in <#{thread}>")
    assert "locked" in notice["content"]


async def test_a_thread_archived_in_mid_stream_is_opened_again_by_the_reply(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=1)
    world.claude.say(["One ", "two."])
    await world.ann.post(thread, "count")
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) == 2)
    await world.admin.edit_thread(thread, archived=True)
    gate.release()
    replies = await world.answered(thread, 2)
    assert replies[-1]["content"] == "One two."
    assert not world.discord.thread(thread)["thread_metadata"]["archived"]


async def test_an_archived_thread_wakes_when_somebody_writes(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await world.admin.edit_thread(thread, archived=True)
    world.claude.say("Good morning.")
    await world.ann.post(thread, "wake up")
    assert (await world.answered(thread, 2))[-1]["content"] == "Good morning."


async def test_a_thread_deleted_in_mid_stream_ends_quietly(world: World) -> None:
    channel = world.channel()
    gate = world.claude.hold(after=1)
    world.claude.say(["One ", "two."])
    thread = await world.thread_of(await world.ann.post(channel, f"{world.mention} count"))
    await gate.reached()
    await world.until(lambda: world.replies(thread))
    await world.admin.delete_channel(thread)
    gate.release()
    await world.bots[0].logged("conversation_erased", conversation=thread)
    assert world.said(channel) == []
    await world.converse(channel, "and now?")


async def test_a_reply_deleted_in_mid_stream_is_not_written_again_and_the_thread_goes_on(
    world: World,
) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=1)
    world.claude.say(["One ", "two."])
    await world.ann.post(thread, "count")
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) == 2)
    await world.admin.delete(thread, world.replies(thread)[-1]["id"])
    gate.release()
    await world.bots[0].logged("turn_cancelled", conversation=thread)
    assert len(world.said(thread)) == 1
    world.claude.say("Here.")
    await world.settled(await world.ann.post(thread, "and now?"))
    assert world.said(thread)[-1]["content"] == "Here."


async def test_a_question_deleted_before_its_thread_was_opened_ends_quietly(world: World) -> None:
    channel = world.channel()
    world.discord.faults.add(action="delay", method="POST", route="/threads$", delay_s=0.3)
    asked = await world.ann.post(channel, f"{world.mention} never mind")
    await world.kept(asked)
    await world.ann.delete(channel, asked["id"])
    await world.bots[0].logged("message_deleted", conversation=int(asked["id"]))
    await world.answered(await world.thread_of(await world.ann.post(channel, f"{world.mention} but this")))
    assert world.said(channel) == []
    assert world.replies(int(asked["id"])) == []


async def test_the_text_chat_of_a_voice_channel_is_told_where_to_go(world: World) -> None:
    channel = world.channel("voice")
    await world.ann.post(channel, "talking among ourselves")
    await world.ann.post(channel, f"{world.mention} hello?")
    (notice,) = await world.noticed(channel)
    assert notice["content"] == wording.small(wording.NO_THREADS_HERE)
    assert world.asked == []


async def test_a_thread_that_the_library_does_not_know_is_looked_up(world: World) -> None:
    world.discord.faults.swallow_events(1, only="THREAD_CREATE")
    thread = int((await world.ann.create_thread(world.channel(), "unheard of"))["id"])
    world.claude.say("I hear you.")
    await world.ann.post(thread, f"{world.mention} hello?")
    assert (await world.answered(thread))[-1]["content"] == "I hear you."
    world.claude.say("Still.")
    await world.ann.post(thread, "and now?")
    assert (await world.answered(thread, 2))[-1]["content"] == "Still."
    said = await world.ann.command(thread, "system clear")
    assert (await said.message())["content"] == prompt_cleared(Scope.THREAD, was_set=False)
