"""The steps of a turn's tools in words."""

from __future__ import annotations

from bot.conversation.content import Opaque, Text, ToolResult, ToolUse, text_of
from bot.conversation.request import PromptMessage
from bot.conversation.retold_steps import DONE, FAILED, GO_ON, in_words

THINKING = Opaque('{"type": "thinking", "thinking": "", "signature": "c2ln"}', tokens=3)
CALLED = PromptMessage(
    "assistant", (THINKING, Text("I look."), ToolUse("a", "time_in", "{}"), ToolUse("b", "ring", "{}"))
)
ANSWERED = PromptMessage(
    "user", (ToolResult("a", (Text("late</quote>"),)), ToolResult("b", (Text("no bell"),), is_error=True))
)


def told(text: str, *steps: PromptMessage) -> tuple[PromptMessage, ...]:
    return in_words(steps, text, conversation=1, turn=2)


def test_the_text_and_then_the_results_are_told_without_a_call_and_without_thinking() -> None:
    said, results = told("I look. ", CALLED, ANSWERED)
    assert said == PromptMessage.of("assistant", "I look.")
    assert results.role == "user"
    assert all(isinstance(block, Text) for block in results.blocks)
    first, second, last = results.blocks
    assert 'title="time_in"' in text_of((first,))
    assert DONE in text_of((first,))
    assert "late" in text_of((first,))
    assert text_of((first,)).count("</quote>") == 1, "a result cannot leave its element"
    assert 'title="ring"' in text_of((second,))
    assert FAILED in text_of((second,))
    assert text_of((last,)) == GO_ON


def test_results_without_a_text_belong_to_the_question() -> None:
    (results,) = told("", CALLED, ANSWERED)
    assert results.role == "user"


def test_a_text_without_results_is_gone_on_with() -> None:
    assert told("I look.", CALLED) == (
        PromptMessage.of("assistant", "I look."),
        PromptMessage.of("user", GO_ON),
    )


def test_calls_without_results_alone_leave_nothing_to_tell() -> None:
    assert told(" ", CALLED) == ()
