"""Limits: what is asked of Claude stays within them, whoever asks, in whichever instance, and whatever is killed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bot.local.simulator.claude import faults
from bot.local.simulator.discord import guilds
from bot.local.simulator.discord import permissions as bits
from bot.turns.life import HOLD_S
from tests.e2e.budget_scene import HAIKU, LONG_S, mention, pattern, refused, set_limit
from tests.e2e.controls import anew, press
from tests.e2e.history_scene import store_of
from tests.e2e.test_commands import answer
from tests.e2e.world import MANY_THREADS, MANY_TURNS, World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}


async def dropped(own: World, message: dict[str, Any]) -> None:
    """Wait until a message is left unanswered without a line."""
    await own.settled(message)
    assert int(message["id"]) not in own.discord.world.channels


async def test_at_a_limit_a_person_is_told_once_when_it_renews_and_later_messages_get_no_line(
    world: World,
) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        await own.converse(own.channel(), "one")
        second = await mention(own, own.ann)
        line = await refused(own, second)
        assert line.startswith("-# You have used up your answers here for this month; this limit renews <t:")
        assert ":R>" in line
        assert "Others can go on here." in line
        third = await mention(own, own.ann)
        await dropped(own, third)
        why = await answer(
            await own.ann.command(int(third["channel_id"]), "why", {"message": str(third["id"])})
        )
        assert (
            "because of a limit. You have used up your answers here for this month; this limit renews <t:"
            in why
        )
        assert "/budget show" in why
        await own.converse(own.channel(), "and I?", own.ben)
        assert len(own.asked) == 2


async def test_a_message_that_a_limit_left_is_answered_by_try_again_once_there_is_room(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await set_limit(own, channel, "1 messages per month")
        await own.converse(channel, "one")
        second = await mention(own, own.ann)
        await refused(own, second)
        thread = int(second["id"])
        await press(own.ann, thread, own.said(thread)[-1], "Try again")
        await own.until(lambda: len(own.bots[0].log("budget_reached")) == 2)
        await set_limit(own, channel, "5 messages per month")
        await own.until(lambda: own.said(thread)[-1].get("components"))
        await press(own.ann, thread, own.said(thread)[-1], "Try again")
        await own.until(lambda: own.said(thread)[0]["content"] == "I see.")


async def test_a_hundred_simultaneous_messages_to_two_instances_do_not_exceed_a_limit(world: World) -> None:
    settings = {"BOT_BUDGETS__SERVER": "5 messages per month", **MANY_THREADS, **MANY_TURNS}
    async with world.apart(settings, bots=2) as own:
        people = [own.person("p") for _ in range(4)]
        channels = [own.channel() for _ in range(10)]
        posted = await asyncio.gather(
            *(mention(own, people[n % 4], f"number {n}", channels[n % 10]) for n in range(100))
        )
        await asyncio.gather(*(own.settled(message, LONG_S) for message in posted))
        assert len(own.asked) == 5
        lines = [
            message["content"]
            for post in posted
            if int(post["id"]) in own.discord.world.channels
            for message in own.said(int(post["id"]))
            if "This server has used up its answers" in message["content"]
        ]
        assert len(lines) == len(people)
        opened = [post for post in posted if int(post["id"]) in own.discord.world.channels]
        assert len(opened) == 5 + len(people)


async def test_simultaneous_messages_exceed_a_limit_in_tokens_by_less_than_one_reservation(
    world: World,
) -> None:
    settings = {"BOT_BUDGETS__BOT": "20000 tokens per month", "BOT_CLAUDE__MAX_TOKENS": "8000"}
    async with world.apart(settings, bots=2) as own:
        gates = [own.claude.hold(after=0) for _ in range(3)]
        posted = await asyncio.gather(*(mention(own, own.person("p"), "hello") for _ in range(12)))
        await own.until(lambda: sum(len(bot.log("budget_reached")) for bot in own.bots) == 9)
        await own.until(lambda: len(own.asked) == 3)  # 8000 tokens and the prompt are reserved for each
        for gate in gates:
            gate.release()
        await asyncio.gather(*(own.settled(message) for message in posted))
        assert len(own.asked) == 3


async def test_the_fallback_model_answers_at_a_limit_in_tokens_within_its_own(world: World) -> None:
    settings = {
        "BOT_BUDGETS__PERSON": "1 token per month",
        "BOT_BUDGETS__FALLBACK_MODEL": HAIKU,
        "BOT_BUDGETS__FALLBACK": "2 messages per month",
    }
    async with world.apart(settings) as own:
        thread = await own.converse(own.channel(), "one")
        await own.settled(thread)
        for text in ("two", "three"):
            await own.settled(await own.ann.post(thread, text))
        assert [call.body["model"] for call in own.asked] == ["claude-sonnet-5-5", HAIKU, HAIKU]
        notices = [m["content"] for m in own.said(thread) if "used up" in m["content"]]
        assert len(notices) == 1
        assert f"Until then {HAIKU} answers" in notices[0]
        await own.settled(await own.ann.post(thread, "four"))
        assert "also those of the smaller model" in own.said(thread)[-1]["content"]
        assert len(own.asked) == 3


async def test_answers_of_the_fallback_model_count_within_the_limits_in_messages(world: World) -> None:
    settings = {
        "BOT_BUDGETS__PERSON": "1 token per month, 2 messages per day",
        "BOT_BUDGETS__FALLBACK_MODEL": HAIKU,
        "BOT_BUDGETS__FALLBACK": "9 messages per month",
    }
    async with world.apart(settings) as own:
        channel = own.channel()
        for text in ("one", "two"):
            await own.settled(await own.converse(channel, text))
        assert [call.body["model"] for call in own.asked] == ["claude-sonnet-5-5", HAIKU]
        line = await refused(own, await mention(own, own.ann, channel=channel))
        assert "You have used up your answers" in line
        assert len(own.asked) == 2


async def test_try_again_at_a_limit_leaves_the_answer_that_stands_there(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        own.claude.say("The first.")
        thread = await own.converse(own.channel(), "one")
        await own.settled(thread)
        await press(own.ann, thread, own.replies(thread)[-1], "Regenerate")
        await own.until(lambda: any("used up" in m["content"] for m in own.said(thread)))
        assert own.replies(thread)[0]["content"] == "The first."
        assert len(own.asked) == 1


async def test_security_who_has_a_reply_written_again_pays_for_it_within_their_own_limits(
    world: World,
) -> None:
    async with world.apart() as own:
        channel, mod = own.channel(), own.person("mod", bits.MANAGE_MESSAGES)
        await set_limit(own, channel, "1 messages per month", **{"for": "each person"})
        own.claude.say("The first.")
        thread = await own.converse(channel, "one")
        await own.settled(thread)
        own.claude.say("The second.")
        await press(mod, thread, own.replies(thread)[-1], "Regenerate")
        await anew(own, thread, "The second.")
        await own.settled(thread)
        await press(mod, thread, own.replies(thread)[-1], "Regenerate")
        named = f"<@{mod.user.id}>: You have used up"  # below the message of somebody else
        await own.until(lambda: any(named in m["content"] for m in own.said(thread)))
        assert len(own.asked) == 2


async def test_a_kept_message_is_answered_soon_after_its_limit_was_raised(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__AT_LIMIT": "keep"}) as own:
        channel = own.channel()
        await set_limit(own, channel, "1 messages per month", **{"for": "each person"})
        thread = await own.converse(channel, "one")
        await own.settled(thread)
        message = await own.ann.post(thread, "and now?")
        await own.until(lambda: own.bots[0].log("turn_postponed"))
        assert own.bots[0].log("turn_postponed")[0]["for_s"] <= HOLD_S
        async with store_of(own) as redis:
            counters = [key async for key in redis.scan_iter(f"{pattern(own)}c:person-*")]
            lines = [await redis.hget(str(key), f"line:{own.ann.user.id}") for key in counters]
        assert "told" in lines
        await set_limit(own, channel, "5 messages per month", **{"for": "each person"})
        await own.ben.post(thread, "go on")
        await own.settled(message)
        assert len(own.asked) == 2


async def test_a_limit_in_messages_is_not_passed_by_the_fallback_model(world: World) -> None:
    settings = {
        "BOT_BUDGETS__PERSON": "1 message per month",
        "BOT_BUDGETS__FALLBACK_MODEL": HAIKU,
        "BOT_BUDGETS__FALLBACK": "2 messages per month",
    }
    async with world.apart(settings) as own:
        await own.converse(own.channel(), "one")
        await refused(own, await mention(own, own.ann))


async def test_limits_of_a_role_and_of_a_person_count_for_those_alone(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        role = guilds.add_role(own.discord.world, own.guild, "guests", 0)
        own.guild.members[own.ben.user.id].role_ids.append(role.id)
        own.discord.commit()
        assert "together" in await set_limit(own, channel, "1 messages per month", role=str(role.id))
        await set_limit(own, channel, "1 messages per month", **{"for": "each person"})
        await set_limit(own, channel, "2 messages per month", person=str(own.ann.user.id))
        await own.settled(await own.converse(channel, "one", own.ben))
        line = await refused(own, await mention(own, own.ben, channel=channel))
        assert "People with one of your roles" in line or "You have used up" in line
        for text in ("one", "two"):
            await own.settled(await own.converse(channel, text, own.ann))
        assert "You have used up" in await refused(own, await mention(own, own.ann, channel=channel))


async def test_security_a_limit_of_a_role_holds_for_what_was_written_while_the_bot_was_away(
    world: World,
) -> None:
    async with world.apart(QUICK) as own:
        channel = own.channel()
        role = own.role("guests", own.ann, own.ben)
        assert "together" in await set_limit(own, channel, "1 messages per month", role=str(role))
        await own.bots.pop().kill()
        posted = [await mention(own, who, channel=channel) for who in (own.ann, own.ben, own.ann, own.ben)]
        other = await mention(own, own.person("other"), channel=channel)
        before = len(own.calls())
        await own.start_bot()
        for message in (*posted, other):
            await own.settled(message)
        lines = [
            line["content"]
            for message in posted
            if int(message["id"]) in own.discord.world.channels
            for line in own.said(int(message["id"]))
        ]
        assert len([line for line in lines if "People with one of your roles" in line]) >= 1
        assert len(own.asked) == 2, "one by the limit, and one of a person without the role"
        for who in (own.ann, own.ben):
            path = f"/members/{who.id}"
            asked = [c for c in own.calls()[before:] if c.method == "GET" and c.path.endswith(path)]
            assert len(asked) == 1, "once for all messages, for the roles and for the permissions"


async def test_a_request_that_claude_refuses_at_once_uses_nothing_of_a_limit(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        own.claude.faults.add(faults.bad_request("no"))
        await own.settled(await mention(own, own.ann))
        await own.converse(own.channel(), "and now?")


async def test_on_a_host_whose_clock_is_hours_off_limits_hold() -> None:
    with redis_server() as url:
        world = await World.build(url, clock=lambda: time.time() - 7200)
        try:
            await world.start_bot(BOT_BUDGETS__PERSON="1 message per month")
            await world.converse(world.channel(), "hello")
            await refused(world, await mention(world, world.ann))
        finally:
            await world.close()
