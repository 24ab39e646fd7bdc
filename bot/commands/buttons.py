"""Buttons and select menus that work after a restart: the custom id holds all that the answer needs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import discord

from bot.commands.interactions import Interaction

OPTIONS_MAX = 25
"""The most options of a menu (Discord, "Select menus")."""


def dynamic_button(
    template: str, pressed: Callable[[Interaction, re.Match[str]], Awaitable[None]]
) -> type[discord.ui.DynamicItem[discord.ui.Item[Any]]]:
    """Return the DynamicItem with which discord.py answers the components whose custom id matches a template."""

    class DynamicButton(discord.ui.DynamicItem[discord.ui.Item[Any]], template=template):
        def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
            super().__init__(item)
            self._match = match

        @classmethod
        async def from_custom_id(
            cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            return cls(item, match)

        async def callback(self, interaction: Interaction) -> None:
            await pressed(interaction, self._match)

    return DynamicButton


def shows(message: discord.Message | None, custom_id: str) -> bool:
    """Whether a message has a component with a custom id: only then discord.py calls its DynamicItem."""
    rows: Iterable[Any] = message.components if message is not None else ()
    children = (child for row in rows for child in getattr(row, "children", ()))
    return any(getattr(child, "custom_id", None) == custom_id for child in children)


def button(
    label: str, custom_id: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary
) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button[discord.ui.View](label=label, custom_id=custom_id, style=style)


def select(
    placeholder: str, custom_id: str, options: Sequence[discord.SelectOption]
) -> discord.ui.Select[discord.ui.View]:
    """Return a new select menu for one option. Its DynamicItem is that of a button; `chosen` reads the option."""
    return discord.ui.Select[discord.ui.View](
        placeholder=placeholder, custom_id=custom_id, options=list(options[:OPTIONS_MAX])
    )


def chosen(interaction: Interaction) -> str:
    """Return the value of the chosen option of a select menu, "" if there is none."""
    data: Mapping[str, Any] = interaction.data or {}
    return str(next(iter(data.get("values") or ()), ""))


def view_of(*items: discord.ui.Item[discord.ui.View]) -> discord.ui.View | None:
    """Return a view, None without items; it is stopped, because discord.py would keep it in memory for ever."""
    if not items:
        return None
    view = discord.ui.View(timeout=None)
    for each in items:
        view.add_item(each)
    view.stop()
    return view
