"""Files of code that Claude runs: those that it makes, and those of the message."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bot.local.simulator.claude import (
    Gate,
    MadeFile,
    Reply,
    ToolUse,
    bash,
)
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import answer
from tests.e2e.server_tools_scene import ON, SHORT
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


PICTURE = (Path(__file__).parent.parent.parent / "bot/local/simulator/pictures/yarn.png").read_bytes()

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
