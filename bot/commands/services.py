"""The objects and functions that features may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import discord

from bot.claude.catalogue import Catalogue
from bot.conversation.about import OperatorFacts
from bot.conversation.access_rules import AccessDefaults
from bot.conversation.budget import BudgetPolicy
from bot.conversation.clock import Clock
from bot.conversation.compose import Terms
from bot.conversation.export import Listing
from bot.conversation.intake import Ignore, Policy
from bot.conversation.model import Choice
from bot.conversation.placeholders import Names
from bot.conversation.pricing import PriceBook
from bot.conversation.settings_table import OperatorValue
from bot.conversation.tool_definition import ToolDefinition
from bot.gateway.events.accepted import Accepted
from bot.gateway.events.held_messages import HeldMessages
from bot.gateway.events.pins import Pins
from bot.render.outbox import Outbox
from bot.store.audit_log import AuditLog
from bot.store.branches import Branches
from bot.store.budgets import Budgets
from bot.store.consents import Consents
from bot.store.conversations import Conversations
from bot.store.decisions import Decisions
from bot.store.message_states import MessageStates
from bot.store.person_limits import PersonLimits
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.presets import Presets
from bot.store.reminders import Reminders
from bot.store.revisions import Revisions
from bot.store.scope_settings import ScopeSettings
from bot.store.turn_control import TurnControl
from bot.store.usage import Usage
from bot.store.wakeups import Wakeups
from bot.telemetry.service_health import ServiceHealth
from bot.tools.memory import MemoryTools
from bot.tools.offer import ToolOffer
from bot.turns.approval_desk import ApprovalDesk
from bot.turns.catch_up import CatchUp
from bot.turns.dispatch import Dispatcher
from bot.turns.forgetting import Forgetting
from bot.turns.search_limit import SearchLimit


class ListThread(Protocol):
    """Lists the messages of a thread as people see them; `parent` is the thread's channel."""

    async def __call__(self, thread: int, *, guild: int | None, parent: int | None) -> Listing:
        """Return the listing; raises DiscordForbidden, DiscordGone, DiscordNotNow or DiscordUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class CommandServices:
    """Shared by all features.

    - `about`: the settings of the operator that /about shows.
    - `allowed_models`: the only models that people can choose; empty: all.
    - `asks_titles`: whether Claude is asked for the name of each new thread.
    - `clock`: tells Discord's time.
    - `consents`: None if no consent is required.
    - `default`: the choice where nobody has set anything.
    - `health`: whether Redis and Claude answer.
    - `held_messages`: None without `consents`.
    - `judge`: decides on a message as the intake does; None if the channel of the message is unknown.
    - `operator_values`: the settings of the operator that people may see, by key.
    - `remove_thread`: removes a thread in which only the bot has written.
    - `resolve_terms`: makes the terms of a request from a choice, the names of the conversation, and its tools.
    - `retention_ceiling`: the most days for which the operator keeps a conversation.
    """

    conversations: Conversations
    scope_settings: ScopeSettings
    audit_log: AuditLog
    budgets: Budgets
    usage: Usage
    presets: Presets
    memory: MemoryTools
    decisions: Decisions
    message_states: MessageStates
    turn_control: TurnControl
    pins_and_summaries: PinsAndSummaries
    revisions: Revisions
    wakeups: Wakeups
    dispatcher: Dispatcher
    forgetting: Forgetting
    approvals: ApprovalDesk
    reminders: Reminders
    outbox: Outbox
    pins: Pins
    list_thread: ListThread
    catalogue: Catalogue
    prices: PriceBook
    resolve_terms: Callable[[Choice, Names, tuple[ToolDefinition, ...]], Terms]
    tools: ToolOffer
    search_limit: SearchLimit
    clock: Clock
    intake_policy: Callable[[], Policy]
    access_defaults: Callable[[], AccessDefaults]
    person_limits: PersonLimits
    budget_policy: Callable[[], BudgetPolicy]
    judge: Callable[[discord.Message, discord.ClientUser], Awaitable[Accepted | Ignore | None]]
    operator_values: Mapping[str, OperatorValue]
    default: Choice
    allowed_models: Sequence[str]
    archive_minutes: int
    asks_titles: bool
    retention_ceiling: int
    about: OperatorFacts
    health: ServiceHealth
    consents: Consents | None
    held_messages: HeldMessages | None
    catch_up: CatchUp
    branches: Branches
    remove_thread: Callable[[int], Awaitable[None]]
