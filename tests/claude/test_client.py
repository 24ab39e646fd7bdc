"""What the client streams, and when a stream ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.claude.client import Claude
from bot.conversation.content import Text
from bot.conversation.errors import ClaudeKeyRefused
from bot.conversation.request import (
    Breakpoints,
    Finished,
    NewAttempt,
    Request,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
    Waiting,
)
from tests.claude.conftest import changed, shown
from tests.claude.server import PING, Answer, Server, block, closing, delta, opening, refusal, reply, sse

# How long an API call may outlive whoever wanted it.
LEAVE_WITHIN_S = 4.0
"""Before any limit of the client's ends a call; what leaves at all leaves in milliseconds."""


async def collect(claude: Claude, request: Request) -> list[StreamEvent]:
    return [event async for event in shown(claude.stream(request))]


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_reply_streams_as_text_and_ends_with_its_usage(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(reply("Fine, ", "thank you."))
    events = await collect(claude, request_)
    assert text_of(events) == "Fine, thank you."
    assert events[-1] == Finished(
        "end_turn",
        Usage(input=10, output=7),
        "claude-sonnet-5-5",
        "msg_1",
        "req_1",
        blocks=(Text("Fine, thank you."),),
    )


async def test_each_delta_is_handed_on_before_the_next_one_is_sent(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((opening(), delta("a"), "hang")))
    async with aclosing(claude.stream(request_)) as events:
        assert await anext(shown(events)) == TextDelta("a")
        assert not server.left.is_set()


async def test_only_text_is_shown_and_it_is_kept_exactly_with_a_gap_where_a_tool_was_called(
    server: Server, claude: Claude, request_: Request
) -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": ""}
    tool = {"type": "server_tool_use", "id": "t", "name": "n", "input": {}}
    steps = (
        opening(),
        sse("content_block_start", index=0, content_block=thinking),
        sse("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "secret"}),
        sse("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2ln"}),
        sse("content_block_stop", index=0),
        *block("  one\n", "", "\ttwo \u2028", index=1),
        sse("content_block_start", index=2, content_block=tool),
        sse("content_block_delta", index=2, delta={"type": "input_json_delta", "partial_json": "{}"}),
        sse("content_block_delta", index=2, delta={"type": "text_delta", "text": "not of a text block"}),
        sse("content_block_stop", index=2),
        *block("three 🐢", index=3),
        *closing(),
    )
    server.answers.append(Answer(steps))
    assert text_of(await collect(claude, request_)) == "  one\n\ttwo \u2028\n\nthree 🐢"


async def test_unknown_events_deltas_and_missing_fields_do_no_harm(
    server: Server, claude: Claude, request_: Request
) -> None:
    steps = (
        b": a comment\n\n",
        sse("message_start", message={"usage": {"input_tokens": 3, "cache_read_input_tokens": None}}),
        sse("message_moved", to="elsewhere"),
        b"event: ping\n\n",
        b"event: content_block_delta\ndata: [1]\n\n",
        sse("content_block_delta", index=0, delta={"type": "smell_delta", "smell": "rose"}),
        delta("hello"),
        sse("message_delta", delta={"stop_reason": "novel_reason"}, usage=None),
        sse("message_stop"),
        b"data: [DONE]\n\n",
    )
    server.answers.append(Answer(steps))
    assert await collect(claude, request_) == [
        TextDelta("hello"),
        Finished("novel_reason", Usage(input=3), "", "", blocks=(Text("hello"),)),
    ]


async def test_what_was_read_is_told_before_anything_is_written_and_for_each_try(
    server: Server, claude: Claude, request_: Request
) -> None:
    usage = {"cache_read_input_tokens": 20, "cache_creation_input_tokens": 30}
    server.answers.extend([Answer((opening(**usage), "drop")), refusal(529, "overloaded_error"), reply("ok")])
    events = [event async for event in claude.stream(request_)]
    first, waiting, again, refused, once_more, started, *_ = events
    assert first == Started(Usage(input=10, cache_write_5m=30, cache_read=20))
    assert isinstance(waiting, Waiting)
    assert waiting.lost
    assert isinstance(refused, Waiting)
    assert not refused.lost
    assert (again, once_more, started) == (NewAttempt(), NewAttempt(), Started(Usage(input=10)))


async def test_a_server_that_counts_at_the_end_alone_tells_nothing_at_the_start(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((opening(input_tokens=0), *block("ok"), *closing(input_tokens=9))))
    events = [event async for event in claude.stream(request_)]
    assert [type(event) for event in events] == [TextDelta, Finished]


async def test_a_refusal_names_its_category(server: Server, claude: Claude, request_: Request) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": None}
    server.answers.append(Answer((opening(), *closing("refusal", details=details))))
    (finished,) = await collect(claude, request_)
    assert isinstance(finished, Finished)
    assert (finished.stop_reason, finished.refusal_category) == ("refusal", "bio")


async def test_a_reply_of_thinking_alone_ends_without_text(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(
        Answer((opening(), *closing("max_tokens", output_tokens_details={"thinking_tokens": 6})))
    )
    (finished,) = await collect(claude, request_)
    assert isinstance(finished, Finished)
    assert finished.stop_reason == "max_tokens"
    assert finished.usage == Usage(input=10, output=7, thinking=6)


async def test_the_server_receives_what_was_asked_and_the_key(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(reply("ok"))
    marked = replace(request_, user_key="u1", breakpoints=Breakpoints("5m", ((0, "1h"),)))
    await collect(claude, marked)
    assert json.loads(server.bodies[0]) == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "text",
                        "text": "How are you, Marzipan?",
                        "cache_control": {"type": "ephemeral", "ttl": "1h"},
                    }
                ],
            }
        ],
        "output_config": {"effort": "medium"},
        "metadata": {"user_id": "u1"},
        "stream": True,
    }
    assert server.headers[0]["Authorization"] == "Bearer sk-test-key"


async def test_one_connection_serves_one_reply_after_the_other(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.extend([reply("one"), reply("two")])
    await collect(claude, request_)
    await collect(claude, request_)
    assert server.peers[0] == server.peers[1]


async def test_a_server_that_never_ends_the_body_does_not_hold_the_reply(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((opening(), *block("done"), *closing(), "hang")))
    began = time.monotonic()
    assert text_of(await collect(claude, request_)) == "done"
    assert time.monotonic() - began < LEAVE_WITHIN_S


async def test_two_replies_stream_side_by_side(server: Server, claude: Claude, request_: Request) -> None:
    server.answers.extend([Answer((opening(), delta("one"), "hang")), reply("two")])
    async with aclosing(claude.stream(request_)) as first:
        assert await anext(shown(first)) == TextDelta("one")
        assert text_of(await collect(claude, request_)) == "two"


async def test_a_deprecated_model_is_asked_without_a_warning(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(reply("still here"))  # warnings are errors in these tests
    assert text_of(await collect(claude, changed(request_, model="claude-sonnet-4-5"))) == "still here"


async def test_closing_the_stream_ends_the_api_call_at_once(
    server: Server, claude: Claude, request_: Request
) -> None:
    server.answers.append(Answer((opening(), delta("a"), "hang")))
    events = claude.stream(request_)
    assert isinstance(await anext(events), Started)
    assert isinstance(await anext(events), TextDelta)
    await events.aclose()
    await asyncio.wait_for(server.left.wait(), LEAVE_WITHIN_S)


@pytest.mark.parametrize(
    "answer",
    [
        Answer((opening(), delta("a"), "hang")),
        Answer((opening(), PING, "hang")),
        Answer(before_headers="hang"),
    ],
    ids=["in the text", "before the text", "before the headers"],
)
async def test_cancelling_the_reader_ends_the_api_call_at_once(
    server: Server, claude: Claude, request_: Request, answer: Answer
) -> None:
    server.answers.append(answer)

    async def read() -> None:
        async with aclosing(claude.stream(request_)) as events:
            async for _ in events:
                pass

    reader = asyncio.create_task(read())
    await server.waiting.wait()
    reader.cancel()
    async with asyncio.timeout(LEAVE_WITHIN_S):
        await server.left.wait()
        with pytest.raises(asyncio.CancelledError):
            await reader


async def test_a_stream_closed_while_it_waits_is_not_asked_for_again(
    server: Server, connect: Callable[..., Claude], request_: Request
) -> None:
    claude = connect(sleep=asyncio.sleep)
    server.answers.extend([refusal(529, "overloaded_error"), reply("too late")])
    events = claude.stream(request_)
    assert isinstance(await anext(events), Waiting)
    await events.aclose()
    assert len(server.bodies) == 1


async def test_tokens_are_counted_by_the_api(server: Server, claude: Claude, request_: Request) -> None:
    server.answers.append(Answer((b'{"input_tokens": 42}',), content_type="application/json"))
    assert await claude.count_tokens(request_) == 42
    assert "max_tokens" not in json.loads(server.bodies[0])


@pytest.mark.parametrize("key", ["", "sk-\n", "sk ant", "sk-ключ"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_quoted(
    connect: Callable[..., Claude], key: str
) -> None:
    with pytest.raises(ClaudeKeyRefused) as caught:
        connect(api_key=key)
    assert not key or key not in str(caught.value)
