"""What every feature may work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.claude.catalogue import Catalogue
from bot.conversation.budget import BudgetPolicy
from bot.conversation.clock import Clock
from bot.conversation.compose import Terms
from bot.conversation.intake import Policy
from bot.conversation.model import Choice
from bot.conversation.pricing import PriceBook
from bot.gateway.events.pins import Pins
from bot.render.outbox import Outbox
from bot.store.audit_log import AuditLog
from bot.store.budgets import Budgets
from bot.store.conversations import Conversations
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.revisions import Revisions
from bot.store.scope_settings import ScopeSettings
from bot.store.turn_control import TurnControl
from bot.store.usage import Usage
from bot.store.wakeups import Wakeups
from bot.turns.dispatch import Dispatcher


@dataclass(frozen=True, slots=True)
class CommandServices:
    """Shared by all features.

    `resolve_terms` makes the terms of a request from a choice. `default` applies where nobody has chosen anything.
    `allowed_models` are the only models that can be chosen; empty: all. `clock` is Discord's. With `asks_titles`
    Claude is asked for the name of each new thread.
    """

    conversations: Conversations
    scope_settings: ScopeSettings
    audit_log: AuditLog
    budgets: Budgets
    usage: Usage
    turn_control: TurnControl
    pins_and_summaries: PinsAndSummaries
    revisions: Revisions
    wakeups: Wakeups
    dispatcher: Dispatcher
    outbox: Outbox
    pins: Pins
    catalogue: Catalogue
    prices: PriceBook
    resolve_terms: Callable[[Choice], Terms]
    clock: Clock
    intake_policy: Policy
    budget_policy: BudgetPolicy
    default: Choice
    allowed_models: Sequence[str]
    archive_minutes: int
    asks_titles: bool
