"""/why on the message of somebody who may not use the bot: who is told which rule it is."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import why_blocked
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from bot.local.simulator.discord import guilds
from tests.e2e.access_scene import rule
from tests.e2e.proxied import PLURALKIT
from tests.e2e.why_scene import menu, why
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ignored(world: World, channel: int, who: Any) -> dict[str, Any]:
    """A mention that is decided by now."""
    message: dict[str, Any] = await who.post(channel, f"{world.mention} hello?")
    await world.converse(channel, "the next")
    return message


async def test_the_blocked_person_is_told_kindly_for_which_role_and_others_no_names(world: World) -> None:
    channel, elsewhere = world.channel(), world.channel()
    loud = world.role("Loud", world.ben)
    await rule(world, channel, "block", role=loud)
    message = await ignored(world, channel, world.ben)
    for text in (await why(world.ben, channel, message), await menu(world.ben, channel, message)):
        assert f"A rule for the role <@&{loud}> in this channel leaves your messages unanswered" in text
        assert why_blocked.LET_IN in text
        assert str(world.admin.id) not in text
        assert "Decided <t:" in text
    link = f"https://discord.com/channels/{world.guild.id}/{channel}/{message['id']}"
    assert f"the role <@&{loud}> in that channel" in await why(world.ben, elsewhere, link)
    text = await why(world.ann, channel, message)
    assert because(Reason.BLOCKED).told("") in text
    assert "<@" not in text


async def test_admins_are_told_the_rule_who_set_it_and_what_removes_it(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await rule(world, channel, "block", person=world.ben.id)
    message = await world.ben.post(thread, "and I?")
    await world.settled(await world.ann.post(thread, "the next"))
    text = await why(world.admin, thread, message)
    assert f"A rule for <@{world.ben.id}> in this channel blocks them (set <t:" in text
    assert f"by <@{world.admin.id}>" in text
    assert f"`/access clear rule:person:{world.ben.id}` removes the rule" in text
    await rule(world, channel, "clear", rule=f"person:{world.ben.id}")
    await world.settled(await world.ben.post(thread, f"{world.mention} and now?"))


async def test_a_role_that_was_deleted_since_is_named_by_its_id_and_the_switch_still_works(
    world: World,
) -> None:
    channel = world.channel()
    loud = world.role("Loud", world.ben)
    await rule(world, channel, "block", role=loud)
    message = await ignored(world, channel, world.ben)
    guilds.remove_role(world.discord.world, world.guild, world.guild.roles[loud])
    world.discord.commit()
    assert f"`/access clear rule:role:{loud}`" in await why(world.admin, channel, message)
    assert "removed from" in (await rule(world, channel, "clear", rule=f"role:{loud}")).lower()


async def test_a_rule_for_everyone_and_the_setting_of_the_operator_are_told(world: World) -> None:
    async with world.apart({"BOT_ACCESS__BLOCK": str(world.ben.id)}) as own:
        channel = own.channel()
        await rule(own, channel, "allow", person=own.ann.id)
        await rule(own, channel, "block", role=own.guild.id, scope="server")
        message = await ignored(own, channel, own.admin)
        text = await why(own.admin, channel, message)
        assert "A rule for the role @everyone in this server leaves your messages unanswered" in text
        assert "scope:this server" in text
    async with world.apart() as own:
        settings = {"BOT_ACCESS__BLOCK": str(own.ben.id)}
        await own.bots.pop().kill()
        await own.start_bot(**settings)
        channel = own.channel()
        message = await ignored(own, channel, own.ben)
        text = await why(own.ben, channel, message)
        assert why_blocked.BY_OPERATOR in text
        assert why_blocked.LET_IN in text
        assert "`access.block`" in await why(own.admin, channel, message)
        assert "<@" not in await why(own.ann, channel, message)


async def test_a_message_from_before_a_reset_that_was_never_for_the_bot_is_not_told_as_reset(
    world: World,
) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await rule(world, channel, "block", person=world.ben.id)
    message = await world.ben.post(thread, "and I?")
    await world.settled(await world.ann.post(thread, "the next"))
    await (await world.ann.command(thread, "reset")).message()
    assert "leaves your messages unanswered" in await why(world.ben, thread, message)


async def test_the_author_of_a_proxied_message_is_told_the_rule_and_others_are_not(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await rule(world, channel, "block", person=world.ben.id)
    await world.ben.post(thread, "L: what is a warp?")
    await world.settled(await world.ann.post(thread, "and on"))  # the original is noted by then
    place = world.discord.world.channels[thread]
    copy = world.discord.post_as_webhook(place, "Luna", "what is a warp?", application_id=PLURALKIT)
    await world.settled(await world.ann.post(thread, "and further"))
    for text in (await why(world.ben, thread, copy), await menu(world.ben, thread, copy)):
        assert f"A rule for <@{world.ben.id}> in this channel leaves your messages unanswered" in text
        assert str(world.admin.id) not in text
    assert f"A rule for <@{world.ben.id}> in this channel blocks them" in await why(world.admin, thread, copy)
    assert "<@" not in await why(world.ann, thread, copy)


async def test_security_others_learn_neither_which_rule_nor_where_it_stands(world: World) -> None:
    channel = world.channel()
    await rule(world, channel, "block", person=world.ben.id)
    message = await world.ben.post(channel, f"{world.mention} and I?")
    await world.answered(await world.thread_of(await world.ann.post(channel, f"{world.mention} hello")))
    for text in (await why(world.ann, channel, message), await menu(world.ann, channel, message)):
        assert "its author may not use me" in text
        assert "The rule" not in text
        assert "this channel" not in text
