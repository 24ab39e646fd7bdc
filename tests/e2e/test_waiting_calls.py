"""What happens meanwhile to a call that waits for a permission."""

from __future__ import annotations

import asyncio
import signal

import pytest

from bot.commands.admission import BLOCKED
from bot.commands.approvals import SET_FOR_ROLES
from bot.conversation.approval_card import WITHDRAWN
from bot.local.simulator.claude import Reply
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from bot.turns.tool_outcomes import LEFT_BEHIND
from tests.e2e.access_scene import block
from tests.e2e.bounds_scene import PERMIT, waiting
from tests.e2e.branch_scene import branched
from tests.e2e.controls import answer, labels, press, sent, told
from tests.e2e.forgetting_scene import forget
from tests.e2e.stored import redis_of
from tests.e2e.test_commands import reset
from tests.e2e.test_tools import card_of
from tests.e2e.test_tools_command import said as commanded
from tests.e2e.tools_scene import Scene, scene
from tests.e2e.world import ANSWER_S, LOOK_S
from tests.patience import Patience

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["scene"]


async def test_a_tool_that_is_switched_off_while_a_card_waits_is_not_called_at_the_press(
    scene: Scene,
) -> None:
    world = scene.world
    await scene.start()
    thread, _, card = await waiting(scene)
    await commanded(world.admin, thread, "tools set", tool="permit", state="off", scope="server")
    for label in ("Always here", "Allow once"):
        if label not in labels(card_of(world, thread)):
            break
        moderator = world.person(f"moderator-{label[:5].lower()}", bits.MANAGE_THREADS)
        assert await told(await press(moderator, thread, card, label), world) == WITHDRAWN["off"]
    await scene.shows(thread, WITHDRAWN["off"])
    assert labels(card_of(world, thread)) == []
    assert scene.made() == []
    world.claude.say("As you like.")
    await world.settled(await world.ann.post(thread, "and?"))
    assert 'remark=\\"not allowed any more, so it was not done\\"' in sent(world)


async def test_a_tool_that_the_operator_forbids_meanwhile_is_not_called_at_the_press(scene: Scene) -> None:
    world = scene.world
    bot = await scene.start()
    thread, _, card = await waiting(scene)
    bot.signal(signal.SIGTERM)
    await bot.ended()
    await scene.start(BOT_TOOLS__NEVER="permit")
    assert await told(await press(world.ann, thread, card, "Allow once"), world) == WITHDRAWN["never"]
    await scene.shows(thread, WITHDRAWN["never"])
    assert scene.made() == []


async def test_a_role_that_is_taken_away_while_a_card_waits_stops_the_call(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    role = world.role("keepers", world.ann)
    place = world.channel()
    for target, state in ((role, "ask"), (world.guild.id, "off")):
        await commanded(
            world.admin, place, "tools set", tool="permit", state=state, scope="server", role=target
        )
    thread, _, card = await waiting(scene)
    world.guild.members[world.ann.id].role_ids.remove(role)
    assert await told(await press(world.ann, thread, card, "Allow once"), world) == WITHDRAWN["off"]
    assert scene.made() == []


async def test_security_who_is_blocked_meanwhile_allows_no_call_and_may_refuse_it(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread, _, card = await waiting(scene)
    await block(world, thread, world.ann, scope="server")
    assert await told(await press(world.ann, thread, card, "Allow once"), world) == BLOCKED
    assert scene.made() == []
    reasoned = await press(world.ann, thread, card, "Refuse, and say why")
    assert await answer(reasoned) == BLOCKED
    await press(world.ann, thread, card, "Refuse")
    await world.until(lambda: labels(card_of(world, thread)) == [])
    assert scene.made() == []


async def test_security_nobody_allows_always_what_is_set_for_roles(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    role = world.role("scribes", world.ann)
    place = world.channel()
    for target, state in ((role, "ask"), (world.guild.id, "off")):
        await commanded(
            world.admin, place, "tools set", tool="permit", state=state, scope="server", role=target
        )
    thread, _, card = await waiting(scene)
    moderator = world.person("moderator-always", bits.MANAGE_THREADS)
    assert await told(await press(moderator, thread, card, "Always here"), world) == SET_FOR_ROLES
    assert scene.made() == []
    assert await told(await press(world.ann, thread, card, "Always here"), world) == SET_FOR_ROLES


async def test_a_reset_ends_a_card_that_waits_and_claude_is_not_told_of_it(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread, _, _ = await waiting(scene)
    await reset(world, world.admin, thread)
    await scene.shows(thread, WITHDRAWN["reset"])
    assert labels(card_of(world, thread)) == []
    world.claude.say("Hello.")
    await world.settled(await world.ann.post(thread, "anew"))
    await world.settled(await world.ann.post(thread, "and again"))
    assert "not allowed any more" not in sent(world)
    assert scene.made() == []


async def test_a_branch_is_told_that_a_call_is_decided_in_the_conversation_before_and_can_ask_again(
    scene: Scene,
) -> None:
    world = scene.world
    await scene.start()
    thread, _, card = await waiting(scene)
    there = await branched(world, world.ben, thread, world.replies(thread)[-1])
    world.claude.say(Reply.of(PERMIT))
    world.claude.say("I ask again.")
    message = await world.ben.post(there, "is it open?")
    await world.settled(message)
    (told,) = [each for each in world.asked if LEFT_BEHIND in str(each.body["messages"][-1])]
    assert 'title="permit"' in str(told.body["messages"][-1])
    await scene.shows(there, "would like to use the tool")
    await press(world.ann, thread, card, "Allow once")
    await scene.shows(thread, "and done")
    assert scene.made() == ["permit"]
    await world.settled(await world.ben.post(there, "and now?"))
    assert "The gate is open." not in sent(world)
    await press(world.ben, there, card_of(world, there), "Allow once")
    await scene.shows(there, "and done")
    for place in (thread, there):
        await world.settled(await world.ann.post(place, "and now?"))
        assert sent(world).count("The gate is open.") == 1
    assert scene.made() == ["permit", "permit"]


async def test_the_card_of_a_person_who_is_forgotten_ends_without_their_words(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread, _, _ = await waiting(scene)
    await forget(world, world.ann, thread)
    await scene.shows(thread, WITHDRAWN["forgotten"])
    assert "east" not in card_of(world, thread)["content"]
    assert labels(card_of(world, thread)) == []
    assert scene.made() == []


async def test_of_a_thread_that_is_deleted_no_call_is_left_that_could_run(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread, _, _ = await waiting(scene)
    async with redis_of(world) as redis:
        key = Keys(world.prefix).approvals(thread)
        assert await redis.exists(key)
        await world.admin.delete_channel(thread)
        patience = Patience(ANSWER_S, lambda: [bot.pid for bot in world.bots])
        while await redis.exists(key) and not patience.is_over:  # noqa: ASYNC110 - the bot does it
            await asyncio.sleep(LOOK_S)
        assert not await redis.exists(key)
    assert scene.made() == []
