"""The handlers of Discord's events: each event goes to the object that handles it."""

from __future__ import annotations

import discord
import structlog

from bot.gateway import permissions
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.catchup import Catchup
from bot.gateway.catchup.existence import Existence
from bot.gateway.connection.client import Client
from bot.gateway.conversion import convert
from bot.gateway.events.changes import Changes
from bot.gateway.events.decider import EditEffect
from bot.gateway.events.intake import Intake
from bot.gateway.events.pins import Pins
from bot.gateway.events.removals import Removals

log = structlog.get_logger()


class Listener:
    """Handles events; the methods `on_*` have the names by which discord.py dispatches."""

    def __init__(
        self,
        client: Client,
        *,
        intake: Intake,
        changes: Changes,
        pins: Pins,
        catchup: Catchup,
        backlog: Backlog,
        removals: Removals,
        existence: Existence,
    ) -> None:
        self._client = client
        self._intake = intake
        self._changes = changes
        self._pins = pins
        self._catchup = catchup
        self._backlog = backlog
        self._removals = removals
        self._existence = existence

    def register(self) -> None:
        """Register the handlers with the client, once and before it connects."""
        for handler in (
            self.on_connect,
            self.on_ready,
            self.on_shard_ready,
            self.on_resumed,
            self.on_message,
            self.on_raw_message_edit,
            self.on_raw_message_delete,
            self.on_raw_bulk_message_delete,
            self.on_raw_thread_update,
            self.on_raw_thread_delete,
            self.on_guild_channel_delete,
            self.on_guild_remove,
            self.on_guild_channel_pins_update,
            self.on_private_channel_pins_update,
        ):
            self._client.event(handler)

    async def on_connect(self) -> None:
        """Have each thread listed before its next message is accepted: what a new session missed has no events."""
        self._backlog.begin()

    async def on_ready(self) -> None:
        """Log the invite link, and catch up on what was missed before the session began."""
        client = self._client
        invite = discord.utils.oauth_url(client.application_id or 0, permissions=permissions.INVITE)
        log.info("discord_ready", name=str(client.user), servers=len(client.guilds), invite=invite)
        self._session_began()
        if not client.guilds and client.shard_count == 1:
            log.warning("no_servers", hint="invite the bot to a server with the link above")

    async def on_shard_ready(self, _shard_id: int) -> None:
        """Catch up where one of several shards has a new session; discord.py dispatches `ready` for all of them."""
        if len(self._client.connections) > 1 and self._client.is_ready():
            self._session_began()

    def _session_began(self) -> None:
        self._pins.invalidate()
        self._catchup.request()
        self._existence.request()

    async def on_resumed(self) -> None:
        """Catch up after a gap in the session: Discord may not have repeated every event."""
        log.info("discord_resumed")
        self._catchup.request()

    async def on_message(self, message: discord.Message) -> None:
        """Accept a message, and read the pins of its channel where they are unknown."""
        if (me := self._client.user) is not None:
            listed = message.author.id != me.id and await self._backlog.list_before(message)
            await self._intake.accept(message, me)
            if listed:
                self._intake.wake(message.channel.id)
        if not self._intake.is_by_a_person(message):
            return
        if message.type is discord.MessageType.pins_add:
            self._pins.read(message.channel.id)
        elif message.type in convert.WRITTEN_TYPES:
            self._pins.read_if_unknown(message.channel.id)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Apply a person's edit; an event without `edited_at` adds link previews only."""
        message = payload.message
        self._pins.compare(message.channel.id, message.id, pinned=message.pinned)
        if not self._intake.is_by_a_person(message) or message.edited_at is None:
            return
        effect = await self._intake.edit_effect(message)
        if effect is EditEffect.NOTHING:
            return
        known = effect is not EditEffect.ACCEPT and await self._changes.edit(
            message, asks_again=effect is EditEffect.ANSWER
        )
        if not known and (me := self._client.user) is not None:
            await self._intake.accept_edited(message, me)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Apply a deletion; the event does not name the author."""
        self._intake.deleted(payload.message_id)
        await self._changes.delete(payload.channel_id, (payload.message_id,))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Apply a bulk deletion."""
        for message in payload.message_ids:
            self._intake.deleted(message)
        await self._changes.delete(payload.channel_id, sorted(payload.message_ids))

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """Resume a reply that a locked thread refused: the event does not say what has changed in the thread."""
        if not payload.data.get("thread_metadata", {}).get("locked"):
            await self._changes.resume(payload.thread_id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Erase the conversation of a thread that was deleted."""
        await self._removals.thread(payload.thread_id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Erase what is kept of a channel that was deleted; its archived threads have no events of their own."""
        await self._removals.channel(channel.guild.id, channel.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Erase what is kept of a server that the bot has left; discord.py does not call this in an outage."""
        await self._removals.server(guild.id)

    async def on_guild_channel_pins_update(
        self, channel: discord.abc.GuildChannel | discord.Thread, _last_pin: object
    ) -> None:
        """Read the pins again: the event does not name them."""
        self._pins.read(channel.id)

    async def on_private_channel_pins_update(self, channel: discord.abc.PrivateChannel, _: object) -> None:
        """Read the pins again; discord.py dispatches this only for DM channels in its cache."""
        self._pins.read(channel.id)
