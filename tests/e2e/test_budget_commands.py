"""The limits that people see, set and clear."""

from __future__ import annotations

import pytest

from bot.commands import budget_view
from bot.conversation.amount import Amount, Unit, amount_of
from bot.conversation.budget import Rule as BudgetRule
from bot.conversation.budget import Subject
from bot.conversation.period import Period
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.budget_scene import HAIKU, set_limit
from tests.e2e.test_commands import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


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


async def test_notices_end_only_where_there_were_any(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        for options, said in (
            ({}, budget_view.NO_NOTIFY),
            ({"channel": str(channel)}, budget_view.notify_set(channel)),
            ({}, budget_view.NOTIFY_CLEARED),
            ({}, budget_view.NO_NOTIFY),
        ):
            assert await answer(await own.admin.command(channel, "budget notify", options)) == said


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
