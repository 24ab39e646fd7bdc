"""What one person, a flood, and bots that answer each other can have of the bot."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.commands.access_view import lifted_pause
from bot.conversation import wording
from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer, press, sent, streaming, told
from tests.e2e.proxied import PLURALKIT
from tests.e2e.test_audit import acts
from tests.e2e.world import ANSWER, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

THREADS, TURNS = 2, 2
TIMESTAMP = re.compile(r"<t:(\d+):R>")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bounded(shared: World) -> AsyncIterator[World]:
    """A world with two bots that keep limits."""
    limits = {
        "BOT_LIMITS__THREADS_PER_MINUTE": str(THREADS),
        "BOT_LIMITS__TURNS_PER_PERSON": str(TURNS),
        "BOT_LIMITS__REFUSALS": "3",
    }
    async with shared.apart(limits, bots=2) as own:
        yield own


@pytest.fixture
def own(bounded: World) -> World:
    bounded.begin()
    return bounded


def threads_of(world: World, messages: list[dict[str, Any]]) -> list[int]:
    return [int(each["id"]) for each in messages if int(each["id"]) in world.discord.world.channels]


async def why(person: Any, place: int, message: dict[str, Any]) -> str:
    return await answer(await person.command(place, "why", {"message": message["id"]}))


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


# refusals


async def refused(world: World, thread: int, person: Any, text: str) -> dict[str, Any]:
    """Ask for something that Claude declines, and return what the bot says."""
    count = len(world.said(thread))
    world.claude.faults.add(faults.refusal())
    await world.settled(await person.post(thread, text))
    return world.said(thread)[count]


async def test_a_refused_exchange_is_not_sent_again_and_the_next_turn_is_answered(own: World) -> None:
    person = own.person("cara")
    thread = await own.converse(own.channel(), "hello", person)
    said = await refused(own, thread, person, "something forbidden")
    assert said["content"] == wording.small(wording.REFUSED)
    await own.settled(await person.post(thread, "something kind"))
    assert own.replies(thread)[-1]["content"] == ANSWER
    assert "something forbidden" not in sent(own)
    assert "declined" not in sent(own)
    assert "hello" in sent(own)


async def test_who_collects_refusals_is_paused_told_once_and_let_in_again_by_an_admin(own: World) -> None:
    channel, person = own.channel(), own.person("dora")
    thread = await own.converse(channel, "hello", person)
    for number in range(3):
        said = await refused(own, thread, person, f"forbidden {number}")
        assert said["content"] == wording.small(wording.REFUSED)
    last = await refused(own, thread, person, "forbidden once more")
    (until,) = TIMESTAMP.findall(last["content"])
    pause = wording.paused(person.id, int(until) * 1000)
    assert last["content"] == f"{wording.small(wording.REFUSED)}\n{wording.small(pause)}"
    for command in ("chat", "retry"):
        assert await answer(await person.command(thread, command)) == pause
    handle = await press(person, thread, own.replies(thread)[-1], "Try again")
    assert await told(handle, own) == pause
    before, asked = len(own.said(thread)), len(own.asked)
    ignored = [await person.post(thread, "hello?"), await person.post(channel, f"{own.mention} hello?")]
    (*_, latest) = [m for m in own.discord.messages(thread) if m["content"] == "forbidden once more"]
    await person.edit(thread, latest["id"], "something kind instead")

    def applied() -> list[str]:
        """How each bot has applied the edit."""
        edit = int(latest["id"])
        return [entry["where"] for bot in own.bots for entry in bot.log("message_edited", message=edit)]

    await own.until(applied)
    assert set(applied()) == {"old"}, "it is not answered again"
    # Others in the thread are answered; the paused person's messages and edits are not.
    await own.settled(await own.ann.post(thread, f"{own.mention} and I?"))
    assert len(own.asked) == asked + 1
    assert len(own.said(thread)) == before + 1
    assert own.said(channel) == []
    assert "hello?" not in sent(own)
    assert because(Reason.PAUSED).told("")[:-1] in await why(own.ann, thread, ignored[0])
    shown = await answer(await person.command(channel, "access show"))
    assert "before the pause ends" in shown
    # Only those who manage the server end a pause.
    assert "Manage Server" in await answer(
        await own.ann.command(channel, "access clear", {"person": person.id})
    )
    assert await own_pause(own, person)
    handle = await own.admin.command(channel, "access clear", {"person": person.id})
    assert await answer(handle) == lifted_pause(person.id)
    await own.settled(await person.post(thread, "and now?"))
    assert own.replies(thread)[-1]["content"] == ANSWER
    assert any("ended the pause" in line for line in await acts(own, channel))


async def own_pause(world: World, person: Any) -> bool:
    shown = await answer(await person.command(world.channel(), "access show"))
    return "before the pause ends" in shown


async def test_edits_of_proxied_messages_are_those_of_the_person_behind_them(own: World) -> None:
    channel, person = own.channel(), own.person("nora")
    thread = await own.converse(channel, "hello", person)
    await person.post(thread, "L: what is a warp?")
    place = own.discord.world.channels[thread]
    copy = own.discord.post_as_webhook(place, "Luna", "what is a warp?", application_id=PLURALKIT)
    await own.settled(int(copy["id"]))
    for number in range(4):
        await refused(own, thread, person, f"forbidden {number}")
    asked, edit = len(own.asked), int(copy["id"])
    own.discord.edit_as_webhook(edit, "what is a weft?")
    await own.until(lambda: any(bot.log("message_edited", message=edit) for bot in own.bots))
    found = [entry["where"] for bot in own.bots for entry in bot.log("message_edited", message=edit)]
    assert set(found) == {"old"}, "it is not answered again"
    await own.settled(await own.ann.post(thread, f"{own.mention} and I?"))
    assert len(own.asked) == asked + 1
    assert "weft" in sent(own)


# the starter of a thread


async def test_the_starter_stops_a_reply_to_somebody_else_and_others_do_not(own: World) -> None:
    starter, asker, other = own.person("eva"), own.person("finn"), own.person("gil")
    thread = await own.converse(own.channel(), "hello", starter)
    gate, _ = await streaming(own, thread, ["One. ", "Two."], "count", asker)
    handle = await press(other, thread, own.replies(thread)[-1], "Stop")
    assert "the person who started this thread" in await told(handle, own)
    await press(starter, thread, own.replies(thread)[-1], "Stop")
    await own.until(lambda: any("Stopped" in each["content"] for each in own.said(thread)))
    gate.release()
    handle = await starter.command(thread, "retry")
    assert "can do that" in await answer(handle), "what is written for somebody else is theirs"


async def test_a_conversation_is_handed_over_by_its_starter_and_by_moderators_alone(own: World) -> None:
    starter, heir, other = own.person("hal"), own.person("ida"), own.person("jon")
    thread = await own.converse(own.channel(), "hello", starter)

    async def hand(who: Any, to: int) -> str:
        return await answer(await who.command(thread, "handover", {"member": to}))

    assert "can hand it over" in await hand(other, other.id)
    assert "not to an app" in await hand(starter, own.app.user_id)
    assert "is the starter of this thread now" in await hand(starter, heir.id)
    assert "can hand it over" in await hand(starter, starter.id), "it is theirs no more"
    assert "already" in await hand(heir, heir.id)
    assert "can choose" in await answer(await starter.command(thread, "answer set", {"mode": "quiet"}))
    assert "in force" in await answer(await heir.command(thread, "answer set", {"mode": "quiet"}))
    assert "is the starter" in await hand(own.admin, starter.id)
    assert len([line for line in await acts(own, thread) if "handed" in line]) == 2


async def test_nobody_gets_a_private_thread_who_cannot_see_it(own: World) -> None:
    channel, starter, outsider = own.channel(), own.person("kim"), own.person("lea")
    said = await answer(await starter.command(channel, "chat", {"private": True}))
    thread = int(re.findall(r"<#(\d+)>", said)[0])
    handle = await starter.command(thread, "handover", {"member": outsider.id})
    assert "cannot see this thread" in await answer(handle)
    own.deny(channel, bits.VIEW_CHANNEL, outsider.id)
    open_thread = await own.converse(channel, "hello", starter)
    handle = await starter.command(open_thread, "handover", {"member": outsider.id})
    assert "cannot see this thread" in await answer(handle)
