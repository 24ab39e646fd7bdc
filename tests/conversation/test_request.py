from __future__ import annotations

import pytest

from bot.conversation.content import Block, Opaque, Text
from bot.conversation.request import Breakpoints, Finished, Parameters, PromptMessage, Request, Usage

REQUEST = Request(
    Parameters("claude-test", 10, "low"),
    ("Be kind.",),
    (PromptMessage.of("user", "q"),),
    breakpoints=Breakpoints("1h", ((0, "5m"),)),
)
CALL = Opaque('{"type": "server_tool_use"}')
RESULT = Opaque('{"type": "web_search_tool_result"}')


def ended(reason: str, *blocks: Block) -> Finished:
    return Finished(reason, Usage(), "claude-test", "m", blocks=blocks)


@pytest.mark.parametrize("reason", ["end_turn", "max_tokens", "tool_use", "refusal", "unheard_of"])
def test_a_reply_that_has_ended_takes_no_further_request(reason: str) -> None:
    assert REQUEST.after(ended(reason, Text("Well."))) is None


def test_a_paused_reply_goes_on_from_its_content_and_changes_nothing_before_it() -> None:
    first = REQUEST.after(ended("pause_turn", Text("I look: "), CALL))
    assert first is not None
    assert first.messages == (*REQUEST.messages, PromptMessage("assistant", (Text("I look: "), CALL)))
    second = first.after(ended("pause_turn", RESULT, Text("Well, ")))
    assert second is not None
    paused = PromptMessage("assistant", (Text("I look: "), CALL, RESULT, Text("Well, ")))
    assert second.messages == (*REQUEST.messages, paused)
    assert (second.system, second.breakpoints, second.parameters) == (
        REQUEST.system,
        REQUEST.breakpoints,
        REQUEST.parameters,
    )


def test_a_pause_without_content_ends_the_reply() -> None:
    assert REQUEST.after(ended("pause_turn")) is None
