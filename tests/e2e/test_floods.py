"""What a flood costs, by whichever way it comes: at most an answer for each running reply, and few new threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.commands.reply_controls import BUSY
from bot.conversation import wording
from bot.local.simulator.discord import permissions as bits
from tests.e2e.answer_scene import choose
from tests.e2e.controls import anew, answer, labels, press, streaming
from tests.e2e.limits_scene import TIMESTAMP, why
from tests.e2e.test_limits import threads_of
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

THREADS = 3
FLOOD = 50


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bounded(shared: World) -> AsyncIterator[World]:
    """A world with two bots that keep limits."""
    limits = {"BOT_LIMITS__THREADS_PER_MINUTE": str(THREADS), "BOT_LIMITS__TURNS_PER_PERSON": "2"}
    async with shared.apart(limits, bots=2) as own:
        yield own


@pytest.fixture
def own(bounded: World) -> World:
    bounded.begin()
    return bounded


def asked_about(world: World, word: str) -> int:
    """How many requests hold a word; late turns of other tests ask as well."""
    return sum(word in str(call.body["messages"]) for call in world.asked)


async def in_order(world: World, channel: int) -> None:
    """Wait until what was posted in a channel before is decided: another person is answered."""
    await world.converse(channel, "the next", world.person("other"))


async def test_in_a_channel_where_each_message_is_answered_a_flood_opens_few_threads(own: World) -> None:
    channel, flooder = own.channel(), own.person("flo")
    await choose(own, channel, "always")
    posted = [await flooder.post(channel, f"shuttle {number}") for number in range(FLOOD)]
    await own.until(lambda: len(threads_of(own, posted)) == THREADS)
    await in_order(own, channel)
    for thread in threads_of(own, posted):
        await own.answered(thread)
    assert len(threads_of(own, posted)) == THREADS
    assert asked_about(own, "shuttle") == THREADS
    # So large a flood ends in a pause; each of the two is said once, in whichever order they were decided.
    lines = sorted((each["content"] for each in own.said(channel)), key=lambda text: "a lot at once" in text)
    assert len(lines) <= 2
    assert lines[0] == wording.small(wording.too_many_threads(int(TIMESTAMP.findall(lines[0])[0]) * 1000))


async def test_a_flood_of_forum_posts_is_answered_as_one_of_threads(own: World) -> None:
    forum, flooder = own.channel("forum"), own.person("flo")
    old = int((await own.ann.create_post(forum, "Old", "which loom?"))["id"])
    await choose(own, old, "always", "channel")
    posts = [
        int((await flooder.create_post(forum, f"New {number}", "which heddle?"))["id"])
        for number in range(20)
    ]
    await own.until(lambda: sum(bool(own.replies(post)) for post in posts) == THREADS)
    other = int((await own.person("other").create_post(forum, "Other", "which colour?"))["id"])
    await own.answered(other)
    assert sum(bool(own.replies(post)) for post in posts) == THREADS
    assert asked_about(own, "heddle") == THREADS
    notices = [each for post in posts for each in own.said(post) if "several threads" in each["content"]]
    assert len(notices) == 1
    left_out = next(post for post in posts if not own.said(post))
    assert "had started several threads" in await why(own.ann, left_out, {"id": str(left_out)})
    # What is written on in the posts that are answered is answered.
    answered = next(post for post in posts if own.replies(post))
    await own.answered(answered)
    await flooder.post(answered, "and which colour?")
    await own.answered(answered, 2)


async def test_a_flood_of_edits_costs_no_answer_each(own: World) -> None:
    flooder = own.person("flo")
    thread = await own.converse(own.channel(), "hello", flooder)
    message = await flooder.post(thread, "selvedge 0")
    await own.settled(message)
    before = asked_about(own, "selvedge")
    for number in range(1, FLOOD + 1):
        await flooder.edit(thread, message["id"], f"selvedge {number}")
        await asyncio.sleep(0.002)  # nobody edits a message twice within a millisecond

    # The first edit is answered at once, and the last one after a pause; what lies between costs nothing.
    await own.until(lambda: asked_about(own, f"selvedge {FLOOD}"))
    await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
    assert asked_about(own, "selvedge") - before <= 3


async def test_ten_people_who_press_regenerate_at_once_cost_one_answer(own: World) -> None:
    thread = await own.converse(own.channel(), "what is a treadle?", own.person("flo"))
    await own.until(lambda: labels(own.replies(thread)[0]) == ["Regenerate"])
    mods = [own.person("mod", bits.MANAGE_MESSAGES) for _ in range(10)]
    gate = own.claude.hold(after=0)
    own.claude.say("The new answer.")
    (reply,) = own.replies(thread)
    handles = await asyncio.gather(*(press(mod, thread, reply, "Regenerate") for mod in mods))
    await gate.reached()
    gate.release()
    await anew(own, thread, "The new answer.")
    await own.until(lambda: sum(bool(handle.followups) for handle in handles) == len(mods) - 1)
    told = [each["content"] for handle in handles for each in handle.followups]
    assert asked_about(own, "treadle") == 2
    assert set(told) == {BUSY}


async def test_a_flood_of_commands_costs_one_answer_for_each_that_runs(own: World) -> None:
    flooder = own.person("flo")
    channel = own.channel()
    thread = await own.converse(channel, "what is a reed?", flooder)
    await own.until(lambda: labels(own.replies(thread)[0]) == ["Regenerate"])
    gate = own.claude.hold(after=0)
    own.claude.say("The new answer.")
    handles = await asyncio.gather(*(flooder.command(thread, "retry") for _ in range(20)))
    said = await asyncio.gather(*(answer(handle) for handle in handles))
    await gate.reached()
    gate.release()
    await anew(own, thread, "The new answer.")
    assert said.count(BUSY) == 19, set(said)
    for command in ("why", "context", "settings show", "usage"):
        handles = await asyncio.gather(*(flooder.command(thread, command) for _ in range(10)))
        await asyncio.gather(*(answer(handle) for handle in handles))
    assert asked_about(own, "a reed?") == 2, "what only shows something asks for no answer"
    other = own.person("flo")  # the thread of the flooder may be more than a minute old by now
    await own.converse(channel, "what is a heald?", other)
    chats = [await other.command(channel, "chat", {"message": f"number {number}"}) for number in range(10)]
    opened = [said for said in [await answer(each) for each in chats] if "Here is your question" in said]
    assert len(opened) == THREADS - 1


async def test_one_person_has_one_file_written_at_a_time(own: World) -> None:
    flooder = own.person("flo")
    thread = await own.converse(own.channel(), "hello", flooder)
    own.discord.faults.add(
        action="delay", method="GET", route=f"/channels/{thread}/messages$", times=None, delay_s=1.0
    )
    handles = [await flooder.command(thread, "export") for _ in range(10)]
    said = await asyncio.gather(*(answer(handle) for handle in handles))
    own.discord.faults.clear()
    files = [each for each in said if "messages, as you see them" in each]
    assert 1 <= len(files) <= len(own.bots), "each instance writes one"


async def test_ten_threads_of_one_person_are_answered_a_few_at_a_time(own: World) -> None:
    channel, busy = own.channel(), own.person("busy")
    threads = [await own.converse(channel, f"thread {n}", own.person(f"starter{n}")) for n in range(10)]
    posted: list[dict[str, Any]] = []
    most = 0

    def running() -> int:
        return sum(call.finished is None for call in own.asked if "burst" in str(call.body["messages"]))

    for number, thread in enumerate(threads):
        posted.append(await busy.post(thread, f"burst{number}"))
        most = max(most, running())
    for each in posted:
        await own.settled(each)
        most = max(most, running())
    assert asked_about(own, "burst") == len(threads)
    assert most <= 2


async def test_bots_that_talk_in_a_forum_and_where_each_message_is_answered_cost_nothing(own: World) -> None:
    channel, forum = own.channel(), own.channel("forum")
    old = int((await own.ann.create_post(forum, "Old", "which loom?"))["id"])
    await choose(own, channel, "always")
    await choose(own, old, "always", "channel")
    ping = own.another_bot("Ping")
    posts = [int((await ping.create_post(forum, f"New {n}", "which bobbin?"))["id"]) for n in range(5)]
    for number in range(5):
        await ping.post(channel, f"{own.mention} bobbin {number}")
        own.discord.post_as_webhook(
            own.discord.world.channels[channel], "Hook", f"{own.mention} bobbin {number}"
        )
        own.discord.post_as_webhook(
            own.discord.world.channels[posts[0]], "Hook", f"{own.mention} bobbin {number}"
        )
    own.discord.commit()
    await own.answered(await own.thread_of(await own.ann.post(channel, "hello")))
    assert asked_about(own, "bobbin") == 0
    assert own.said(channel) == []
    assert not any(own.said(post) for post in posts)


async def test_a_burst_during_a_reply_in_always_mode_of_a_thread_costs_one_more_answer(own: World) -> None:
    flooder = own.person("flo")
    thread = await own.converse(own.channel(), "hello", flooder)
    await choose(own, thread, "always", who=flooder)
    gate, first = await streaming(own, thread, ["One. ", "Two."], "count", flooder)
    flood = [await flooder.post(thread, f"<@{own.ben.id}> w{number}!") for number in range(FLOOD)]
    gate.release()
    await own.settled(first)
    await own.settled(flood[0])
    await own.until(lambda: len(own.replies(thread)) == 3)
    assert asked_about(own, "w0!") == 1
