"""Limits: what is asked of Claude stays within them, whoever asks, in whichever instance, and whatever is killed."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any

import pytest

from bot.commands import budget_view
from bot.conversation.amount import Amount, Period, Unit, amount_of
from bot.conversation.budget import Rule as BudgetRule
from bot.conversation.budget import Subject
from bot.conversation.scope import Scope
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import guilds
from bot.local.simulator.discord import permissions as bits
from bot.turns.life import HOLD_S
from tests.e2e.controls import press
from tests.e2e.test_commands import answer
from tests.e2e.test_history import store_of
from tests.e2e.world import MANY_THREADS, MANY_TURNS, World
from tests.redis_server import redis_server
from tests.store.rollback import roll_back, snapshot

pytestmark = pytest.mark.asyncio(loop_scope="session")

HAIKU = "claude-haiku-5-5"
LONG_S = 90.0
QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}


def pattern(own: World) -> str:
    """The keys of a world's budgets."""
    return f"{own.prefix}:{{budgets}}:*"


async def mention(own: World, who: Any, text: str = "hello", channel: int | None = None) -> dict[str, Any]:
    """Mention the bot in a channel."""
    message: dict[str, Any] = await who.post(channel or own.channel(), f"{own.mention} {text}")
    return message


async def refused(own: World, message: dict[str, Any]) -> str:
    """Wait until a message is declined, and return the line that says so."""
    thread = await own.thread_of(message)
    (line,) = await own.noticed(thread)
    await own.settled(message)
    return str(line["content"])


async def dropped(own: World, message: dict[str, Any]) -> None:
    """Wait until a message is left unanswered without a line."""
    await own.settled(message)
    assert int(message["id"]) not in own.discord.world.channels


async def set_limit(own: World, place: int, amount: str, who: Any = None, **options: Any) -> str:
    """Run /budget set with an amount such as `5 messages per month`."""
    number, unit, _, per = amount.split()
    values = {"amount": number, "unit": unit, "per": per, **options}
    return await answer(await (who or own.admin).command(place, "budget set", values))


async def expire_reservations(own: World) -> None:
    """Let the time of all open reservations be over."""
    async with store_of(own) as redis:
        key = f"{own.prefix}:{{budgets}}:open"
        for member in await redis.zrange(key, 0, -1):
            await redis.zadd(key, {str(member): 1})


async def test_at_a_limit_a_person_is_told_once_when_it_renews_and_later_messages_get_no_line(
    world: World,
) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        await own.converse(own.channel(), "one")
        second = await mention(own, own.ann)
        line = await refused(own, second)
        assert line.startswith("-# You have used up your answers here for this month; it renews <t:")
        assert ":R>" in line
        assert "Others can go on here." in line
        third = await mention(own, own.ann)
        await dropped(own, third)
        why = await answer(
            await own.ann.command(int(third["channel_id"]), "why", {"message": str(third["id"])})
        )
        assert "because of a limit. You have used up your answers here for this month; it renews <t:" in why
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


async def test_an_answer_whose_bot_is_killed_after_its_reservation_is_given_by_the_next(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__SERVER": "1 message per month"}) as own:
        own.claude.hold(after=0)
        message = await mention(own, own.ann)
        await own.claude.until(lambda: len(own.asked) == 1)
        await own.bots.pop().kill()
        own.begin()
        await own.start_bot()
        (reply,) = await own.answered(await own.thread_of(message))
        assert reply["content"] == "I see."
        await refused(own, await mention(own, own.ben))


async def test_what_a_killed_bot_had_reserved_is_given_back_when_its_time_is_over(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__SERVER": "1 message per month"}) as own:
        channel = own.channel()
        own.claude.hold(after=0)
        message = await mention(own, own.ann, channel=channel)
        await own.claude.until(lambda: len(own.asked) == 1)
        await own.bots.pop().kill()
        own.begin()
        await own.ann.delete(channel, message["id"])
        await own.start_bot()
        await refused(own, await mention(own, own.ben))
        await expire_reservations(own)
        await own.converse(channel, "and I?", own.admin)


async def test_a_store_that_goes_back_lets_nobody_ask_more_than_the_limit(world: World) -> None:
    with redis_server() as url:
        async with world.apart({"BOT_BUDGETS__SERVER": "3 messages per month"}, redis_url=url) as own:
            channel = own.channel()
            await own.settled(await own.converse(channel, "one"))
            before = await snapshot(url, pattern(own))
            await own.settled(await own.converse(channel, "two"))
            await roll_back(url, before, pattern(own))
            await own.settled(await own.converse(channel, "three"))
            await own.until(lambda: own.bots[0].log("budgets_restored"))
            await refused(own, await mention(own, own.ann))
            assert len(own.asked) == 3


async def test_what_either_of_two_bots_has_counted_survives_a_store_that_goes_back(world: World) -> None:
    settings = {"BOT_BUDGETS__SERVER": "3 messages per month", "BOT_TURNS__MAX_CONCURRENT": "1"}
    with redis_server() as url:
        async with world.apart(settings, bots=2, redis_url=url) as own:
            channel = own.channel()
            await own.settled(await own.converse(channel, "one"))
            before = await snapshot(url, pattern(own))
            posted, gates = [], []
            for who in (own.ann, own.ben):  # a bot has room for one reply, so each of the two writes one
                gates.append(own.claude.hold(after=0))
                posted.append(await mention(own, who, channel=channel))
                await gates[-1].reached()
            for gate, message in zip(gates, posted, strict=True):
                gate.release()
                await own.settled(message)
            (second,) = [bot for bot in own.bots if bot.log("turn_started", turn=int(posted[1]["id"]))]
            await roll_back(url, before, pattern(own))
            # Direct messages, for which no limit is set, keep the bot busy that has counted last.
            busy = []
            for who in (own.ann, own.ben):
                gate = own.claude.hold(after=0)
                message = await who.post(await own.dm_of(who), "hello")
                await gate.reached()
                busy.append((gate, message))
                if second.log("turn_started", turn=int(message["id"])):
                    break
            for gate, message in busy[:-1]:
                gate.release()
                await own.settled(message)
            asked = len(own.asked)
            await refused(own, await mention(own, own.admin, channel=channel))
            assert len(own.asked) == asked
            await own.until(lambda: second.log("budgets_restored"))
            busy[-1][0].release()
            await own.settled(busy[-1][1])


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


async def held(own: World, thread: int) -> dict[str, Any]:
    """Write in a thread until a message waits for the next minute, and return that message."""
    while True:
        message: dict[str, Any] = await own.ann.post(thread, "and now?")
        turn = int(message["id"])
        await own.until(partial(_heard, own, turn))
        if own.bots[0].log("turn_postponed", turn=turn):
            return message


def _heard(own: World, turn: int) -> bool:
    return bool(own.bots[0].log("turn_postponed", turn=turn) or own.bots[0].log("turn_done", turn=turn))


KEEP = {"BOT_BUDGETS__PERSON": "1 message per minute", "BOT_BUDGETS__AT_LIMIT": "keep"}


async def test_a_kept_message_is_answered_when_the_limit_renews_and_told_of_once(world: World) -> None:
    async with world.apart(KEEP) as own:
        thread = await own.converse(own.channel(), "one")
        message = await held(own, thread)
        answered = len(own.replies(thread))
        (line,) = [m["content"] for m in own.said(thread) if "used up" in m["content"]]
        assert "Your message is kept, and the answer comes by itself" in line
        await own.ann.post(thread, "hello?")
        await own.settled(message, LONG_S)
        assert len(own.replies(thread)) == answered + 1
        assert len([m for m in own.said(thread) if "used up" in m["content"]]) == 1


async def test_a_kept_message_does_not_keep_others_waiting(world: World) -> None:
    async with world.apart(KEEP) as own:
        thread = await own.converse(own.channel(), "one")
        message = await held(own, thread)
        asked = len(own.asked)
        await own.ben.post(thread, "may I?")
        await own.settled(message)
        assert "and now?" in str(own.asked[asked].body["messages"][-1])
        assert "may I?" in str(own.asked[asked].body["messages"][-1])


async def test_a_kept_message_outlives_a_restart(world: World) -> None:
    async with world.apart(KEEP) as own:
        thread = await own.converse(own.channel(), "one")
        message = await held(own, thread)
        await own.bots.pop().kill()
        await own.start_bot()
        await own.settled(message, LONG_S)


async def test_the_chosen_channel_is_told_once_at_80_and_once_at_100_percent(world: World) -> None:
    async with world.apart(MANY_THREADS, bots=2) as own:
        channel, told = own.channel(), own.channel()
        await set_limit(own, channel, "5 messages per month")
        said = await answer(await own.admin.command(channel, "budget notify", {"channel": str(told)}))
        assert said == budget_view.notify_set(told)
        for number in range(4):
            await own.settled(await own.converse(channel, f"number {number}"))
        await own.noticed(told, 2)
        await own.settled(await own.converse(channel, "the last"))
        await own.noticed(told, 3)
        await refused(own, await mention(own, own.ann, channel=channel))
        first, eighty, hundred = [m["content"] for m in own.said(told)]
        assert first == f"-# {budget_view.NOTIFY_TEST}"
        assert (
            "The limit of this server is used up to 80 percent: 4 messages of 5 messages per month" in eighty
        )
        assert "The limit of this server is used up: 5 messages of 5 messages per month" in hundred


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


async def test_limits_are_shown_set_and_cleared_within_those_of_the_operator(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__SERVER": "10 USD per month, 100 messages per day"}) as own:
        channel = own.channel()
        thread = await own.converse(channel, "one")
        await own.settled(thread)
        too_much = await set_limit(own, channel, "20 USD per month")
        ceiling = BudgetRule(Subject.SERVER, amount_of("10 USD per month"))
        assert too_much == budget_view.exceeds(amount_of("20 USD per month"), ceiling)
        assert "$10.00 per month" in too_much
        set_ = await set_limit(own, channel, "2.5 USD per month", scope="channel")
        assert set_ == budget_view.limit_set("all", Scope.CHANNEL, amount_of("2.5 USD per month"))
        shown = await answer(await own.ann.command(thread, "budget show"))
        assert "- This server: 1 message of 100 messages per day used" in shown.replace(
            "1 messages", "1 message"
        )
        assert "(by the operator)" in shown
        assert f"(set for this channel by <@{own.admin.user.id}>)" in shown
        assert "Set here" not in shown
        assert "Set here" in await answer(await own.admin.command(thread, "budget show"))
        options = {"unit": "USD", "per": "month", "scope": "channel"}
        amount = Amount(1, Unit.MONEY, Period.MONTH)
        for was_set in (True, False):
            said = await answer(await own.admin.command(channel, "budget clear", options))
            assert said == budget_view.limit_cleared("all", Scope.CHANNEL, amount, was_set=was_set)


async def test_only_who_manages_the_server_changes_its_limits(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    mod = world.person("mod", bits.MANAGE_THREADS)
    clear = {"unit": "USD", "per": "day"}
    for person in (world.ann, mod):
        assert await set_limit(world, thread, "1 USD per day", person) == budget_view.MAY_NOT_SET
        assert await answer(await person.command(thread, "budget clear", clear)) == budget_view.MAY_NOT_SET
        assert await answer(await person.command(thread, "budget notify")) == budget_view.MAY_NOT_SET
    boss = world.person("boss", bits.MANAGE_GUILD)
    assert (await set_limit(world, channel, "1000 USD per day", boss, scope="channel")).startswith(
        "The limit of"
    )
    assert "is removed" in await answer(
        await boss.command(channel, "budget clear", {**clear, "scope": "channel"})
    )
    both = await set_limit(
        world, channel, "1 USD per day", boss, person=str(boss.user.id), **{"for": "each person"}
    )
    assert both == budget_view.TWO_SUBJECTS
    secret = world.channel()
    world.deny(secret, bits.SEND_MESSAGES)
    said = await answer(await boss.command(channel, "budget notify", {"channel": str(secret)}))
    assert said == budget_view.notify_failed(secret)


async def test_in_direct_messages_the_operators_limits_hold_and_none_are_set(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        dm = await own.dm_of(own.ann)
        await own.ann.post(dm, "hello")
        await own.answered(dm)
        assert await set_limit(own, dm, "1 USD per day", own.ann) == budget_view.ONLY_IN_SERVERS
        assert "- You: 1 message of 1 message per month used" in await answer(
            await own.ann.command(dm, "budget show")
        )
        message = await own.ann.post(dm, "and now?")
        await own.settled(message)
        assert "You have used up" in own.said(dm)[-1]["content"]


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


async def test_the_limits_of_the_smaller_model_are_shown_with_what_is_left(world: World) -> None:
    settings = {
        "BOT_BUDGETS__PERSON": "1 token per month",
        "BOT_BUDGETS__FALLBACK_MODEL": HAIKU,
        "BOT_BUDGETS__FALLBACK": "2 messages per month",
    }
    async with world.apart(settings) as own:
        thread = await own.converse(own.channel(), "one")
        await own.settled(thread)
        await own.settled(await own.ann.post(thread, "two"))
        limits = await answer(await own.ann.command(thread, "budget show"))
        assert "- You, with the smaller model: 1 message of 2 messages per month used" in limits
        left = await answer(await own.ann.command(thread, "usage"))
        assert "50%: 1 message of 2 messages per month for you, with the smaller model" in left
        shown = await answer(await own.ann.command(thread, "settings show"))
        assert "- Limits of that model for each person: **`2 messages per month`** (set by whoever" in shown
