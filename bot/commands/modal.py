"""A modal with one text in it."""

from __future__ import annotations

import discord

TEXT_CHARS = 4000
"""The most that a modal's text input holds (Discord, components/reference, "Text Input")."""

CUT = f"Only the first {TEXT_CHARS} characters fit in here; what you send replaces the whole text."
"""At most 100 characters (Discord, components/reference, "Label")."""


class TextModal(discord.ui.Modal):
    """Shows a text to be changed; the new text comes back with `custom_id`, as the value of `field`.

    To be sent as the first answer to an interaction (Discord takes it only there). The tree answers it by its custom
    id, so it is stopped from the start: discord.py would keep it, and answer it by an `on_submit` that does nothing.
    """

    def __init__(
        self,
        *,
        title: str,
        custom_id: str,
        field: str,
        label: str,
        description: str,
        text: str,
        required: bool = True,
    ) -> None:
        description = description if len(text) <= TEXT_CHARS else CUT
        super().__init__(title=title, custom_id=custom_id)
        component = discord.ui.TextInput[discord.ui.Modal](
            style=discord.TextStyle.paragraph,
            custom_id=field,
            default=text[:TEXT_CHARS],
            max_length=TEXT_CHARS,
            required=required,
        )
        self.add_item(discord.ui.Label(text=label, description=description, component=component))
        self.stop()
