"""The slash commands, buttons and modals."""

from __future__ import annotations

from bot.claude.client import Claude
from bot.commands import CommandServices, Tree, build_tree
from bot.config import Settings
from bot.conversation.clock import Clock
from bot.conversation.pricing import PriceBook
from bot.gateway.connection.client import Client
from bot.gateway.events.pins import Pins
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.wiring.gateway import asks_titles, intake_policy
from bot.wiring.store import Store
from bot.wiring.turns import Turns, budget_policy, default_choice


def build_commands(
    settings: Settings,
    client: Client,
    store: Store,
    claude: Claude,
    prices: PriceBook,
    outbox: DiscordOutbox,
    turns: Turns,
    pins: Pins,
    clock: Clock,
) -> Tree:
    """Build the tree of all commands, which answers the client's interactions."""
    services = CommandServices(
        conversations=store.conversations,
        scope_settings=store.scope_settings,
        audit_log=store.audit_log,
        budgets=store.budgets,
        usage=store.usage,
        turn_control=store.turn_control,
        pins_and_summaries=store.pins_and_summaries,
        revisions=store.revisions,
        wakeups=store.wakeups,
        dispatcher=turns.dispatcher,
        outbox=outbox,
        pins=pins,
        catalogue=claude.catalogue,
        prices=prices,
        resolve_terms=turns.terms,
        clock=clock,
        intake_policy=intake_policy(settings),
        budget_policy=budget_policy(settings),
        default=default_choice(settings),
        allowed_models=settings.claude.models,
        archive_minutes=settings.reply.thread_auto_archive_minutes,
        asks_titles=asks_titles(settings),
    )
    return build_tree(client, store.coordination, services)
