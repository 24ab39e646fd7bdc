"""A bot that answers on the page of its own local Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.e2e.bot_process import BotProcess
from tests.e2e.local_page import LocalPage


@asynccontextmanager
async def started(
    data: Path, fresh: bool = False, /, **environment: str
) -> AsyncIterator[tuple[BotProcess, LocalPage]]:
    """A bot with nothing configured but where it keeps its data, and its page; `fresh` as for BotProcess."""
    settings = {"BOT_REDIS__DATA_DIR": str(data), "BOT_LOCAL__PORT": "0", **environment}
    bot = await BotProcess.start(settings, fresh=fresh)
    async with aiohttp.ClientSession() as session:
        try:
            yield bot, await LocalPage.of(bot, session)
        finally:
            await bot.kill()
