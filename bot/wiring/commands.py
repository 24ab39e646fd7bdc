"""The slash commands, buttons and modals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.claude.client import Claude
from bot.commands import Branching, CommandServices, Tree, build_tree
from bot.config import Settings
from bot.config.live import LiveSettings
from bot.conversation.about import OperatorFacts
from bot.conversation.clock import Clock
from bot.conversation.pricing import PriceBook
from bot.conversation.reasons import BECAUSE
from bot.conversation.settings_table import OPERATOR_KEYS, OperatorValue
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.client import Client
from bot.gateway.connection.thread_listing import ThreadListing
from bot.gateway.events.held_messages import HeldMessages
from bot.gateway.events.intake import Intake
from bot.gateway.events.pins import Pins
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.telemetry.service_health import ServiceHealth
from bot.tools.memory import MemoryTools
from bot.turns.forgetting import Forgetting
from bot.wiring.gateway import access_defaults, asks_titles, intake_policy
from bot.wiring.policies import budget_policy, default_choice
from bot.wiring.store import Store
from bot.wiring.turns import Turns


@dataclass(frozen=True, slots=True)
class Commands:
    """The tree of all commands, and what makes the branches that a crash has left."""

    tree: Tree
    branching: Branching


def build_commands(
    live: LiveSettings,
    client: Client,
    store: Store,
    claude: Claude,
    prices: PriceBook,
    outbox: DiscordOutbox,
    turns: Turns,
    memory: MemoryTools,
    pins: Pins,
    intake: Intake,
    clock: Clock,
    forgetting: Forgetting,
    health: ServiceHealth,
) -> Commands:
    """Build the tree of all commands, which answers the client's interactions."""
    settings = live.settings
    services = CommandServices(
        conversations=store.conversations,
        scope_settings=store.scope_settings,
        audit_log=store.audit_log,
        budgets=store.budgets,
        usage=store.usage,
        presets=store.presets,
        memory=memory,
        decisions=store.decisions,
        message_states=store.message_states,
        turn_control=store.turn_control,
        pins_and_summaries=store.pins_and_summaries,
        revisions=store.revisions,
        wakeups=store.wakeups,
        dispatcher=turns.dispatcher,
        forgetting=forgetting,
        approvals=turns.desk,
        reminders=store.reminders,
        outbox=outbox,
        pins=pins,
        list_thread=ThreadListing(client, Calls(client, clock)),
        catalogue=claude.catalogue,
        prices=prices,
        resolve_terms=turns.terms,
        tools=turns.tools,
        search_limit=turns.searches,
        clock=clock,
        intake_policy=lambda: intake_policy(live.settings),
        access_defaults=lambda: access_defaults(live.settings),
        person_limits=store.person_limits,
        budget_policy=lambda: budget_policy(live.settings),
        judge=intake.judge,
        operator_values=OperatorValues(live),
        default=default_choice(settings),
        allowed_models=settings.claude.models,
        archive_minutes=settings.reply.thread_auto_archive_minutes,
        asks_titles=asks_titles(settings),
        retention_ceiling=settings.history.ttl_days,
        about=operator_facts(settings),
        health=health,
        consents=store.consents,
        catch_up=turns.catch_up,
        branches=store.branches,
        remove_thread=outbox.remove_thread,
        held_messages=None
        if store.consents is None
        else HeldMessages(client, store.consents, store.conversations, intake),
    )
    return Commands(build_tree(client, store.coordination, services), Branching(services, client))


def operator_facts(settings: Settings) -> OperatorFacts:
    """Return what /about tells of the operator's settings."""
    return OperatorFacts(
        privacy_url=settings.privacy.url,
        is_encrypted=bool(settings.privacy.keys),
        voice_host=urlsplit(settings.voice.url).hostname if settings.voice.url else None,
        audit_days=settings.audit.ttl_days,
        usage_days=settings.usage.ttl_days,
    )


class OperatorValues(Mapping[str, OperatorValue]):
    """The operator's settings that people may see: those of the table, and those behind decisions."""

    def __init__(self, live: LiveSettings) -> None:
        self._live = live
        self._keys = sorted({*OPERATOR_KEYS, *(each.key for each in BECAUSE.values() if each.key)})

    def __getitem__(self, key: str) -> OperatorValue:
        if key not in self._keys:
            raise KeyError(key)
        return _operator_value(self._live.settings, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _operator_value(settings: Settings, key: str) -> OperatorValue:
    section_name, field = key.split(".")
    section = getattr(settings, section_name)
    value = getattr(section, field)
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
    return OperatorValue(text, is_set=field in section.model_fields_set)
