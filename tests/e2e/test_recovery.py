"""Nothing is lost and nothing is answered twice: what happens while a bot is away, killed, or one of two."""

from __future__ import annotations

import asyncio

import pytest

from bot.local.simulator.claude.reply import Reply
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}


async def test_what_was_written_while_the_bot_was_away_is_answered_once(alone: World) -> None:
    channel = alone.channel()
    bot = await alone.start_bot(**QUICK)
    thread = await alone.converse(channel, "hello")
    await bot.stop()
    for number in range(3):
        await alone.ann.post(thread, f"number {number}")
    mention = await alone.ben.post(channel, f"{alone.mention} and a new one")
    await alone.start_bot(**QUICK)
    await alone.answered(await alone.thread_of(mention), 1)

    def told() -> list[int]:
        """How often each number stands in what Claude was told last of the thread."""
        asked = [call.body["messages"] for call in alone.claude.requests if "number" in str(call.body)]
        said = str([each for each in (asked or [[]])[-1] if each["role"] == "user"])
        return [said.count(f"number {number}") for number in range(3)]

    # In one turn, or in two where the first begins before all that was missed has been read.
    await alone.until(lambda: told() == [1, 1, 1])
    await alone.answered(thread, 2)

    def unanswered() -> int:
        """How many requests, of those that were not cancelled, have no reply on Discord."""
        replies = len(alone.replies(thread)) + len(alone.replies(int(mention["id"])))
        return sum(not call.hung_up for call in alone.claude.requests) - replies

    await alone.until(lambda: unanswered() == 0)
    assert len(alone.replies(int(mention["id"]))) == 1


async def test_a_mention_in_a_channel_that_was_made_while_the_bot_was_away_is_answered(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    await alone.converse(alone.channel(), "hello")
    await bot.stop()
    mention = await alone.ann.post(alone.channel(), f"{alone.mention} come here, too")
    await alone.start_bot(**QUICK)
    await alone.answered(await alone.thread_of(mention), 1)


async def test_a_reply_that_was_running_at_the_kill_goes_on_in_the_same_message(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    gate = alone.claude.hold(after=1)
    alone.claude.say(["Half ", "a reply"])
    thread = await alone.thread_of(await alone.ann.post(alone.channel(), f"{alone.mention} hello"))
    await gate.reached()
    await alone.until(lambda: alone.replies(thread))
    await bot.kill()
    gate.release()
    alone.claude.say("The whole reply.")
    await alone.start_bot(**QUICK)
    (reply,) = await alone.answered(thread)
    assert reply["content"] == "The whole reply."


async def test_of_two_bots_one_answers_and_the_other_takes_over_when_it_dies(alone: World) -> None:
    bots = await asyncio.gather(alone.start_bot(**QUICK), alone.start_bot(**QUICK))
    thread = await alone.converse(alone.channel(), "hello")
    assert len(alone.claude.requests) == 1
    gate = alone.claude.hold(after=1)
    alone.claude.say(["Half ", "a reply"])
    asked = await alone.ann.post(thread, "go on")
    await gate.reached()
    await alone.until(lambda: len(alone.replies(thread)) == 2)

    def working() -> list[BotProcess]:
        return [bot for bot in bots if f'"turn": {asked["id"]}' in bot.output]

    await alone.until(working)
    (writer,) = working()
    alone.claude.say("All of it.")
    await writer.kill()
    replies = await alone.answered(thread, 2)
    assert [reply["content"] for reply in replies][1] == "All of it."


async def test_a_message_before_the_first_text_joins_the_running_answer(alone: World) -> None:
    await alone.start_bot(**QUICK)
    gate = alone.claude.hold(after=None)
    thread = await alone.thread_of(await alone.ann.post(alone.channel(), f"{alone.mention} hello"))
    await gate.reached()
    await alone.ann.post(thread, "and one more thing")
    await alone.until(lambda: alone.claude.requests and alone.claude.requests[0].hung_up)
    gate.release()
    (reply,) = await alone.answered(thread)
    await alone.until(lambda: len(alone.claude.requests) == 2)
    assert "one more thing" in str(alone.claude.requests[-1].body)
    assert reply["message_reference"]["message_id"] != str(thread)


async def test_a_new_message_can_cut_the_running_answer_short(alone: World) -> None:
    await alone.start_bot(**QUICK, BOT_REPLY__WHILE_ANSWERING="interrupt")
    gate = alone.claude.hold(after=1)
    alone.claude.say(["First half", " second half"])
    thread = await alone.thread_of(await alone.ann.post(alone.channel(), f"{alone.mention} hello"))
    await gate.reached()
    await alone.until(lambda: alone.replies(thread))
    alone.claude.say("The other answer.")
    await alone.ann.post(thread, "no, something else")
    replies = await alone.answered(thread, 2)
    assert [reply["content"] for reply in replies] == ["First half", "The other answer."]
    assert "First half" in str(alone.claude.requests[-1].body)
    gate.release()


async def test_a_new_message_cuts_an_answer_short_that_was_begun_anew_as_often_as_may_be(
    alone: World,
) -> None:
    bot = await alone.start_bot(**QUICK, BOT_REPLY__WHILE_ANSWERING="interrupt")
    thread = await alone.converse(alone.channel(), "hello")
    gates = [alone.claude.hold(after=None) for _ in range(3)]
    alone.claude.default = lambda _: Reply(("First half", *[" and more"] * 1000), pause_s=0.1)
    for number, gate in enumerate(gates):
        await alone.ann.post(thread, f"number {number}")
        await gate.reached()
    last = await alone.ann.post(thread, "number 3")
    await bot.logged("message_received", message=int(last["id"]))
    alone.claude.default = lambda _: "The other answer."
    gates[-1].release()
    *_, cut, other = await alone.answered(thread, 3)
    assert cut["content"].startswith("First half")
    assert other["content"] == "The other answer."
    assert "number 3" in str(alone.claude.requests[-1].body)


async def test_what_was_said_before_the_bot_joined_a_thread_is_not_answered_later(alone: World) -> None:
    thread = int((await alone.ann.create_thread(alone.channel(), "ours"))["id"])
    bot = await alone.start_bot(**QUICK, BOT_RECOVERY__EVERY_S="0.2")
    await alone.ann.post(thread, "not for you")
    await alone.ann.post(thread, f"{alone.mention} but this")
    await alone.answered(thread, 1)
    listings = len(alone.called("GET", "/threads/active"))
    await alone.until(lambda: len(alone.called("GET", "/threads/active")) > listings + 2)
    assert len(alone.claude.requests) == 1, bot.output


async def test_the_first_mention_ever_in_a_channel_is_answered_although_nobody_heard_it(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    await alone.converse(
        alone.channel(), "hello"
    )  # by then, the places that there are have been looked through
    quiet = alone.channel()
    await bot.kill()
    mention = await alone.ann.post(quiet, f"{alone.mention} is anybody there?")
    thread = int((await alone.ben.create_thread(quiet, "ours"))["id"])
    await alone.ben.post(thread, f"{alone.mention} and here?")
    await alone.start_bot(**QUICK)
    await alone.answered(await alone.thread_of(mention), 1)
    await alone.answered(thread, 1)


async def test_what_was_said_before_the_bot_ever_listened_is_not_answered(alone: World) -> None:
    channel = alone.channel()
    await alone.ann.post(channel, f"{alone.mention} hello?")
    await alone.start_bot(**QUICK, BOT_RECOVERY__EVERY_S="0.2")
    listings = len(alone.called("GET", "/threads/active"))
    await alone.until(lambda: len(alone.called("GET", "/threads/active")) > listings + 2)
    assert not alone.claude.requests


async def test_a_connection_that_breaks_while_looking_for_what_was_missed_does_not_end_the_bot(
    alone: World,
) -> None:
    bot = await alone.start_bot(**QUICK, BOT_RECOVERY__EVERY_S="0.2")
    fault = alone.discord.faults.add(action="reset", method="GET", route="/guilds/", times=6)
    await alone.until(lambda: fault.struck == 6)
    await alone.converse(alone.channel(), "still there?")
    assert not bot.log("catchup_failed"), "an outage is no bug"
