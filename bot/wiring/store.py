"""The store: connections to Redis, and the objects that read and write there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from bot.claude.files import LONGEST_EXPIRY_S
from bot.config import RedisSettings, Settings
from bot.conversation.limits import Limits
from bot.gateway.connection.calls import CALL_S
from bot.store.approvals import Approvals
from bot.store.audit_log import AuditLog
from bot.store.audit_posts import AuditPosts
from bot.store.branches import Branches
from bot.store.budgets import Budgets
from bot.store.connection import Client, connect
from bot.store.consents import Consents
from bot.store.content import Cipher
from bot.store.conversations import Conversations
from bot.store.coordination import Coordination
from bot.store.decisions import Decisions
from bot.store.due_queue import DueQueue
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.file_store import FileStore
from bot.store.file_sweeps import FileSweeps
from bot.store.forget_jobs import ForgetJobs
from bot.store.held_files import HeldFiles
from bot.store.journal import Journal
from bot.store.key_reader import KeyReader
from bot.store.keys import Keys
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
from bot.store.scope_settings import ScopeSettings
from bot.store.sentinels import SentinelSettings
from bot.store.shared_files import SharedFiles
from bot.store.stored_values import StoredValues
from bot.store.tool_steps import ToolSteps
from bot.store.turn_control import TurnControl
from bot.store.usage import Usage
from bot.store.wakeups import Wakeups
from bot.store.work_queue import WorkQueue
from bot.telemetry.metrics import Metrics

DAY_S = 24 * 3600
MB = 1_000_000

UPLOAD_MARGIN_S = 600
"""An upload counts as expired this much before Anthropic's expiry, so that no request names it just then."""

SETTLE_AFTER_S = 2.0
"""Added to the longest call to Discord: by then a call that was given up has taken effect or never will."""


@dataclass(frozen=True, slots=True)
class Store:
    """The store's objects; all but `coordination` share one pool of connections. No `consents`: none is required."""

    redis: Client
    keys: Keys
    coordination: Coordination
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
    removed_places: RemovedPlaces
    consents: Consents | None
    person_limits: PersonLimits
    person_turns: PersonTurns
    person_wishes: PersonWishes


def build_store(
    settings: Settings,
    metrics: Metrics,
    stack: AsyncExitStack,
    *,
    instance: str,
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
        settings.redis.url.get_secret_value() if settings.redis.url else "",
        timeout_s=settings.redis.timeout_s,
        ca_file=settings.redis.ca_file,
        verify=settings.redis.verify_certificate,
        failed=count_failure,
        cipher=Cipher([key.get_secret_value() for key in settings.privacy.keys]),
        sentinels=_sentinels(settings.redis),
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
    limits = Limits(
        settings.limits.threads_per_minute, settings.limits.turns_per_person, settings.limits.refusals
    )
    held_files = HeldFiles(
        redis,
        keys,
        ttl_s=ttl_s,
        upload_s=LONGEST_EXPIRY_S - UPLOAD_MARGIN_S,
        inline_bytes=round(settings.files.inline_mb * MB),
    )
    wakeups = Wakeups(redis, keys)
    scope_settings = ScopeSettings(redis, keys, ttl_s=ttl_s, audit_s=audit_s, publish=wakeups.publish)
    revisions = Revisions(redis, keys, ttl_s=ttl_s)
    lease_s, reconcile_s = settings.turns.lease_s, CALL_S + SETTLE_AFTER_S
    return Store(
        redis=redis,
        keys=keys,
        coordination=Coordination(interactions_redis, keys, instance=instance),
        conversations=Conversations(redis, keys, ttl_s=ttl_s),
        journal=Journal(redis, keys, ttl_s=ttl_s, lease_s=lease_s, reconcile_s=reconcile_s, usage_s=usage_s),
        files=FileStore(redis, keys, held_files),
        tool_steps=ToolSteps(redis, keys),
        approvals=Approvals(redis, keys),
        pinned_tools=PinnedTools(redis, keys),
        reminders=Reminders(redis, keys),
        held_files=held_files,
        file_sweeps=FileSweeps(redis, keys),
        quotes=QuoteStore(redis, keys),
        scope_settings=scope_settings,
        audit_log=AuditLog(redis, keys, audit_s=audit_s),
        budgets=Budgets(redis, keys, instance=instance, wake_others=wakeups.publish_restore),
        branches=Branches(redis, keys, SharedFiles(redis, keys, held_files), scope_settings, ttl_s=ttl_s),
        audit_posts=AuditPosts(redis, keys, audit_s=audit_s),
        audit_due=DueQueue(redis, keys.audit_posts),
        presets=Presets(redis, keys),
        memories=Memories(redis, keys, ttl_s=ttl_s),
        decisions=Decisions(redis, keys),
        message_states=MessageStates(redis, keys),
        work_queue=WorkQueue(redis, keys),
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
        removed_places=RemovedPlaces(redis, keys),
        consents=Consents(redis, keys) if settings.privacy.require_consent else None,
        person_limits=PersonLimits(redis, keys, limits),
        person_turns=PersonTurns(redis, keys, limits.turns_per_person),
        person_wishes=PersonWishes(redis, keys, requires_consent=settings.privacy.require_consent),
    )


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
