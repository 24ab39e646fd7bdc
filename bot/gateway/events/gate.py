"""What holds back the messages of people who have not agreed."""

from __future__ import annotations

from typing import Protocol

import discord


class Gate(Protocol):
    """Holds back messages of people who have not agreed to what is kept of them."""

    async def holds_back(self, message: discord.Message, person: int | None) -> bool:
        """Whether a message is left alone; `person` is its author, None if unknown."""
        ...

    async def admits_edits(self, person: int) -> bool:
        """Whether the edits of a person are applied."""
        ...
