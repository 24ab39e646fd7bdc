"""Usage, counts and diagnostics on the wire: `caching`, `tokens` and `diagnostics` together."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message

from bot.local.simulator.claude import Claude, HandClock, faults

SONNET = "claude-sonnet-5-5"
LONG = "The quick brown fox jumps over the lazy dog. " * 60
AUTO: dict[str, Any] = {"type": "ephemeral", "ttl": "1h"}


async def ask(sdk: AsyncAnthropic, *texts: str, model: str = SONNET, **fields: Any) -> Message:
    messages: list[Any] = [
        {"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(texts)
    ]
    fields.setdefault("cache_control", AUTO)
    async with sdk.messages.stream(model=model, max_tokens=5000, messages=messages, **fields) as stream:
        return await stream.get_final_message()


def total(message: Message) -> int:
    usage = message.usage
    return (
        usage.input_tokens + (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    )


async def test_a_second_turn_reads_the_first_from_the_cache(sdk: AsyncAnthropic) -> None:
    first = (await ask(sdk, LONG)).usage
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_1h_input_tokens == first.cache_creation_input_tokens
    assert first.cache_read_input_tokens == 0
    second = (await ask(sdk, LONG, "Indeed.", "And then?")).usage
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.service_tier == "standard"


async def test_a_cached_prompt_is_forgotten_after_its_hour(sdk: AsyncAnthropic, clock: HandClock) -> None:
    await ask(sdk, LONG)
    clock.advance(3599)
    assert (await ask(sdk, LONG)).usage.cache_read_input_tokens
    clock.advance(3600)
    assert (await ask(sdk, LONG)).usage.cache_read_input_tokens == 0


async def test_a_failed_request_fills_no_cache(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.faults.add(faults.overloaded())
    with pytest.raises(anthropic.OverloadedError):
        await ask(sdk, LONG)
    assert (await ask(sdk, LONG)).usage.cache_read_input_tokens == 0


async def test_a_request_for_no_tokens_fills_the_cache(sdk: AsyncAnthropic) -> None:
    warm = await sdk.messages.create(
        model=SONNET,
        max_tokens=0,
        cache_control={"type": "ephemeral"},
        messages=[{"role": "user", "content": LONG}],
    )
    assert (warm.content, warm.stop_reason, warm.usage.output_tokens) == ([], "max_tokens", 0)
    assert (await ask(sdk, LONG)).usage.cache_read_input_tokens


async def test_counting_agrees_with_what_a_request_is_billed(sdk: AsyncAnthropic) -> None:
    fields: dict[str, Any] = {
        "system": [{"type": "text", "text": "Be kind.", "cache_control": AUTO}],
        "tools": [{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}],
        "output_config": {"effort": "low"},
    }
    counted = await sdk.messages.count_tokens(
        model=SONNET, messages=[{"role": "user", "content": LONG}], **fields
    )
    for _ in range(2):
        assert total(await ask(sdk, LONG, **fields)) == counted.input_tokens


async def test_even_an_empty_answer_is_billed(claude: Claude, sdk: AsyncAnthropic) -> None:
    claude.say("")
    message = await ask(sdk, "hello", output_config={"effort": "low"})
    assert (message.content, message.stop_reason, message.usage.output_tokens) == ([], "end_turn", 1)


async def reason(
    sdk: AsyncAnthropic, previous: str | None, *texts: str, **fields: Any
) -> tuple[Message, str | None]:
    message = await ask(sdk, *texts, diagnostics={"previous_message_id": previous}, **fields)
    if message.diagnostics is None or message.diagnostics.cache_miss_reason is None:
        return message, None
    return message, message.diagnostics.cache_miss_reason.type


async def test_diagnostics_name_what_changed(sdk: AsyncAnthropic) -> None:
    tool = {"name": "look", "input_schema": {"type": "object"}}
    same: dict[str, Any] = {"system": "Be kind.", "tools": [tool]}
    first, nothing = await reason(sdk, None, "one", **same)
    assert nothing is None
    for texts, changes, expected in (
        (("one",), {}, None),
        (("one", "two", "three"), {}, None),
        (("ONE", "two", "three"), {}, "messages_changed"),
        (("one",), {"system": "Be brief."}, "system_changed"),
        (("ONE",), {"system": "Be brief."}, "system_changed"),
        (("one",), {"tools": []}, "tools_changed"),
        (("one",), {"model": "claude-opus-5-5"}, "model_changed"),
        (("one",), {"speed": "fast"}, "model_changed"),
        (("one",), {"output_config": {"effort": "low"}}, "unavailable"),
    ):
        _, found = await reason(sdk, first.id, *texts, **{**same, **changes})
        assert found == expected, (texts, changes)
    assert (await reason(sdk, "msg_unknown", "one", **same))[1] == "previous_message_not_found"


async def test_diagnostics_tell_how_much_was_missed(sdk: AsyncAnthropic) -> None:
    first, _ = await reason(sdk, None, LONG, "yes", "go on")
    message, _ = await reason(sdk, first.id, LONG.upper(), "yes", "go on")
    assert message.diagnostics is not None
    missed = message.diagnostics.cache_miss_reason
    assert missed is not None
    assert missed.type == "messages_changed"
    assert missed.cache_missed_input_tokens == first.usage.cache_creation_input_tokens


async def test_without_diagnostics_nothing_is_remembered(sdk: AsyncAnthropic) -> None:
    first = await ask(sdk, "one")
    assert first.diagnostics is None
    assert (await reason(sdk, first.id, "one"))[1] == "previous_message_not_found"
