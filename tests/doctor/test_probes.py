"""What the check makes of services that fail while it asks them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot.config import Settings
from bot.conversation.errors import StoreUnavailable
from bot.doctor.probes import gather
from bot.findings.ids import Id


async def test_a_redis_that_ends_during_the_check_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asks_redis(*_: Any) -> None:
        raise StoreUnavailable("connection closed")

    monkeypatch.setattr("bot.doctor.probes._discord", asks_redis)
    async with AsyncExitStack() as stack:
        gathered = await gather(Settings(), stack)
    assert [each.id for each in gathered.findings] == [Id.REDIS_UNREACHABLE]
    assert gathered.facts == []
