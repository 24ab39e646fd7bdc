"""Pages of a channel's history."""

from __future__ import annotations

from bot.local.simulator.discord.model import Channel, Message
from bot.local.simulator.discord.world import World


def page(
    world: World,
    channel: Channel,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> list[Message]:
    """A page of a channel's history, newest first, as `GET /channels/{id}/messages` gives it."""
    everything = world.history(channel.id)
    if around is not None:
        older = [each for each in everything if each.id < around][-(limit // 2) :]
        newer = [each for each in everything if each.id >= around][: limit - len(older)]
        return list(reversed(older + newer))
    if before is not None:
        everything = [each for each in everything if each.id < before]
    if after is not None:
        return list(reversed([each for each in everything if each.id > after][:limit]))
    return list(reversed(everything[-limit:]))
