"""How a test controls the local Claude: `script`, `gate`, `record` and `server` together."""

from __future__ import annotations

import asyncio
import time

import httpx2
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message, MessageParam

from bot.local.simulator.claude import Claude, HandClock, Reply

SONNET = "claude-sonnet-5-5"


async def ask(sdk: AsyncAnthropic, words: str = "hello") -> str:
    async with sdk.messages.stream(model=SONNET, max_tokens=5000, messages=said(words)) as stream:
        return await stream.get_final_text()


async def whole(sdk: AsyncAnthropic, words: str = "hello") -> Message:
    return await sdk.messages.create(model=SONNET, max_tokens=5000, messages=said(words))


def said(words: str) -> list[MessageParam]:
    return [{"role": "user", "content": words}]


async def test_replies_come_in_the_order_in_which_they_were_queued(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say("one")
    claude.say(["t", "wo"])
    claude.default = lambda body: f"default of {body['model']}"
    assert [await ask(sdk) for _ in range(3)] == ["one", "two", f"default of {SONNET}"]


async def test_a_reply_can_wait_for_the_request_that_it_fits(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say("for anybody")
    claude.say_when(lambda body: "Ann" in str(body["messages"]), "for Ann")
    claude.say_when(lambda body: "Bob" in str(body["messages"]), "for Bob", times=None)
    assert [await ask(sdk, words) for words in ("Bob", "Ann", "Cleo", "Bob")] == [
        "for Bob",
        "for Ann",
        "for anybody",
        "for Bob",
    ]


async def test_a_held_reply_stops_after_its_deltas_until_it_is_released(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(["one ", "two ", "three"])
    gate = claude.hold(after=2)
    answer = asyncio.create_task(ask(sdk))
    await gate.reached()
    call = claude.requests[0]
    assert (call.deltas, call.finished) == (2, None)
    gate.release()
    assert await answer == "one two three"
    await claude.until(lambda: call.finished is not None)
    assert not call.hung_up
    assert await ask(sdk)


async def test_an_unstreamed_reply_can_be_held_too(claude: Claude, sdk: AsyncAnthropic) -> None:
    gate = claude.hold()
    answer = asyncio.create_task(whole(sdk))
    await gate.reached()
    assert not answer.done()
    gate.release()
    assert (await answer).stop_reason == "end_turn"


async def test_a_client_that_hangs_up_is_noticed_while_nothing_is_sent(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(["one ", "two"])
    gate = claude.hold(after=1)
    answer = asyncio.create_task(ask(sdk))
    await gate.reached()
    answer.cancel()
    await claude.until(lambda: claude.requests[0].hung_up)
    assert claude.requests[0].deltas == 1


async def test_stopping_the_server_breaks_off_what_is_held(clock: HandClock) -> None:
    server = Claude(clock=clock)
    await server.start()
    gate = server.hold()
    async with httpx2.AsyncClient() as http:
        sdk = AsyncAnthropic(api_key="a key", base_url=server.base_url, max_retries=0, http_client=http)
        answer = asyncio.create_task(ask(sdk))
        await gate.reached()
        await server.stop()
        with pytest.raises(httpx2.RemoteProtocolError):
            await answer
    assert not server.requests[0].hung_up


async def test_waiting_in_vain_ends_in_a_timeout(claude: Claude) -> None:
    with pytest.raises(TimeoutError):
        await claude.until(lambda: False, timeout=0.02)


async def test_the_record_tells_how_each_request_went(
    claude: Claude, sdk: AsyncAnthropic, clock: HandClock
) -> None:
    clock.advance(100)
    message = await whole(sdk, "what is on record?")
    call = claude.requests[0]
    assert call.body["messages"][0]["content"] == "what is on record?"
    assert call.usage is not None
    assert call.usage["output_tokens"] == message.usage.output_tokens
    assert (call.started, call.finished, call.status, call.message_id) == (100, 100, 200, message.id)
    await sdk.models.list()
    assert [one.path for one in claude.calls] == ["/v1/messages", "/v1/models"]
    assert len(claude.requests) == 1
    claude.requests.clear()
    again = await whole(sdk)
    assert [one.message_id for one in claude.requests] == [again.id]
    assert again.id != message.id


async def test_two_messages_never_share_an_id(claude: Claude, sdk: AsyncAnthropic) -> None:
    messages = await asyncio.gather(*(whole(sdk) for _ in range(5)))
    assert len({message.id for message in messages}) == 5


async def test_a_reply_comes_at_the_pace_that_was_set(clock: HandClock) -> None:
    async with Claude(clock, first_token_s=0.05, tokens_per_s=100.0) as server, httpx2.AsyncClient() as http:
        sdk = AsyncAnthropic(api_key="a key", base_url=server.base_url, max_retries=0, http_client=http)
        server.say(["x" * 10, "x" * 10])
        asked = time.monotonic()
        async with sdk.messages.stream(model=SONNET, max_tokens=5000, messages=said("hello")) as stream:
            times = [time.monotonic() - asked async for _ in stream.text_stream]
    # Ten letters are four tokens: 40 ms at 100 tokens a second. A busy machine only adds to that.
    assert times[0] > 0.085
    assert times[1] > 0.125


async def test_exact_deltas_can_have_a_pace_of_their_own(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(["a", "b", "c"], pause=0.02)
    began = time.monotonic()
    assert await ask(sdk) == "abc"
    assert time.monotonic() - began > 0.05


async def test_a_reply_ends_where_a_stop_sequence_begins(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(["one, tw", "o, three"])
    message = await sdk.messages.create(
        model=SONNET, max_tokens=5000, messages=said("count"), stop_sequences=["three", "two"]
    )
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "two")
    assert [block.text for block in message.content if block.type == "text"] == ["one, "]


async def test_a_reply_can_be_given_in_full(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply(("done",), stop_reason="pause_turn"))
    message = await whole(sdk)
    assert message.stop_reason == "pause_turn"


@pytest.mark.parametrize("text", ["", "plain", "naïve 👩‍👩‍👧 日本語 ```py\nx\n```\r\n\u2028end"])
async def test_every_text_arrives_as_it_was_said(claude: Claude, sdk: AsyncAnthropic, text: str) -> None:
    claude.say(text)
    claude.say(text)
    assert await ask(sdk) == text if text else True
    message = await whole(sdk)
    assert "".join(block.text for block in message.content if block.type == "text") == text
