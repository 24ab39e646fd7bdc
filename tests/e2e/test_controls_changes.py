"""Edits and deletions: before, while and after a message is answered; with two bots; with a restart in between."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.local.simulator.discord import messages as platform
from tests.e2e.controls import anew, labels, sent, streaming
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_edit_of_the_last_message_has_it_answered_anew_in_place(world: World) -> None:
    world.claude.say("About looms.")
    message = await world.ann.post(world.channel(), f"{world.mention} tell me of looms")
    thread = await world.thread_of(message)
    (before,) = await world.answered(thread)
    await world.settled(thread)
    world.claude.say("About plums.")
    place = world.discord.world.messages[int(message["id"])].channel_id
    await world.ann.edit(place, message["id"], f"{world.mention} tell me of plums")
    (after,) = await anew(world, thread, "About plums.")
    assert after["id"] == before["id"]
    assert "plums" in sent(world)
    assert "looms" not in sent(world)
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    await world.settled(await world.ann.post(thread, "thanks"))
    assert sent(world).count("tell me of") == 1
    assert "About looms." not in sent(world)


async def test_an_edit_while_the_answer_is_written_begins_it_anew_in_the_same_message(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, message = await streaming(world, thread, ["It is a ", "warp."], "what is a warp?")
    first = world.replies(thread)[-1]
    world.claude.say("It is a weft.")
    await world.ann.edit(thread, message["id"], "what is a weft?")
    await world.until(lambda: world.replies(thread)[-1]["content"] == "It is a weft.")
    gate.release()
    assert world.replies(thread)[-1]["id"] == first["id"]
    await world.settled(message)
    await world.settled(await world.ann.post(thread, "thanks"))
    assert "what is a warp?" not in sent(world)
    assert sent(world).count("It is a ") == 1


async def test_an_edit_before_the_first_text_is_what_is_answered(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=0)
    message = await world.ann.post(thread, "what is a warp?")
    await gate.reached()
    world.claude.say("Weft, you say.")
    await world.ann.edit(thread, message["id"], "what is a weft?")
    await world.settled(message)
    gate.release()
    assert world.replies(thread)[-1]["content"] == "Weft, you say."
    assert len(world.replies(thread)) == 2
    assert "weft" in sent(world)


async def test_an_edit_of_an_older_message_changes_what_is_remembered_and_nothing_else(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    world.claude.say("I see.")
    old = await world.ann.post(thread, "the password is tulip")
    await world.settled(old)
    await world.settled(await world.ben.post(thread, "something else"))
    asked = len(world.asked)
    shown = [m["content"] for m in world.said(thread)]
    await world.ann.edit(thread, old["id"], "the password is daffodil")
    await world.bots[0].logged("message_edited", message=int(old["id"]), where="old")
    assert len(world.asked) == asked
    assert [m["content"] for m in world.said(thread)] == shown
    await world.settled(await world.ann.post(thread, "what is it?"))
    assert "daffodil" in sent(world)
    assert "tulip" not in sent(world)


async def test_a_preview_that_discord_adds_to_a_message_is_no_edit(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    message = await world.ann.post(thread, "see https://example.org")
    await world.settled(message)
    asked = len(world.asked)
    told = world.discord.world.messages[int(message["id"])]
    told.embeds = [{"type": "link", "url": "https://example.org"}]
    platform.tell(world.discord.world, "MESSAGE_UPDATE", told)
    world.discord.commit()
    await world.settled(await world.ann.post(thread, "and?"))
    assert len(world.asked) == asked + 1


async def test_a_deleted_message_is_forgotten_and_its_reply_stays(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    old = await world.ann.post(thread, "the password is tulip")
    await world.settled(old)
    await world.settled(await world.ann.post(thread, "something else"))
    count = len(world.replies(thread))
    await world.ann.delete(thread, old["id"])
    await world.bots[0].logged("message_deleted", message=int(old["id"]))
    assert len(world.replies(thread)) == count
    await world.settled(await world.ann.post(thread, "what was it?"))
    assert "tulip" not in sent(world)
    assert "hello" in sent(world)
    assert "something else" in sent(world)


async def test_what_is_deleted_while_it_is_answered_is_not_answered_and_leaves_nothing(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, message = await streaming(world, thread, ["The password ", "is tulip."], "what is it?")
    await world.ann.delete(thread, message["id"])
    await world.until(lambda: len(world.replies(thread)) == 1)
    await world.claude.until(lambda: world.asked[-1].hung_up)
    gate.release()
    await world.settled(await world.ann.post(thread, "and now?"))
    assert "what is it?" not in sent(world)
    assert "password" not in sent(world)
    assert len(world.replies(thread)) == 2
    await world.bots[0].logged("turn_called_off", conversation=thread)
    assert not world.bots[0].log("turn_taken_over", conversation=thread)


async def test_what_is_deleted_before_it_is_answered_is_left_out(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, first = await streaming(world, thread, ["One ", "two"], "count")
    kept = await world.ann.post(thread, "this stays")
    gone = await world.ben.post(thread, "this goes")
    await world.kept(kept)
    await world.kept(gone)
    await world.ben.delete(thread, gone["id"])
    await world.bots[0].logged("message_deleted", message=int(gone["id"]), where="waiting")
    gate.release()
    await world.settled(first)
    await world.settled(kept)
    assert "this stays" in sent(world)
    assert "this goes" not in sent(world)
    assert len(world.replies(thread)) == 3


async def test_of_several_messages_that_are_answered_at_once_the_deleted_one_is_left_out(
    world: World,
) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, first = await streaming(world, thread, ["One ", "two"], "count")
    gone = await world.ann.post(thread, "and tulips?")
    kept = await world.ben.post(thread, "and plums?")
    await world.kept(kept)
    second = world.claude.hold(after=1)
    world.claude.say(["Both ", "of them."])
    gate.release()
    await world.settled(first)
    await second.reached()
    await world.until(lambda: len(world.replies(thread)) == 3)
    assert "tulips" in sent(world)
    world.claude.say("Plums only.")
    await world.ann.delete(thread, gone["id"])
    await world.until(lambda: world.replies(thread)[-1]["content"] == "Plums only.")
    second.release()
    assert "tulips" not in sent(world)
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    await world.settled(await world.ann.post(thread, "thanks"))
    assert "tulips" not in sent(world)
    assert sent(world).count("and plums?") == 1


async def test_many_messages_deleted_at_once_are_forgotten_each(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gone = []
    for words in ("the first secret", "the second secret"):
        gone.append(await world.ann.post(thread, words))
        await world.settled(gone[-1])
    await world.admin.bulk_delete(thread, [each["id"] for each in gone])
    for each in gone:
        await world.bots[0].logged("message_deleted", message=int(each["id"]))
    await world.settled(await world.ann.post(thread, "what do you know?"))
    assert "secret" not in sent(world)
    assert "hello" in sent(world)


async def test_two_bots_that_hear_of_the_same_edit_answer_it_once(world: World) -> None:
    async with world.apart(bots=2) as own:
        own.claude.say("Old.")
        thread = await own.converse(own.channel(), "hello")
        own.claude.say("Second.")
        message = await own.ann.post(thread, "one")
        await own.until(
            lambda: len(own.replies(thread)) == 2 and labels(own.replies(thread)[-1]) == ["Regenerate"]
        )
        asked = len(own.asked)
        gate = own.claude.hold(after=1)
        own.claude.say(["Ane", "w."])
        await own.ann.edit(thread, message["id"], "two")
        await gate.reached()
        gate.release()
        await anew(own, thread, "Anew.")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
        assert len(own.asked) == asked + 1
        body = json.dumps(own.asked[-1].body["messages"][-1])
        assert "two" in body
        assert "one" not in body.replace("username", "")


async def test_an_edit_is_answered_anew_by_a_bot_that_was_started_since(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        message = await own.ann.post(thread, "one")
        await own.settled(message)
        await own.bots.pop().kill()
        await own.start_bot()
        own.claude.say("Anew.")
        await own.ann.edit(thread, message["id"], "two")
        await anew(own, thread, "Anew.")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
        await own.ann.delete(thread, message["id"])
        await own.bots[-1].logged("message_deleted", message=int(message["id"]))
        await own.settled(await own.ann.post(thread, "three"))
        assert "two" not in sent(own)


async def test_what_is_deleted_while_its_answer_is_stopped_by_a_crash_is_taken_away(world: World) -> None:
    async with world.apart({"BOT_TURNS__LEASE_S": "3", "BOT_TURNS__HEARTBEAT_S": "1"}, bots=2) as own:
        thread = await own.converse(own.channel(), "hello")
        gate, message = await streaming(own, thread, ["The password ", "is tulip."], "what is it?")
        writing = next(bot for bot in own.bots if bot.log("turn_started", turn=int(message["id"])))
        await writing.kill()
        own.bots.remove(writing)
        await own.ann.delete(thread, message["id"])
        await own.until(lambda: len(own.replies(thread)) == 1)
        gate.release()


async def test_a_message_that_is_edited_to_address_the_bot_is_answered_once(world: World) -> None:
    async with world.apart({"BOT_RECOVERY__EVERY_S": "0.3"}, bots=2) as own:
        channel = own.channel()
        said = await own.ann.post(channel, "what does a loom do?")
        before = len(own.called("GET", "/threads/active"))
        await own.until(lambda: len(own.called("GET", "/threads/active")) > before + 4)
        await own.ann.edit(channel, said["id"], f"{own.mention} what does a loom do?")
        thread = await own.thread_of(said)
        await own.answered(thread)
        await own.ann.edit(channel, said["id"], f"{own.mention} what does a loom do now?")
        await own.until(lambda: len(own.asked) == 2)
        aside = await own.ann.post(thread, "// not for you")
        await own.ann.edit(thread, aside["id"], "for you after all")
        await own.answered(thread, 2)
        assert len(own.replies(thread)) == 2
        assert len(own.asked) == 3


async def test_a_message_that_is_too_old_to_be_answered_is_not_by_an_edit(world: World) -> None:
    async with world.apart({"BOT_RECOVERY__MAX_AGE_HOURS": "0"}) as own:
        channel = own.channel()
        said = await own.ann.post(channel, "what does a loom do?")
        await own.ann.edit(channel, said["id"], f"{own.mention} what does a loom do?")
        await own.converse(channel, "and this?")
        assert int(said["id"]) not in own.discord.world.channels
        assert len(own.asked) == 1


async def test_of_many_edits_in_a_row_the_last_is_answered_and_not_each(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    said = await world.ann.post(thread, "one")
    await world.answered(thread, 2)
    await world.settled(said)
    asked = len(world.asked)
    for text in ("two", "three", "four", "five", "six", "seven"):
        await world.ann.edit(thread, said["id"], text)
        await asyncio.sleep(0.003)  # the bot tells the order of edits by their milliseconds
    await world.until(lambda: "seven" in sent(world) and world.asked[-1])
    await world.answered(thread, 2)
    assert len(world.asked) <= asked + 2
