"""Thinking on the wire: `answer`, `stand_in`, `signatures` and `rules` together."""

from __future__ import annotations

from typing import Any, Protocol

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude import Claude

HELLO: dict[str, Any] = {"role": "user", "content": "hello"}
SONNET = "claude-sonnet-5-5"


class Ask(Protocol):
    """One way to ask: whole or streamed."""

    async def __call__(
        self, sdk: AsyncAnthropic, messages: list[Any], model: str = ..., **fields: Any
    ) -> Message: ...


async def ask(sdk: AsyncAnthropic, messages: list[Any], model: str = SONNET, **fields: Any) -> Message:
    message: Message = await sdk.messages.create(
        model=model, messages=messages, **{"max_tokens": 2000, **fields}
    )
    return message


async def stream(sdk: AsyncAnthropic, messages: list[Any], model: str = SONNET, **fields: Any) -> Message:
    arguments = {"max_tokens": 2000, **fields}
    async with sdk.messages.stream(model=model, messages=messages, **arguments) as stream:
        return await stream.get_final_message()


@pytest.mark.parametrize("how", [ask, stream])
async def test_a_model_that_thinks_opens_with_omitted_thinking(sdk: AsyncAnthropic, how: Ask) -> None:
    message = await how(sdk, [HELLO], output_config={"effort": "medium"})
    assert [block.type for block in message.content] == ["thinking", "text"]
    thought = message.content[0]
    assert thought.type == "thinking"
    assert thought.thinking == ""
    assert thought.signature
    details = message.usage.output_tokens_details
    assert details is not None
    assert 0 < details.thinking_tokens < message.usage.output_tokens


@pytest.mark.parametrize("how", [ask, stream])
async def test_thinking_is_summarized_on_demand(sdk: AsyncAnthropic, how: Ask) -> None:
    message = await how(sdk, [HELLO], thinking={"type": "adaptive", "display": "summarized"})
    thought = message.content[0]
    assert thought.type == "thinking"
    assert thought.thinking


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (SONNET, {"thinking": {"type": "between_tools"}}),
        (SONNET, {"output_config": {"effort": "low"}}),
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}),
        ("claude-opus-4-8", {}),
    ],
)
async def test_without_thinking_there_is_only_text(
    sdk: AsyncAnthropic, model: str, fields: dict[str, Any]
) -> None:
    message = await ask(sdk, [HELLO], model, **fields)
    assert [block.type for block in message.content] == ["text"]
    assert message.usage.output_tokens_details is not None
    assert message.usage.output_tokens_details.thinking_tokens == 0


@pytest.mark.parametrize("how", [ask, stream])
async def test_a_small_limit_can_end_without_any_text(sdk: AsyncAnthropic, how: Ask) -> None:
    message = await how(sdk, [HELLO], max_tokens=16)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 16)
    assert [block.type for block in message.content] == ["thinking"]


async def test_a_reply_is_cut_at_its_limit(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say("x" * 1000)
    message = await sdk.messages.create(
        model="claude-opus-4-8", max_tokens=100, messages=[{"role": "user", "content": "hello"}]
    )
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 100)
    assert [block.text for block in message.content if block.type == "text"] == ["x" * 250]


async def test_thinking_may_be_sent_back_behind_the_same_conversation_or_left_out(
    sdk: AsyncAnthropic,
) -> None:
    history: list[Any] = [HELLO]
    for words in ("and then?", "and after that?"):
        message = await ask(sdk, history, system="Be kind.")
        history += [message.to_param(), {"role": "user", "content": words}]
    await ask(sdk, history, system="Be kind.")
    bare = [*history]
    bare[1] = {
        "role": "assistant",
        "content": [block for block in history[1]["content"] if block.type == "text"],
    }
    await ask(sdk, bare, system="Be kind.")


async def replay_refused(sdk: AsyncAnthropic, messages: list[Any], model: str = SONNET, **fields: Any) -> str:
    with pytest.raises(anthropic.BadRequestError) as caught:
        await ask(sdk, messages, model, **fields)
    return str(caught.value.api_message)


async def test_thinking_is_bound_to_everything_before_it(sdk: AsyncAnthropic) -> None:
    message = await ask(sdk, [HELLO], system="Be kind.")
    more = {"role": "user", "content": "and then?"}
    replay = [HELLO, message.to_param(), more]
    changed = [{"role": "user", "content": "hullo"}, message.to_param(), more]
    trimmed = [{"role": "user", "content": "earlier"}, HELLO, message.to_param(), more]
    for messages, fields in (
        (changed, {"system": "Be kind."}),
        (trimmed, {"system": "Be kind."}),
        (replay, {"system": "Be brief."}),
        (replay, {"system": "Be kind.", "tools": [{"name": "look", "input_schema": {"type": "object"}}]}),
    ):
        refused = await replay_refused(sdk, messages, **fields)
        assert refused.startswith(
            ("messages.1.content.0: Invalid `signature`", "messages.2.content.0: Invalid `signature`")
        )
        assert "bound to a different conversation" in refused
    assert "different model" in await replay_refused(sdk, replay, "claude-haiku-5-5", system="Be kind.")


async def test_thinking_between_other_thinking_may_not_be_left_out(sdk: AsyncAnthropic) -> None:
    history: list[Any] = [HELLO]
    for words in ("two", "three", "four"):
        message = await ask(sdk, history)
        history += [message.to_param(), {"role": "user", "content": words}]
    history[3] = {
        "role": "assistant",
        "content": [block for block in history[3]["content"] if block.type == "text"],
    }
    assert "bound to a different conversation" in await replay_refused(sdk, history)


async def test_thinking_that_was_never_thought_is_refused(sdk: AsyncAnthropic) -> None:
    made_up = {"type": "thinking", "thinking": "hm", "signature": "abc"}
    messages = [HELLO, {"role": "assistant", "content": [made_up]}, {"role": "user", "content": "so?"}]
    refused = await replay_refused(sdk, messages)
    assert refused == "messages.1.content.0: Invalid `signature` in `thinking` block"
