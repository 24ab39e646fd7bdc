"""Where a fact is kept that is learnt in a conversation now, and which facts may be used there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.conversation.memory import Keeping, MemoryPlace
from bot.tools.tool import ToolPlace


class Visibility(Protocol):
    """Knows who may read a channel now."""

    def is_public(self, server: int, channel: int, conversation: int) -> bool:
        """Whether every member of a server may read a channel, and the conversation in it."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryPlaces:
    """Finds the place of a conversation."""

    visibility: Visibility

    def keeping(self, place: ToolPlace) -> Keeping:
        """Return where a fact is kept that is learnt now."""
        if place.server is None:
            return Keeping.DIRECT
        if place.is_private:
            return Keeping.THREAD
        channel = place.channel or place.conversation
        is_public = self.visibility.is_public(place.server, channel, place.conversation)
        return Keeping.PUBLIC if is_public else Keeping.CHANNEL

    def now(self, place: ToolPlace) -> MemoryPlace:
        """Return the place of a conversation, as it is now."""
        return place_of(self.keeping(place), place)


def place_of(keeping: Keeping, place: ToolPlace) -> MemoryPlace:
    """Return the place of a conversation, as it is or was."""
    return MemoryPlace.of(
        keeping, conversation=place.conversation, channel=place.channel, server=place.server
    )
