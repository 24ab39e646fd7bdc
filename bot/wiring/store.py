"""The store: connections to Redis, and the objects that read and write there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.claude.files import LONGEST_EXPIRY_S
from bot.config import RedisSettings, Settings
from bot.conversation.limits import Limits
from bot.conversation.shards import ALL_SHARDS, Shards
from bot.gateway.connection.calls import CALL_S
from bot.store.approvals import Approvals
from bot.store.audit_log import AuditLog
from bot.store.audit_posts import AuditPosts
from bot.store.branches import Branches
from bot.store.budgets import Budgets
from bot.store.call_shares import CallShares
from bot.store.connection import CountedRedis, connect
from bot.store.consents import Consents
from bot.store.content import Cipher
from bot.store.conversations import Conversations
from bot.store.coordination import Coordination
from bot.store.decisions import Decisions
from bot.store.due_queue import DueQueue
from bot.store.erasure import Erasure
from bot.store.event_log import EventLog
from bot.store.examination import Examination
from bot.store.file_store import FileStore
from bot.store.file_sweeps import FileSweeps
from bot.store.forget_jobs import ForgetJobs
from bot.store.held_files import HeldFiles
from bot.store.journal import Journal
from bot.store.key_reader import KeyReader
from bot.store.keys import Keys
from bot.store.known_conversations import KnownConversations
from bot.store.memories import Memories
from bot.store.message_states import MessageStates
from bot.store.person_limits import PersonLimits
from bot.store.person_search import PersonSearch
from bot.store.person_turns import PersonTurns
from bot.store.person_wishes import PersonWishes
from bot.store.pinned_tools import PinnedTools
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.presets import Presets
from bot.store.quote_store import QuoteStore
from bot.store.recent_messages import RecentMessages
from bot.store.reminders import Reminders
from bot.store.removed_places import RemovedPlaces
from bot.store.revisions import Revisions
from bot.store.schema import Schema
from bot.store.scope_settings import ScopeSettings
from bot.store.sentinels import SentinelSettings
from bot.store.served import Served
from bot.store.shared_files import SharedFiles
from bot.store.stored_values import StoredValues
from bot.store.told_facts import ToldFacts
from bot.store.tool_steps import ToolSteps
from bot.store.turn_control import TurnControl
from bot.store.usage import Usage
from bot.store.wakeups import Wakeups
from bot.store.work_queue import WorkQueue
from bot.telemetry.metrics import Metrics
from bot.wiring.migration_backup import back_up_before_migration

DAY_S = 24 * 3600
MB = 1_000_000

UPLOAD_MARGIN_S = 600
"""An upload counts as expired this much before Anthropic's expiry, so that no request names it just then."""

SETTLE_AFTER_S = 2.0
"""Added to the longest call to Discord: by then a call that was given up has taken effect or never will."""


@dataclass(frozen=True, slots=True)
class Store:
    """The store's objects; all but `coordination` and `call_shares` share one pool of connections.

    Without `consents` no consent is required.
    """

    redis: CountedRedis
    keys: Keys
    schema: Schema
    coordination: Coordination
    call_shares: CallShares
    conversations: Conversations
    journal: Journal
    files: FileStore
    tool_steps: ToolSteps
    approvals: Approvals
    pinned_tools: PinnedTools
    reminders: Reminders
    held_files: HeldFiles
    file_sweeps: FileSweeps
    quotes: QuoteStore
    scope_settings: ScopeSettings
    audit_log: AuditLog
    budgets: Budgets
    branches: Branches
    audit_posts: AuditPosts
    audit_due: DueQueue
    presets: Presets
    memories: Memories
    told_facts: ToldFacts
    decisions: Decisions
    message_states: MessageStates
    work_queue: WorkQueue
    wakeups: Wakeups
    recent_messages: RecentMessages
    revisions: Revisions
    turn_control: TurnControl
    pins_and_summaries: PinsAndSummaries
    usage: Usage
    forget_jobs: ForgetJobs
    person_search: PersonSearch
    examination: Examination
    stored_values: StoredValues
    erasure: Erasure
    known: KnownConversations
    removed_places: RemovedPlaces
    consents: Consents | None
    person_limits: PersonLimits
    person_turns: PersonTurns
    person_wishes: PersonWishes
    event_log: EventLog


def server_of(settings: Settings) -> dict[str, Any]:
    """Return what `connect` is told of the server that the settings name."""
    return {
        "url": settings.redis.url.get_secret_value() if settings.redis.url else "",
        "timeout_s": settings.redis.timeout_s,
        "ca_file": settings.redis.ca_file,
        "verify": settings.redis.verify_certificate,
        "sentinels": _sentinels(settings.redis),
    }


def build_store(
    settings: Settings,
    metrics: Metrics,
    stack: AsyncExitStack,
    *,
    instance: str,
    shards: Shards = ALL_SHARDS,
    failed: Callable[[], None] = lambda: None,
) -> Store:
    """Build the store's objects; the connections are opened by the first command and closed by `stack`.

    `failed` is called for each command that fails after all attempts.
    """

    def count_failure() -> None:
        metrics.store_errors.inc()
        failed()

    connection = partial(
        connect,
        **server_of(settings),
        failed=count_failure,
        cipher=Cipher([key.get_secret_value() for key in settings.privacy.keys]),
        wait_replicas=settings.redis.wait_replicas,
    )
    redis = connection()
    stack.push_async_callback(redis.aclose)
    # A pool of its own: an interaction must be answered within 3 s and cannot wait behind a catch-up.
    interactions_redis = connection()
    stack.push_async_callback(interactions_redis.aclose)
    keys = Keys(settings.redis.prefix)
    ttl_s = settings.history.ttl_days * DAY_S
    audit_s = settings.audit.ttl_days * DAY_S
    usage_s = settings.usage.ttl_days * DAY_S
    limits = person_limits(settings)
    held_files = HeldFiles(
        redis,
        keys,
        ttl_s=ttl_s,
        upload_s=LONGEST_EXPIRY_S - UPLOAD_MARGIN_S,
        inline_bytes=round(settings.files.inline_mb * MB),
    )
    wakeups = Wakeups(redis, keys)
    budgets = Budgets(
        redis,
        keys,
        instance=instance,
        wake_others=wakeups.publish_restore,
        report=lambda outcome: metrics.reservations.labels(outcome=outcome).inc(),
    )
    metrics.reservations_open.set_function(lambda: budgets.unsettled)
    scope_settings = ScopeSettings(redis, keys, ttl_s=ttl_s, audit_s=audit_s, publish=wakeups.publish)
    revisions = Revisions(redis, keys, ttl_s=ttl_s)
    served = Served(redis, keys, shards)
    lease_s, reconcile_s = settings.turns.lease_s, CALL_S + SETTLE_AFTER_S
    return Store(
        redis=redis,
        keys=keys,
        schema=Schema(
            redis,
            keys,
            instance=instance,
            before_migration=partial(back_up_before_migration, settings, server_of(settings)),
        ),
        coordination=Coordination(interactions_redis, keys, instance=instance),
        call_shares=CallShares(interactions_redis, keys, instance=instance),
        conversations=Conversations(redis, keys, ttl_s=ttl_s, shards=shards),
        journal=Journal(redis, keys, ttl_s=ttl_s, lease_s=lease_s, reconcile_s=reconcile_s, usage_s=usage_s),
        files=FileStore(redis, keys, held_files),
        tool_steps=ToolSteps(redis, keys),
        approvals=Approvals(redis, keys, served.among),
        pinned_tools=PinnedTools(redis, keys),
        reminders=Reminders(redis, keys, shards),
        held_files=held_files,
        file_sweeps=FileSweeps(redis, keys),
        quotes=QuoteStore(redis, keys),
        scope_settings=scope_settings,
        audit_log=AuditLog(redis, keys, audit_s=audit_s),
        budgets=budgets,
        branches=Branches(
            redis, keys, SharedFiles(redis, keys, held_files), scope_settings, ttl_s=ttl_s, shards=shards
        ),
        audit_posts=AuditPosts(redis, keys, audit_s=audit_s),
        audit_due=DueQueue(redis, keys.audit_posts, served.servers_among),
        presets=Presets(redis, keys),
        memories=Memories(redis, keys, ttl_s=ttl_s),
        told_facts=ToldFacts(redis, keys),
        decisions=Decisions(redis, keys),
        message_states=MessageStates(redis, keys),
        work_queue=WorkQueue(redis, keys, served.among),
        wakeups=wakeups,
        recent_messages=RecentMessages(redis, keys),
        revisions=revisions,
        turn_control=TurnControl(redis, keys, ttl_s=ttl_s),
        pins_and_summaries=PinsAndSummaries(redis, keys, ttl_s=ttl_s),
        usage=Usage(redis, keys, usage_s=usage_s),
        forget_jobs=ForgetJobs(redis, keys),
        person_search=PersonSearch(KeyReader(redis, keys)),
        examination=Examination(redis, keys),
        stored_values=StoredValues(redis, keys),
        erasure=Erasure(redis, keys, revisions, scope_settings),
        known=KnownConversations(redis, keys, ttl_s=ttl_s),
        removed_places=RemovedPlaces(redis, keys),
        consents=Consents(redis, keys) if settings.privacy.require_consent else None,
        person_limits=PersonLimits(redis, keys, limits),
        person_turns=PersonTurns(redis, keys, limits.turns_per_person),
        person_wishes=PersonWishes(redis, keys, requires_consent=settings.privacy.require_consent),
        event_log=EventLog(redis, keys, instance=instance),
    )


def person_limits(settings: Settings) -> Limits:
    """The operator's limits for each person."""
    limits = settings.limits
    return Limits(limits.threads_per_minute, limits.turns_per_person, limits.refusals)


def _sentinels(settings: RedisSettings) -> SentinelSettings | None:
    if not settings.sentinels:
        return None
    password = settings.sentinel_password
    addresses = (address.rpartition(":") for address in settings.sentinels)
    return SentinelSettings(
        tuple((host.strip("[]"), int(port)) for host, _, port in addresses),
        settings.sentinel_service,
        settings.sentinel_username,
        password.get_secret_value() if password is not None else None,
    )
