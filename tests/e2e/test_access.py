"""/access: who is answered, by role and person, in a channel and in a server; who may decide about that."""

from __future__ import annotations

import pytest

from bot.commands import admission
from bot.commands.access_rules import ONLY_WITH_A_RULE
from bot.commands.access_view import cleared
from bot.conversation import wording
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from bot.conversation.scope import Scope
from bot.local.simulator.discord import drafts
from bot.local.simulator.discord import messages as platform
from bot.local.simulator.discord import permissions as bits
from tests.e2e.access_scene import block, ignored, rule
from tests.e2e.controls import answer
from tests.e2e.proxied import PLURALKIT
from tests.e2e.why_scene import why
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

# what becomes of people's messages


async def test_a_blocked_person_is_ignored_without_a_word_everywhere_below_the_rule(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await block(world, channel, world.ben)
    await ignored(world, channel, world.ben)
    await world.ben.post(thread, f"{world.mention} hello?")
    await world.ben.post(thread, f"{world.mention} /help")
    await world.settled(await world.ann.post(thread, "and on"))
    assert len(world.said(thread)) == 2
    assert "hello?" not in str([call.body for call in world.asked])
    assert await rule(world, channel, "clear", person=world.ben.id) == cleared(Scope.CHANNEL, 1)
    await world.converse(channel, "and now?", world.ben)


async def test_a_blocked_person_is_not_invited_to_write_by_any_command(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await block(world, channel, world.ben)
    for name in ("help", "retry", "continue"):
        assert (await answer(await world.ben.command(thread, name))).startswith(admission.BLOCKED)
    assert (await answer(await world.ben.command(channel, "help"))).startswith(admission.BLOCKED)
    assert "Just write" in await answer(await world.ann.command(thread, "help"))


async def test_without_a_permission_a_blocked_person_is_not_told_of_that_either(world: World) -> None:
    channel = world.channel()
    world.deny(channel, bits.CREATE_PUBLIC_THREADS, world.ben.id)
    await block(world, channel, world.ben)
    await ignored(world, channel, world.ben)


async def test_only_a_role_may_use_the_bot_where_everybody_else_is_blocked(world: World) -> None:
    channel = world.channel()
    members = world.role("Members", world.ann)
    said = await rule(world, channel, "block", role=world.guild.id)
    assert said == f"From the next message on, @everyone is blocked in this channel. {ONLY_WITH_A_RULE}"
    await rule(world, channel, "allow", role=members)
    await ignored(world, channel, world.ben)
    await rule(world, channel, "allow", person=world.ben.id)
    await world.converse(channel, "as a person", world.ben)


async def test_a_rule_of_a_channel_goes_before_that_of_its_server(world: World) -> None:
    async with world.apart() as own:
        open_to_all, other = own.channel(), own.channel()
        await block(own, other, own.ben, scope="server")
        await ignored(own, other, own.ben)
        await rule(own, open_to_all, "allow", role=own.guild.id)
        await own.converse(open_to_all, "hello", own.ben)


async def test_of_two_roles_the_one_that_is_blocked_counts(world: World) -> None:
    channel = world.channel()
    allowed, blocked = (world.role(name, world.ben) for name in ("In", "Out"))
    await rule(world, channel, "allow", role=allowed)
    await rule(world, channel, "block", role=blocked)
    await ignored(world, channel, world.ben)


async def test_a_message_of_a_blocked_person_joins_no_turn_that_runs(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await block(world, channel, world.ben)
    gate = world.claude.hold(after=0)
    asked = await world.ann.post(thread, "count")
    await gate.reached()
    await world.ben.post(thread, "listen to me")
    joining = await world.ann.post(thread, "to three")
    await world.until(lambda: "to three" in str([call.body for call in world.asked]))
    gate.release()
    await world.settled(asked)
    assert "listen to me" not in str([call.body for call in world.asked])
    assert joining


async def test_an_edit_of_a_blocked_person_changes_nothing(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello", world.ben)
    await block(world, channel, world.ben)
    requests = len(world.asked)
    await world.ben.edit(channel, thread, f"{world.mention} something else")
    await world.settled(await world.ann.post(thread, "and on"))
    assert len(world.asked) == requests + 1
    assert "something else" not in str(world.asked[-1].body)
    assert "hello" in str(world.asked[-1].body)


async def test_what_a_blocked_person_deletes_is_forgotten(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    secret = await world.ben.post(thread, "my number is 4711")
    await world.settled(secret)
    await block(world, channel, world.ben)
    await world.ben.delete(thread, int(secret["id"]))
    await world.bots[0].logged("message_deleted", message=int(secret["id"]))
    await world.settled(await world.ann.post(thread, "and on"))
    assert "my number is" not in str(world.asked[-1].body)


async def test_a_proxied_message_of_a_blocked_person_is_ignored(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    await block(world, channel, world.ben)
    requests = len(world.asked)
    await world.ben.post(thread, "L: what is a warp?")
    await world.settled(await world.ann.post(thread, "and on"))  # the original is noted by then
    world.discord.post_as_webhook(
        world.discord.world.channels[thread], "Luna", "what is a warp?", application_id=PLURALKIT
    )
    await world.settled(await world.ann.post(thread, "and further"))
    assert len(world.asked) == requests + 2
    assert "warp" not in str(world.asked[-1].body)


async def test_the_answer_to_a_proxied_message_is_withdrawn_when_its_author_turns_out_to_be_blocked(
    world: World,
) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    place = world.discord.world.channels[thread]
    draft = drafts.parse({"content": "L: what is a warp?"})
    original = platform.build(world.discord.world, place, world.ben.user, draft)
    world.discord.post_as_webhook(place, "Luna", "what is a warp?", application_id=PLURALKIT)
    await world.answered(thread, 2)
    await block(world, channel, world.ben)
    platform.publish(world.discord.world, place, original)  # its event comes late
    world.discord.commit()
    await world.until(lambda: len(world.replies(thread)) == 1)


async def test_security_a_proxied_message_of_an_unknown_author_is_ignored_where_somebody_is_blocked(
    world: World,
) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    place = world.discord.world.channels[thread]
    before = world.discord.post_as_webhook(place, "Luna", "hello", application_id=PLURALKIT)
    await world.settled(int(before["id"]))
    await block(world, channel, world.ben)
    requests = len(world.asked)
    await world.ben.post(thread, "// what is a warp?")  # an original that is ignored, with // as its tag
    await world.settled(await world.ann.post(thread, "and on"))
    copy = world.discord.post_as_webhook(place, "Luna", "what is a warp?", application_id=PLURALKIT)
    world.discord.edit_as_webhook(int(before["id"]), "what is a weft?")
    await world.settled(await world.ann.post(thread, "and further"))
    assert len(world.asked) == requests + 2
    assert "warp" not in str(world.asked[-1].body)
    assert "weft" not in str(world.asked[-1].body)
    for who in (world.ben, world.admin):
        text = await why(who, thread, copy)
        assert because(Reason.UNKNOWN_AUTHOR).told("") in text
        assert "<@" not in text


async def test_an_edit_of_a_proxied_message_is_judged_by_its_author(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    original = await world.ben.post(thread, "L: what is a warp?")
    place = world.discord.world.channels[thread]
    copy = world.discord.post_as_webhook(place, "Luna", "what is a warp?", application_id=PLURALKIT)
    await world.ben.delete(thread, original["id"])
    await world.settled(int(copy["id"]))
    await block(world, channel, world.ben)
    requests = len(world.asked)
    world.discord.edit_as_webhook(int(copy["id"]), "what is a weft?")
    await world.settled(await world.ann.post(thread, "and on"))
    assert len(world.asked) == requests + 1
    assert "weft" not in str(world.asked[-1].body)


async def test_a_change_is_known_to_every_instance_before_the_settings_are_read_anew(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        await own.converse(channel, "hello", own.ben)
        await block(own, channel, own.ben)
        await own.converse(channel, "the wake-up has arrived by now")
        await ignored(own, channel, own.ben)
        await rule(own, channel, "clear", person=own.ben.id)
        await own.converse(channel, "the wake-up has arrived by now")
        await own.converse(channel, "and now?", own.ben)


async def test_missed_messages_of_blocked_people_and_of_those_without_the_role_stay_unanswered(
    alone: World,
) -> None:
    soon = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
    bot = await alone.start_bot(**soon)
    channel = alone.channel()
    members = alone.role("Members", alone.ann)
    await rule(alone, channel, "block", role=alone.guild.id)
    await rule(alone, channel, "allow", role=members)
    await bot.kill()
    by_ben = await alone.ben.post(channel, f"{alone.mention} hello?")
    by_ann = await alone.ann.post(channel, f"{alone.mention} hello!")
    await alone.start_bot(**soon)
    await alone.answered(await alone.thread_of(by_ann))
    assert int(by_ben["id"]) not in alone.discord.world.channels
    assert alone.said(channel) == []


async def test_the_operator_says_who_may_use_the_bot_where_no_rule_does(alone: World) -> None:
    members = alone.role("Members", alone.ben, alone.admin)
    await alone.start_bot(BOT_ACCESS__ALLOW_ROLES=str(members), BOT_ACCESS__BLOCK=str(alone.admin.id))
    channel, dm = alone.channel(), await alone.dm_of(alone.ann)
    await alone.ann.post(dm, "hello?")
    asked = [await who.post(channel, f"{alone.mention} hello?") for who in (alone.ann, alone.admin)]
    await alone.converse(channel, "hello", alone.ben)
    assert not {int(each["id"]) for each in asked} & alone.discord.world.channels.keys()
    assert alone.said(dm) == []
    for who in (alone.ann, alone.admin):
        chat = await answer(await who.command(channel, "chat", {"message": "hello"}))
        assert chat == admission.BLOCKED_BY_OPERATOR
    await rule(alone, channel, "allow", person=alone.ann.id)
    await alone.converse(channel, "and now?", alone.ann)


async def test_an_outage_of_the_store_is_not_told_to_whom_is_known_to_be_blocked(alone: World) -> None:
    settings = {"POINTS_NOTIFY_AFTER_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
    async with RedisProxy.before(alone.redis_url) as proxy:
        await alone.start_bot(module="tests.engine.points_bot", REDIS_URL=proxy.url, **settings)
        channel, other = alone.channel(), alone.channel()
        await block(alone, channel, alone.ben)
        await ignored(alone, channel, alone.ben)
        proxy.leave()
        held = await alone.ben.post(channel, f"{alone.mention} hello?")
        plain = await alone.ann.post(other, "not for the bot")
        asked = await alone.ann.post(other, f"{alone.mention} hello!")
        (notice,) = await alone.noticed(other)
        assert notice["content"] == wording.small(wording.STORE_DOWN_FOR_NOW)
        proxy.come_back()
        await alone.answered(await alone.thread_of(asked))
        await alone.converse(channel, "the end")
        assert alone.said(channel) == []
        for message in (held, plain):
            assert int(message["id"]) not in alone.discord.world.channels
