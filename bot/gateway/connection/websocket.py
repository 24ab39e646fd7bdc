"""The gateway's WebSocket: it skips events that it cannot parse, paces its attempts, and leaves a silent gateway.

In discord.py 2.7 an event without an expected key ends the connection for good, and so does a READY without
`resume_gateway_url`. A server with one channel that cannot be parsed is missing as a whole. discord.py waits up to 17
minutes between two attempts to connect, and counts as connected after HELLO alone.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.conversation.surrogates import whole_json
from bot.gateway.connection.attempts import BACKOFF_MAX_S, HANDSHAKE_S, SILENCE_MAX_S, Attempts
from bot.gateway.connection.completion import (
    TOO_MANY_REQUESTS,
    complete_user,
    fill_null_lists,
    retry_after_s,
)
from bot.gateway.conversion import reading
from bot.in_turn import TOGETHER
from bot.telemetry.gateway_state import GatewayHealth, GatewayReason

log = structlog.get_logger()

DISCORD_GATEWAY_HOST = "gateway.discord.gg"

LISTS_BY_EVENT = {
    "GUILD_CREATE": (
        "roles",
        "emojis",
        "stickers",
        "channels",
        "voice_states",
        "members",
        "presences",
        "threads",
        "stage_instances",
        "guild_scheduled_events",
        "soundboard_sounds",
    ),
    "THREAD_LIST_SYNC": ("threads",),
}
"""The events whose lists are parsed item by item where the event as a whole cannot be parsed."""

NO_HEARTBEAT_HINT = "the gateway sent nothing, not even for heartbeats: the network has lost the connection"

CLOSE_S = 3.0
"""The longest wait for the other side's close frame."""

_EVENT = re.compile(r'"op": ?0\b')
_SESSION_BEGINS = re.compile(r'"(?:READY|RESUMED)"')

EVENT_NAME_CHARACTERS = 40
"""More than Discord's longest name of an event; the log cuts the name of an unreadable event to this length."""


class Socket(DiscordWebSocket):
    """A connection that skips an event which discord.py cannot parse.

    `established` from READY or RESUMED on; a connection on which neither arrives is closed. `Attempts` delays each.
    """

    established = False
    _attempts: Attempts | None = None
    _health: GatewayHealth | None = None
    _last_event_s = 0.0
    _polled = 0
    _last_message_s = math.inf
    _silence_timer: asyncio.TimerHandle | None = None
    _closing: asyncio.Task[None] | None = None

    @classmethod
    async def from_client(cls, client: discord.Client, **options: Any) -> Socket:
        """Connect, and send IDENTIFY or RESUME; `client` is a shard."""
        attempts: Attempts = client.attempts  # type: ignore[attr-defined] # see shard.py
        health: GatewayHealth = client.health  # type: ignore[attr-defined]
        shard: int = options.get("shard_id") or 0
        # discord.py resumes without a session after a connection that sent no READY.
        options["resume"] = bool(options.get("resume") and options.get("session"))
        wait_s = attempts.begin(time.monotonic(), identify=not options["resume"])
        if wait_s > 0:
            log.info("discord_reconnecting", in_s=round(wait_s, 1))
            await asyncio.sleep(min(wait_s, BACKOFF_MAX_S))
        if wait_s > BACKOFF_MAX_S:
            raise TimeoutError  # discord.py limits an attempt to a minute
        if not options["resume"]:
            await client.before_identify()  # type: ignore[attr-defined] # see shard.py
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                socket = await super().from_client(client, **options)
        except aiohttp.WSServerHandshakeError as error:
            if error.status == TOO_MANY_REQUESTS:
                attempts.retry_after(time.monotonic(), retry_after_s(error.headers or {}))
                health.lost(GatewayReason.RATE_LIMITED, shard=shard)
            else:
                health.lost(GatewayReason.DISCORD_UNAVAILABLE, shard=shard)
            raise
        except Exception:
            health.lost(GatewayReason.DISCORD_UNAVAILABLE, shard=shard)
            raise
        socket._attempts = attempts
        # discord.py would wait 30 s for a server that is gone to close its side.
        socket.socket._timeout = aiohttp.ClientWSTimeout(ws_receive=None, ws_close=CLOSE_S)
        socket._health = health
        socket._watch_silence()
        return socket

    def _watch_silence(self) -> None:
        self._last_event_s = self.loop.time()
        self._silence_timer = self.loop.call_later(SILENCE_MAX_S, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.established or not self.open:
            return
        left_s = self._last_event_s + SILENCE_MAX_S - self.loop.time()
        if left_s > 0:  # missed events are being repeated
            self._silence_timer = self.loop.call_later(left_s, self._close_if_silent)
            return
        if self._health is not None:
            self._health.lost(GatewayReason.GATEWAY_SILENT, shard=self.shard_id or 0)
        log.warning(
            "discord_gateway_silent", after_s=SILENCE_MAX_S, hint="the gateway sent HELLO and then nothing"
        )
        self._closing = self.loop.create_task(self.close(4000), name="gateway-silent")

    def _event_received(self, msg: str) -> None:
        self._last_event_s = self.loop.time()
        if self.established or not _SESSION_BEGINS.search(msg):
            return
        if _name(msg) in ("READY", "RESUMED"):
            self.established = True
            if self._attempts is not None:
                self._attempts.established()
            if self._health is not None:
                self._health.established(shard=self.shard_id or 0)
            if self._silence_timer is not None:
                self._silence_timer.cancel()

    async def poll_event(self) -> None:
        """Handle the next message; the connection is left if none comes for too long, see `KeepAlive`."""
        try:
            await super().poll_event()
            self._polled += 1
            if self._polled % TOGETHER == 0:
                await asyncio.sleep(0)  # with many messages at hand, discord.py never waits
        except ReconnectWebSocket:
            silent_s = self.loop.time() - self._last_message_s
            if self.established and silent_s >= self._max_heartbeat_timeout:
                if self._health is not None:
                    self._health.lost(GatewayReason.NO_HEARTBEAT, shard=self.shard_id or 0)
                log.warning("discord_gateway_silent", after_s=round(silent_s), hint=NO_HEARTBEAT_HINT)
            raise

    async def received_message(self, msg: Any, /) -> None:
        """Handle one message of the gateway."""
        self._last_message_s = self.loop.time()
        if isinstance(msg, bytes):
            text = self._decompressor.decompress(msg)
            if text is None:
                return
            msg = text
        # orjson rejects an event with an unpaired surrogate.
        msg = whole_json(fill_null_lists(msg))
        ready = '"READY"' in msg
        if ready:
            msg = _with_complete_ready(msg, self.DEFAULT_GATEWAY)
        try:
            await super().received_message(msg)
            if not self.established and _EVENT.search(msg):
                self._event_received(msg)
        except ReconnectWebSocket as error:
            if self._health is not None:
                asked = GatewayReason.RECONNECT_REQUESTED if error.resume else GatewayReason.SESSION_INVALID
                self._health.lost(asked, shard=self.shard_id or 0)
            raise
        except reading.UNREADABLE as error:
            if ready:
                raise
            await self._receive_readable_items(msg, type(error).__name__)

    async def _receive_readable_items(self, msg: str, kind: str) -> None:
        try:
            payload = json.loads(msg)
            name = payload.get("t")
            if name in LISTS_BY_EVENT:
                lists = LISTS_BY_EVENT[name]
                payload["d"] = reading.without_unreadable(self._connection, payload["d"], lists)
                await super().received_message(json.dumps(payload))
                return
        except reading.UNREADABLE as error:
            kind = type(error).__name__
        log.warning("discord_event_unreadable", name=_name(msg), kind=kind)


class NoBackoff:
    """Replaces discord.py's backoff: `Attempts` delays each connection."""

    def delay(self) -> float:
        """Return 0 s."""
        return 0.0


def _with_complete_ready(message: str, gateway: yarl.URL) -> str:
    payload = json.loads(message)
    data = payload.get("d")
    if payload.get("t") != "READY" or not isinstance(data, dict):
        return message
    url = data.get("resume_gateway_url")
    if not url or gateway.host != DISCORD_GATEWAY_HOST:
        # Other servers rarely know their own public address, and some send Discord's, which must not get the token.
        data["resume_gateway_url"] = str(gateway)
    data["session_id"] = str(data.get("session_id") or "")
    data["guilds"] = [guild for guild in data.get("guilds") or () if "id" in guild]
    data["user"] = complete_user(data.get("user"))
    payload.setdefault("s", None)
    return json.dumps(payload)


def _name(message: str) -> str:
    try:
        return str(json.loads(message).get("t"))[:EVENT_NAME_CHARACTERS]
    except (ValueError, AttributeError):
        return "not JSON"
