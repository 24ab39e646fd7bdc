"""Warnings to the operator before a model in use is retired."""

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
"""The pause after an outage of the store; outages are seldom longer, and the warnings are not urgent."""


class ModelRetirement:
    """Logs one line a day for each model in use that is retired soon, however many instances run and restart.

    In use are the `configured` model and the models that people chose or used lately, which all instances share. A
    model is checked when it comes into use, and all models daily.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        coordination: Coordination,
        configured: str,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._catalogue = catalogue
        self._coordination = coordination
        self._configured = configured
        self._now_s = now_s
        self._unrecorded: set[str] = set()
        self._warned: dict[str, dt.date] = {}

    async def watch(self, *, every_s: float = DAY_S) -> None:
        """Warn now, whenever a model comes into use, and daily after a refresh of the catalogue."""
        clock = asyncio.get_running_loop().time
        read_at = clock() + every_s
        while True:
            try:
                await self.warn()
                pause_s = max(0.0, read_at - clock())
            except StoreUnavailable as error:
                log.info("retirements_not_checked", detail=str(error))
                pause_s = RETRY_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._catalogue.another_used.wait()
            except TimeoutError:
                pass
            if clock() >= read_at:
                read_at = clock() + every_s
                await self._catalogue.refresh()

    async def warn(self) -> None:
        """Warn of the models without a warning today. Raises StoreUnavailable if the store cannot say which."""
        today, now_s = self._catalogue.today(), round(self._now_s())
        self._unrecorded |= {self._configured, *self._catalogue.take_used()}
        await self._coordination.note_models(self._unrecorded, now_s)
        self._unrecorded.clear()
        for model in sorted(await self._coordination.models_in_use(now_s)):
            if self._warned.get(model) == today or not self._catalogue.ends_soon(model):
                continue
            if await self._coordination.first_to_announce(model, today):
                self._catalogue.announce(model)
            self._warned[model] = today
