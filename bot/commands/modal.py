"""A modal with one text input."""

from __future__ import annotations

import discord

TEXT_CHARS = 4000
"""The most that a modal's text input holds (Discord, components/reference, "Text Input")."""

TRUNCATED = f"Only the first {TEXT_CHARS} characters fit in here; what you send replaces the whole text."
"""At most 100 characters (Discord, components/reference, "Label")."""


class TextModal(discord.ui.Modal):
    """Shows a text for editing. The submission carries `custom_id`, and the new text as the value of `field`.

    Discord takes a modal only as the first answer to an interaction. `Tree` answers the submission by its custom id.
    The modal is stopped at once: discord.py would keep it in memory, and answer it with an empty `on_submit`.
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
        description = description if len(text) <= TEXT_CHARS else TRUNCATED
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
