"""What one person, a flood, and bots that answer each other can have of the bot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.conversation import wording
from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from tests.e2e.controls import answer, sent, streaming
from tests.e2e.limits_scene import THREADS, TIMESTAMP, TURNS, bounded, own, why
from tests.e2e.proxied import PLURALKIT
from tests.e2e.world import World

__all__ = ["bounded", "own"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


def threads_of(world: World, messages: list[dict[str, Any]]) -> list[int]:
    return [int(each["id"]) for each in messages if int(each["id"]) in world.discord.world.channels]


# floods


async def test_a_flood_of_mentions_opens_few_threads_and_is_met_with_one_line(own: World) -> None:
    channel, flooder = own.channel(), own.person("flo")
    posted = [await flooder.post(channel, f"{own.mention} number {number}") for number in range(12)]
    await own.until(lambda: len(threads_of(own, posted)) == THREADS)
    await own.until(lambda: own.said(channel))
    other = await own.converse(channel, "hello", own.person("other"))
    assert len(threads_of(own, posted)) == THREADS
    (line,) = own.said(channel)
    ((until,),) = [TIMESTAMP.findall(line["content"])]
    assert line["content"] == wording.small(wording.too_many_threads(int(until) * 1000))
    assert not line["mention_everyone"]
    left_out = [each for each in posted if int(each["id"]) not in threads_of(own, posted)]
    text = await why(own.ann, channel, left_out[-1])
    assert because(Reason.TOO_MANY_THREADS).told("")[:-1] in text
    assert TIMESTAMP.search(text)
    # What the person writes in the open threads is answered meanwhile.
    thread = threads_of(own, posted)[0]
    await own.answered(thread)
    await flooder.post(thread, "and here?")
    await own.answered(thread, 2)
    assert len(own.asked) == THREADS + 2
    assert other


async def test_a_flood_in_a_thread_costs_one_more_answer_at_most_for_each_that_runs(own: World) -> None:
    channel, flooder = own.channel(), own.person("flo")
    thread = await own.converse(channel, "hello", flooder)
    before = len(own.asked)
    gate, first = await streaming(own, thread, ["One. ", "Two."], "count", flooder)
    flood = [await flooder.post(thread, f"w{number}!") for number in range(50)]
    gate.release()
    await own.settled(first)
    await own.settled(flood[0])
    await own.until(lambda: len(own.replies(thread)) == 3)
    # A request that gives way to a message that joins, before any text, is no further answer.
    assert len([call for call in own.asked[before:] if not call.hung_up]) == 2
    assert all(f"w{number}!" in sent(own) for number in range(50)), "no message is lost"


async def test_the_command_opens_no_thread_beyond_the_limit_either(own: World) -> None:
    channel, flooder = own.channel(), own.person("flo")
    for number in range(THREADS):
        assert "Here is your question" in await answer(
            await flooder.command(channel, "chat", {"message": f"number {number}"})
        )
    for options in ({"message": "one more"}, {}, {"private": True}):
        said = await answer(await flooder.command(channel, "chat", options))
        assert said == wording.too_many_threads(int(TIMESTAMP.findall(said)[0]) * 1000)
    mention = await flooder.post(channel, f"{own.mention} and so?")
    await own.converse(channel, "hello", own.person("other"))
    assert int(mention["id"]) not in own.discord.world.channels
    assert because(Reason.TOO_MANY_THREADS).told("")[:-1] in await why(own.ann, channel, mention)
    assert not any("no further one" in each["content"] for each in own.said(channel)), "it was said once"


async def test_bots_and_webhooks_that_mention_the_bot_in_a_loop_cost_nothing(own: World) -> None:
    channel = own.channel()
    thread = await own.converse(channel, "hello")
    before = len(own.asked)
    one, other = own.another_bot("Ping"), own.another_bot("Pong")
    (reply,) = own.replies(thread)
    for number in range(10):
        for place in (channel, thread):
            await one.post(place, f"{own.mention} ping {number}", reply["id"] if place == thread else None)
            await other.post(place, f"{own.mention} pong {number}")
            own.discord.post_as_webhook(own.discord.world.channels[place], "Hook", f"{own.mention} {number}")
    own.discord.commit()
    await own.settled(await own.ann.post(thread, "and on"))
    assert len(own.asked) == before + 1
    assert own.said(channel) == []
    assert len(own.said(thread)) == 2


async def test_a_loop_of_proxied_messages_is_limited_like_a_person(own: World) -> None:
    channel = own.channel()
    place = own.discord.world.channels[channel]
    posted = []
    for number in range(40):
        text = f"{own.mention} ping {number}"
        posted.append(own.discord.post_as_webhook(place, "Luna", text, application_id=PLURALKIT))
    own.discord.commit()
    await own.until(lambda: len(threads_of(own, posted)) == THREADS)
    await own.converse(channel, "hello", own.person("other"))
    assert len(threads_of(own, posted)) == THREADS
    assert len(own.asked) == THREADS + 1


async def test_a_burst_over_many_threads_is_answered_in_turn_and_the_person_is_told_once(own: World) -> None:
    channel, busy = own.channel(), own.person("busy")
    threads = [await own.converse(channel, f"thread {n}", own.person(f"starter{n}")) for n in range(5)]
    before = len(own.asked)
    gates = [own.claude.hold(after=0) for _ in range(TURNS)]
    posted = []
    for number, thread in enumerate(threads):
        posted.append(await busy.post(thread, f"burst{number}"))
        if number < TURNS:
            await gates[number].reached()
    waiting = posted[TURNS:]
    await own.until(lambda: sum(len(bot.log("turn_postponed")) for bot in own.bots) >= len(waiting))
    assert len(own.asked) - before == TURNS, "no more than may at once"
    notices = [m for thread in threads for m in own.said(thread) if "several replies" in m["content"]]
    assert len(notices) == 1
    text = await why(busy, threads[TURNS], waiting[0])
    assert because(Cause.WAITS_FOR_OTHERS).told("") in text or "no need to repeat" in text
    for gate in gates:
        gate.release()
    await asyncio.gather(*(own.settled(each) for each in posted))
    assert len(own.asked) - before == len(threads)
    order = [
        number for call in own.asked[before:] for number in range(5) if f"burst{number}" in str(call.body)
    ]
    assert sorted(order) == [0, 1, 2, 3, 4], "each is answered once"
    left = [m for thread in threads for m in own.said(thread) if "several replies" in m["content"]]
    assert left == [], "the notice goes with the answer"


async def test_others_in_a_thread_are_answered_while_a_busy_persons_message_waits(own: World) -> None:
    channel, busy, other = own.channel(), own.person("busy"), own.person("other")
    threads = [await own.converse(channel, f"thread {n}", own.person(f"s{n}")) for n in range(TURNS + 1)]
    gates = [own.claude.hold(after=0) for _ in range(TURNS)]
    for thread, gate in zip(threads, gates, strict=False):
        await busy.post(thread, "a long story")
        await gate.reached()
    thread, before = threads[TURNS], len(own.asked)
    first = await busy.post(thread, "and one more")
    await own.until(lambda: any(bot.log("turn_postponed", turn=int(first["id"])) for bot in own.bots))
    for text in ("what is new?", "and now?"):
        await own.settled(await other.post(thread, text))
    assert len(own.asked) == before + 2
    assert not any("and one more" in str(call.body) for call in own.asked[before:])
    for gate in gates:
        gate.release()
    await own.settled(first)
    assert "and one more" in str(own.asked[-1].body["messages"][-1])
    assert "what is new?" in str(own.asked[-1].body)


async def test_what_waits_in_a_foreign_thread_is_no_part_of_what_was_said_before(own: World) -> None:
    channel, busy, other = own.channel(), own.person("busy"), own.person("other")
    threads = [await own.converse(channel, f"thread {n}", own.person(f"s{n}")) for n in range(TURNS)]
    gates = [own.claude.hold(after=0) for _ in range(TURNS)]
    for thread, gate in zip(threads, gates, strict=True):
        await busy.post(thread, "a long story")
        await gate.reached()
    foreign = int((await other.create_thread(channel, "Looms"))["id"])
    await other.post(foreign, "wool is dear")
    first = await busy.post(foreign, f"{own.mention} and one more")
    await own.until(lambda: any(bot.log("turn_postponed", turn=int(first["id"])) for bot in own.bots))
    await own.settled(await other.post(foreign, f"{own.mention} is it?", reply_to=first["id"]))
    asked = str(own.asked[-1].body["messages"])
    assert "wool is dear" in asked
    assert "and one more" not in asked
    assert "which waits" in asked
    for gate in gates:
        gate.release()
    await own.settled(first)
    assert str(own.asked[-1].body["messages"]).count("and one more") == 1
