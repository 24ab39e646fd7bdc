"""Reads the settings anew when SIGHUP asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.config import Settings
from bot.config.live import LiveSettings
from bot.conversation.errors import StartError
from bot.shutdown import ReloadRequests

log = structlog.get_logger()


class Reload:
    """Puts the settings in force that may change while the bot runs; `apply` passes them on to who holds copies."""

    def __init__(
        self, live: LiveSettings, load: Callable[[], Settings], apply: Callable[[Settings], None]
    ) -> None:
        self._live = live
        self._load = load
        self._apply = apply

    async def watch(self, requests: ReloadRequests) -> None:
        """Reload for each request, until cancelled."""
        while True:
            await requests.next()
            await self.reload()

    async def reload(self) -> None:
        """Read the settings and log what has changed; settings with an error change nothing."""
        try:
            loaded = await asyncio.to_thread(self._load)
        except StartError as error:
            log.error(  # noqa: TRY400 - the error is one of the operator's file
                "settings_not_reloaded",
                detail="; ".join(str(error).splitlines()),
                hint="the settings before stay in force: correct this one and send SIGHUP again",
            )
            return
        reloaded = self._live.replace(loaded)
        self._apply(self._live.settings)
        log.info("settings_reloaded", applied=reloaded.applied, needs_restart=reloaded.needs_restart)
