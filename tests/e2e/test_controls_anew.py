"""Regenerate and Continue: by button, by command and in the menu; before and after a restart; killed in between."""

from __future__ import annotations

import asyncio

import pytest

from bot.commands.reply_controls import (
    BUSY,
    MAY_NOT_CONTROL,
    NOT_THE_LAST,
    NOTHING_TO_REGENERATE,
    QUESTION_GONE,
    REGENERATING,
    STOPPING,
)
from bot.commands.reset import forgotten
from bot.conversation import reply_wording, status_wording, wording
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import anew, answer, labels, press, sent, streaming, told
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONG = "\n\n".join(f"Paragraph {number}. {'More words. ' * 60}".strip() for number in range(6))
"""Three messages."""


async def test_a_regenerated_reply_stands_in_the_same_message_and_alone_in_the_history(world: World) -> None:
    world.claude.say("The old answer.")
    thread = await world.converse(world.channel(), "what is a loom?")
    await world.settled(thread)
    (before,) = world.replies(thread)
    assert labels(before) == ["Regenerate"]
    gate = world.claude.hold(after=0)
    world.claude.say("The new answer.")
    await press(world.ann, thread, before, "Regenerate")
    await gate.reached()
    await world.until(lambda: world.replies(thread)[-1]["content"] == f"{status_wording.REGENERATING} ▌")
    assert labels(world.replies(thread)[-1]) == ["Stop"]
    gate.release()
    (after,) = await anew(world, thread, "The new answer.")
    assert after["id"] == before["id"]
    assert "The old answer." not in sent(world)
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    await world.settled(await world.ann.post(thread, "and a shuttle?"))
    assert "The new answer." in sent(world)
    assert "The old answer." not in sent(world)
    assert sent(world).count("what is a loom?") == 1


async def test_a_reply_that_becomes_shorter_loses_its_surplus_messages_and_one_that_grows_gets_more(
    world: World,
) -> None:
    world.claude.say(LONG)
    thread = await world.converse(world.channel(), "a long story")
    await world.settled(thread)
    three = world.replies(thread)
    assert len(three) == 3
    assert [labels(each) for each in three] == [[], [], ["Regenerate"]]
    world.claude.say("In short.")
    await press(world.ann, thread, three[-1], "Regenerate")
    (one,) = await anew(world, thread, "In short.")
    assert one["id"] == three[0]["id"]
    world.claude.say(LONG)
    assert await answer(await world.ann.command(thread, "retry")) == REGENERATING
    again = await world.answered(thread, 3)
    assert again[0]["id"] == one["id"]
    assert [each["content"] for each in again] == [each["content"] for each in three]


async def test_only_the_last_reply_has_buttons_and_is_written_anew(world: World) -> None:
    world.claude.say("First.")
    thread = await world.converse(world.channel(), "one")
    first = world.replies(thread)[0]
    await world.settled(thread)
    world.claude.say("Second.")
    await world.settled(await world.ann.post(thread, "two"))
    await world.until(lambda: [labels(each) for each in world.replies(thread)] == [[], ["Regenerate"]])
    old = await answer(await world.ann.context_command(thread, "Regenerate", first["id"]))
    assert old == NOT_THE_LAST
    world.claude.say("Second, anew.")
    last = world.replies(thread)[-1]
    assert await answer(await world.ann.context_command(thread, "Regenerate", last["id"])) == REGENERATING
    await anew(world, thread, "Second, anew.")
    assert [each["content"] for each in world.replies(thread)] == ["First.", "Second, anew."]


async def test_a_button_that_was_left_over_says_so_and_goes(world: World) -> None:
    world.claude.say("First.")
    thread = await world.converse(world.channel(), "one")
    await world.settled(thread)
    route = f"/channels/{thread}/messages/{world.replies(thread)[0]['id']}$"
    world.discord.faults.add(action="error", method="PATCH", route=route, status=500, times=None)
    first = world.replies(thread)[0]
    await world.settled(await world.ann.post(thread, "two"))
    handle = await press(world.ann, thread, first, "Regenerate")
    assert await told(handle, world) == NOT_THE_LAST
    await world.until(lambda: labels(world.replies(thread)[0]) == [])


async def test_a_stranger_cannot_have_a_reply_written_anew_and_a_moderator_can(world: World) -> None:
    world.claude.say("Old.")
    thread = await world.converse(world.channel(), "hello", world.ann)
    await world.settled(thread)
    pressed = await press(world.ben, thread, world.replies(thread)[-1], "Regenerate")
    assert await told(pressed, world) == MAY_NOT_CONTROL
    assert await answer(await world.ben.command(thread, "retry")) == MAY_NOT_CONTROL
    mod = world.person("mod", bits.MANAGE_THREADS)
    world.claude.say("New.")
    await press(mod, thread, world.replies(thread)[-1], "Regenerate")
    await anew(world, thread, "New.")


async def test_who_deleted_the_question_hears_so_and_the_button_goes(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    question = await world.ann.post(thread, "and you?")
    await world.settled(question)
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    await world.ann.delete(thread, question["id"])
    await world.bots[0].logged("message_deleted", message=int(question["id"]))
    assert await answer(await world.ann.command(thread, "retry")) == QUESTION_GONE
    pressed = await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    assert await told(pressed, world) == QUESTION_GONE
    await world.until(lambda: labels(world.replies(thread)[-1]) == [])


async def test_a_reply_that_a_lock_has_cut_is_finished_when_it_is_lifted_and_is_the_latest_one(
    world: World,
) -> None:
    world.claude.say("Older.")
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    gate, _ = await streaming(world, thread, ["One. ", LONG], "count")
    await world.admin.edit_thread(thread, locked=True)
    gate.release()
    await world.bots[0].logged("permission_missing", conversation=thread)
    await world.until(lambda: labels(world.replies(thread)[-1]) == [])  # the turn has ended
    await world.admin.edit_thread(thread, locked=False)
    await world.bots[0].logged("reply_resumed", conversation=thread)
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"], 20)
    world.claude.say("Counted.")
    assert await answer(await world.ann.command(thread, "retry")) == REGENERATING
    await world.until(lambda: [each["content"] for each in world.said(thread)] == ["Older.", "Counted."], 20)


async def test_two_clicks_and_two_bots_write_one_reply_anew_once(world: World) -> None:
    async with world.apart(bots=2) as own:
        own.claude.say("Old.")
        thread = await own.converse(own.channel(), "hello")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
        last = own.replies(thread)[-1]
        asked = len(own.asked)
        gate = own.claude.hold(after=1)
        own.claude.say(["New ", "text."])
        handles = await asyncio.gather(*(press(own.ann, thread, last, "Regenerate") for _ in range(3)))
        await gate.reached()
        await own.until(lambda: sum(len(handle.followups) for handle in handles) == 2)
        gate.release()
        await anew(own, thread, "New text.")
        assert len(own.asked) == asked + 1
        refused = [message["content"] for handle in handles for message in handle.followups]
        assert refused == [BUSY] * 2


async def test_where_claude_is_away_the_earlier_answer_stands(world: World) -> None:
    world.claude.say("The answer.")
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    world.claude.faults.add(faults.spend_limit())
    await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    await world.until(lambda: len(world.said(thread)) == 2)
    reply, notice = world.said(thread)
    assert reply["content"] == "The answer."
    assert notice["content"].endswith(wording.small(reply_wording.EARLIER_STANDS))
    world.claude.say("Another one.")
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    await world.until(lambda: [each["content"] for each in world.said(thread)] == ["Another one."])


async def test_a_reply_is_written_anew_after_a_restart(world: World) -> None:
    async with world.apart() as own:
        own.claude.say("Old.")
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        await own.bots.pop().stop()
        await own.start_bot()
        own.claude.say("New.")
        await press(own.ann, thread, own.replies(thread)[-1], "Regenerate")
        await anew(own, thread, "New.")
        own.claude.say("Newer.")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
        assert await answer(await own.ann.command(thread, "retry")) == REGENERATING
        await anew(own, thread, "Newer.")


async def test_a_bot_that_is_killed_while_it_writes_anew_leaves_that_to_the_next_one(world: World) -> None:
    async with world.apart({"BOT_TURNS__LEASE_S": "3", "BOT_TURNS__HEARTBEAT_S": "1"}) as own:
        own.claude.say(LONG)
        thread = await own.converse(own.channel(), "a story")
        await own.settled(thread)
        gate = own.claude.hold(after=1)
        own.claude.say(["Half of ", "something else."])
        await press(own.ann, thread, own.replies(thread)[-1], "Regenerate")
        await gate.reached()
        await own.until(lambda: own.replies(thread)[0]["content"] == "Half of ▌")
        await own.bots.pop().kill()
        gate.release()
        own.claude.say("Entirely new.")
        await own.start_bot()
        (reply,) = await anew(own, thread, "Entirely new.")
        await own.settled(await own.ann.post(thread, "thanks"))
        assert "Entirely new." in sent(own)
        assert "Paragraph" not in sent(own)
        assert "Half of" not in sent(own)
        assert labels(reply) in ([], ["Regenerate"])


async def test_a_new_round_can_be_stopped_and_keeps_what_it_wrote_or_the_earlier_answer(world: World) -> None:
    world.claude.say("The old answer.")
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    gate = world.claude.hold(after=0)
    await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    await gate.reached()
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Stop"])
    await press(world.ann, thread, world.replies(thread)[-1], "Stop")
    await world.until(lambda: len(world.said(thread)) == 2)
    gate.release()
    assert world.replies(thread)[-1]["content"] == "The old answer."
    gate = world.claude.hold(after=1)
    world.claude.say(["The new ", "answer."])
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    await gate.reached()
    await world.until(lambda: world.replies(thread)[-1]["content"] == "The new ▌")
    await press(world.ann, thread, world.replies(thread)[-1], "Stop")
    await world.until(lambda: [m["content"] for m in world.said(thread)] == ["The new", "-# Stopped."])
    gate.release()


async def test_while_something_is_written_nothing_is_written_anew(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, message = await streaming(world, thread, ["One ", "two"], "count")
    assert await answer(await world.ann.command(thread, "retry")) == BUSY
    gate.release()
    await world.settled(message)
    assert world.replies(thread)[-1]["content"] == "One two"


async def test_in_direct_messages_the_person_has_all_of_it(world: World) -> None:
    person = world.person("dora")
    dm = int((await person.open_dm(world.app.user_id))["id"])
    world.claude.faults.add(faults.max_tokens(1))
    world.claude.say(["One ", "x"])
    message = await person.post(dm, "count")
    await world.settled(message)
    (reply,) = world.replies(dm)
    assert labels(reply) == ["Continue", "Regenerate"]
    world.claude.say("two.")
    await press(person, dm, reply, "Continue")
    await anew(world, dm, "One two.")
    gate = world.claude.hold(after=1)
    world.claude.say(["Eins ", "zwei."])
    await world.until(lambda: labels(world.replies(dm)[-1]) == ["Regenerate"])
    assert await answer(await person.context_command(dm, "Regenerate", reply["id"])) == REGENERATING
    await gate.reached()
    assert await answer(await person.command(dm, "stop")) == STOPPING
    await world.until(lambda: world.replies(dm)[-1]["content"] == "Eins")
    gate.release()


async def test_a_reset_leaves_nothing_to_write_anew(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    question = await (await world.ann.command(thread, "reset")).message()
    await press(world.ann, thread, question, "Forget it all")
    await world.until(lambda: world.discord.message(question["id"])["content"] == forgotten(1))
    pressed = await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    assert await told(pressed, world) == NOT_THE_LAST
    assert await answer(await world.ann.command(thread, "retry")) == NOTHING_TO_REGENERATE
