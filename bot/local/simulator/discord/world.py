"""The state of a local Discord: lookups, permissions, ids, events.

No I/O: a change appends its events to `world.events`, in order; the hub dispatches them.
"""

from __future__ import annotations

import secrets
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.model import (
    Application,
    Attachment,
    Channel,
    Guild,
    Interaction,
    Json,
    Message,
    Snapshot,
    Sticker,
    User,
)
from bot.local.simulator.discord.nonces import Nonces
from bot.local.simulator.discord.snowflakes import Clock, Snowflakes

# How long a typing indicator is shown (resources/channel, "Trigger Typing Indicator").
TYPING_S = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    """A gateway event.

    The recipients are the users who see the channel (without a channel, the members of the server), or exactly
    `only`, if given. `intent` is the bit that a session must have, 0 for none. `bots` and `people` select the kind
    of listener.
    """

    name: str
    data: Json
    guild_id: int | None = None
    channel_id: int | None = None
    only: frozenset[int] | None = None
    intent: int = 0
    bots: bool = True
    people: bool = True


@dataclass(slots=True)
class Revision:
    """A content of a message, and the epoch second of the change."""

    content: str
    at: float


@dataclass(slots=True)
class Typing:
    """A run of typing indicators: the time of the first and the latest."""

    since: float
    last: float


class World:
    """Everything that exists, by id; see `model` for what the values are."""

    def __init__(self, clock: Clock, saved: Snapshot | None = None) -> None:
        saved = saved or Snapshot(cdn_secret=secrets.token_hex(16))
        self.clock = clock
        # Seconds so far for which a busy machine kept the bots from running: no bot's fault if its answer is late.
        self.held_up_s: Callable[[], float] = lambda: 0.0
        self.snowflakes = Snowflakes(clock, saved.last_snowflake)
        self.cdn_secret = saved.cdn_secret
        self.base_url = ""
        self.gateway_url = ""
        self.users = saved.users
        self.applications = saved.applications
        self.guilds = saved.guilds
        self.channels = saved.channels
        self.messages = saved.messages
        self.stickers: dict[int, Sticker] = saved.stickers
        self.interactions = saved.interactions
        self.timelines: dict[int, list[int]] = {}
        for message_id, message in sorted(self.messages.items()):
            self.timelines.setdefault(message.channel_id, []).append(message_id)
        self.nonces = Nonces()
        self.revisions: dict[int, list[Revision]] = {}
        self.typing: dict[tuple[int, int], Typing] = {}
        # Files sent with a command, which belong to no message.
        self.loose_files: dict[int, Attachment] = {}
        self.old_edits: dict[int, list[float]] = {}
        # How many searches are still answered with 202, because there is no index yet.
        self.index_waits = 0
        self.events: list[Event] = []
        # What GET /gateway/bot recommends.
        self.shards = 1
        self.max_concurrency = 1

    def snapshot(self) -> Snapshot:
        """The state to save; shares its values with the world."""
        return Snapshot.model_construct(
            last_snowflake=self.snowflakes.last,
            cdn_secret=self.cdn_secret,
            users=self.users,
            applications=self.applications,
            guilds=self.guilds,
            channels=self.channels,
            messages=self.messages,
            stickers=self.stickers,
            interactions=self.interactions,
        )

    def emit(self, event: Event) -> None:
        """Append an event for the hub to dispatch."""
        self.events.append(event)

    def take_events(self) -> list[Event]:
        """Return and remove the pending events."""
        taken, self.events = self.events, []
        return taken

    # Lookups. Each raises Discord's error for an unknown or invisible object.

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise api_error(10013)
        return self.users[user_id]

    def guild(self, guild_id: int) -> Guild:
        if guild_id not in self.guilds:
            raise api_error(10004)
        return self.guilds[guild_id]

    def channel(self, channel_id: int) -> Channel:
        if channel_id not in self.channels:
            raise api_error(10003)
        return self.channels[channel_id]

    def message(self, channel_id: int, message_id: int) -> Message:
        """A message in its channel; an ephemeral one is unknown by this way."""
        found = self.messages.get(message_id)
        if found is None or found.channel_id != channel_id or found.ephemeral_for is not None:
            raise api_error(10008)
        return found

    def application_of(self, user_id: int) -> Application | None:
        """The application whose bot a user is."""
        return next((each for each in self.applications.values() if each.user_id == user_id), None)

    def application_by_token(self, token: str) -> Application | None:
        return next((each for each in self.applications.values() if each.token == token), None)

    def interaction_by_token(self, token: str) -> Interaction | None:
        return next((each for each in self.interactions.values() if each.token == token), None)

    def history(self, channel_id: int) -> list[Message]:
        """The messages of a channel, oldest first, without ephemeral ones."""
        found = (self.messages[each] for each in self.timelines.get(channel_id, ()))
        return [each for each in found if each.ephemeral_for is None]

    def threads_of(self, channel_id: int) -> list[Channel]:
        return [each for each in self.channels.values() if each.thread and each.parent_id == channel_id]

    # Permissions.

    def permissions(self, channel: Channel, user_id: int) -> int:
        """A user's permissions in a channel, a thread (those of its parent) or a direct message."""
        if channel.guild_id is None:
            return bits.IN_DM if user_id in channel.recipients else 0
        ground = self.channels[channel.parent_id] if channel.thread and channel.parent_id else channel
        return bits.in_channel(self.guilds[channel.guild_id], ground, user_id, self.clock())

    def can_view(self, channel: Channel, user_id: int) -> bool:
        """Whether a user sees a channel; a private thread is visible to its members and with MANAGE_THREADS."""
        granted = self.permissions(channel, user_id)
        if not granted & bits.VIEW_CHANNEL:
            return False
        if channel.thread is not None and channel.type == 12:
            return user_id in channel.thread.members or bool(granted & bits.MANAGE_THREADS)
        return True

    def visible_channel(self, channel_id: int, user_id: int) -> Channel:
        """A channel that the user sees: 10003 if it does not exist, 50001 if it is not visible."""
        channel = self.channel(channel_id)
        if not self.can_view(channel, user_id):
            raise api_error(50001)
        return channel

    def require(self, channel: Channel, user_id: int, *needed: int) -> None:
        """Raise 50001 if the channel is not visible, 50013 without one of the permissions."""
        if not self.can_view(channel, user_id):
            raise api_error(50001)
        granted = self.permissions(channel, user_id)
        if any(not granted & each for each in needed):
            raise api_error(50013)

    def timed_out(self, channel: Channel, user_id: int) -> bool:
        """Whether a member is timed out; owners and administrators are exempt."""
        if channel.guild_id is None:
            return False
        guild = self.guilds[channel.guild_id]
        member = guild.members.get(user_id)
        until = None if member is None else member.timed_out_until
        return until is not None and self.clock() < until and bits.in_guild(guild, user_id) != bits.ALL

    def concerns(self, event: Event, user_id: int) -> bool:
        """Whether an event is for a user to see."""
        if event.only is not None:
            return user_id in event.only
        if event.channel_id is not None and event.channel_id in self.channels:
            return self.can_view(self.channels[event.channel_id], user_id)
        if event.guild_id is not None and event.guild_id in self.guilds:
            return user_id in self.guilds[event.guild_id].members
        return False

    def viewers(self, channel: Channel) -> frozenset[int]:
        """The users who see a channel now, for the event of its deletion."""
        if channel.guild_id is None:
            return frozenset(channel.recipients)
        members: Iterable[int] = self.guilds[channel.guild_id].members
        return frozenset(each for each in members if self.can_view(channel, each))

    # Messages in channels.

    def place(self, message: Message) -> None:
        """Put a new message into its channel."""
        self.messages[message.id] = message
        insort(self.timelines.setdefault(message.channel_id, []), message.id)
        self.revisions[message.id] = [Revision(message.content, message.at)]

    def remove(self, message: Message) -> None:
        """Remove a message from its channel."""
        del self.messages[message.id]
        line = self.timelines[message.channel_id]
        del line[bisect_left(line, message.id)]

    def is_typing(self, channel_id: int, user_id: int) -> bool:
        typing = self.typing.get((channel_id, user_id))
        return typing is not None and self.clock() - typing.last < TYPING_S
