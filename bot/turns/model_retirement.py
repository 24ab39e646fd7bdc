"""The end of models in use, told to the operator in good time."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable

import structlog

from bot.claude.catalogue import Catalogue
from bot.conversation.errors import StoreUnavailable
from bot.store.coordination import Coordination

log = structlog.get_logger()

DAY_S = 24 * 3600.0

RETRY_S = 60.0
"""The store is seldom away for longer, and nothing is urgent."""


class ModelRetirement:
    """Tells once a day, whatever instances run and restart, of each model in use that ends soon: one line each.

    In use are the `configured` model, and what was chosen or used lately anywhere, which all instances know from each
    other. Each model is looked at as soon as it is chosen or used, and all of them daily.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        desk: Coordination,
        configured: str,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._catalogue = catalogue
        self._desk = desk
        self._configured = configured
        self._now_s = now_s
        self._unnoted: set[str] = set()
        self._told: dict[str, dt.date] = {}

    async def keep(self, *, every_s: float = DAY_S) -> None:
        """Tell now, whenever another model comes into use, and daily, after the catalogue was read anew."""
        clock = asyncio.get_running_loop().time
        read_at = clock() + every_s
        while True:
            try:
                await self.tell()
                pause_s = max(0.0, read_at - clock())
            except StoreUnavailable as error:
                log.info("endings_not_told", detail=str(error))
                pause_s = RETRY_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._catalogue.another_used.wait()
            except TimeoutError:
                pass
            if clock() >= read_at:
                read_at = clock() + every_s
                await self._catalogue.refresh()

    async def tell(self) -> None:
        """Tell of what nobody has told today; StoreUnavailable if it is not known what that is."""
        today, now_s = self._catalogue.today(), round(self._now_s())
        self._unnoted |= {self._configured, *self._catalogue.take_used()}
        await self._desk.note_models(self._unnoted, now_s)
        self._unnoted.clear()
        for model in sorted(await self._desk.models_in_use(now_s)):
            if self._told.get(model) == today or not self._catalogue.ends_soon(model):
                continue
            if await self._desk.first_to_announce(model, today):
                self._catalogue.announce(model)
            self._told[model] = today
