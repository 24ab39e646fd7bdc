"""*Branch here*: a conversation goes on beside itself, from one cache; for whoever may; once, whatever is killed."""

from __future__ import annotations

import asyncio

import pytest

from bot.commands import branch
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.conversation import wording
from bot.local.simulator.discord import permissions as bits
from tests.e2e.branch_scene import branched, members, prompt
from tests.e2e.stored import redis_of
from tests.e2e.test_commands import answer, set_prompt, system_of
from tests.e2e.world import ANSWER_S, LOOK_S, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAN_S = 9.0
"""Longer than any call is waited for."""

LATE_S = 60.0

LONG = "The warp is long. " * 100


async def talk(own: World, channel: int) -> int:
    """A thread of three turns, of which the last one says another thing."""
    own.claude.say(LONG * 8)
    thread = await own.converse(channel, LONG)
    await own.settled(thread)
    for text in ("The loom is sold.", "No, it burnt."):
        await own.settled(await own.ann.post(thread, text))
    return thread


async def test_a_branch_goes_on_from_the_message_with_the_same_bytes_and_reads_them_from_the_cache(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await talk(own, channel)
        second = own.asked[1]
        assert await set_prompt(own.ann, thread, "Speak like a weaver.", "this thread")
        await own.settled(await own.ann.post(thread, "Spoken like a weaver."))
        third = own.asked[-1]
        there = await branched(own, own.ben, thread, own.replies(thread)[-1])
        (line,) = own.said(there)
        server = own.guild.id
        assert f"https://discord.com/channels/{server}/{thread}/" in line["content"]
        assert "My first answer here reads about" in line["content"]
        assert "which costs about $" in line["content"]
        assert own.said(thread)[-1]["content"] == wording.small(
            f"Ben has branched this conversation off: <#{there}>."
        )
        assert own.ben.user.id in members(own, there)
        await own.bots.pop().kill()
        await own.start_bot()
        message = await own.ben.post(there, "And in the branch?")
        await own.settled(message)
        asked = own.asked[-1]
        assert prompt(asked)[: len(prompt(third))] == prompt(third)
        assert system_of(asked) == system_of(third) != system_of(second)
        total = sum(asked.usage[kind] or 0 for kind in asked.usage if kind.endswith("input_tokens"))
        assert asked.usage["cache_read_input_tokens"] / total > 0.9
        await own.settled(await own.ann.post(thread, "And here?"))
        assert "And in the branch?" not in str(own.asked[-1].body)


async def test_a_branch_knows_nothing_of_what_came_after_its_message(world: World) -> None:
    async with world.apart() as own:
        thread = await talk(own, own.channel())
        sold = next(each for each in own.discord.messages(thread) if "sold" in each["content"])
        there = await branched(own, own.ann, thread, sold)
        await own.settled(await own.ann.post(there, "What became of it?"))
        sent = str(own.asked[-1].body["messages"])
        assert "The loom is sold." in sent
        assert "burnt" not in sent
        again = await branched(own, own.ann, there, own.replies(there)[-1])
        await own.settled(await own.ann.post(again, "And then?"))
        assert "What became of it?" in str(own.asked[-1].body["messages"])


async def test_a_double_press_makes_one_branch_in_whichever_instance(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        reply = own.replies(thread)[-1]
        handles = await asyncio.gather(
            *(own.ann.context_command(thread, "Branch here", int(reply["id"])) for _ in range(3))
        )
        told = [await answer(each) for each in handles]
        made = [each for each in told if each.startswith("Here it is")]
        assert made
        assert len(set(made)) == 1
        assert set(told) - set(made) <= {branch.UNDER_WAY}
        threads = [each for each in own.discord.world.channels.values() if each.parent_id == channel]
        assert len(threads) == 2
        lines = [each for each in own.said(thread) if "branched" in each["content"]]
        assert len(lines) == 1


async def test_security_who_may_not_read_or_open_threads_gets_no_branch(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        reply = int(own.replies(thread)[-1]["id"])
        own.deny(channel, bits.CREATE_PUBLIC_THREADS, own.ben.user.id)
        told = await answer(await own.ben.context_command(thread, "Branch here", reply))
        assert told == wording.may_not("Create Public Threads")
        own.deny(channel, bits.READ_MESSAGE_HISTORY, own.ann.user.id)
        told = await answer(await own.ann.context_command(thread, "Branch here", reply))
        assert told == branch.MAY_NOT_READ.format("Read Message History")
        plain = await own.admin.create_thread(channel, "not the bot's")
        post = await own.admin.post(int(plain["id"]), "hello")
        told = await answer(await own.admin.context_command(plain["id"], "Branch here", int(post["id"])))
        assert told == NOT_A_CONVERSATION
        threads = [each for each in own.discord.world.channels.values() if each.parent_id == channel]
        assert len(threads) == 2


async def test_what_is_not_answered_cannot_be_branched_off(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        aside = await own.ann.post(thread, f"{own.ben.mention} between us")
        told = await answer(await own.ben.context_command(thread, "Branch here", int(aside["id"])))
        assert told == branch.NOT_ANSWERED


@pytest.mark.parametrize("noted", ["job", "thread"])
async def test_a_crash_in_the_middle_leaves_nothing_half(world: World, noted: str) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "the word is tulip")
        await own.settled(thread)
        if noted == "job":
            route = f"/channels/{channel}/threads"
            own.discord.faults.add(action="delay", method="POST", route=route, delay_s=600.0, times=None)
        else:
            own.discord.faults.add(
                action="status", method="POST", route=r"/channels/\d+/messages", times=None
            )
        await own.ann.context_command(thread, "Branch here", int(own.replies(thread)[-1]["id"]))
        key = f"{own.prefix}:{{{own.ann.user.id}}}:branches"
        async with redis_of(own) as redis:
            patience = own.bots[0].patience(ANSWER_S)
            async with patience.limit():
                # The store tells nobody of its changes.
                while not any(str(each).endswith(f":{noted}") for each in await redis.hkeys(key)):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_S)
            await own.bots.pop().kill()
            own.discord.faults.clear()
            await redis.zadd(f"{own.prefix}:branching", {str(own.ann.user.id): 1})
        await own.start_bot()
        await own.bots[0].logged("conversation_branched")
        (there,) = (
            each.id
            for each in own.discord.world.channels.values()
            if each.parent_id == channel and each.id != thread
        )
        assert ["branched" in each["content"] for each in own.said(there)] == [True]
        assert len([each for each in own.said(thread) if "branched" in each["content"]]) == 1
        await own.settled(await own.ann.post(there, "which word?"))
        assert "tulip" in str(own.asked[-1].body["messages"])


async def test_a_branch_whose_thread_takes_no_message_leaves_no_thread_that_people_see(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        refused = own.discord.faults.add(
            action="error", method="POST", route=r"/channels/\d+/messages$", status=403, code=50013
        )
        told = await answer(await own.ann.context_command(thread, "Branch here", reply_of(own, thread)))
        assert told.startswith("I cannot do that here")
        assert refused.struck == 1
        for each in threads_beside(
            own, channel, thread
        ):  # archived, because only managers of threads delete one
            state = own.discord.world.channels[each].thread
            assert state is not None
            assert state.archived


async def test_a_branch_that_discord_postpones_is_completed_later_and_no_second_thread_is_made(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await own.settled(thread)
        own.discord.faults.add(
            action="ban", method="POST", route=r"/channels/\d+/messages$", retry_after_s=BAN_S
        )
        told = await answer(await own.ann.context_command(thread, "Branch here", reply_of(own, thread)))
        (there,) = threads_beside(own, channel, thread)
        assert told == branch.BEGUN.format(there)
        async with redis_of(own) as redis, own.bots[0].patience(LATE_S).limit():
            while not any("branched" in each["content"] for each in own.said(thread)):
                await redis.zadd(f"{own.prefix}:branching", {str(own.ann.user.id): 1})  # due at once
                await asyncio.sleep(LOOK_S)
        await own.bots[0].logged("conversation_branched")
        assert threads_beside(own, channel, thread) == [there]
        assert ["branched" in each["content"] for each in own.said(there)] == [True]


def reply_of(own: World, thread: int) -> int:
    return int(own.replies(thread)[-1]["id"])


def threads_beside(own: World, channel: int, thread: int) -> list[int]:
    return [
        each.id
        for each in own.discord.world.channels.values()
        if each.parent_id == channel and each.id != thread
    ]
