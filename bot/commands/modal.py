"""A modal with one text in it."""

from __future__ import annotations

import discord

from bot.commands.interactions import Interaction

TEXT_CHARS = 4000
"""The most that a modal's text input holds (Discord, components/reference, "Text Input")."""


async def ask(
    interaction: Interaction,
    *,
    title: str,
    custom_id: str,
    field: str,
    label: str,
    description: str,
    text: str,
    required: bool = True,
) -> None:
    """Show a text to be changed; it comes back with `custom_id`, as the value of `field`.

    Discord takes a modal only as the first answer to an interaction.
    """
    modal = discord.ui.Modal(title=title, custom_id=custom_id)
    component = discord.ui.TextInput[discord.ui.Modal](
        style=discord.TextStyle.paragraph,
        custom_id=field,
        default=text[:TEXT_CHARS],
        max_length=TEXT_CHARS,
        required=required,
    )
    modal.add_item(discord.ui.Label(text=label, description=description, component=component))
    await interaction.response.send_modal(modal)
    modal.stop()  # it is answered by its custom id, also after a restart and by another instance
