"""The bot as Discord sees it: which events it hears, and who deals with each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, ParamSpec

import discord
import structlog

from bot.gateway import interactions, permissions
from bot.gateway.connection.attempts import Attempts
from bot.gateway.connection.compat import Http
from bot.gateway.conversion import convert
from bot.gateway.events.pins import Pins
from bot.gateway.interactions import Interaction, Tree
from bot.store.coordination import Coordination

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
"""What a thread bot needs: 37377. Message Content is privileged and has to be switched on in the portal."""

P = ParamSpec("P")
Place = discord.abc.GuildChannel | discord.Thread
Heard = Callable[[discord.Message, discord.ClientUser], Awaitable[None]]
Press = Callable[[Interaction, str], Awaitable[bool]]
Submission = Callable[[Interaction, str, dict[str, str]], Awaitable[bool]]


def first_of(*handlers: Callable[P, Awaitable[bool]]) -> Callable[P, Awaitable[bool]]:
    """Ask one after the other who answers a button, or a modal."""

    async def answer(*args: P.args, **kwargs: P.kwargs) -> bool:
        for handler in handlers:
            if await handler(*args, **kwargs):
                return True
        return False

    return answer


class Client(discord.Client):
    """Hears Discord's events; what is done about them is handed in, so that it can be built in any order."""

    def __init__(self, desk: Coordination, proxy: str | None = None) -> None:
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
        self.tree = Tree(self, desk)
        self.desk = desk
        self.on_listening: Callable[[], None] | None = None
        self.on_person_wrote: Heard | None = None
        self.on_press: Press | None = None
        self.on_edited: Callable[[discord.Message], Awaitable[bool]] | None = None
        self.on_addressed_late: Heard | None = None
        self.on_deleted: Callable[[int, Iterable[int]], Awaitable[None]] | None = None
        self.on_unlocked: Callable[[int], Awaitable[None]] | None = None
        self.pins: Pins | None = None
        self.on_submit: Submission | None = None

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

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer buttons and modals by their custom id; commands go by the tree."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        pressed = interaction.type is discord.InteractionType.component
        submitted = interaction.type is discord.InteractionType.modal_submit
        if not (pressed or submitted) or not custom_id.startswith("bobbin:"):
            return
        if not await interactions.take(self.desk, interaction):
            return
        try:
            if pressed and self.on_press is not None:
                await self.on_press(interaction, custom_id)
            elif submitted and self.on_submit is not None:
                await self.on_submit(interaction, custom_id, dict(_values(data.get("components", []))))
        except Exception as error:  # noqa: BLE001 - whatever it was, the person waits for an answer
            await interactions.explain(interaction, error)

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """Log what a handler raised; the arguments hold what people wrote, so they stay out."""
        log.exception("event_failed", event=event_method)


def _values(components: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield str(component["custom_id"]), str(component["value"])
        yield from _values(component.get("components", []))
        if "component" in component:
            yield from _values([component["component"]])
