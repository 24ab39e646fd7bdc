"""The socket of the gateway: it survives what it cannot read, waits for its turn, and gives up who is silent.

discord.py 2.7 trusts the gateway: an event without one of the keys it reads ends the connection for good, and so does
a READY without `resume_gateway_url`; of a server of which one channel cannot be read, nothing is known at all. It
waits up to 17 minutes between two tries to connect, and takes a gateway that only greets for connected.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket

from bot.conversation.surrogates import whole_json
from bot.gateway.connection.attempts import ANSWER_S, HANDSHAKE_S, MOST_PAUSE_S, Attempts
from bot.gateway.connection.completion import TOO_MANY_REQUESTS, complete_user, retry_after_s, with_lists
from bot.gateway.conversion import reading

log = structlog.get_logger()

DISCORDS_OWN = "gateway.discord.gg"

PARTS = {
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
"""The events whose parts are read one by one where one of them cannot be read."""

_EVENT = re.compile(r'"op": ?0\b')
_ANSWER = re.compile(r'"(?:READY|RESUMED)"')

EVENT_NAME_CHARACTERS = 40
"""Longer than any of Discord's; so much of an unreadable event's name is logged."""


class Socket(DiscordWebSocket):
    """Survives an event that discord.py cannot read: it is left out, and the connection goes on.

    It is `established` from READY or RESUMED on; one that never is so is given up. Each waits for its turn.
    """

    established = False
    _attempts: Attempts | None = None
    _heard_s = 0.0
    _impatience: asyncio.TimerHandle | None = None
    _closing: asyncio.Task[None] | None = None

    @classmethod
    async def from_client(cls, client: discord.Client, **wanted: Any) -> Socket:
        """Connect, and identify or resume."""
        attempts: Attempts = client.attempts  # type: ignore[attr-defined] # ours has it
        # Without a session there is nothing to go on with.
        wanted["resume"] = bool(wanted.get("resume") and wanted.get("session"))
        wait_s = attempts.begin(time.monotonic(), identify=not wanted["resume"])
        if wait_s > 0:
            log.info("discord_reconnecting", in_s=round(wait_s, 1))
            await asyncio.sleep(min(wait_s, MOST_PAUSE_S))
        if wait_s > MOST_PAUSE_S:
            raise TimeoutError  # discord.py ends a try of a minute
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                made = await super().from_client(client, **wanted)
        except aiohttp.WSServerHandshakeError as error:
            if error.status == TOO_MANY_REQUESTS:
                attempts.put_off(time.monotonic(), retry_after_s(error.headers or {}))
            raise
        made._attempts = attempts
        made._expect_an_answer()
        return made

    def _expect_an_answer(self) -> None:
        self._heard_s = self.loop.time()
        self._impatience = self.loop.call_later(ANSWER_S, self._give_up_if_silent)

    def _give_up_if_silent(self) -> None:
        if self.established or not self.open:
            return
        left_s = self._heard_s + ANSWER_S - self.loop.time()
        if left_s > 0:  # what was missed is being repeated
            self._impatience = self.loop.call_later(left_s, self._give_up_if_silent)
            return
        log.warning("discord_gateway_silent", after_s=ANSWER_S, hint="it has greeted and says no more")
        self._closing = self.loop.create_task(self.close(4000), name="gateway-silent")

    def _note(self, msg: str) -> None:
        """Note that an event has come, and whether it tells that the session stands."""
        self._heard_s = self.loop.time()
        if self.established or not _ANSWER.search(msg):
            return
        if _name(msg) in ("READY", "RESUMED"):
            self.established = True
            if self._attempts is not None:
                self._attempts.established()
            if self._impatience is not None:
                self._impatience.cancel()

    async def received_message(self, msg: Any, /) -> None:
        """Work on one message of the gateway."""
        if isinstance(msg, bytes):
            text = self._decompressor.decompress(msg)
            if text is None:
                return
            msg = text
        # orjson refuses an event that holds half of a surrogate pair.
        msg = whole_json(with_lists(msg))
        ready = '"READY"' in msg
        if ready:
            msg = _with_complete_ready(msg, self.DEFAULT_GATEWAY)
        try:
            await super().received_message(msg)
            if not self.established and _EVENT.search(msg):
                self._note(msg)
        except reading.UNREADABLE as error:
            if ready:
                raise
            await self._without_what_is_odd(msg, type(error).__name__)

    async def _without_what_is_odd(self, msg: str, kind: str) -> None:
        try:
            payload = json.loads(msg)
            name = payload.get("t")
            if name in PARTS:
                state, parts = self._connection, PARTS[name]
                payload["d"] = reading.without_unreadable(state, payload["d"], parts)
                await super().received_message(json.dumps(payload))
                return
        except reading.UNREADABLE as error:
            kind = type(error).__name__
        log.warning("discord_event_unreadable", name=_name(msg), kind=kind)


class NoBackoff:
    """Has discord.py try again at once, since each `Socket` waits for its turn."""

    def delay(self) -> float:
        """How long to wait."""
        return 0.0


def _with_complete_ready(message: str, gateway: yarl.URL) -> str:
    payload = json.loads(message)
    data = payload.get("d")
    if payload.get("t") != "READY" or not isinstance(data, dict):
        return message
    told = data.get("resume_gateway_url")
    if not told or gateway.host != DISCORDS_OWN:
        # Another server mostly does not know how it is reached from here, or repeats Discord's own address,
        # where the token has no business.
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
