"""/context: what Claude sees of a conversation, where that begins, what it cost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.commands import context_view
from bot.commands.admission import BLOCKED
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.local.simulator.claude import faults
from tests.e2e.access_scene import block
from tests.e2e.budgets import max_tokens
from tests.e2e.controls import anew, labels, press
from tests.e2e.in_time import first_answer
from tests.e2e.test_audit import acts
from tests.e2e.test_commands import answer
from tests.e2e.test_trimming import asks_for_a_summary
from tests.e2e.world import World
from tests.files import samples
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = 230
"""Some 750 tokens by the bot's estimate."""


async def test_a_conversation_is_shown_with_its_size_and_its_cost(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    await world.settled(await world.ann.post(thread, "go on"))
    text = await answer(await world.ben.command(thread, "context"))
    assert "**What Claude sees here** (claude-sonnet-5-5)" in text
    assert "It is the whole conversation: 2 turns." in text
    assert re.search(r"Cost so far: \$0\.00\d*[1-9]\d*\.", text)
    used = re.search(r"([\d,]+) of 80,000 tokens \(\d+%\)\.", text)
    assert used is not None
    usage = world.asked[-1].usage
    # Thinking is not sent again.
    reply = usage["output_tokens"] - usage["output_tokens_details"]["thinking_tokens"]
    total = sum(usage[kind] or 0 for kind in INPUT) + reply
    assert int(used[1].replace(",", "")) == total


def last_about(world: World, words: str) -> Any:
    """The last request that holds some words: late turns of other tests ask the same Claude."""
    return [call for call in world.asked if words in str(call.body["messages"])][-1]


async def test_where_the_cut_lies_is_linked(world: World) -> None:
    async with world.apart(
        {"BOT_REPLY__TITLES": "message", "BOT_HISTORY__MAX_TOKENS": max_tokens(1525)}
    ) as own:
        thread = await own.converse(own.channel(), "hello")
        posted = []
        for number in range(4):
            posted.append(await own.ann.post(thread, f"{number} " + "loom " * WORDS))
            await own.settled(posted[-1])
        text = await answer(await own.ann.command(thread, "context"))
        link = re.search(r"beginning \[here\]\(https://discord\.com/channels/(\d+)/(\d+)/(\d+)\)", text)
        assert link is not None, text
        assert link[1] == str(own.guild.id)
        assert link[2] == str(thread)
        first = next(message for message in posted if str(message["id"]) == link[3])
        sent = str(last_about(own, "3 loom").body["messages"])
        assert f"{posted.index(first)} loom" in sent
        assert "are no longer seen" in text or "is no longer seen" in text


async def test_outside_of_conversations_it_explains_itself(world: World) -> None:
    said = await answer(await world.ann.command(world.channel(), "context"))
    assert said == NOT_A_CONVERSATION


async def test_it_is_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    for delay_s in (0.8, 5.0):
        proxy.delay_s = delay_s
        assert (await first_answer(lambda: own.ann.command(thread, "context"))).ephemeral


async def test_a_summary_is_shown_and_corrected_by_whoever_may(world: World) -> None:
    async with world.apart(SUMMARIZED) as own:
        own.claude.say_when(asks_for_a_summary, "They spoke of looms.")
        thread = await own.converse(own.channel(), "hello")
        for number in range(3):
            await own.settled(await own.ann.post(thread, f"{number} " + "loom " * WORDS))
        text, button = await look(own.ann, thread)
        assert "```text\nThey spoke of looms.\n```" in text
        assert (await look(own.ben, thread))[1] is None
        shown = await own.ann.command(thread, "context")
        message = await shown.message()
        opened = await own.ann.press(thread, message["id"], button)
        modal = (await opened.response()).data
        assert modal["components"][0]["component"]["value"] == "They spoke of looms."
        said = await answer(await own.ann.submit(opened, {"summary": "They spoke of spinning wheels."}))
        assert said == context_view.CORRECTED
        assert await acts(own, thread) == [
            f"<@{own.ann.id}> corrected the summary of <#{thread}>: 20 → 30 characters"
        ]
        await own.settled(await own.ann.post(thread, "go on"))
        assert "They spoke of spinning wheels." in str(own.asked[-1].body["messages"][0])
        assert "They spoke of spinning wheels." in (await look(own.ben, thread))[0]


async def test_security_a_blocked_starter_corrects_no_summary(world: World) -> None:
    async with world.apart(SUMMARIZED) as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        await summarized(own, thread, "They spoke of looms.")
        opened = await correcting(own, thread)
        await block(own, channel, own.ann)
        submitted = await own.ann.submit(opened, {"summary": "They obey Ann."})
        assert (await answer(submitted)).startswith(BLOCKED)
        assert "They obey Ann." not in (await look(own.ben, thread))[0]


async def test_a_correction_that_comes_too_late_is_given_back(world: World) -> None:
    async with world.apart(SUMMARIZED) as own:
        thread = await own.converse(own.channel(), "hello")
        await summarized(own, thread, "They spoke of looms.")
        opened = await correcting(own, thread)
        await summarized(own, thread, "They spoke of looms and wool.")
        said = await answer(await own.ann.submit(opened, {"summary": "They spoke of wheels."}))
        assert said.startswith(context_view.SUMMARY_GONE)
        assert "They spoke of wheels." in said
        assert "They spoke of looms and wool." in (await look(own.ann, thread))[0]


async def test_a_correction_outlasts_a_trim_that_was_under_way(world: World) -> None:
    async with world.apart(SUMMARIZED) as own:
        thread = await own.converse(own.channel(), "hello")
        await summarized(own, thread, "They spoke of looms.")
        own.claude.say_when(asks_for_a_summary, "They spoke of looms and wool.")
        while True:
            gate = own.claude.hold(after=0)  # before the first text of whatever is asked
            asked = await own.ann.post(thread, "loom " * WORDS)
            await gate.reached(20)
            if asks_for_a_summary(own.asked[-1].body):
                break
            gate.release()
            await own.settled(asked)
        opened = await correcting(own, thread)
        said = await answer(await own.ann.submit(opened, {"summary": "They spoke of wheels."}))
        assert said == context_view.CORRECTED
        gate.release()
        await own.settled(asked)
        assert "They spoke of wheels." in (await look(own.ben, thread))[0]
        # The trim is done anew, of what is right.
        own.claude.say_when(asks_for_a_summary, "They spoke of wheels and wool.")
        asked_before = len(own.asked)
        await own.settled(await own.ann.post(thread, "go on"))
        summary = own.asked[asked_before]
        assert asks_for_a_summary(summary.body)
        assert "They spoke of wheels." in str(summary.body["messages"][0])
        assert "They spoke of wheels and wool." in str(own.asked[-1].body["messages"][0])


SUMMARIZED = {
    "BOT_REPLY__TITLES": "message",
    "BOT_HISTORY__MAX_TOKENS": max_tokens(1525),
    "BOT_HISTORY__ON_TRIM": "summarize",
}


async def summarized(world: World, thread: int, summary: str) -> None:
    """Say so much that the oldest turns give way to a summary."""
    world.claude.say_when(asks_for_a_summary, summary)
    while summary not in str(world.asked[-1].body["messages"][0]):
        await world.settled(await world.ann.post(thread, "loom " * WORDS))


async def correcting(world: World, thread: int) -> Any:
    """Press the button that opens the modal of the summary."""
    shown = await (await world.ann.command(thread, "context")).message()
    opened = await press(world.ann, thread, shown, context_view.CORRECT_LABEL)
    await opened.response()
    return opened


@pytest.mark.parametrize("way", ["continued", "stopped", "stopped before its text"])
async def test_what_is_told_to_be_in_the_cache_is_read_next_whatever_became_of_the_reply(
    world: World, way: str
) -> None:
    async with world.apart() as own:
        asked = f"{own.mention} {'loom ' * WORDS}"
        if way == "continued":
            own.claude.faults.add(faults.max_tokens(1))
            own.claude.say(["One ", "x"])
            thread = int((await own.ann.post(own.channel(), asked))["id"])
            await own.settled(thread)
            own.claude.say("two.")
            await press(own.ann, thread, own.replies(thread)[-1], "Continue")
            await anew(own, thread, "One two.")
            await own.until(lambda: own.replies(thread)[-1].get("components"))
        else:
            gate = own.claude.hold(after=int(way == "stopped"))
            own.claude.say(["One ", "two"])
            thread = int((await own.ann.post(own.channel(), asked))["id"])
            await gate.reached()
            await own.until(lambda: own.replies(thread) and labels(own.replies(thread)[-1]))
            await own.ann.command(thread, "stop")
            await own.settled(thread)
            gate.release()
        text, _ = await look(own.ann, thread)
        told = re.search(r"The next message reads ([\d,]+) tokens at a fraction", text)
        assert told is not None, text
        await own.settled(await own.ann.post(thread, "go on with the loom"))
        asked = last_about(own, "go on with the loom")
        assert int(told[1].replace(",", "")) == asked.usage["cache_read_input_tokens"]


async def look(person: Any, place: int) -> tuple[str, str | None]:
    """Run /context: what it says, and the button below it."""
    handle = await person.command(place, "context")
    await handle.response()
    message = await handle.message()
    buttons = [each["custom_id"] for row in message["components"] for each in row["components"]]
    return str(message["content"]), next(iter(buttons), None)


INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


async def test_a_file_is_taken_out_by_who_posted_it_and_not_by_others(world: World) -> None:
    thread = await world.converse(world.channel(), "hello", world.ann)
    picture = ("loom.png", "image/png", samples.picture("PNG", (1400, 1000)))
    await world.settled(await world.ben.post(thread, "what is this?", attachments=[picture]))
    shown, menu = await listed(world.ben, thread)
    assert "- `loom.png`: picture, 1,800 tokens (2%)" in shown["content"]
    (option,) = menu["options"]
    carl = world.person("carl")
    refused = await carl.command(thread, "context")
    message = await refused.message()
    said = await carl.choose(thread, message["id"], menu["custom_id"], [option["value"]])
    assert await answer(said) == context_view.MAY_NOT_TAKE_OUT
    gate = world.claude.hold(after=0)
    running = await world.ann.post(thread, "go on")
    await gate.reached()
    said = await answer(await world.ben.choose(thread, shown["id"], menu["custom_id"], [option["value"]]))
    assert "`loom.png` is taken out of the conversation." in said
    assert "after the reply that is being written" in said
    gate.release()
    await world.settled(running)
    await world.settled(await world.ann.post(thread, "and now?"))
    sent = str(world.asked[-1].body["messages"])
    assert '<attachment name="loom.png" shown="no" remark="it was taken out of the conversation"/>' in sent
    assert "'type': 'image'" not in sent
    said = await world.ben.choose(thread, shown["id"], menu["custom_id"], [option["value"]])
    assert await answer(said) == context_view.FILE_GONE


async def test_a_file_of_the_latest_turn_stays_out_when_that_is_written_anew_and_the_menu_survives_a_restart(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        picture = ("loom.png", "image/png", samples.picture("PNG"))
        await own.settled(await own.ann.post(thread, "what is this?", attachments=[picture]))
        shown, menu = await listed(own.ann, thread)
        await own.bots.pop().kill()
        await own.start_bot()
        value = menu["options"][0]["value"]
        said = await own.ann.choose(thread, shown["id"], menu["custom_id"], [value])
        assert "is taken out of the conversation" in await answer(said)
        assert await acts(own, thread) == [f"<@{own.ann.id}> took a file out of <#{thread}>"]
        own.claude.say("Without it.")
        await press(own.ann, thread, own.replies(thread)[-1], "Regenerate")
        await anew(own, thread, "Without it.")
        sent = str(own.asked[-1].body["messages"])
        assert 'shown="no" remark="it was taken out of the conversation"/>' in sent
        assert "'type': 'image'" not in sent


async def listed(person: Any, place: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run /context: the answer, and the menu of files below it."""
    message = await (await person.command(place, "context")).message()
    (menu,) = [each for row in message["components"] for each in row["components"] if each["type"] == 3]
    return message, menu
