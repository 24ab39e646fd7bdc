"""The slash commands, buttons and modals."""

from __future__ import annotations

from bot.claude.client import Claude
from bot.commands.chat import Chat
from bot.commands.context import Context
from bot.commands.help import Help
from bot.commands.interactions import Tree, first_of
from bot.commands.model import Models
from bot.commands.reply_controls import ReplyControls
from bot.commands.reset import Forgetting
from bot.commands.system import SystemPrompts
from bot.config import Settings
from bot.conversation.clock import Clock
from bot.conversation.pricing import PriceBook
from bot.gateway.events.pins import Pins
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.wiring.gateway import intake_policy
from bot.wiring.store import Store
from bot.wiring.turns import Turns, default_choice


def add_commands(
    settings: Settings,
    tree: Tree,
    store: Store,
    claude: Claude,
    prices: PriceBook,
    outbox: DiscordOutbox,
    turns: Turns,
    pins: Pins,
    clock: Clock,
) -> None:
    """Build the commands and add them to the command tree."""
    conversations, dispatcher = store.conversations, turns.dispatcher
    archive_minutes = settings.reply.thread_auto_archive_minutes
    chat = Chat(conversations, dispatcher, outbox, archive_minutes=archive_minutes)
    chat.add_to(tree)
    memory = Forgetting(conversations, dispatcher, outbox, clock)
    memory.add_to(tree)
    system = SystemPrompts(conversations, store.overrides, default=settings.claude.system)
    system.add_to(tree)
    models = Models(
        conversations,
        store.overrides,
        claude.catalogue,
        prices,
        default=default_choice(settings),
        allowed=settings.claude.models,
    )
    models.add_to(tree)
    reply_controls = ReplyControls(conversations, store.revisions, dispatcher, store.wakeups)
    reply_controls.add_to(tree)
    context = Context(
        conversations, store.pins_and_summaries, store.overrides, turns.terms, pins, clock.now_s
    )
    context.add_to(tree)
    Help(intake_policy(settings), conversations).add_to(tree)
    tree.on_press = first_of(memory.pressed, reply_controls.pressed, context.pressed)
    tree.on_submit = first_of(system.submitted, context.submitted)
