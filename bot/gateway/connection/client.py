"""discord.py's client with the bot's intents and shards, without caches; handlers of events are registered later."""

from __future__ import annotations

import time
from typing import Any

import discord
import structlog
from discord.state import AutoShardedConnectionState

from bot.conversation.shards import Shards
from bot.gateway.connection.attempts import Attempts
from bot.gateway.connection.compat import Http
from bot.gateway.connection.identify_gate import IdentifyGate
from bot.gateway.connection.shard import Shard
from bot.telemetry.gateway_state import GatewayHealth

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
"""37377. Message Content is privileged: the developer portal has a switch for it (Discord, "Gateway Intents")."""

NO_SUCH_ROUTE = (404, 405)

SESSION_STARTS_FEW = 100


class State(AutoShardedConnectionState[Any]):
    """discord.py's cache, which forgets with a new session what the session of the same shard before it has told."""

    def parse_ready(self, data: Any) -> None:
        """Handle READY: the servers that it does not name are those that the bot has left meanwhile."""
        shard, _ = data.setdefault("shard", [0, 1])  # a server without shards names none
        for guild in list(self.guilds):
            if guild.shard_id == shard:
                self._remove_guild(guild)
        super().parse_ready(data)

    def cancel_ready(self) -> None:
        """Cancel the tasks that dispatch `ready`, which fail once the client is closed."""
        for task in (self._ready_task, *self._ready_tasks.values()):
            if task is not None:
                task.cancel()


class Client(discord.AutoShardedClient):
    """A client that pings nobody, caches no messages and no members, and runs its shards side by side.

    `health` holds the state of each shard's connection.
    """

    _connection: State

    def __init__(
        self,
        proxy: str | None = None,
        health: GatewayHealth | None = None,
        *,
        shards: Shards | None = None,
        gate: IdentifyGate | None = None,
    ) -> None:
        super().__init__(
            proxy=proxy,
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            guild_ready_timeout=0.25,
        )
        self.health = health or GatewayHealth()
        self.connections: tuple[Shard, ...] = ()
        self._chosen = shards or Shards()
        self._gate = gate or IdentifyGate()
        self._max_concurrency = 1

    def _get_state(self, **options: Any) -> State:
        return State(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    @property
    def chooses_shards(self) -> bool:
        """Whether there are as many shards as Discord recommends."""
        return self._chosen.count is None

    @property
    def is_connected(self) -> bool:
        """Whether each shard of this process has a session."""
        return bool(self.connections) and all(each.established for each in self.connections)

    async def find_shards(self) -> None:
        """Choose the shards, as many as Discord recommends unless the settings say otherwise.

        Raises what the request raises, except where the server does not know the route: then there is one shard.
        """
        recommended, max_concurrency = 1, 1
        limits: Any = {}
        try:
            recommended, _, limits = await self.http.get_bot_gateway()
            max_concurrency = int(limits["max_concurrency"])
        except discord.GatewayNotFound as error:  # discord.py's wrapper of whatever the request has raised
            if not isinstance(refused := error.__cause__, discord.HTTPException):
                raise
            if refused.status not in NO_SUCH_ROUTE:
                raise refused from None
            log.info("discord_route_missing", path="/gateway/bot")
        except (KeyError, TypeError):
            log.info("discord_route_unreadable", path="/gateway/bot")
        count = self._chosen.count or max(1, int(recommended))
        ids = self._chosen.ids or tuple(range(count))
        self._max_concurrency = max(1, max_concurrency)
        self.shard_count = self._connection.shard_count = count
        self.shard_ids = self._connection.shard_ids = list(ids)
        self.connections = tuple(Shard(self, each, Attempts(time.monotonic(), shards=count)) for each in ids)
        self._heed_starts_left(limits)
        # discord.py finds the socket of a server there, to change the presence for example.
        self._AutoShardedClient__shards = {each.shard_id: each for each in self.connections}
        self.health.expect(ids)
        if count > 1:
            log.info("discord_shards", ids=list(ids), count=count)

    def _heed_starts_left(self, limits: Any) -> None:
        """Let the shards share what is left of the sessions that Discord lets the bot begin in a day."""
        left, after_ms = (
            limits.get(key) if isinstance(limits, dict) else None for key in ("remaining", "reset_after")
        )
        if not (isinstance(left, int) and isinstance(after_ms, int)):
            return
        share = max(left // (self.shard_count or 1), min(left, 1))  # other processes have the other shards
        for each in self.connections:
            each.attempts.starts_left(time.monotonic(), share, after_ms / 1000)
        if left < SESSION_STARTS_FEW:
            log.warning(
                "discord_session_starts_few",
                left=left,
                again_in_s=round(after_ms / 1000),
                hint="Discord lets a bot begin 1000 sessions a day, and a bot that is restarted again and again uses "
                "them up: find out why it is restarted",
            )

    async def identify_turn(self, shard_id: int) -> None:
        """Wait until a shard may send IDENTIFY; a single shard tries at once: op 9 tells if it was too soon."""
        if self.shard_count and self.shard_count > 1:
            await self._gate.turn(shard_id, self._max_concurrency)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count an IDENTIFY: Discord limits them per day."""
        if self.shard_count == 1:
            await super().before_identify_hook(shard_id, initial=initial)
        for each in self.connections:
            if each.shard_id == shard_id:
                each.attempts.identified(time.monotonic())

    async def setup_hook(self) -> None:
        """Refuse rate-limited calls from the login on, instead of waiting for the limit to end."""
        if isinstance(self.http, Http):
            self.http.enforces_bans = True

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """Log the exception of a handler without its arguments, which hold message content."""
        log.exception("event_failed", handler=event_method)
