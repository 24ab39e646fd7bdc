"""Refuses rules and limits for apps: none has an effect, because bots and webhooks are never answered (intake)."""

from __future__ import annotations

import discord

from bot.commands.interactions import Interaction

NOTHING_CHANGED = "Nothing was changed."
MYSELF = f"That is me, and I do not answer myself. {NOTHING_CHANGED}"


def app(person: int) -> str:
    """Say that a person who was named is an app."""
    return f"<@{person}> is an app, and I answer people only. {NOTHING_CHANGED}"


def role_of_app(role: int) -> str:
    """Say that a role is the one that Discord gave an app when it joined, which nobody else can get."""
    return f"<@&{role}> is the role of an app, which no person can have. {NOTHING_CHANGED}"


def refusal(
    interaction: Interaction, role: discord.Role | None, person: discord.User | discord.Member | None
) -> str | None:
    """Say why nothing can be set for a role or a person, None if it can.

    Removing is never refused: an earlier version has let rules for apps be set.
    """
    if person is not None and person.bot:
        me = interaction.client.user
        return MYSELF if me is not None and person.id == me.id else app(person.id)
    return role_of_app(role.id) if role is not None and role.is_bot_managed() else None
