"""Asks each configured service for facts; the refusals of a service become findings."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import aiohttp
import discord

from bot.claude.probe import claude_facts
from bot.config import Exit, Settings
from bot.conversation.clock import Clock
from bot.conversation.errors import StartError, StoreUnavailable
from bot.conversation.scope import Scope
from bot.findings.configured import Purpose, configured_channels
from bot.findings.facts import ClaudeFacts, CommandFacts, DiscordFacts, Facts, RedisFacts
from bot.findings.finding import Finding, of_start_error
from bot.gateway import permissions
from bot.gateway.connection import application, session
from bot.gateway.connection.client import Client
from bot.render.pace import Pace
from bot.retry import Schedule, retry
from bot.store.all_keys import keys_of_prefix
from bot.store.keys import Keys
from bot.store.schema import stored_version
from bot.store.server_facts import server_facts
from bot.store.start_check import check, explained
from bot.telemetry.metrics import Metrics
from bot.wiring import build
from bot.wiring.claude import build_claude, check_model
from bot.wiring.gateway import build_client
from bot.wiring.store import Store, build_store

T = TypeVar("T")

SERVERS_MAX = 25
"""Each server costs three requests to Discord."""

DISCORD_S = 60.0
"""discord.py's login waits for a rate limit as long as it lasts; a check has to end."""

TRIES = Schedule(0.5, factor=2, tries=3)
"""discord.py repeats 500, 502, 504 and 524 but neither 503 nor a lost connection."""

FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError)


@dataclass
class Gathered:
    """The facts and findings so far; `client` and `store` are connected, for the repairs."""

    facts: list[Facts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    client: Client | None = None
    store: Store | None = None


async def gather(settings: Settings, stack: AsyncExitStack) -> Gathered:
    """Ask every configured service; Redis first, because it names the channels that Discord is asked about."""
    gathered = Gathered()
    metrics = Metrics()
    keys = Keys(settings.redis.prefix)
    if settings.redis.url is not None:
        store = build_store(settings, metrics, stack, instance=uuid.uuid4().hex)
        if (redis := await _tried(_redis(settings, store), gathered, keys)) is not None:
            gathered.facts.append(redis)
            gathered.store = store
    discord_, claude = await asyncio.gather(
        _tried(_discord(settings, metrics, stack, gathered), gathered, keys),
        _tried(_claude(settings, metrics, stack), gathered, keys),
    )
    gathered.facts += [facts for facts in (discord_, claude) if facts is not None]
    if discord_ is not None and claude is not None and gathered.store is not None:
        commands = await _tried(_commands(settings), gathered, keys)
        gathered.facts += [commands] if commands is not None else []
    return gathered


async def _tried(probe: Awaitable[Facts | None], gathered: Gathered, keys: Keys) -> Facts | None:
    try:
        return await probe
    except StartError as error:
        gathered.findings += of_start_error(error)
    except StoreUnavailable as error:  # Redis has ended since its own probe
        gathered.findings += of_start_error(explained(error, keys))
    return None


async def _redis(settings: Settings, store: Store) -> RedisFacts:
    await check(store.redis, store.keys)
    address = settings.redis.url.get_secret_value() if settings.redis.url else ""
    try:
        found = await server_facts(store.redis, address, verifies=settings.redis.verify_certificate)
        version = await stored_version(store.redis, store.keys)
        newest = store.schema.newest
        is_older = (
            version < newest and await anext(keys_of_prefix(store.redis, store.keys.prefix), None) is not None
        )
        return replace(found, schema=version, newest_schema=newest, is_older=is_older)
    except StoreUnavailable as error:
        raise explained(error, store.keys) from error


async def _claude(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> ClaudeFacts | None:
    if settings.claude.api_key is None:
        return None
    claude = await build_claude(settings, metrics, stack)
    await check_model(claude, settings.claude.model)
    return await claude_facts(claude, settings.claude.model)


async def _discord(
    settings: Settings, metrics: Metrics, stack: AsyncExitStack, gathered: Gathered
) -> DiscordFacts | None:
    if settings.discord.token is None:
        return None
    clock = Clock()
    client = build_client(settings, metrics, Pace(), clock, stack)
    try:
        async with _answered():
            await session.login(client, settings.discord.token.get_secret_value())
            gathered.client = client
            return await _asked(partial(_discord_facts, settings, client, clock, gathered.store))
    except Unanswered as error:
        raise StartError(
            f"Discord did not answer all requests of the check ({error}): try again in some minutes",
            exit_code=Exit.DISCORD_UNREACHABLE,
        ) from error


class Unanswered(Exception):
    """Discord did not answer; the text is why."""


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    """Bound what is asked of Discord, and raise Unanswered where Discord fails."""
    try:
        async with asyncio.timeout(DISCORD_S):
            yield
    except TimeoutError as error:
        raise Unanswered("it limits the requests of this address, or it is slow") from error
    except FAILURES as error:
        raise Unanswered(type(error).__name__) from error


async def _asked(probe: Callable[[], Awaitable[T]]) -> T:
    """Ask Discord, again after a failure that passes by itself."""
    return await retry(probe, TRIES, on=FAILURES, when=_passes)


def _passes(error: Exception) -> bool:
    return isinstance(error, discord.DiscordServerError) or not isinstance(error, discord.DiscordException)


async def _discord_facts(
    settings: Settings, client: Client, clock: Clock, store: Store | None
) -> DiscordFacts:
    began_s = time.perf_counter()
    details = await application.fetch(client, application.APPLICATION)
    latency_s = time.perf_counter() - began_s
    starts = await application.fetch(client, "/gateway/bot") or {}
    tools = set(settings.tools.on) - set(settings.tools.never)
    count, servers = await application.servers(client, _purposes(store), limit=SERVERS_MAX, tools=tools)
    return DiscordFacts(
        name=str(client.user),
        invite=discord.utils.oauth_url(client.application_id or 0, permissions=permissions.INVITE),
        application=application.application_facts(details),
        latency_s=latency_s,
        server_count=count,
        servers=tuple(servers),
        gateway_problem=await application.gateway_problem(client, settings.discord.gateway_url),
        shard_count=settings.discord.shard_count,
        shards_advised=int(starts.get("shards") or 0),
        session_starts_left=(starts.get("session_start_limit") or {}).get("remaining"),
        host_is_ahead_s=clock.host_is_ahead_s(),
    )


def _purposes(store: Store | None) -> application.Purposes:
    """Return the function that reads from the store what a server's channels are configured for."""

    async def configured(server: int, channels: Sequence[int]) -> Sequence[tuple[int, Purpose]]:
        if store is None:
            return ()
        by_scope = store.scope_settings.by_scope
        own = (await by_scope(thread=None, channel=None, server=server))[Scope.SERVER]
        found = await asyncio.gather(
            *(by_scope(thread=None, channel=channel, server=server) for channel in channels)
        )
        settings = {channel: each[Scope.CHANNEL] for channel, each in zip(channels, found, strict=True)}
        return tuple(configured_channels(own, settings))

    return configured


async def _commands(settings: Settings) -> CommandFacts:
    try:
        async with _answered(), AsyncExitStack() as stack:
            bot = await build(without_metrics(settings), stack, serves=False)
            state = await _asked(bot.tree.registration)
    except Unanswered as error:
        return CommandFacts(problem=str(error))
    return CommandFacts(state.lacking, state.foreign, is_changed=not state.is_noted)


def without_metrics(settings: Settings) -> Settings:
    """Return the settings without the port for metrics, which the running bot may occupy."""
    telemetry = settings.telemetry.model_copy(update={"metrics_port": None})
    return settings.model_copy(update={"telemetry": telemetry})
