"""The composition root: builds every object of the bot from the settings, one module per room."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial

import structlog

from bot.claude.prices import price_book
from bot.commands import Branching, Tree
from bot.config import Settings
from bot.config.live import LiveSettings
from bot.config.shards import shards_of
from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup.catchup import Catchup
from bot.gateway.catchup.existence import Existence
from bot.gateway.connection import session
from bot.gateway.connection.attachments import Attachments
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.client import Client
from bot.gateway.connection.direct_messages import DirectMessages
from bot.gateway.connection.final_states import noted
from bot.gateway.connection.identify_gate import IdentifyGate
from bot.gateway.connection.people import People
from bot.gateway.connection.presence import Presence
from bot.gateway.connection.quote_source import QuoteSource
from bot.gateway.connection.shared_rate import SharedRate
from bot.gateway.connection.visibility import Visibility
from bot.gateway.conversion.names import names_of
from bot.render.pace import Pace
from bot.shutdown import together
from bot.store.schema import Schema
from bot.store.start_check import check
from bot.store.wakeups import Wakeups
from bot.telemetry.gateway_state import GatewayHealth
from bot.telemetry.health_report import Health
from bot.telemetry.logs import set_level
from bot.telemetry.loop_lag import LoopLag
from bot.telemetry.metrics import Metrics
from bot.telemetry.monitor_push import MonitorPush
from bot.telemetry.recent_events import RecentEvents
from bot.telemetry.redis_latency import RedisLatency
from bot.telemetry.service_health import ServiceHealth
from bot.tools.mcp.remote_tools import RemoteTools
from bot.tools.memory import MemoryTools
from bot.tools.memory_places import MemoryPlaces
from bot.tools.offer import ToolOffer
from bot.turns.approval_desk import ApprovalDesk
from bot.turns.audit_poster import AuditPoster
from bot.turns.dispatch import Dispatcher
from bot.turns.file_cleanup import FileCleanup
from bot.turns.forgetting import Forgetting
from bot.turns.model_retirement import ModelRetirement
from bot.turns.reminder_poster import ReminderPoster
from bot.turns.reminder_rules import ReminderRules
from bot.turns.retention import Retention
from bot.wiring.claude import build_claude, check_model
from bot.wiring.commands import build_commands
from bot.wiring.gateway import access_defaults, build_client, build_events, build_outbox, build_pins
from bot.wiring.health import monitor_pushes, serve_health
from bot.wiring.policies import secret_of
from bot.wiring.presence import build_presence, build_redis_latency
from bot.wiring.store import build_store, person_limits
from bot.wiring.tools import build_discord_tools, discord_tools
from bot.wiring.turns import build_turns

log = structlog.get_logger()

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Bot:
    """The objects that run until the bot stops.

    `apply` passes reloaded settings on. `wake` is called with what each wake-up names.
    """

    client: Client
    tree: Tree
    branching: Branching
    dispatcher: Dispatcher
    catchup: Catchup
    existence: Existence
    model_retirement: ModelRetirement
    file_cleanup: FileCleanup
    audit_poster: AuditPoster
    reminder_poster: ReminderPoster
    approval_desk: ApprovalDesk
    remote_tools: RemoteTools
    forgetting: Forgetting
    retention: Retention
    wakeups: Wakeups
    schema: Schema
    presence: Presence
    health: Health
    redis_latency: RedisLatency
    monitor_pushes: tuple[MonitorPush, ...]
    tools: ToolOffer
    live: LiveSettings
    apply: Callable[[Settings], None]
    wake: Callable[[int], None]
    restore: Callable[[], Awaitable[None]]
    keep_events: Callable[[], Coroutine[None, None, None]]
    rest: Callable[[], Awaitable[None]]


async def build(
    settings: Settings,
    stack: AsyncExitStack,
    live: LiveSettings | None = None,
    *,
    serves: bool = True,
    began_s: float | None = None,
) -> Bot:
    """Connect to Redis, Claude and Discord and build the bot; `stack` closes what is opened.

    Raises StartError. `settings` must be complete; `live` holds them, and may change. A bot that never `serves` is
    built to be asked: what is stored is not migrated, and no other instance counts this one. `began_s` is when the
    process began, by the monotonic clock.
    """
    live = live or LiveSettings(settings)
    metrics = Metrics()
    recent_events = RecentEvents()
    logging.getLogger().addHandler(recent_events)
    stack.callback(logging.getLogger().removeHandler, recent_events)
    services = ServiceHealth()
    health = Health(GatewayHealth(), services, LoopLag(metrics.loop_lag_seconds.observe))
    serve_health(settings.telemetry, metrics, health, stack)

    instance = uuid.uuid4().hex
    pace, clock = Pace(), Clock(began_s=began_s)
    shards = shards_of(settings.discord)
    store = build_store(
        settings, metrics, stack, instance=instance, shards=shards, failed=services.redis_failed
    )
    gate = IdentifyGate(store.coordination.take_identify_turn)
    shared_rate = SharedRate(pace, store.call_shares)
    stack.push_async_callback(shared_rate.leave)
    await shared_rate.join()
    client = build_client(settings, metrics, pace, clock, stack, health.gateway, shards=shards, gate=gate)
    claude = await build_claude(settings, metrics, stack, services.claude_ended)
    token = settings.discord.token.get_secret_value() if settings.discord.token else ""
    await together(
        check(store.redis, store.keys, services.redis_tried),
        check_model(claude, settings.claude.model, has_fallback=bool(settings.claude.fallback)),
        noted(client, session.login(client, token)),
    )
    if serves:
        await store.schema.start()
    services.started()

    outbox = build_outbox(settings, client, clock)
    prices = price_book(settings.claude.prices)
    attachments = Attachments(client, bytes_max=round(settings.files.max_mb * MB))
    quote_source = QuoteSource(client, Calls(client, clock), settings.discord.proxies)
    memory = MemoryTools(
        store.memories,
        MemoryPlaces(Visibility(client)),
        People(client, Calls(client, clock)).author,
        clock.now_ms,
        store.forget_jobs.covers,
    )
    on_discord = build_discord_tools(client, quote_source, clock)
    turns = build_turns(
        live,
        store,
        claude,
        prices,
        outbox,
        attachments,
        quote_source,
        memory,
        pace,
        clock,
        metrics,
        discord_tools(on_discord, store, clock),
        roles_of=on_discord.facts.roles_of,
    )
    if settings.mcp:
        with suppress(StoreUnavailable):  # their definitions are read again when a turn needs them
            await turns.remote_tools.load()
    pins = build_pins(client, store, clock, stack)
    forgetting = Forgetting(
        store.forget_jobs,
        store.person_search,
        store.examination,
        store.stored_values,
        store.erasure,
        turns.dispatcher,
        store.wakeups,
        DirectMessages(client, Calls(client, clock)).send,
        secret=secret_of(settings),
        end_cards=turns.desk.forget,
        own_names=lambda: names_of(client.user),
    )
    commands: set[str] = set()  # filled below, before the client connects: the commands need the intake
    events = build_events(
        live,
        client,
        store,
        outbox,
        turns.dispatcher,
        pins,
        pace,
        clock,
        metrics,
        commands=commands,
        instance=instance,
        shards=shards,
        rolled_back=turns.desk.watch.distrust_cards,
    )
    built = build_commands(
        live,
        client,
        store,
        claude,
        prices,
        outbox,
        turns,
        memory,
        pins,
        events.intake,
        clock,
        forgetting,
        services,
    )
    commands.update(built.tree.described())
    model_retirement = ModelRetirement(claude.catalogue, store.coordination, settings.claude.model)
    file_cleanup = FileCleanup(store.file_sweeps, store.held_files, claude.files)
    audit_poster = AuditPoster(store.audit_due, store.audit_posts, outbox, clock, instance=instance)
    facts = on_discord.facts
    rules = ReminderRules(store.scope_settings, lambda: access_defaults(live.settings), facts.roles_of)
    reminder_poster = ReminderPoster(
        store.reminders, outbox, facts, clock, instance=instance, allow=rules.allow
    )
    retention = Retention(
        store.removed_places,
        store.known,
        store.memories,
        store.scope_settings,
        clock,
        ceiling=settings.history.ttl_days,
    )

    presence = build_presence(client, services, store, claude)
    redis_latency = build_redis_latency(store, metrics, services)

    def apply(reloaded: Settings) -> None:
        set_level(reloaded.telemetry.log_level)
        claude.queue.set_ceiling(reloaded.claude.max_requests)
        turns.dispatcher.slots.set_count(reloaded.turns.max_concurrent)
        limits = person_limits(reloaded)
        store.person_limits.limits, store.person_turns.most = limits, limits.turns_per_person

    def wake(named: int) -> None:
        store.scope_settings.cached.forget(named)
        turns.dispatcher.signal(named)

    return Bot(
        client,
        built.tree,
        built.branching,
        turns.dispatcher,
        events.catchup,
        events.existence,
        model_retirement,
        file_cleanup,
        audit_poster,
        reminder_poster,
        turns.desk,
        turns.remote_tools,
        forgetting,
        retention,
        store.wakeups,
        store.schema,
        presence,
        health,
        redis_latency,
        monitor_pushes(settings.telemetry, health),
        turns.tools,
        live,
        apply,
        wake,
        store.budgets.restore,
        partial(store.event_log.watch, recent_events.take, metrics.text),
        partial(store.work_queue.rest, instance),
    )
