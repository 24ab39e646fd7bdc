"""A local Claude and the unmodified SDK that talks with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from anthropic import AsyncAnthropic

from bot.local.simulator.claude import Claude, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def claude(clock: HandClock) -> AsyncIterator[Claude]:
    async with Claude(clock=clock) as server:
        yield server


@pytest.fixture
async def sdk(claude: Claude) -> AsyncIterator[AsyncAnthropic]:
    async with httpx2.AsyncClient() as http:
        yield AsyncAnthropic(api_key="a key", base_url=claude.base_url, max_retries=0, http_client=http)
