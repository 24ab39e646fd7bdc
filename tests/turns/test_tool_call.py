"""One call of a tool: whatever happens is a result that Claude is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.conversation.consulted import Consulted
from bot.conversation.content import FileSource, Image, Text, ToolResult
from bot.tools.gate import Refused, Waiting
from bot.tools.tool import Audience, Tool, ToolContext, ToolFailed, ToolOutput, ToolPlace
from bot.tools.typed import tool_of
from bot.turns import tool_call
from bot.turns.tool_call import BROKEN_INPUT, FOR_ASKER_ALONE, NO_SUCH_TOOL, UNKNOWN, ToolCalls
from bot.turns.tool_result import BUG, CUT, MOST_BLOCKS, MOST_CHARS, MOST_ERROR_CHARS, NOTHING
from bot.turns.tool_run import TOO_LONG
from tests.turns.call_stage import CONTEXT, bench, calls
from tests.turns.tool_stage import Effect, GateSays, ToolBench, call, tool

__all__ = ["bench"]

SECRET = "the words of a person"


def saying(output: Any, **settings: Any) -> Tool:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> Any:
        return output

    return tool("look", run, **settings)


def raising(error: BaseException, **settings: Any) -> Tool:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> Any:
        raise error

    return tool("look", run, **settings)


async def text(bench: ToolBench, each: Tool) -> str:
    answered = await calls(bench, each).answer(call("look"), CONTEXT)
    (block,) = answered.result.content
    assert isinstance(block, Text)
    return block.text


async def test_the_output_is_the_result_and_its_sources_are_remembered(bench: ToolBench) -> None:
    answered = await calls(bench, saying(ToolOutput.of("late", "https://e.org/"))).answer(
        call("look"), CONTEXT
    )
    assert answered.result == ToolResult("toolu_1", (Text("late"),))
    assert answered.consulted == Consulted("look", "done", ("https://e.org/",))


async def test_the_arguments_are_those_that_claude_wrote(bench: ToolBench) -> None:
    got: list[Mapping[str, Any]] = []

    async def run(_context: ToolContext, arguments: Mapping[str, Any]) -> ToolOutput:
        got.append(arguments)
        return ToolOutput.of("x")

    await calls(bench, tool("look", run)).answer(call("look", text='{"at": ["é", 1]}'), CONTEXT)
    assert got == [{"at": ["é", 1]}]


async def test_a_tool_that_is_not_there_and_a_broken_input_are_told(bench: ToolBench) -> None:
    effect, gate = Effect(), GateSays()
    made = calls(bench, tool("look", effect), gate=gate)
    unknown = await made.answer(call("nothing"), CONTEXT)
    broken = await made.answer(call("look", is_broken=True), CONTEXT)
    assert [each.result.content for each in (unknown, broken)] == [
        (Text(NO_SUCH_TOOL),),
        (Text(BROKEN_INPUT),),
    ]
    assert unknown.result.is_error
    assert broken.result.is_error
    assert (effect.made, gate.asked) == ([], [])


async def test_a_tool_that_hangs_is_stopped_and_if_it_changes_something_nobody_knows(
    bench: ToolBench,
) -> None:
    waiting = Effect(gate=asyncio.Event())
    slow = tool("look", waiting, time_limit_s=0.01)
    assert await text(bench, slow) == TOO_LONG
    changing = tool("knock", waiting, changes=True, time_limit_s=0.01)
    answered = await calls(bench, changing).answer(call("knock"), CONTEXT)
    assert answered.result.content == (Text(UNKNOWN),)
    assert answered.consulted.outcome == "unknown"
    repeating = tool("ring", waiting, changes=True, repeats=True, time_limit_s=0.01)
    answered = await calls(bench, repeating).answer(call("ring"), ToolContext(ToolPlace(1), 7, "other", 3))
    assert answered.result.content == (Text(TOO_LONG),)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        RecursionError(SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
        asyncio.CancelledError(SECRET),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_security_an_error_of_a_tool_whose_text_quotes_a_message_reaches_neither_the_log_nor_claude(
    bench: ToolBench, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logs:
        assert await text(bench, raising(error)) == BUG
    assert SECRET not in str(logs) + caplog.text
    assert [each["error"] for each in logs if each["event"] == "tool_broken"] == [type(error).__name__]


async def test_security_neither_arguments_nor_results_nor_failures_reach_the_log(bench: ToolBench) -> None:
    with capture_logs() as logs:
        for each in (saying(ToolOutput.of(SECRET, SECRET)), raising(ToolFailed(SECRET))):
            await calls(bench, each).answer(call("look", text=json.dumps({"q": SECRET})), CONTEXT)
    assert SECRET not in str(logs)
    assert [each["outcome"] for each in logs if each["event"] == "tool_called"] == ["done", "failed"]


async def test_a_call_that_is_cancelled_stays_cancelled(bench: ToolBench) -> None:
    waiting = Effect(gate=asyncio.Event())
    task = asyncio.create_task(calls(bench, tool("look", waiting)).answer(call("look"), CONTEXT))
    await waiting.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("output", [None, "a text", 5, ToolOutput(("text",))])  # type: ignore[arg-type]
async def test_what_is_no_output_is_a_failure_of_the_tool(bench: ToolBench, output: Any) -> None:
    assert await text(bench, saying(output)) == BUG


@pytest.mark.parametrize("told", ["", " \n", "\u200b"])
async def test_the_api_gets_no_blank_text(bench: ToolBench, told: str) -> None:
    assert await text(bench, raising(ToolFailed(told))) == BUG
    assert await text(bench, saying(ToolOutput((Text(told),)))) == NOTHING
    assert await text(bench, saying(ToolOutput(()))) == NOTHING
    refused = await calls(bench, saying(ToolOutput(())), gate=GateSays(Refused(told))).answer(
        call("look"), CONTEXT
    )
    assert refused.result.content == (Text(BUG),)


async def test_halves_of_characters_are_replaced_before_anything_is_stored(bench: ToolBench) -> None:
    made = await calls(bench, saying(ToolOutput.of("a\ud83db", "https://e.org/\ud83d"))).answer(
        call("look"), CONTEXT
    )
    assert made.result.content == (Text("a\ufffdb"),)
    assert made.consulted.sources == ("https://e.org/\ufffd",)
    assert await text(bench, raising(ToolFailed("a\udc00"))) == "a\ufffd"


@pytest.mark.parametrize("length", [MOST_CHARS - 1, MOST_CHARS, MOST_CHARS + 1, 10 * MOST_CHARS])
async def test_a_result_is_bounded(bench: ToolBench, length: int) -> None:
    found = await text(bench, saying(ToolOutput((Text("x" * length),))))
    assert found == "x" * min(length, MOST_CHARS) + (CUT if length > MOST_CHARS else "")


async def test_all_texts_of_a_result_together_are_bounded_and_pictures_stay(bench: ToolBench) -> None:
    picture = Image(FileSource("file_1"), tokens=5)
    blocks = (Text("x" * MOST_CHARS), picture, Text("y"), Text("z"))
    made = await calls(bench, saying(ToolOutput(blocks))).answer(call("look"), CONTEXT)
    assert made.result.content == (blocks[0], picture, Text(CUT.strip()))
    many = await calls(bench, saying(ToolOutput((picture,) * 100))).answer(call("look"), CONTEXT)
    assert len(many.result.content) == MOST_BLOCKS + 1
    assert len(await text(bench, raising(ToolFailed("x" * 10_000)))) == MOST_ERROR_CHARS


async def test_a_gate_that_refuses_or_lets_wait_keeps_the_tool_from_running(bench: ToolBench) -> None:
    effect = Effect()
    for changes in (False, True):
        knock = tool("knock", effect, changes=changes)
        refused = await calls(bench, knock, gate=GateSays(Refused("not here"))).answer(call("knock"), CONTEXT)
        assert refused.result == ToolResult("toolu_1", (Text("not here"),), is_error=True)
        assert refused.consulted == Consulted("knock", "refused")
        waiting = await calls(bench, knock, gate=GateSays(Waiting("wait", 5))).answer(call("knock"), CONTEXT)
        assert waiting.result == ToolResult("toolu_1", (Text("wait"),))
        assert waiting.consulted == Consulted("knock", "waiting", approval=5)
    assert effect.made == []
    assert await bench.steps.effect(bench.claim, "k") is None


async def test_a_typed_tool_tells_what_is_wrong_with_its_arguments(bench: ToolBench) -> None:
    async def look(_context: ToolContext, at: int) -> str:
        """Look at something."""
        return f"{at}"

    made = calls(bench, tool_of(look, status="Looking"))
    wrong = await made.answer(call("look", text='{"at": "north"}'), CONTEXT)
    assert wrong.result.is_error
    assert "at: " in str(wrong.result.content)
    assert tool_call.BROKEN_INPUT not in str(wrong.result.content)


@pytest.mark.parametrize("changes", [False, True])
async def test_security_what_only_the_asker_may_see_is_not_brought_where_others_read(
    bench: ToolBench, *, changes: bool
) -> None:
    effect = Effect()
    each = tool("look", effect, audience=Audience.ASKER, changes=changes)
    in_server = replace(CONTEXT, place=ToolPlace(1, 2, 3))
    answered = await calls(bench, each).answer(call("look"), in_server)
    assert (answered.consulted.outcome, effect.made) == ("refused", [])
    assert answered.result.content == (Text(FOR_ASKER_ALONE),)
    await calls(bench, each).answer(call("look"), CONTEXT)
    assert effect.made == ["k"]


async def test_each_call_is_reported_with_its_outcome(bench: ToolBench) -> None:
    seen: list[tuple[str, str]] = []
    tools = (saying(ToolOutput.of("late")), replace(raising(ToolFailed("no")), name="fail"))
    made = ToolCalls(
        {each.name: each for each in tools},
        bench.steps,
        GateSays(),
        bench.claim,
        lambda each, outcome, _seconds: seen.append((each.name, outcome)),
    )
    await made.answer(call("look"), CONTEXT)
    await made.answer(call("fail"), CONTEXT)
    await made.answer(call("unknown"), CONTEXT)
    assert seen == [("look", "done"), ("fail", "failed")]
