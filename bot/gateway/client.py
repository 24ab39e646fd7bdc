"""The bot as Discord sees it: which events it hears, and who deals with each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable

import discord
import structlog

from bot.gateway import permissions
from bot.gateway.connection.attempts import Attempts
from bot.gateway.connection.compat import Http
from bot.gateway.conversion import convert
from bot.gateway.events.pins import Pins

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
"""What a thread bot needs: 37377. Message Content is privileged and has to be switched on in the portal."""

Place = discord.abc.GuildChannel | discord.Thread
Heard = Callable[[discord.Message, discord.ClientUser], Awaitable[None]]


class Client(discord.Client):
    """Hears Discord's events; what is done about them is handed in, so that it can be built in any order."""

    def __init__(self, proxy: str | None = None) -> None:
        super().__init__(
            proxy=proxy,
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            guild_ready_timeout=0.25,
        )
        self.attempts = Attempts(time.monotonic())
        self.on_listening: Callable[[], None] | None = None
        self.on_person_wrote: Heard | None = None
        self.on_edited: Callable[[discord.Message], Awaitable[bool]] | None = None
        self.on_addressed_late: Heard | None = None
        self.on_deleted: Callable[[int, Iterable[int]], Awaitable[None]] | None = None
        self.on_unlocked: Callable[[int], Awaitable[None]] | None = None
        self.pins: Pins | None = None

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count the sessions that are begun: Discord allows so many a day."""
        await super().before_identify_hook(shard_id, initial=initial)
        self.attempts.identified(time.monotonic())

    async def setup_hook(self) -> None:
        """From here on, calls that Discord wants none of are refused instead of waited for."""
        if isinstance(self.http, Http):
            self.http.heeded = True

    async def on_ready(self) -> None:
        """Say where the bot is."""
        invite = discord.utils.oauth_url(self.application_id or 0, permissions=permissions.INVITE)
        log.info("discord_ready", name=str(self.user), servers=len(self.guilds), invite=invite)
        if self.pins is not None:
            self.pins.forget()
        self._listen()
        if not self.guilds:
            log.warning("no_servers", hint="invite the bot to a server with the link above")

    async def on_resumed(self) -> None:
        """Note that the session went on after a gap."""
        log.info("discord_resumed")
        self._listen()

    def _listen(self) -> None:
        if self.on_listening is not None:
            self.on_listening()

    async def on_message(self, message: discord.Message) -> None:
        """Hand a message to the intake."""
        if self.user is not None and self.on_person_wrote is not None:
            await self.on_person_wrote(message, self.user)
        if self.pins is not None and not message.author.bot:
            if message.type is discord.MessageType.pins_add:
                self.pins.changed(message.channel.id)
            elif message.type in convert.ORDINARY:
                self.pins.heard(message.channel.id)

    async def on_guild_channel_pins_update(self, channel: Place, _last_pin: object) -> None:
        """Have the pins of a thread read anew: the event does not say which ones there are."""
        if self.pins is not None:
            self.pins.changed(channel.id)

    async def on_private_channel_pins_update(self, channel: discord.abc.PrivateChannel, _: object) -> None:
        """The same of direct messages, where discord.py happens to know their channel."""
        if self.pins is not None:
            self.pins.changed(channel.id)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Hand on what a person has edited; previews of links come the same way, and change no text."""
        message = payload.message
        if self.pins is not None:
            self.pins.shown(message.channel.id, message.id, pinned=message.pinned)
        if self.on_edited is None or message.author.bot or message.edited_at is None:
            return
        known = await self.on_edited(message)
        if not known and self.user is not None and self.on_addressed_late is not None:
            await self.on_addressed_late(message, self.user)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Hand on what was deleted, whoever had written it."""
        if self.on_deleted is not None:
            await self.on_deleted(payload.channel_id, (payload.message_id,))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Hand on what was deleted at once."""
        if self.on_deleted is not None:
            await self.on_deleted(payload.channel_id, sorted(payload.message_ids))

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """Hand on that a thread may be written to: which change has made it so, the event does not say."""
        if self.on_unlocked is not None and not payload.data.get("thread_metadata", {}).get("locked"):
            await self.on_unlocked(payload.thread_id)

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """Log what a handler raised; the arguments hold what people wrote, so they stay out."""
        log.exception("event_failed", event=event_method)
