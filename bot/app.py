"""The composition root: what is built from which settings, in which order, and taken down again."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
import typer
from pydantic import SecretStr

from bot.claude.client import Claude
from bot.claude.models import ModelInfo
from bot.config import Exit, Settings
from bot.conversation.errors import ClaudeKeyRefused, ClaudeModelUnknown, StartError
from bot.conversation.intake import Policy
from bot.conversation.trimming import TrimPolicy
from bot.gateway import session
from bot.gateway.catchup import Catchup
from bot.gateway.chat import Chat
from bot.gateway.client import Client
from bot.gateway.intake import Intake
from bot.gateway.memory import Memory
from bot.gateway.outbox import CALL_S, DiscordOutbox
from bot.gateway.registration import register
from bot.local import LOCAL_KEY, LOCAL_TOKEN, local_claude, local_discord
from bot.render.pace import Pace
from bot.store.attention import Attention
from bot.store.connection import check, connect
from bot.store.conversations import Conversations
from bot.store.desk import Desk
from bot.store.embedded import EmbeddedServer
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.store.prompts import Prompts
from bot.turns.ask import Asker
from bot.turns.dispatch import Dispatcher
from bot.turns.policy import TurnPolicy
from bot.turns.run import Runner

log = structlog.get_logger()

DAY_S = 24 * 3600

SETTLE_AFTER_S = 2.0
"""By then a call that was given up has landed, or never will."""

LEAST_ROOM_TOKENS = 1000
"""What remains for the history of a model whose limits leave less than its settings want."""


@dataclass(frozen=True, slots=True)
class Default:
    """Something that is not configured, what stands in for it, and how to replace that."""

    name: str
    where: str
    stand_in: str


MISSING = (
    Default(
        "DISCORD_TOKEN",
        "https://discord.com/developers/applications, your application, Bot, Reset Token",
        "a local Discord",
    ),
    Default("ANTHROPIC_API_KEY", "https://platform.claude.com, API keys", "a stand-in model"),
    Default("REDIS_URL", "your Redis or Valkey, as redis://user:password@host:6379/0", "a private Valkey"),
)


def missing(settings: Settings) -> tuple[Default, ...]:
    """Return what is not configured."""
    values = (settings.discord.token, settings.claude.api_key, settings.redis.url)
    return tuple(default for default, value in zip(MISSING, values, strict=True) if value is None)


def refuse_defaults(settings: Settings) -> None:
    """Raise StartError if anything is missing, naming all of it."""
    if lacking := missing(settings):
        lines = [f"{default.name} is not set; get it here: {default.where}" for default in lacking]
        raise StartError("\n".join(lines), exit_code=Exit.MISSING)


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop; StartError if it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(_start(settings, stack), name="start")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                await asyncio.wait([starting])
                return
            await _serve(settings, await starting, stopping)
        finally:
            stopping.cancel()


@dataclass(frozen=True, slots=True)
class _Bot:
    client: Client
    dispatcher: Dispatcher
    catchup: Catchup
    embedded: EmbeddedServer | None


async def _serve(settings: Settings, bot: _Bot, stopping: asyncio.Task[bool]) -> None:
    """Let everything run until the signal, or until a part fails for good."""
    parts = [
        asyncio.create_task(session.stay_connected(bot.client), name="discord"),
        asyncio.create_task(bot.dispatcher.watch(), name="dispatch"),
        asyncio.create_task(bot.catchup.watch(), name="catchup"),
    ]
    if bot.embedded is not None:
        parts.append(asyncio.create_task(bot.embedded.keep(), name="redis"))
    try:
        await asyncio.wait([*parts, stopping], return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        await bot.dispatcher.stop(settings.shutdown.grace_s)
    finally:
        for part in parts:
            part.cancel()
        await asyncio.wait(parts)
        await session.leave(bot.client)
    for part in parts:
        if not part.cancelled() and (error := part.exception()) is not None:
            raise error


async def _start(settings: Settings, stack: AsyncExitStack) -> _Bot:
    lines: list[str] = []
    settings = await _fill_in(settings, stack, lines)
    embedded = None
    if settings.redis.url is None:
        embedded = await stack.enter_async_context(
            EmbeddedServer(settings.redis.data_dir, settings.redis.server)
        )
        lines.append(
            f"Redis    a private Valkey, data in {settings.redis.data_dir} (set REDIS_URL to use yours)"
        )
        settings = _with(settings, "redis", url=SecretStr(embedded.url))
    url = settings.redis.url.get_secret_value() if settings.redis.url else ""
    redis = connect(
        url,
        timeout_s=settings.redis.timeout_s,
        ca_file=settings.redis.ca_file,
        verify=settings.redis.verify_certificate,
    )
    stack.push_async_callback(redis.aclose)
    await check(redis)

    key = settings.claude.api_key.get_secret_value() if settings.claude.api_key else ""
    try:
        claude = await stack.enter_async_context(
            Claude(
                api_key=key,
                base_url=settings.claude.base_url,
                first_text_timeout_s=settings.claude.first_text_timeout_s,
                stall_timeout_s=settings.claude.stall_timeout_s,
                cache=settings.claude.cache,
            )
        )
        model = await claude.check_model(settings.claude.model)
    except ClaudeKeyRefused as error:
        raise StartError(
            f"Claude refused the API key ({error}): set ANTHROPIC_API_KEY to a valid one from {MISSING[1].where}",
            exit_code=Exit.CLAUDE_KEY,
        ) from error
    except ClaudeModelUnknown as error:
        raise StartError(
            f"The model {settings.claude.model!r} is unknown ({error}): change claude.model",
            exit_code=Exit.CLAUDE_MODEL,
        ) from error

    token = settings.discord.token.get_secret_value() if settings.discord.token else ""
    session.point_at(settings.discord)
    keys = Keys(settings.redis.prefix)
    ttl_s = settings.history.ttl_days * DAY_S
    instance = uuid.uuid4().hex
    desk = Desk(redis, keys, instance=instance)
    client = Client(desk)
    conversations = Conversations(redis, keys, ttl_s=ttl_s)
    journal = Journal(
        redis, keys, ttl_s=ttl_s, lease_s=settings.turns.lease_s, settle_s=CALL_S + SETTLE_AFTER_S
    )
    prompts = Prompts(redis, keys, ttl_s=ttl_s)
    outbox = DiscordOutbox(client, archive_minutes=settings.reply.thread_auto_archive_minutes)
    policy = _turn_policy(settings, model, token)
    pace = Pace()
    runner = Runner(
        journal=journal,
        prompts=prompts,
        asker=Asker(claude, policy),
        outbox=outbox,
        pace=pace,
        policy=policy,
    )
    attention = Attention(redis, keys)
    dispatcher = Dispatcher(journal, attention, runner, poll_s=settings.turns.poll_s)
    intake = Intake(
        conversations,
        dispatcher,
        outbox,
        Policy(
            when=settings.reply.when,
            ignore_prefix=settings.reply.ignore_prefix or "",
            direct_messages=settings.discord.direct_messages,
        ),
    )
    memory = Memory(conversations, prompts, dispatcher, outbox, default_prompt=settings.claude.system)
    Chat(
        conversations, dispatcher, outbox, archive_minutes=settings.reply.thread_auto_archive_minutes
    ).add_to(client.tree)
    memory.add_to(client.tree)
    catchup = Catchup(
        client,
        conversations,
        attention,
        intake,
        outbox,
        pace,
        instance=instance,
        max_age_s=settings.recovery.max_age_hours * 3600,
        max_messages=settings.recovery.max_messages,
        poll_s=settings.turns.poll_s,
        every_s=settings.recovery.every_s,
    )
    client.on_person_wrote = intake.take
    client.on_listening = catchup.want
    client.on_press = memory.pressed
    client.on_submit = memory.submitted

    stack.push_async_callback(client.close)
    await session.login(client, token)
    await register(client.tree, desk, client.application_id or 0)
    _banner(lines, client, settings)
    return _Bot(client, dispatcher, catchup, embedded)


async def _fill_in(settings: Settings, stack: AsyncExitStack, lines: list[str]) -> Settings:
    """Start a stand-in for whatever of Discord and Claude is not configured."""
    if settings.discord.token is None:
        local = await stack.enter_async_context(local_discord(settings.redis.data_dir, settings.local.port))
        settings = _with(
            settings,
            "discord",
            token=SecretStr(LOCAL_TOKEN),
            api_url=local.addresses["api_url"],
            gateway_url=local.addresses["gateway_url"],
        )
        page = local.addresses["page_url"]
        lines.append(f"Discord  a local one: open {page} (set DISCORD_TOKEN to join the real one)")
    if settings.claude.api_key is None:
        model = await stack.enter_async_context(local_claude())
        settings = _with(
            settings, "claude", api_key=SecretStr(LOCAL_KEY), base_url=model.addresses["base_url"]
        )
        lines.append("Claude   a stand-in that only plays (set ANTHROPIC_API_KEY to talk with Claude)")
    return settings


def _with(settings: Settings, section: str, **values: object) -> Settings:
    changed = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: changed})


def _turn_policy(settings: Settings, model: ModelInfo | None, token: str) -> TurnPolicy:
    high = settings.history.max_tokens
    if model is not None and model.context_tokens is not None:
        high = max(LEAST_ROOM_TOKENS, min(high, model.context_tokens - settings.claude.max_tokens))
    takes_effort = model is None or settings.claude.effort in model.efforts
    if not takes_effort:
        log.info("effort_not_sent", model=settings.claude.model, effort=settings.claude.effort)
    return TurnPolicy(
        model=settings.claude.model,
        effort=settings.claude.effort if takes_effort else None,
        max_tokens=settings.claude.max_tokens,
        system=settings.claude.system,
        trimming=TrimPolicy(high_tokens=high, low_tokens=int(high * settings.history.keep_ratio)),
        tries=settings.turns.tries,
        lease_s=settings.turns.lease_s,
        heartbeat_s=settings.turns.heartbeat_s,
        interrupts=settings.reply.while_answering == "interrupt",
        gather_s=settings.reply.gather_ms / 1000,
        secret=hashlib.sha256(token.encode()).digest(),
    )


def _banner(lines: list[str], client: Client, settings: Settings) -> None:
    typer.echo(f"Bobbin is {client.user}, talking with {settings.claude.model}.", err=True)
    for line in lines:
        typer.echo(f"  {line}", err=True)
