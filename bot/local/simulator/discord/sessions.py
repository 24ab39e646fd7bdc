"""A gateway session: its intents, its sequence, and the frames for a RESUME. No I/O."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord.model import Json
from bot.local.simulator.discord.world import Event, World

# How many events are kept for a replay; Discord does not say how many it keeps.
KEPT_EVENTS = 5_000
DISPATCH = 0


@dataclass(slots=True)
class Session:
    """`sequence` counts the events; `kept` holds the latest as (sequence, frame); `lost_at` is when its socket went,
    in epoch seconds, None while it has one."""

    id: str
    application_id: int
    user_id: int
    intents: int
    shard: tuple[int, int] = (0, 1)
    sequence: int = 0
    kept: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    lost_at: float | None = None

    def frame(self, name: str, data: Json) -> str:
        """The next event as a text frame, kept for a replay."""
        self.sequence += 1
        payload = {"op": DISPATCH, "t": name, "s": self.sequence, "d": data}
        text = json.dumps(payload, separators=(",", ":"))
        self.kept.append((self.sequence, text))
        return text

    def missed(self, since: int) -> list[str] | None:
        """The frames after a sequence number; None if the number is unknown or its frame is no longer kept."""
        if since > self.sequence:
            return None
        if since < self.sequence and (not self.kept or self.kept[0][0] > since + 1):
            return None
        return [text for sequence, text in self.kept if sequence > since]

    def wants(self, world: World, event: Event) -> bool:
        """Whether an event is for this session: by intent, by shard, and by what its bot sees."""
        if not event.bots or (event.intent and not self.intents & event.intent):
            return False
        if self.shard[1] > 1 and (((event.guild_id or 0) >> 22) % self.shard[1]) != self.shard[0]:
            return False
        return world.concerns(event, self.user_id)

    def view(self, world: World, event: Event) -> Json:
        """The event's data as this session sees it."""
        data = personal(world, event, self.user_id)
        if not event.name.startswith("MESSAGE_") or "author" not in data:
            return data
        if self.intents & intents.MESSAGE_CONTENT or "guild_id" not in data:
            return data
        return intents.redacted(data, self.user_id)


def personal(world: World, event: Event, viewer_id: int) -> Json:
    """A message's event with the viewer's own reactions marked as theirs; any other event as it is."""
    if "reactions" not in event.data or "id" not in event.data:
        return event.data
    message = world.messages.get(int(event.data["id"]))
    return event.data if message is None else event.data | {"reactions": wire.reactions(message, viewer_id)}
