"""The local Claude as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import httpx2
import pytest
from anthropic import AsyncAnthropic

SERVE = "from bot.local.simulator.claude.cli import serve; serve({})"


async def start(arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """The process, and the base URL from the one line that it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVE.format(arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 45)
    return process, json.loads(line)["base_url"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    process, base_url = await start("first_token_s=0, key='the key'")
    async with httpx2.AsyncClient() as http:
        sdk = AsyncAnthropic(api_key="the key", base_url=base_url, max_retries=0, http_client=http)
        assert (await sdk.models.retrieve("claude-sonnet-5-5")).id == "claude-sonnet-5-5"
    process.send_signal(number)
    rest, _ = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, rest) == (0, b"")


async def test_it_ends_with_its_parent() -> None:
    process, _ = await start("die_with_parent=True")
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 0
