"""What bounds tools: searches and pages of a turn, time, failures, Stop at each kind of step, edits, permissions."""

from __future__ import annotations

import signal

import pytest

from bot.conversation import reply_wording
from bot.local.simulator.claude import Gate, Reply, Text, web_fetch, web_search
from bot.render.schedule import EDIT_INTERVAL_MIN_S
from bot.turns.tool_call import UNKNOWN
from bot.turns.tool_result import BUG
from tests.e2e.bounds_scene import waiting
from tests.e2e.controls import labels, press
from tests.e2e.test_server_tools import LOOMS, WEFTS, tools_of
from tests.e2e.test_tools import TOKYO, results
from tests.e2e.test_tools_command import said as commanded
from tests.e2e.tools_scene import RING, Scene, scene
from tests.e2e.world import World

__all__ = ["scene"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


SEARCHES = {
    "BOT_TOOLS__ON": "web_search, web_fetch, time_in",
    "BOT_TOOLS__SEARCHES": "1",
    "BOT_TOOLS__FETCHES": "1",
    "BOT_CLAUDE__MODEL": "claude-sonnet-4-6",
}


async def test_the_searches_of_a_turn_are_bounded_over_its_requests_and_the_tools_stay(world: World) -> None:
    async with world.apart(SEARCHES) as own:
        own.claude.say(Reply.of("I look. ", web_search("looms", LOOMS), TOKYO))
        own.claude.say("This is what I have.")
        thread = await own.converse(own.channel(), "what is a loom?")
        await own.settled(thread)
        first, second = own.asked
        assert second.body["tools"] == first.body["tools"]
        *_, last = second.body["messages"][-1]["content"]
        assert last["type"] == "text"
        assert "web_search" in last["text"]
        assert "web_fetch" not in last["text"]
        assert second.usage["cache_read_input_tokens"] > 0
        assert own.replies(thread)[0]["content"].startswith("I look.")


@pytest.mark.parametrize("stop_reason", ["tool_use", "pause_turn"])
async def test_a_search_beyond_the_bound_of_a_turn_ends_the_reply_with_what_it_has(
    world: World, stop_reason: str
) -> None:
    async with world.apart(SEARCHES) as own:
        if stop_reason == "pause_turn":
            own.claude.say(Reply.of("I look. ", web_search("looms", LOOMS), stop_reason="pause_turn"))
        else:
            own.claude.say(Reply.of("I look. ", web_search("looms", LOOMS), TOKYO))
        gate = Gate(None, None)
        own.claude.say(Reply.of("Once more. ", web_search("wefts", WEFTS, gate=gate), "Never shown."))
        thread = await own.converse(own.channel(), "what is a loom?")
        await own.settled(thread)
        gate.release()
        shown = str([each["content"] for each in own.said(thread)])
        assert "Once more." in shown
        assert "Never shown" not in shown
        assert reply_wording.TOO_MANY_LOOKUPS in shown
        assert len(own.asked) == 2
        # The next message has searches of its own.
        own.claude.say(Reply.of(web_search("wefts", WEFTS), "Found."))
        await own.settled(await own.ann.post(thread, "go on"))
        assert own.replies(thread)[-1]["content"] == "Found."


async def test_pages_are_bounded_as_searches_are(world: World) -> None:
    async with world.apart(SEARCHES) as own:
        own.claude.say(Reply.of(web_fetch(LOOMS.url, LOOMS), TOKYO))
        own.claude.say(Reply.of(web_fetch(LOOMS.url, LOOMS), "Never shown."))
        thread = await own.converse(own.channel(), f"read {LOOMS.url}")
        await own.settled(thread)
        assert "web_fetch" in own.asked[-1].body["messages"][-1]["content"][-1]["text"]
        assert reply_wording.TOO_MANY_LOOKUPS in str(own.said(thread))


async def test_a_fetched_page_that_is_cited_has_a_number_and_one_that_is_not_is_named_as_read(
    world: World,
) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_fetch"}) as own:
        location = {
            "type": "char_location",
            "document_index": 0,
            "document_title": LOOMS.title,
            "cited_text": LOOMS.text,
            "start_char_index": 0,
            "end_char_index": len(LOOMS.text),
            "file_id": None,
        }
        own.claude.say(
            Reply.of(
                web_fetch(LOOMS.url, LOOMS),
                web_fetch(WEFTS.url, WEFTS),
                Text(("It holds", " the warp."), (location,)),
            )
        )
        thread = await own.converse(own.channel(), f"read {LOOMS.url} and {WEFTS.url}")
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert reply["content"].startswith(f"It holds the warp. [[1]](<{LOOMS.url}>)\n\n-# Sources: [[1]]")
        assert f"[read](<{WEFTS.url}>)" in reply["content"]
        assert f"[read](<{LOOMS.url}>)" not in reply["content"]


async def test_a_tool_that_hangs_becomes_an_error_and_the_thread_goes_on(scene: Scene) -> None:
    world = scene.world
    await scene.start(POINTS_TOOL_S="0.5")
    scene.slow()
    world.claude.say(Reply.of(RING))
    world.claude.say("Nobody knows.")
    world.claude.say("Yes.")
    thread, _ = await scene.asked()
    await scene.shows(thread, "Nobody knows.")
    await world.settled(thread)
    (result,) = results(world.asked[-1].body)
    assert (result["is_error"], result["content"][0]["text"]) == (True, UNKNOWN)
    await world.settled(await world.ben.post(thread, "and now?"))
    assert world.replies(thread)[-1]["content"] == "Yes."


async def test_a_tool_that_raises_becomes_an_error_and_the_thread_goes_on(scene: Scene) -> None:
    world = scene.world
    bot = await scene.start()
    world.discord.faults.add(
        action="status", method="POST", route=f"channels/{scene.effects}/messages", status=500
    )
    world.claude.say(Reply.of(RING, TOKYO))
    world.claude.say("It did not work.")
    thread, _ = await scene.asked()
    await scene.shows(thread, "It did not work.")
    await world.settled(thread)
    failed, fine = results(world.asked[-1].body)
    assert (failed["is_error"], failed["content"][0]["text"]) == (True, BUG)
    assert "(UTC+0900)" in fine["content"][0]["text"]
    assert [line["tool"] for line in bot.log("tool_broken")] == ["ring"]


async def test_a_stop_while_claude_searches_ends_the_turn_at_once(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_search"}) as own:
        gate = Gate(None, None)
        own.claude.say(Reply.of("I look. ", web_search("looms", LOOMS, gate=gate), "Never shown."))
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} look"))
        await gate.reached()
        await own.until(lambda: any("Stop" in labels(each) for each in own.replies(thread)))
        await press(own.ann, thread, own.replies(thread)[0], "Stop")
        await own.settled(thread)
        gate.release()
        assert own.replies(thread)[0]["content"] == "I look."
        assert len(own.asked) == 1


async def test_a_stop_while_a_card_waits_ends_the_running_turn_and_leaves_the_card(scene: Scene) -> None:
    world = scene.world
    await scene.start()
    thread, _, card = await waiting(scene)
    gate = Gate(None, None)
    world.claude.say(Reply.of("Meanwhile.", gate, " Never shown."))
    later = await world.ann.post(thread, "and now?")
    await gate.reached()
    await world.until(lambda: "Stop" in labels(world.replies(thread)[-1]))
    await press(world.ann, thread, world.replies(thread)[-1], "Stop")
    await world.settled(later)
    gate.release()
    await press(world.ann, thread, card, "Allow once")
    await scene.shows(thread, "and done")
    assert scene.made() == ["permit"]


async def test_status_lines_spend_no_more_edits_than_text_would(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_search", "BOT_TOOLS__SEARCHES": "30"}) as own:
        searches = [web_search(f"looms {number}", LOOMS, silence_s=0.3) for number in range(30)]
        own.claude.say(Reply.of(*searches, "Found."))
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} look"))
        await own.settled(thread)
        writes = [
            call
            for call in own.discord.requests
            if call.method in ("POST", "PATCH") and f"/channels/{thread}/messages" in call.path
        ]
        assert not [call for call in writes if call.status == 429]
        edits = [call.at for call in writes if call.method == "PATCH"]
        # The edit that completes a reply, and the one that takes off its buttons, wait for no interval.
        assert len(edits) <= 3 + (edits[-1] - edits[0]) / EDIT_INTERVAL_MIN_S


async def test_a_missing_tool_is_found_out_again_after_a_restart_only(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_search, time_in"}, bots=0) as own:
        own.claude.withhold("web_search")
        try:
            bot = await own.start_bot()
            thread = await own.converse(own.channel(), "hello")
            for text in ("again", "and again"):
                await own.settled(await own.ann.post(thread, text))
            assert [call.status for call in own.asked].count(400) == 1
            assert len(bot.log("tool_refused")) == 1
            bot.signal(signal.SIGTERM)
            await bot.ended()
            again = await own.start_bot()
            for text in ("and now?", "and then?"):
                await own.settled(await own.ann.post(thread, text))
            assert [call.status for call in own.asked].count(400) == 2
            assert len(again.log("tool_refused")) == 1
            assert len(own.replies(thread)) == 5
            assert tools_of(own.asked[-1]) == ["time_in"]
        finally:
            own.claude.clear()


async def test_each_search_costs_a_cent_and_pages_and_code_their_tokens_alone(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_search, web_fetch"}) as own:
        own.claude.say(Reply.of(web_search("a", LOOMS), web_search("b", error="unavailable"), "Found."))
        thread = await own.converse(own.channel(), "search")
        await own.settled(thread)
        (bot,) = own.bots
        with_search = bot.log("claude_answered")[-1]["cost_micro_usd"]
        assert own.asked[-1].usage["server_tool_use"]["web_search_requests"] == 1
        assert 10_000 < with_search < 20_000
        own.claude.say(Reply.of(web_fetch(LOOMS.url, LOOMS), "Read."))
        await own.settled(await own.ann.post(thread, f"read {LOOMS.url}"))
        assert bot.log("claude_answered")[-1]["cost_micro_usd"] < 10_000
        assert "The costs include 1 web search." in await commanded(own.ann, thread, "usage")
        shown = await commanded(own.ann, thread, "context")
        assert float(shown.partition("Cost so far: $")[2].rstrip(".").strip()) >= 0.01
