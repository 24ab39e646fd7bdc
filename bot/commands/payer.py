"""The payer of a request that a command makes."""

from __future__ import annotations

from bot.commands.interactions import Interaction
from bot.commands.invocation import Invocation
from bot.conversation.request_cost import Payer


def payer_of(interaction: Interaction, invocation: Invocation) -> Payer:
    """Return the person, their roles, and the place of an interaction."""
    here = interaction.channel_id or 0
    return Payer(
        person=interaction.user.id,
        server=invocation.server,
        channel=invocation.channel or here,
        conversation=here,
        roles=frozenset(role.id for role in getattr(interaction.user, "roles", ())),
    )
