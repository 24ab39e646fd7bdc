"""Channels and files as the methods of an actor take them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.local.simulator.discord.drafts import Upload
from bot.local.simulator.discord.model import Channel, Json

File = tuple[str, str, bytes]
Place = int | str | Channel | Json


def channel_id(place: Place) -> int:
    """The id of a channel, however it was given."""
    if isinstance(place, Channel):
        return place.id
    return int(place["id"]) if isinstance(place, dict) else int(place)


def uploads(files: Sequence[File]) -> tuple[Upload, ...]:
    return tuple(Upload(index, name, kind, content) for index, (name, kind, content) in enumerate(files))
