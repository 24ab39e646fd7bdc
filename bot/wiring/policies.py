"""What the settings make of the policies of turns."""

from __future__ import annotations

import hashlib

from bot.claude.status_page import StatusPage
from bot.config import Settings
from bot.conversation.budget import BudgetPolicy, Rule, Subject
from bot.conversation.model import Choice
from bot.turns.policy import TurnPolicy


def default_choice(settings: Settings) -> Choice:
    """The model, effort, thinking and system prompt where no scope has an override."""
    claude = settings.claude
    thinking = None if claude.thinking == "default" else claude.thinking
    return Choice(system=claude.system, model=claude.model, effort=claude.effort, thinking=thinking)


def budget_policy(settings: Settings) -> BudgetPolicy:
    """The operator's limits, and what happens at a limit."""
    budgets = settings.budgets
    amounts = {
        Subject.BOT: budgets.bot,
        Subject.SERVER: budgets.server,
        Subject.CHANNEL: budgets.channel,
        Subject.PERSON: budgets.person,
    }
    return BudgetPolicy(
        ceilings=tuple(Rule(subject, amount) for subject, given in amounts.items() for amount in given),
        fallback_model=budgets.fallback_model,
        fallback=budgets.fallback,
    )


def turn_policy(settings: Settings) -> TurnPolicy:
    """The settings that hold for every turn."""
    return TurnPolicy(
        model=settings.claude.model,
        summarizes=settings.history.on_trim == "summarize",
        keeps_at_limit=settings.budgets.at_limit == "keep",
        tries=settings.turns.tries,
        lease_s=settings.turns.lease_s,
        heartbeat_s=settings.turns.heartbeat_s,
        interrupts=settings.reply.while_answering == "interrupt",
        gather_s=settings.reply.gather_ms / 1000,
        secret=secret_of(settings),
    )


def status_page(settings: Settings) -> StatusPage | None:
    url = settings.claude.status_url
    return None if url is None else StatusPage(url, private=settings.claude.status_private)


def secret_of(settings: Settings) -> bytes:
    """The key of the hashes that other services see."""
    token = settings.discord.token.get_secret_value() if settings.discord.token else ""
    return hashlib.sha256(token.encode()).digest()
