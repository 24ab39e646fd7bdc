"""What tools cost and cache: their tokens, the readings behind server results, and breakpoints in a loop."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude import (
    Claude,
    HandClock,
    Page,
    Reply,
    ToolUse,
    bash,
    web_fetch,
    web_search,
)

HAIKU = "claude-haiku-5-5"
LONG = "The quick brown fox jumps over the lazy dog. " * 60
URL = "https://looms.example"
HELLO: Any = {"role": "user", "content": f"{URL} {LONG}"}
HELLOS: Any = [HELLO]
LOOK: Any = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
HEAR: Any = {**LOOK, "name": "hear"}
SEARCH: Any = {"type": "web_search_20260318", "name": "web_search", "allowed_callers": ["direct"]}
FETCH: Any = {"type": "web_fetch_20260318", "name": "web_fetch", "allowed_callers": ["direct"]}
CODE: Any = {"type": "code_execution_20260521", "name": "code_execution"}
LOOMS = Page(URL, "Looms", LONG)
AUTO: Any = {"type": "ephemeral", "ttl": "1h"}
QUIET: Any = {"type": "disabled"}


async def ask(sdk: AsyncAnthropic, *messages: Any, **fields: Any) -> Message:
    arguments: dict[str, Any] = {"max_tokens": 4000, "model": HAIKU, "thinking": QUIET, **fields}
    async with sdk.messages.stream(messages=list(messages) or HELLOS, **arguments) as stream:
        return await stream.get_final_message()


def total(message: Message) -> int:
    usage = message.usage
    return (
        usage.input_tokens + (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    )


def said(message: Message) -> Any:
    return {
        "role": "assistant",
        "content": [block.model_dump(exclude_none=True) for block in message.content],
    }


def seen(message: Message, words: str = "seen") -> Any:
    calls = [block for block in message.content if block.type == "tool_use"]
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": words} for call in calls],
    }


@pytest.mark.parametrize(
    ("model", "overhead"),
    [("claude-opus-5", 286), ("claude-sonnet-4-6", 497), ("claude-haiku-4-5", 496)],
)
async def test_any_tool_adds_the_tokens_that_tell_how_to_call_it(
    sdk: AsyncAnthropic, model: str, overhead: int
) -> None:
    async def count(*tools: Any) -> int:
        return (await sdk.messages.count_tokens(model=model, messages=HELLOS, tools=tools)).input_tokens

    none, one, two = await count(), await count(LOOK), await count(LOOK, HEAR)
    assert one - none == overhead + (two - one)


async def test_the_count_of_a_request_with_tools_is_its_usage(sdk: AsyncAnthropic) -> None:
    counted = await sdk.messages.count_tokens(model=HAIKU, messages=HELLOS, tools=[LOOK, SEARCH])
    assert total(await ask(sdk, tools=[LOOK, SEARCH])) == counted.input_tokens


async def test_a_changed_tool_loses_the_whole_cache_and_a_changed_choice_the_messages(
    sdk: AsyncAnthropic,
) -> None:
    system: Any = [{"type": "text", "text": LONG, "cache_control": AUTO}]
    fields: dict[str, Any] = {"system": system, "cache_control": AUTO, "tools": [LOOK]}

    async def read(**changed: Any) -> int:
        return (await ask(sdk, **{**fields, **changed})).usage.cache_read_input_tokens or 0

    assert await read() == 0
    whole = await read()
    choice = await read(tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    assert 0 < choice < whole
    assert await read(tools=[{**LOOK, "description": "Look around."}]) == 0
    assert await read(tools=[LOOK, HEAR]) == 0
    # The web's tools speak through the system prompt.
    assert await read(tools=[LOOK, SEARCH]) == 0


async def test_each_result_of_a_server_tool_is_another_reading_of_the_prompt(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    plain = total(await ask(sdk, tools=[SEARCH]))
    claude.say(Reply.of(web_search("warp", LOOMS), "So."))
    once = await ask(sdk, tools=[SEARCH])
    found = total(once) - 2 * plain
    assert found > 1000
    assert once.usage.cache_read_input_tokens == 0
    claude.say(Reply.of(web_search("warp", LOOMS), web_search("warp", LOOMS), "So."))
    assert total(await ask(sdk, tools=[SEARCH])) == pytest.approx(3 * plain + 3 * found, rel=0.02)


async def test_results_of_server_tools_are_cached_for_five_minutes_where_anything_is_cached(
    claude: Claude, sdk: AsyncAnthropic, clock: HandClock
) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS), "So."))
    first = await ask(sdk, tools=[SEARCH], cache_control=AUTO)
    usage = first.usage
    # The start of a stream knows the first reading alone, its end the sum of all.
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_5m_input_tokens == 0
    call = claude.requests[-1]
    assert call.usage is not None
    created = call.usage["cache_creation"]
    assert created["ephemeral_1h_input_tokens"] > 1000
    assert created["ephemeral_5m_input_tokens"] > 1000
    # The second reading reads what the first wrote.
    assert usage.cache_read_input_tokens == created["ephemeral_1h_input_tokens"]
    again: Any = {"role": "user", "content": "And?"}
    for seconds, read in ((200, sum(created.values())), (400, 0)):
        clock.advance(seconds)
        later = await ask(sdk, HELLO, said(first), again, tools=[SEARCH])
        assert later.usage.cache_read_input_tokens == 0  # without a breakpoint, nothing is read
        later = await ask(sdk, HELLO, said(first), again, tools=[SEARCH], cache_control={"type": "ephemeral"})
        assert (later.usage.cache_read_input_tokens or 0) >= read


async def test_a_loop_reads_what_its_steps_before_wrote(claude: Claude, sdk: AsyncAnthropic) -> None:
    messages: list[Any] = [HELLO]
    read, whole = 0, 0
    for at in range(5):
        claude.say(Reply.of(ToolUse("look", {"at": at})))
        step = await ask(sdk, *messages, tools=[LOOK], cache_control=AUTO)
        if at:
            read += step.usage.cache_read_input_tokens or 0
            whole += total(step)
        messages += [said(step), seen(step)]
    assert read > 0.9 * whole


async def test_calls_of_server_tools_are_counted_and_failed_ones_are_free(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(
        Reply.of(
            web_search("warp", LOOMS),
            web_search("weft", error="too_many_requests"),
            web_fetch(URL),
            bash("ls", "a\n"),
            "So.",
        )
    )
    await ask(sdk, tools=[SEARCH, FETCH, CODE])
    used = claude.requests[-1].usage
    assert used is not None
    assert used["server_tool_use"] == {
        "web_search_requests": 1,
        "web_fetch_requests": 1,
        "code_execution_requests": 1,
    }
    await ask(sdk, tools=[SEARCH])
    used = claude.requests[-1].usage
    assert used is not None
    assert used["server_tool_use"] is None


async def test_the_limits_of_the_tools_hold_for_a_script(claude: Claude, sdk: AsyncAnthropic) -> None:
    other = Page("https://b.other.example/x", "Other", "Other words.")
    tools = [
        SEARCH | {"max_uses": 2, "allowed_domains": ["looms.example"]},
        FETCH | {"blocked_domains": ["other.example"], "max_content_tokens": 100},
    ]
    claude.say(
        Reply.of(
            *(web_search("warp", LOOMS, other) for _ in range(3)), web_fetch(other.url), web_fetch(URL, LOOMS)
        )
    )
    message = await ask(sdk, tools=tools)
    results = [block for block in message.content if block.type.endswith("_tool_result")]
    shapes = [
        len(block.content) if isinstance(block.content, list) else getattr(block.content, "error_code", None)
        for block in results
        if block.type in ("web_search_tool_result", "web_fetch_tool_result")
    ]
    assert shapes == [1, 1, "max_uses_exceeded", "url_not_allowed", None]
    last = results[-1]
    assert last.type == "web_fetch_tool_result"
    assert last.content.type == "web_fetch_result"
    assert len(last.content.content.source.data) == 250


async def test_a_web_tool_that_only_code_may_call_brings_code_execution_along(
    claude: Claude, sdk: AsyncAnthropic
) -> None:
    claude.say(Reply.of(web_search("warp", LOOMS), "So."))
    message = await ask(sdk, tools=[{"type": "web_search_20260318", "name": "web_search"}])
    assert [block.type for block in message.content] == [
        "server_tool_use",
        "server_tool_use",
        "web_search_tool_result",
        "code_execution_tool_result",
        "text",
    ]
    outer, inner = message.content[0], message.content[1]
    assert outer.type == inner.type == "server_tool_use"
    assert outer.name == "code_execution"
    assert inner.caller is not None
    assert inner.caller.type == "code_execution_20260120"
    assert message.container is not None


async def test_a_container_goes_on_until_it_expires(
    claude: Claude, sdk: AsyncAnthropic, clock: HandClock
) -> None:
    claude.say(Reply.of(bash("ls"), "So."))
    first = await ask(sdk, tools=[CODE])
    assert first.container is not None
    claude.say(Reply.of(bash("ls"), "So."))
    again = await ask(sdk, tools=[CODE], container=first.container.id)
    assert again.container is not None
    assert again.container.id == first.container.id
    claude.say(Reply.of(bash("ls"), "So."))
    fresh = await ask(sdk, tools=[CODE])
    assert fresh.container is not None
    assert fresh.container.id != first.container.id
    clock.advance(31 * 24 * 3600)
    with pytest.raises(anthropic.BadRequestError, match="has expired"):
        await ask(sdk, tools=[CODE], container=first.container.id)
    claude.say(Reply.of(bash("ls"), "So."))
    last = await ask(sdk, tools=[CODE])
    assert last.container is not None
    claude.containers.expire()
    with pytest.raises(anthropic.BadRequestError, match="has expired"):
        await ask(sdk, tools=[CODE], container=last.container.id)
    with pytest.raises(anthropic.NotFoundError):
        await ask(sdk, tools=[CODE], container="container_unknown")


async def test_code_that_fails_says_so(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say(Reply.of(bash("false", stderr="no\n", return_code=1), bash("x", error="unavailable"), "So."))
    message = await ask(sdk, tools=[CODE])
    failed, unavailable = (
        block.content for block in message.content if block.type == "bash_code_execution_tool_result"
    )
    assert failed.type == "bash_code_execution_result"
    assert (failed.return_code, failed.stderr) == (1, "no\n")
    assert unavailable.type == "bash_code_execution_tool_result_error"
    assert unavailable.error_code == "unavailable"
