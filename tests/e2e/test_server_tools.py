"""Web search, web fetch and code execution: links, sources, status lines, files, limits, and their absence."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from bot.local.simulator.claude import (
    Gate,
    Page,
    Reply,
    ToolUse,
    cited,
    web_fetch,
    web_search,
)
from tests.e2e.controls import answer, press
from tests.e2e.server_tools_scene import ON, SHORT
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOMS = Page("https://looms.example/warp", "Looms @everyone", "A loom holds the warp.")
WEFTS = Page("https://wefts.example/", "[Weft](https://evil.example)", "The weft goes across.")


def tools_of(call: Any) -> list[str]:
    return [tool["name"] for tool in call.body.get("tools", ())]


async def test_citations_become_links_with_a_list_of_sources_in_the_channel_and_in_the_history(
    world: World,
) -> None:
    async with world.apart(ON) as own:
        own.claude.say(
            Reply.of(
                "I looked. ",
                web_search("looms", LOOMS, WEFTS),
                cited("It holds the warp.", LOOMS),
                " And ",
                cited("the weft goes across.\n\n", WEFTS),
                cited("Really.", LOOMS),
            )
        )
        thread = await own.converse(own.channel(), "what is a loom?")
        await own.settled(thread)
        (reply,) = own.replies(thread)
        text = reply["content"]
        one, two = "[[1]](<https://looms.example/warp>)", "[[2]](<https://wefts.example/>)"
        assert text.endswith(
            f"It holds the warp. {one} And the weft goes across. {two}\n\nReally. {one}\n\n"
            f"-# Sources: {one} Looms ＠everyone (looms.example) · {two} (Weft)(https: evil.example) "
            "(wefts.example)"
        ), text
        assert not reply["embeds"]
        assert not reply["mention_everyone"]
        await own.settled(await own.ann.post(thread, "and now?"))
        later = own.asked[-1].body["messages"]
        assert one in str(later[1])
        assert "-# Sources" in str(later[1])
        assert "web_search: done https://looms.example/warp https://wefts.example/" in str(later[2])
        assert all(block["type"] == "text" for message in later for block in message["content"])


async def test_a_query_and_a_host_are_said_while_the_tool_runs(world: World) -> None:
    async with world.apart(ON) as own:
        gate = Gate(None, None)
        own.claude.say(Reply.of(web_search("looms\n# and wefts", LOOMS, gate=gate), "Found."))
        root = await own.ann.post(own.channel(), f"{own.mention} look")
        thread = await own.thread_of(root)
        await own.until(
            lambda: any("-# Searching the web: looms # and wefts …" in m["content"] for m in own.said(thread))
        )
        gate.release()
        (reply,) = await own.answered(thread)
        assert reply["content"] == "Found."


async def test_what_is_done_behind_text_is_said_below_it_and_stays_in_no_reply(world: World) -> None:
    async with world.apart(ON) as own:
        gate = Gate(None, None)
        own.claude.say(Reply.of("I look.\n\n", web_search("looms", LOOMS, gate=gate), "Found."))
        root = await own.ann.post(own.channel(), f"{own.mention} look")
        thread = await own.thread_of(root)
        below = "I look.\n-# Searching the web: looms … ▌"
        await own.until(lambda: any(below == m["content"] for m in own.said(thread)))
        await press(own.ann, thread, own.replies(thread)[-1], "Stop")
        await own.settled(root)
        gate.release()
        (reply,) = own.replies(thread)
        assert reply["content"].startswith("I look.")
        assert "Searching" not in reply["content"]
        await own.settled(await own.ann.post(thread, "and now?"))
        assert "Searching" not in str(own.asked[-1].body["messages"])


async def test_what_was_fetched_is_named_and_a_failed_call_is_no_failure(world: World) -> None:
    async with world.apart(ON) as own:
        own.claude.say(
            Reply.of(
                web_fetch(LOOMS.url, LOOMS),
                web_search("x", error="too_many_requests"),
                "I read it.",
            )
        )
        thread = await own.converse(own.channel(), f"read {LOOMS.url}")
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert reply["content"] == (
            f"I read it.\n\n-# Sources: [read](<{LOOMS.url}>) Looms ＠everyone (looms.example)"
        )


async def test_a_paused_search_goes_on_and_the_numbers_stay(world: World) -> None:
    async with world.apart(ON) as own:
        own.claude.say(
            Reply.of(web_search("a", LOOMS, WEFTS), cited("The warp. ", LOOMS), stop_reason="pause_turn")
        )
        own.claude.say(Reply.of(cited("The weft. ", WEFTS), cited("The warp again.", LOOMS)))
        thread = await own.converse(own.channel(), "what is a loom?")
        await own.settled(thread)
        text = own.replies(thread)[0]["content"]
        one, two = "[[1]](<https://looms.example/warp>)", "[[2]](<https://wefts.example/>)"
        assert text.startswith(f"The warp. {one} The weft. {two} The warp again. {one}\n\n")
        assert text.count("Sources:") == 1
        first, second = own.asked
        assert second.body["messages"][: len(first.body["messages"])] != []
        assert second.body["tools"] == first.body["tools"]


@pytest.mark.parametrize("lacks", ["organization", "model"])
async def test_a_tool_that_is_refused_is_left_out_at_once_and_the_operator_is_told_once(
    world: World, lacks: str
) -> None:
    async with world.apart(bots=0) as own:
        model = "claude-sonnet-5-5" if lacks == "model" else None
        own.claude.withhold("web_search", model)
        try:
            bot = await own.start_bot(**ON)
            thread = await own.converse(own.channel(), "hello")
            await own.settled(await own.ann.post(thread, "and again"))
            replies = own.replies(thread)
            refused = [call for call in own.asked if call.status == 400]
            assert len(replies) == 2
            assert "web_search" not in tools_of(own.asked[-1])
            assert "code_execution" in tools_of(own.asked[-1])
            assert len(refused) == (1 if lacks == "organization" else 0)
            told = bot.log("tool_refused")
            assert len(told) == len(refused)
            assert all("tools.on" in line["hint"] for line in told)
        finally:
            own.claude.clear()


async def test_a_turn_that_was_killed_between_searches_keeps_its_numbers(world: World) -> None:
    async with world.apart(
        {"BOT_TOOLS__ON": "web_search, time_in", "BOT_CLAUDE__MODEL": "claude-sonnet-4-6", **SHORT}
    ) as own:
        gate = Gate(None, None)
        own.claude.say(
            Reply.of(
                web_search("a", LOOMS, WEFTS),
                cited("The warp.", LOOMS),
                ToolUse("time_in", {"zone": "Asia/Tokyo"}),
            )
        )
        own.claude.say(Reply.of(gate, "Never shown."))
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} what is a loom?"))
        await gate.reached()
        own.bots[0].signal(signal.SIGKILL)
        gate.release()
        own.claude.say(Reply.of(cited("The weft.", WEFTS), cited(" The warp.", LOOMS)))
        await own.start_bot()
        (reply,) = await own.answered(thread)
        one, two = "[[1]](<https://looms.example/warp>)", "[[2]](<https://wefts.example/>)"
        assert reply["content"].startswith(
            f"The warp. {one}\n\nThe weft. {two} The warp. {one}\n\n-# Sources: "
        )


@pytest.mark.parametrize(
    "words", ["tools: Extra inputs are not permitted", "Bad Request", "tools.0.type: unknown variant"]
)
async def test_a_server_without_tools_answers_all_the_same(world: World, words: str) -> None:
    async with world.apart({"BOT_TOOLS__ON": "web_search, time_in"}, bots=0) as own:
        for tool in ("web_search", "custom"):
            own.claude.withhold(tool, refusal=words)
        bot = await own.start_bot()
        thread = await own.converse(own.channel(), "hello")
        await own.settled(await own.ann.post(thread, "and again"))
        assert len(own.replies(thread)) == 2
        statuses = [call.status for call in own.asked]
        assert statuses[-2:] == [200, 200]
        assert statuses.count(400) <= 2
        assert tools_of(own.asked[-1]) == []
        assert {entry["tool"] for entry in bot.log("tool_refused")} == {"web_search", "time_in"}


async def test_a_cited_reply_that_is_cut_off_is_continued_with_its_numbers(world: World) -> None:
    async with world.apart(ON) as own:
        own.claude.say(
            Reply.of(web_search("a", LOOMS, WEFTS), cited("The warp.", LOOMS), stop_reason="max_tokens")
        )
        thread = await own.converse(own.channel(), "what is a loom?")
        await own.settled(thread)
        assert "Sources" not in own.replies(thread)[0]["content"]
        own.claude.say(
            Reply.of(web_search("b", WEFTS, LOOMS), cited(" The weft.", WEFTS), cited(" Warp.", LOOMS))
        )
        await answer(await own.ann.command(thread, "continue"))
        await own.until(lambda: "Sources" in own.replies(thread)[0]["content"])
        await own.settled(thread)
        one, two = "[[1]](<https://looms.example/warp>)", "[[2]](<https://wefts.example/>)"
        assert own.replies(thread)[0]["content"].startswith(
            f"The warp. {one} The weft. {two} Warp. {one}\n\n-# Sources: {one}"
        )


async def test_searches_are_paid_for_reserved_and_the_ledger_counts_the_prompt_once(world: World) -> None:
    async with world.apart(ON) as own:
        own.claude.say(Reply.of(web_search("a", LOOMS), web_search("b", WEFTS), "Found."))
        thread = await own.converse(own.channel(), "search")
        await own.settled(thread)
        (bot,) = own.bots
        (first,) = bot.log("claude_answered")
        assert first["cost_micro_usd"] >= 20_000
        await own.settled(await own.ann.post(thread, "and now?"))
        second = bot.log("claude_answered")[-1]
        # What the bot expected of the second request is about what it was, not the sum of the rounds before.
        assert abs(second["estimated_tokens"] - second["input_tokens"]) < 0.2 * second["input_tokens"]
