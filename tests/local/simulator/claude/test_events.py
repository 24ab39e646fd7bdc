"""The events of a stream, byte for byte as the wire has them."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from bot.local.simulator.claude import Claude

HEADERS = {"x-api-key": "a key", "anthropic-version": "2026-10-21"}


async def events(claude: Claude, **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    """Name and data of each event of a streamed reply."""
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        **fields,
    }
    url = f"{claude.base_url}/v1/messages"
    async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=HEADERS) as response:
        raw = await response.text()
    assert raw.endswith("\n\n")
    found = []
    for event in raw.removesuffix("\n\n").split("\n\n"):
        name, data = event.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_each_event_has_a_name_and_data_of_that_type(claude: Claude) -> None:
    claude.say(["Hel", "lo"])
    found = await events(claude)
    assert all(name == data["type"] for name, data in found)
    assert [name for name, _ in found] == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert [data["index"] for _, data in found[2:9]] == [0, 0, 0, 1, 1, 1, 1]
    assert found[3][1]["delta"]["type"] == "signature_delta"
    assert [data["delta"] for _, data in found[6:8]] == [
        {"type": "text_delta", "text": "Hel"},
        {"type": "text_delta", "text": "lo"},
    ]


async def test_the_stop_reason_and_the_whole_usage_come_at_the_end(claude: Claude) -> None:
    found = await events(claude, output_config={"effort": "low"})
    start, delta = found[0][1]["message"], found[-2][1]
    assert (start["content"], start["stop_reason"], start["usage"]["output_tokens"]) == ([], None, 1)
    assert delta["delta"]["stop_reason"] == "end_turn"
    assert delta["usage"]["output_tokens"] > 1
    for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"):
        assert delta["usage"][name] == start["usage"][name]
