"""Limits and usage under attack: figures that must agree, lines that must not repeat, stores that go away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.local.simulator.claude import Reply
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import ApiError
from tests.e2e.budget_scene import mention, refused, set_limit
from tests.e2e.test_commands import answer
from tests.e2e.test_tools import ON, TOKYO
from tests.e2e.test_usage import KINDS, asked_for, table, total
from tests.e2e.world import MANY_THREADS, MANY_TURNS, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def used_tokens(own: World) -> int:
    """The tokens of all requests, as Claude has reported them."""
    return sum(call.usage[kind] or 0 for call in own.asked for kind in KINDS)


async def test_the_limit_the_usage_and_what_claude_has_reported_agree(world: World) -> None:
    settings = {"BOT_BUDGETS__PERSON": "1000000 tokens per month"}
    async with world.apart(settings, bots=2) as own:
        channel = own.channel()
        thread = await own.converse(channel, "one")
        await own.settled(thread)
        await own.settled(await own.ann.post(thread, "two"))
        await own.settled(await own.converse(own.channel(), "three"))
        tokens = used_tokens(own)
        rows = await table(own.ann, channel)
        columns = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
        assert sum(total(rows, column) for column in columns) == tokens
        shown = await answer(await own.ann.command(channel, "budget show"))
        assert f"- You: {tokens:,} tokens of 1,000,000 tokens per month used; renews" in shown
        left = (await asked_for(own.ann, channel))["content"]
        assert f"{1_000_000 - tokens:,} tokens of 1,000,000 tokens per month for you" in left


async def test_each_step_of_a_reply_that_calls_tools_counts_and_the_answer_is_one_message(
    world: World,
) -> None:
    settings = {"BOT_BUDGETS__PERSON": "1000000 tokens per month, 9 messages per month", **ON}
    async with world.apart(settings) as own:
        own.claude.say(Reply.of("I look at the clock.", TOKYO))
        own.claude.say(Reply.of(TOKYO))
        own.claude.say("It is late.")
        thread = await own.converse(own.channel(), "what time is it in Tokyo?")
        await own.settled(thread)
        assert len(own.asked) == 3
        shown = await answer(await own.ann.command(thread, "budget show"))
        assert f"- You: {used_tokens(own):,} tokens of 1,000,000 tokens per month used; renews" in shown
        assert "- You: 1 message of 9 messages per month used; renews" in shown


async def test_a_reply_whose_limit_fills_up_between_two_calls_ends_with_what_is_written(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 token per month", **ON}) as own:
        own.claude.say(Reply.of("I look at the clock.", TOKYO))
        own.claude.say("This is not asked any more.")
        thread = await own.converse(own.channel(), "what time is it in Tokyo?")
        await own.settled(thread)
        assert len(own.asked) == 1
        text = "\n".join(message["content"] for message in own.said(thread))
        assert text.startswith("I look at the clock.")
        assert "so the reply ends here. This limit renews <t:" in text


async def test_one_person_in_both_instances_and_after_a_restart_gets_one_line(world: World) -> None:
    settings = {"BOT_BUDGETS__PERSON": "1 message per month", **MANY_THREADS, **MANY_TURNS}
    async with world.apart(settings, bots=2) as own:
        await own.settled(await own.converse(own.channel(), "one"))
        posted = await asyncio.gather(*(mention(own, own.ann, f"n {n}") for n in range(6)))
        await asyncio.gather(*(own.settled(message) for message in posted))
        for bot in list(own.bots):
            await bot.kill()
        own.bots.clear()
        await own.start_bot()
        posted.append(await mention(own, own.ann, "after"))
        await own.settled(posted[-1])
        assert sum(int(post["id"]) in own.discord.world.channels for post in posted) == 1
        assert len(own.asked) == 1


async def test_a_private_channel_shows_in_no_others_usage_and_its_person_sees_it_there(world: World) -> None:
    async with world.apart() as own:
        public, private = own.channel(), own.channel()
        await own.settled(await own.converse(private, "a secret"))
        await own.settled(await own.converse(public, "hello", own.ben))
        own.deny(private, bits.VIEW_CHANNEL, own.ben.user.id)
        shown = await asked_for(own.ben, public, csv=True)
        assert str(private) not in shown["content"]
        assert "other" not in shown["content"]
        assert str(own.ann.user.id) not in shown["content"]
        assert f"<#{private}>" in (await asked_for(own.ann, public))["content"]
        # Ann loses the channel: her own usage counts, the channel is not named any more.
        own.deny(private, bits.VIEW_CHANNEL, own.ann.user.id)
        lost = (await asked_for(own.ann, public))["content"]
        assert f"<#{private}>" not in lost
        assert "other channels: 1 message" in lost


async def test_a_channel_that_lost_its_permission_keeps_nobody_from_an_answer(world: World) -> None:
    async with world.apart() as own:
        channel, told = own.channel(), own.channel()
        await set_limit(own, channel, "1 messages per month")
        await answer(await own.admin.command(channel, "budget notify", {"channel": str(told)}))
        own.deny(told, bits.SEND_MESSAGES)
        await own.settled(await own.converse(channel, "one"))
        await own.until(lambda: own.bots[0].log("budget_alert_failed"))
        other = own.channel()
        await answer(await own.admin.command(channel, "budget notify", {"channel": str(other)}))
        await refused(own, await mention(own, own.ann, channel=channel))
        await own.noticed(other, 2)
        assert "is used up: 1 message" in own.said(other)[-1]["content"]


@pytest.mark.parametrize("given", ["5$", "$5", "5 USD", "1k", "0", "-1"])
async def test_an_amount_that_is_no_number_changes_nothing(world: World, given: str) -> None:
    async with world.apart() as own:
        channel = own.channel()
        options: dict[str, Any] = {"amount": given, "unit": "USD", "per": "day"}
        # Discord's client refuses "5$"; 0 and -1 are below the option's least value.
        with pytest.raises(ApiError, match="50035"):
            await own.admin.command(channel, "budget set", options)
        assert "No limit applies to you here." in await answer(
            await own.admin.command(channel, "budget show")
        )
