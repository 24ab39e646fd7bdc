"""The repairs of `check --fix` and `init`, by the `Fix` of a finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import discord

from bot.config import Settings
from bot.conversation.errors import StartError, StoreUnavailable
from bot.doctor.host_probe import make_private
from bot.doctor.probes import Gathered, without_metrics
from bot.findings.finding import Finding, Fix
from bot.gateway.connection import application
from bot.store import server_facts
from bot.wiring import build

Repair = Callable[[Settings, Gathered, Finding], Awaitable[None]]

FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError, StoreUnavailable, StartError)


async def _eviction(_settings: Settings, gathered: Gathered, _finding: Finding) -> None:
    if gathered.store is not None:
        await server_facts.set_no_eviction(gathered.store.redis)


async def _append_only(_settings: Settings, gathered: Gathered, _finding: Finding) -> None:
    if gathered.store is not None:
        await server_facts.switch_on_append_only_file(gathered.store.redis)


async def _intent(_settings: Settings, gathered: Gathered, _finding: Finding) -> None:
    if gathered.client is not None:
        await application.switch_on_intent(gathered.client)


async def _endpoint(_settings: Settings, gathered: Gathered, _finding: Finding) -> None:
    if gathered.client is not None:
        await application.remove_endpoint(gathered.client)


async def _install_link(_settings: Settings, gathered: Gathered, _finding: Finding) -> None:
    if gathered.client is not None:
        await application.set_install_link(gathered.client)


async def _commands(settings: Settings, _gathered: Gathered, _finding: Finding) -> None:
    async with AsyncExitStack() as stack:
        bot = await build(without_metrics(settings), stack, serves=False)
        await bot.tree.register_now()


async def _file_modes(_settings: Settings, _gathered: Gathered, finding: Finding) -> None:
    if finding.path is not None:
        make_private(Path(finding.path))


REPAIRS: Mapping[Fix, Repair] = {
    Fix.EVICTION: _eviction,
    Fix.APPEND_ONLY: _append_only,
    Fix.INTENT: _intent,
    Fix.ENDPOINT: _endpoint,
    Fix.INSTALL_LINK: _install_link,
    Fix.COMMANDS: _commands,
    Fix.FILE_MODES: _file_modes,
}


async def repair(settings: Settings, gathered: Gathered, finding: Finding) -> str | None:
    """Make the repair of a finding; return a line that says whether it worked, None if there is no repair."""
    if finding.fix is None:
        return None
    try:
        await REPAIRS[finding.fix](settings, gathered, finding)
    except FAILURES as error:
        return f"not fixed  {finding.id.value}: could not {finding.fix.value} ({type(error).__name__})"
    return f"fixed      {finding.id.value}: {finding.fix.value}"
