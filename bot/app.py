"""The life of the process: stand-ins started, everything built, served, and taken down again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from typing import TYPE_CHECKING

import structlog
import typer

from bot import garbage
from bot.config import Settings
from bot.config.live import LiveSettings
from bot.conversation.errors import StoreUnavailable
from bot.local import stand_ins
from bot.local.stand_ins import StandIns
from bot.shutdown import ReloadRequests, Shutdown, Stopped, together
from bot.watchdog import Watchdog

if TYPE_CHECKING:
    from bot.wiring import Bot

log = structlog.get_logger()

# How long a stop waits until the store knows of it; a Redis that does not answer must not hold the stop up.
REST_S = 0.5


async def run(settings: Settings, load: Callable[[], Settings]) -> None:
    """Run the bot until the request to stop; StartError if it cannot start. `load` reads the settings anew."""
    began_s = time.monotonic()
    shutdown = Shutdown()
    shutdown.listen()
    requests = ReloadRequests(shutdown)
    requests.listen()
    try:
        async with AsyncExitStack() as stack:
            stack.enter_context(Watchdog())
            local, bot = await shutdown.unless_requested(_start(settings, stack, began_s))
            await _serve(local, bot, shutdown, load, requests)
    except Stopped:
        log.info("stopped_while_starting")
    shutdown.taken_down()


async def _rest(bot: Bot) -> None:
    with suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(REST_S):
            await bot.rest()


async def _start(settings: Settings, stack: AsyncExitStack, began_s: float) -> tuple[StandIns, Bot]:
    # Loading the libraries takes most of a second; the stand-ins start at the same time.
    local, _ = await together(
        stand_ins.start(settings, stack), asyncio.to_thread(import_module, "bot.wiring")
    )
    from bot.telemetry import tracing
    from bot.wiring import build

    if tracing.is_wanted():
        stack.callback(await asyncio.to_thread(tracing.configure))
    garbage.configure()  # see __main__

    bot = await build(local.settings, stack, LiveSettings(settings, local.settings), began_s=began_s)
    typer.echo(local.banner(str(bot.client.user)), err=True)
    return local, bot


async def _serve(
    local: StandIns, bot: Bot, shutdown: Shutdown, load: Callable[[], Settings], requests: ReloadRequests
) -> None:
    """Run every task until the request to stop, or until a task fails."""
    from bot.gateway.connection import session
    from bot.gateway.connection.final_states import noted
    from bot.telemetry.gateway_state import GatewayReason, GatewayState
    from bot.wiring.reload import Reload

    parts = [
        asyncio.create_task(noted(bot.client, session.stay_connected(bot.client)), name="discord"),
        asyncio.create_task(bot.dispatcher.watch(), name="dispatch"),
        asyncio.create_task(bot.catchup.watch(), name="catchup"),
        asyncio.create_task(bot.existence.watch(), name="existence"),
        asyncio.create_task(bot.retention.watch(), name="retention"),
        asyncio.create_task(bot.model_retirement.watch(), name="model-retirement"),
        asyncio.create_task(bot.file_cleanup.watch(every_s=local.settings.turns.poll_s), name="file-cleanup"),
        asyncio.create_task(bot.audit_poster.watch(every_s=local.settings.turns.poll_s), name="audit-poster"),
        asyncio.create_task(
            bot.approval_desk.watch.run(every_s=local.settings.turns.poll_s), name="approval-desk"
        ),
        asyncio.create_task(
            bot.reminder_poster.watch(every_s=local.settings.turns.poll_s), name="reminder-poster"
        ),
        asyncio.create_task(bot.branching.watch(every_s=local.settings.turns.poll_s), name="branching"),
        asyncio.create_task(bot.forgetting.watch(every_s=local.settings.turns.poll_s), name="forgetting"),
        asyncio.create_task(bot.wakeups.listen(bot.wake, bot.restore), name="wakeups"),
        *(asyncio.create_task(bot.remote_tools.watch(), name="remote-tools") for _ in local.settings.mcp[:1]),
        asyncio.create_task(bot.schema.watch(), name="schema"),
        asyncio.create_task(bot.presence.watch(), name="presence"),
        asyncio.create_task(bot.health.loop.watch(), name="loop-lag"),
        asyncio.create_task(garbage.collect_when_quiet(lambda: bot.dispatcher.running), name="garbage"),
        asyncio.create_task(bot.redis_latency.watch(), name="redis-latency"),
        *(asyncio.create_task(each.watch(), name="monitor-push") for each in bot.monitor_pushes),
        asyncio.create_task(Reload(bot.live, load, bot.apply).watch(requests), name="reload"),
        asyncio.create_task(bot.keep_events(), name="events"),
        *(asyncio.create_task(server.watch(), name="local") for server in local.servers),
    ]
    if local.redis is not None:
        parts.append(asyncio.create_task(local.redis.keep(), name="redis"))
    stopping = asyncio.create_task(shutdown.requested(), name="stop")
    registering = asyncio.create_task(bot.tree.register(), name="commands")
    try:
        await asyncio.wait([*parts, stopping], return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        # Still connected: messages that arrive now are stored, and answered after the next start.
        await bot.dispatcher.stop(shutdown.grace_s(bot.live.settings.shutdown.grace_s))
    finally:
        for task in (*parts, stopping, registering):
            task.cancel()
        ended = await asyncio.gather(*parts, registering, return_exceptions=True)
        bot.client.health.change(GatewayState.STOPPED, GatewayReason.SHUTDOWN)
        await asyncio.gather(_rest(bot), session.disconnect(bot.client))
    for result in ended:
        if isinstance(result, Exception):
            raise result
