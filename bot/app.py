"""The life of the process: what is missing is filled in, everything built, served, and taken down again."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

import structlog
import typer

from bot.config import Settings
from bot.local import defaults
from bot.local.defaults import Filled
from bot.shutdown import Shutdown, Stopped, together
from bot.watchdog import Watchdog

if TYPE_CHECKING:
    from bot.wiring import Bot

log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop; StartError if it cannot start."""
    shutdown = Shutdown()
    shutdown.listen()
    try:
        async with AsyncExitStack() as stack:
            stack.enter_context(Watchdog())
            filled, bot = await shutdown.unless_ordered(_start(settings, stack))
            await _serve(filled, bot, shutdown)
    except Stopped:
        log.info("stopped_while_starting")


async def _start(settings: Settings, stack: AsyncExitStack) -> tuple[Filled, Bot]:
    # The libraries take most of a second to load; the stand-ins start meanwhile.
    filled, _ = await together(
        defaults.fill_in(settings, stack), asyncio.to_thread(import_module, "bot.wiring")
    )
    from bot.wiring import build

    gc.freeze()  # what is loaded stays; see __main__
    gc.enable()

    bot = await build(filled.settings, stack)
    typer.echo(defaults.banner(filled, str(bot.client.user)), err=True)
    return filled, bot


async def _serve(filled: Filled, bot: Bot, shutdown: Shutdown) -> None:
    """Let everything run until the order to stop, or until a part fails for good."""
    from bot.gateway.connection import session

    parts = [
        asyncio.create_task(session.stay_connected(bot.client), name="discord"),
        asyncio.create_task(bot.dispatcher.watch(), name="dispatch"),
        asyncio.create_task(bot.catchup.watch(), name="catchup"),
        asyncio.create_task(bot.model_retirement.keep(), name="model-retirement"),
        asyncio.create_task(bot.wakeups.listen(bot.dispatcher.ring), name="wakeups"),
        *(asyncio.create_task(server.watch(), name="local") for server in filled.servers),
    ]
    if filled.redis is not None:
        parts.append(asyncio.create_task(filled.redis.keep(), name="redis"))
    stopping = asyncio.create_task(shutdown.ordered(), name="stop")
    registering = asyncio.create_task(bot.tree.register(), name="commands")
    try:
        await asyncio.wait([*parts, stopping], return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        # Still connected: what is said meanwhile is kept, and answered after the next start.
        await bot.dispatcher.stop(shutdown.grace_s(filled.settings.shutdown.grace_s))
    finally:
        for task in (*parts, stopping, registering):
            task.cancel()
        ended = await asyncio.gather(*parts, registering, return_exceptions=True)
        await session.disconnect(bot.client)
    for result in ended:
        if isinstance(result, Exception):
            raise result
