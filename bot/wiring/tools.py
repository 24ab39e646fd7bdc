"""The tools that run here, with what they need of Discord and the store."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.conversation.clock import Clock
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.quote_source import QuoteSource
from bot.gateway.connection.server_facts import ServerFactSource
from bot.gateway.connection.server_messages import ServerMessageSource
from bot.gateway.connection.thread_actions import DiscordThreadActions
from bot.tools import facts, messages, reminders, thread_actions
from bot.tools.tool import Tool
from bot.wiring.store import Store


@dataclass(frozen=True, slots=True)
class DiscordTools:
    """What tools do with Discord."""

    messages: messages.ServerMessages
    facts: ServerFactSource
    actions: thread_actions.ThreadActions


def build_discord_tools(client: discord.Client, quotes: QuoteSource, clock: Clock) -> DiscordTools:
    """Build what tools need of Discord."""
    calls = Calls(client, clock)
    return DiscordTools(
        ServerMessageSource(client, calls, quotes),
        ServerFactSource(client, calls),
        DiscordThreadActions(client, calls),
    )


def discord_tools(on_discord: DiscordTools, store: Store, clock: Clock) -> tuple[Tool, ...]:
    """Return the tools that work on Discord, and those of reminders."""
    book = store.reminders
    return (
        messages.search_tool(on_discord.messages, store.person_wishes.left_out),
        messages.read_tool(on_discord.messages, store.person_wishes.left_out),
        facts.server_tool(on_discord.facts),
        facts.member_tool(on_discord.facts),
        thread_actions.poll_tool(on_discord.actions),
        thread_actions.reaction_tool(on_discord.actions),
        reminders.set_tool(book, clock.now_ms, store.forget_jobs.covers),
        reminders.list_tool(book),
        reminders.cancel_tool(book, clock.now_ms),
    )
