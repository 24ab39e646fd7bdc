"""Web search, web fetch and code execution: links, sources, status lines, files, limits, and their absence."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from bot.local.simulator.claude import (
    Gate,
    MadeFile,
    Page,
    Reply,
    ToolUse,
    bash,
    cited,
    web_fetch,
    web_search,
)
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer, press
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE = (Path(__file__).parent.parent.parent / "bot/local/simulator/pictures/yarn.png").read_bytes()
ON = {"BOT_TOOLS__ON": "web_search, web_fetch, code_execution"}
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


PLOT = MadeFile("my plot.png", "image/png", PICTURE)
TABLE = MadeFile("data.csv", "text/csv", b"a,b\n1,2\n")


async def test_files_that_code_makes_are_attached_once_and_deleted_at_anthropic(world: World) -> None:
    async with world.apart(ON) as own:
        before = set(own.claude.files.files)
        own.claude.say(Reply.of(bash("plot", files=(PLOT, TABLE)), "Here is the plot."))
        thread = await own.converse(own.channel(), "plot it")
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert reply["content"] == "Here is the plot."
        assert [each["filename"] for each in reply["attachments"]] == ["my_plot.png", "data.csv"]
        assert reply["attachments"][1]["size"] == len(TABLE.data)
        await own.until(lambda: set(own.claude.files.files) <= before)


async def test_files_of_a_part_stay_when_the_reply_is_continued(world: World) -> None:
    async with world.apart(ON) as own:
        own.claude.say(Reply.of(bash("plot", files=(PLOT,)), "The plot,", stop_reason="max_tokens"))
        thread = await own.converse(own.channel(), "plot it")
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert [each["filename"] for each in reply["attachments"]] == ["my_plot.png"]
        own.claude.say(Reply.of(bash("table", files=(TABLE,)), " and the table."))
        await answer(await own.ann.command(thread, "continue"))
        await own.until(lambda: "the table" in own.replies(thread)[0]["content"])
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert [each["filename"] for each in reply["attachments"]] == ["my_plot.png", "data.csv"]


async def test_a_file_that_cannot_be_fetched_is_named_and_the_reply_stands(world: World) -> None:
    async with world.apart(ON) as own:
        gate = Gate(None, None)
        before = set(own.claude.files.files)
        own.claude.say(Reply.of(bash("plot", files=(PLOT, TABLE)), gate, "Here is the plot."))
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} plot it"))
        await gate.reached()
        (lost,) = [
            each
            for each, file in own.claude.files.files.items()
            if each not in before and file.filename == PLOT.filename
        ]
        del own.claude.files.files[lost]
        gate.release()
        await own.settled(thread)
        reply = own.replies(thread)[0]
        assert reply["content"] == "Here is the plot."
        assert [each["filename"] for each in reply["attachments"]] == ["data.csv"]
        _, notice = await own.noticed(thread, 2)
        assert "could not fetch" in notice["content"]


async def test_files_without_a_text_come_with_a_word(world: World) -> None:
    async with world.apart(ON) as own:
        own.claude.say(Reply.of(bash("plot", files=(TABLE,))))
        thread = await own.converse(own.channel(), "plot it")
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert (reply["content"], len(reply["attachments"])) == ("Attached.", 1)


async def test_a_file_that_is_too_large_is_named(world: World) -> None:
    async with world.apart({**ON, "BOT_TOOLS__FILES_MB": "0.1"}) as own:
        big = MadeFile("big.bin", "application/octet-stream", bytes(200_000))
        own.claude.say(Reply.of(bash("dd", files=(TABLE, big)), "Done."))
        thread = await own.converse(own.channel(), "make it")
        await own.settled(thread)
        reply = own.replies(thread)[0]
        assert [each["filename"] for each in reply["attachments"]] == ["data.csv"]
        _, notice = await own.noticed(thread, 2)
        assert "`big.bin`" in notice["content"]


async def test_where_files_may_not_be_attached_the_reply_says_so(world: World) -> None:
    async with world.apart(ON) as own:
        channel = own.channel()
        own.deny(channel, bits.ATTACH_FILES)
        own.claude.say(Reply.of(bash("plot", files=(TABLE,)), "Here is the plot."))
        thread = await own.converse(channel, "plot it")
        await own.settled(thread)
        reply = own.replies(thread)[0]
        assert (reply["content"], reply["attachments"]) == ("Here is the plot.", [])
        _, notice = await own.noticed(thread, 2)
        assert "did not let me attach" in notice["content"]


SHORT = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.5"}


async def test_files_that_were_attached_before_a_crash_are_not_attached_again(world: World) -> None:
    async with world.apart({**ON, **SHORT}) as own:
        before = set(own.claude.files.files)
        own.claude.say(Reply.of(bash("plot", files=(PLOT, TABLE)), "Here is the plot."))
        own.discord.faults.add(
            action="reset_after", method="PATCH", route=r"/messages/", times=None, only_token=own.app.token
        )
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} plot it"))
        await own.until(lambda: any(each["attachments"] for each in own.said(thread)))
        own.bots[0].signal(signal.SIGKILL)
        own.discord.faults.clear()
        await own.start_bot()
        await own.settled(thread)
        (reply,) = own.replies(thread)
        assert [each["filename"] for each in reply["attachments"]] == ["my_plot.png", "data.csv"]
        assert len(own.asked) == 1
        await own.until(lambda: set(own.claude.files.files) <= before)


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


async def test_code_of_one_turn_runs_in_one_container_and_one_that_expired_is_no_failure(
    world: World,
) -> None:
    async with world.apart({"BOT_TOOLS__ON": "code_execution, time_in"}) as own:
        clock = ToolUse("time_in", {"zone": "Asia/Tokyo"})
        own.claude.say(Reply.of(bash("one"), clock))
        own.claude.say(Reply.of(bash("two"), clock))
        own.claude.say("Done.")
        thread = await own.converse(own.channel(), "compute")
        await own.settled(thread)
        first, second, third = (call.body.get("container") for call in own.asked)
        assert first is None
        assert second
        assert third == second
        await own.settled(await own.ann.post(thread, "and again"))
        assert own.asked[-1].body.get("container") is None


async def test_a_container_that_expired_in_mid_turn_is_no_failure(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "code_execution, time_in"}) as own:
        gate = Gate(None, None)
        own.claude.say(Reply.of(bash("one"), gate, ToolUse("time_in", {"zone": "Asia/Tokyo"})))
        own.claude.say("Done.")
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} compute"))
        await gate.reached()
        own.claude.containers.expire()
        gate.release()
        await own.settled(thread)
        assert [each["content"] for each in own.replies(thread)] == ["Done."]
        first, refused, again = own.asked
        assert refused.status == 400
        assert "container" in refused.body
        assert "container" not in again.body
        assert first.status == again.status == 200


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


async def test_a_table_of_the_message_lies_in_the_container_for_this_answer_alone(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "code_execution"}) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        file = ("my data.csv", "text/csv", b"a,b\n1,2\n")
        await own.settled(await own.ann.post(thread, "sum it up", attachments=(file,)))
        asked = own.asked[-1].body
        *_, question, given = asked["messages"]
        told, upload = given["content"]
        assert upload["type"] == "container_upload"
        named = own.claude.files.find(upload["file_id"]).filename
        assert named.endswith(".csv")
        assert f'"my data.csv" is there as {named}' in told["text"]
        assert question["content"][-1]["cache_control"]
        await own.settled(await own.ann.post(thread, "and now?"))
        later = own.asked[-1].body["messages"]
        assert "container_upload" not in str(later)
        assert later[2]["content"][0]["text"] == question["content"][0]["text"]
        assert own.asked[-1].usage["cache_read_input_tokens"] > 0


async def test_without_code_execution_at_the_server_the_file_is_read_as_text(world: World) -> None:
    async with world.apart({"BOT_TOOLS__ON": "code_execution"}, bots=0) as own:
        own.claude.withhold("code_execution")
        await own.start_bot()
        thread = await own.converse(own.channel(), "hello")
        file = ("data.csv", "text/csv", b"a,b\n1,2\n")
        await own.settled(await own.ann.post(thread, "sum it up", attachments=(file,)))
        assert len(own.replies(thread)) == 2
        assert "container_upload" not in str(own.asked[-1].body)
        assert "1,2" in str(own.asked[-1].body["messages"])
