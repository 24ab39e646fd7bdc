"""A local Discord as a whole: one world, its REST API, gateway, files and control API on one port."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.local.simulator.discord import cdn, channels, drafts, guilds, intents, messages, page, stickers, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.actors import Actor
from bot.local.simulator.discord.connections import Connection
from bot.local.simulator.discord.control import Control
from bot.local.simulator.discord.control_shared import SharedControl
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.faults import Faults
from bot.local.simulator.discord.gateway import Gateway
from bot.local.simulator.discord.given import File, Place, channel_id, uploads
from bot.local.simulator.discord.hub import Hub
from bot.local.simulator.discord.model import Application, Channel, Guild, Json, Sticker, User
from bot.local.simulator.discord.rest.server import Recorded, RestServer
from bot.local.simulator.discord.snowflakes import Clock
from bot.local.simulator.discord.state import Saver, load
from bot.local.simulator.discord.stream import Stream
from bot.local.simulator.discord.world import Revision, World
from bot.local.simulator.origin import guard


class Discord:
    """A Discord for tests and for trials: empty at first, and driven by its actors.

    `round_trip_s` delays every REST answer, half before and half after the work. `clock` gives epoch seconds.
    """

    def __init__(
        self, state: Path | str | None = None, round_trip_s: float = 0.0, *, clock: Clock = time.time
    ) -> None:
        self.faults = Faults()
        self._saver: Saver | None = None
        path = None if state is None else Path(state)
        self.world = World(clock, None if path is None else load(path))
        if path is not None:
            self._saver = Saver(path, self.world.snapshot)
        self._hub = Hub(self.world, changed=self._changed, latest=self._latest)
        self.rest = RestServer(self.world, self.faults, self.commit, round_trip_s)
        self.rest.observers.append(lambda _: self._hub.wake())
        self.gateway = Gateway(self.world, self.faults, self.commit)
        self._hub.listen(self.gateway.dispatch)
        self._stream = Stream(self._hub)
        self._runner: web.AppRunner | None = None

    # Life cycle.

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes any free port. Raises OSError if the port is taken."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        guard(app)
        self.rest.add_to(app)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        Control(self._hub, self.gateway.online).add_to(app)
        SharedControl(self._hub, self.post_as_webhook).add_to(app)
        self._stream.add_to(app)
        cdn.add_to(app, self.world)
        page.add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        bound = self._runner.addresses[0]
        self.world.base_url = f"http://{bound[0]}:{bound[1]}"
        self.world.gateway_url = f"ws://{bound[0]}:{bound[1]}/gateway"
        if self._saver is not None:
            self._saver.start()

    async def stop(self) -> None:
        """Close every socket, stop listening, save."""
        self._stream.close()
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._saver is not None:
            await self._saver.stop()

    @property
    def api_url(self) -> str:
        return f"{self.world.base_url}/api/v10"

    @property
    def gateway_url(self) -> str:
        return self.world.gateway_url

    @property
    def page_url(self) -> str:
        return f"{self.world.base_url}/"

    @property
    def connections(self) -> list[Connection]:
        """The gateway connections that have a session, oldest first."""
        return self.gateway.connections

    @property
    def requests(self) -> deque[Recorded]:
        """The latest REST requests, oldest first."""
        return self.rest.requests

    def commit(self) -> None:
        """Pass on what has changed in the world, and wake everything that waits for a condition."""
        self._hub.commit()

    async def until(self, condition: Callable[[], Any], timeout: float = 30.0, what: str = "") -> Any:
        """Wait for a condition; see `Hub.until`."""
        return await self._hub.until(condition, timeout, what)

    def endpoints(self) -> dict[str, str]:
        """Return the addresses, and the token of the first application."""
        token = next(iter(self.world.applications.values())).token
        return {
            "api_url": self.api_url,
            "gateway_url": self.gateway_url,
            "page_url": self.page_url,
            "token": token,
        }

    def _changed(self) -> None:
        if self._saver is not None:
            self._saver.changed()

    def _latest(self) -> str:
        latest = [f"{each.method} {each.path} -> {each.status}" for each in list(self.requests)[-8:]]
        online = sum(each.session is not None for each in self.connections)
        return f"{online} gateway connections, latest requests: {'; '.join(latest) or 'none'}"

    # Setting up.

    def add_application(
        self, name: str, token: str, intents_enabled: int = intents.PRIVILEGED
    ) -> Application:
        """An application with its bot user; `intents_enabled` are its privileged intents, as in the portal."""
        made = guilds.add_application(self.world, name, token, intents_enabled)
        self.commit()
        return made

    def add_guild(
        self,
        name: str,
        bot: Application | None = None,
        permissions: int | None = None,
        everyone: int = bits.DEFAULT_EVERYONE,
    ) -> Guild:
        """A server, with the bot as a member whose role has `permissions` on top of what `everyone` has."""
        guild = guilds.create(self.world, name, everyone)
        if bot is not None:
            guilds.join(self.world, guild, self.world.users[bot.user_id], permissions)
        self.commit()
        return guild

    def add_bot(self, guild: Guild, bot: Application, permissions: int | None = None) -> None:
        """Invite a bot into a server."""
        guilds.join(self.world, guild, self.world.users[bot.user_id], permissions)
        self.commit()

    def add_channel(self, guild: Guild, name: str, kind: str = "text") -> Channel:
        """A channel: `text`, `forum`, `media`, `news`, `voice` or `stage`."""
        made = channels.create(self.world, guild, name, channels.KINDS[kind])
        self.commit()
        return made

    def add_tag(self, forum: Channel, name: str) -> int:
        """A tag of a forum; returns its id."""
        made = channels.add_tag(self.world, forum, name)
        self.commit()
        return made

    def add_user(
        self,
        username: str,
        display_name: str | None = None,
        guild: Guild | None = None,
        permissions: int = 0,
    ) -> Actor:
        """A new user to act as, a member of `guild` with `permissions` on top of what everyone has."""
        user = guilds.add_user(self.world, username, display_name)
        if guild is not None:
            guilds.join(self.world, guild, user, permissions)
        self.commit()
        return Actor(self._hub, user.id)

    def actor(self, user_id: int) -> Actor:
        """An existing user to act as."""
        return Actor(self._hub, self.world.user(user_id).id)

    def post_as_webhook(
        self,
        channel: Channel,
        username: str,
        content: str,
        embeds: list[Json] | None = None,
        *,
        application_id: int | None = None,
        webhook_id: int | None = None,
        attachments: Sequence[File] = (),
    ) -> Json:
        """Post a message of a webhook, whose author is no user; `application_id` is that of its creator."""
        webhook_id = webhook_id or self.world.snowflakes.next()
        author = User(id=webhook_id, username=username, webhook=True)
        draft = drafts.parse({"content": content, "embeds": embeds}, uploads(attachments))
        if draft.empty:
            raise api_error(50006)
        message = messages.build(self.world, channel, author, draft, users_only=True)
        message.webhook_id = webhook_id
        message.application_id = application_id
        messages.publish(self.world, channel, message)
        self.commit()
        return wire.message(self.world, message, None)

    def edit_as_webhook(self, message_id: int | str, content: str) -> Json:
        """Edit a message of a webhook."""
        message = self.world.messages[int(message_id)]
        channel = self.world.channels[message.channel_id]
        draft = drafts.parse({"content": content}, flags=drafts.EDIT_FLAGS)
        messages.apply(self.world, channel, message, draft, users_only=True)
        self.commit()
        return wire.message(self.world, message, None)

    def add_sticker(
        self, guild: Guild, name: str, content: bytes, format_type: int = stickers.PNG
    ) -> Sticker:
        """A sticker of a server; `format_type` is one of those in `stickers`."""
        made = stickers.add(self.world, guild, name, content, format_type)
        self.commit()
        return made

    def unfurl(self, message_id: int, *embeds: Json) -> None:
        """Add the previews of a message's links, as Discord does some time after it was posted: no edit of it."""
        message = self.world.messages[message_id]
        message.embeds = [{"content_scan_version": 0} | each for each in embeds]
        messages.tell(self.world, "MESSAGE_UPDATE", message)
        self.commit()

    def set_overwrite(self, channel: Channel, target_id: int, *, allow: int = 0, deny: int = 0) -> None:
        """Allow and deny a role or a member something in a channel; an id of no role means a member."""
        guild = self.world.guilds[channel.guild_id or 0]
        kind = 0 if target_id in guild.roles else 1
        channels.overwrite(self.world, channel, target_id, kind, allow, deny)
        self.commit()

    def time_out(self, guild: Guild, user_id: int, for_s: float | None) -> None:
        """Time a member out for so many seconds, or end the time-out."""
        until = None if for_s is None else self.world.clock() + for_s
        guilds.time_out(self.world, guild, self.world.users[user_id], until)
        self.commit()

    # The state, as on the wire.

    def messages(self, channel: Place) -> list[Json]:
        """The messages of a channel or thread, oldest first, without ephemeral ones."""
        return [wire.message(self.world, each, None) for each in self.world.history(channel_id(channel))]

    def message(self, message_id: int) -> Json:
        """One message, ephemeral or not."""
        return wire.message(self.world, self.world.messages[int(message_id)], None)

    def presence(self, application: Application) -> Json:
        """The presence that the bot of an application has set last."""
        return self.gateway.presences[application.id]

    def thread(self, thread: Place) -> Json:
        """A thread, or any other channel."""
        return wire.channel(self.world, self.world.channel(channel_id(thread)))

    def threads(self, channel: Place) -> list[Json]:
        """The threads of a channel, oldest first."""
        return [wire.channel(self.world, each) for each in self.world.threads_of(channel_id(channel))]

    def history(self, message_id: int) -> list[Revision]:
        """Every content of a message, with the epoch second of each."""
        return list(self.world.revisions.get(int(message_id), ()))

    def typing_since(self, channel: Place) -> float | None:
        """The epoch second since which a bot has been shown as typing without a break; None if no bot types."""
        live = [
            typing.since
            for (place, user_id), typing in self.world.typing.items()
            if place == channel_id(channel)
            and self.world.users[user_id].bot
            and self.world.is_typing(place, user_id)
        ]
        return min(live, default=None)
