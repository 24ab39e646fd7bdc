"""Messages, streamed and not, as the unmodified SDK meets them."""

from __future__ import annotations

from anthropic import AsyncAnthropic
from anthropic.types import MessageParam

from bot.local.simulator.claude import Claude

SONNET = "claude-sonnet-5-5"
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]


async def test_a_message_comes_whole(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say("Good morning!")
    message = await sdk.messages.create(model=SONNET, max_tokens=1000, messages=HELLO)
    assert [block.text for block in message.content if block.type == "text"] == ["Good morning!"]
    assert (message.stop_reason, message.model, message.role) == ("end_turn", SONNET, "assistant")
    assert message.usage.output_tokens > 0
    assert message._request_id == claude.requests[0].request_id


async def test_a_streamed_message_comes_in_the_deltas_that_were_asked_for(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(["Go", "od mor", "ning!"])
    async with sdk.messages.stream(model=SONNET, max_tokens=1000, messages=HELLO) as stream:
        deltas = [text async for text in stream.text_stream]
        message = await stream.get_final_message()
    assert deltas == ["Go", "od mor", "ning!"]
    assert [block.text for block in message.content if block.type == "text"] == ["Good morning!"]
    assert message.stop_reason == "end_turn"
    assert stream.request_id == claude.requests[0].request_id
    assert stream.response.headers["content-type"].startswith("text/event-stream")
