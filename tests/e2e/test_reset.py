"""/reset: it asks first, forgets then, and leaves nothing of a reply that is being written."""

from __future__ import annotations

import pytest

from bot.commands.invocation import NOT_A_CONVERSATION
from bot.commands.reset import KEPT, MAY_NOT_RESET, forgotten
from bot.local.simulator.discord import permissions as bits
from tests.e2e.test_commands import answer, ask_to_reset, button, reset, told_after
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reset_asks_first_and_forgets_then(world: World) -> None:
    thread = await world.converse(world.channel(), "the password is tulip")
    assert await reset(world, world.ann, thread) == forgotten(1)
    await world.ann.post(thread, "what was it?")
    await world.answered(thread, 2)
    assert "tulip" not in str(world.asked[-1].body["messages"])
    assert "what was it?" in str(world.asked[-1].body["messages"])


async def test_a_reset_whose_answer_is_lost_on_the_way_is_not_said_to_have_failed(world: World) -> None:
    thread = await world.converse(world.channel(), "the password is tulip")
    question = await ask_to_reset(world.ann, thread)
    original = r"/webhooks/.*/messages/@original"
    world.discord.faults.add(action="reset", method="PATCH", route=original)
    world.discord.faults.add(action="reset_after", method="PATCH", route=original)
    pressed = await world.ann.press(thread, question["id"], button(question, "Forget it all"))
    await world.until(
        lambda: sum("@original" in call.path for call in world.discord.requests if call.method == "PATCH") > 2
    )
    await world.until(lambda: world.discord.message(question["id"])["content"] == forgotten(1))
    assert pressed.followups == []


async def test_whoever_thinks_better_of_it_keeps_everything(world: World) -> None:
    thread = await world.converse(world.channel(), "the password is tulip")
    question = await ask_to_reset(world.ann, thread)
    await world.ann.press(thread, question["id"], button(question, "Keep it"))
    await world.until(lambda: world.discord.message(question["id"])["content"] == KEPT)
    await world.ann.post(thread, "what was it?")
    await world.answered(thread, 2)
    assert "tulip" in str(world.asked[-1].body["messages"])


async def test_only_the_starter_and_moderators_may_reset(world: World) -> None:
    thread = await world.converse(world.channel(), "hello", world.ann)
    assert await answer(await world.ben.command(thread, "reset")) == MAY_NOT_RESET
    mod = world.person("mod", bits.MANAGE_THREADS)
    assert await reset(world, mod, thread) == forgotten(1)


async def test_the_button_asks_again_whether_somebody_may(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "the password is tulip")
    mod = world.person("mod", bits.MANAGE_THREADS)
    question = await ask_to_reset(mod, thread)
    world.deny(channel, bits.MANAGE_THREADS, mod.id)
    pressed = await mod.press(thread, question["id"], button(question, "Forget it all"))
    assert await told_after(pressed, world) == MAY_NOT_RESET
    await world.ann.post(thread, "what was it?")
    await world.answered(thread, 2)
    assert "tulip" in str(world.asked[-1].body["messages"])


async def test_a_reset_outside_of_conversations_explains_itself(world: World) -> None:
    assert await answer(await world.admin.command(world.channel(), "reset")) == NOT_A_CONVERSATION


async def test_direct_messages_can_be_reset_by_the_person(world: World) -> None:
    person = world.person("dora")
    dm = int((await person.open_dm(world.app.user_id))["id"])
    await person.post(dm, "the password is tulip")
    await world.answered(dm, 1)
    assert await reset(world, person, dm) == forgotten(1)


async def test_a_reset_during_an_answer_leaves_nothing_of_it(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=1)
    world.claude.say(["The password ", "is tulip."])
    await world.ann.post(thread, "what is it?")
    await gate.reached()
    await world.until(lambda: len(world.replies(thread)) == 2)
    assert await reset(world, world.ann, thread) == forgotten(1)
    gate.release()
    await world.until(lambda: len(world.replies(thread)) == 1)
    world.claude.say("Fresh.")
    await world.settled(await world.ann.post(thread, "and now?"))
    assert [m["content"] for m in world.replies(thread)][1:] == ["Fresh."]
    assert "what is it" not in str(world.asked[-1].body["messages"])


@pytest.mark.parametrize("delay_s", [1.0, 3.0])
async def test_a_reset_while_a_post_is_on_its_way_leaves_nothing_of_it(world: World, delay_s: float) -> None:
    thread = await world.converse(world.channel(), "hello")
    world.discord.faults.add(
        action="delay", method="POST", route=f"/channels/{thread}/messages$", delay_s=delay_s
    )
    gate = world.claude.hold(after=1)
    world.claude.say(["The password ", "is tulip."])
    await world.ann.post(thread, "what is it?")
    await gate.reached()
    assert await reset(world, world.ann, thread) == forgotten(1)
    # It lands, and is taken away.
    await world.until(
        lambda: any(f"/channels/{thread}/" in c.path for c in world.calls() if c.method == "DELETE")
    )
    await world.until(lambda: len(world.replies(thread)) == 1)
    gate.release()
