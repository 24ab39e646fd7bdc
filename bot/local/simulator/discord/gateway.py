"""The gateway: sockets, their handshake, heartbeats, RESUME, and the dispatch of events (topics/gateway).

Several sessions may be connected with the same token and shard; each receives every event of its shard.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable, Iterable

from aiohttp import WSMsgType, web

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord.connections import INVALID_SESSION, Connection
from bot.local.simulator.discord.faults import Faults
from bot.local.simulator.discord.gateway_data import guilds_of, members_chunk, ready
from bot.local.simulator.discord.model import Json
from bot.local.simulator.discord.sessions import Session
from bot.local.simulator.discord.world import Event, World

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, MEMBERS, SOUNDS = 1, 2, 3, 4, 6, 8, 31
HELLO, HEARTBEAT_ACK = 10, 11

STATUSES = ("online", "dnd", "idle", "invisible", "offline")

UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, REFUSED, ALREADY = 4001, 4002, 4003, 4004, 4005
INVALID_SEQUENCE, RATE_LIMITED, TIMED_OUT, INVALID_SHARD, INVALID_VERSION = 4007, 4008, 4009, 4010, 4012
SHARDING_REQUIRED = 4011
INVALID_INTENTS, DISALLOWED_INTENTS = 4013, 4014

# The value of the real gateway.
HEARTBEAT_S = 41.25
# A session without a socket can be resumed for "a few minutes".
RESUMABLE_S = 180.0
MOST_FRAME_BYTES = 4096
# Each rate limit key (the shard id modulo `max_concurrency`) allows one IDENTIFY in so many seconds.
IDENTIFY_S = 5.0
SERVERS_PER_SHARD_MAX = 2500


class Gateway:
    """All connections and sessions. `changed` is called when a connection opens or closes."""

    def __init__(self, world: World, faults: Faults, changed: Callable[[], None]) -> None:
        self._world = world
        self._faults = faults
        self._changed = changed
        self.heartbeat_s = HEARTBEAT_S
        self.identify_s = IDENTIFY_S
        self.servers_per_shard_max = SERVERS_PER_SHARD_MAX
        self._identified_at: dict[tuple[int, int], float] = {}
        # The number of IDENTIFY that came too soon, for tests.
        self.identified_too_soon = 0
        self.connections: list[Connection] = []
        self.sessions: dict[str, Session] = {}
        # Every IDENTIFY and RESUME seen, for tests.
        self.handshakes: list[Json] = []
        # The presence that each session has set, by application, for tests.
        self.presences: dict[int, Json] = {}

    def online(self, application_id: int) -> bool:
        """Whether a session of the application is connected."""
        return any(
            each.session and each.session.application_id == application_id for each in self.connections
        )

    def dispatch(self, events: Iterable[Event]) -> None:
        """Send each event to every session that must receive it, connected or resumable."""
        self._expire()
        for event in events:
            wanting = [each for each in self.sessions.values() if each.wants(self._world, event)]
            copies = self._faults.gateway.copies(event.name) if wanting else 0
            for session in wanting:
                data = session.view(self._world, event)
                for _ in range(copies):
                    self._push(session, event.name, data)

    async def close(self) -> None:
        """Close every socket with code 1001."""
        await asyncio.gather(*(each.close(1001) for each in self.connections))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, from HELLO to its end."""
        ws = web.WebSocketResponse(max_msg_size=64 * 1024, autoping=True, timeout=0.5)
        await ws.prepare(request)
        compressor = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        connection = Connection(ws, request.transport, compressor)
        writer = asyncio.create_task(connection.write())
        try:
            if request.query.get("v", "10") not in ("9", "10"):
                await connection.close(INVALID_VERSION)
            else:
                connection.send(
                    {"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_s * 1000), "_trace": []}}
                )
                await self._listen(connection)
        finally:
            writer.cancel()
            self._lost(connection)
        return ws

    async def _listen(self, connection: Connection) -> None:
        while True:
            try:
                message = await connection.ws.receive(timeout=self.heartbeat_s * 1.5)
            except TimeoutError:
                await connection.close(TIMED_OUT)
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            code = self._receive(connection, message.data)
            if code is not None:
                await connection.close(code)
                return

    def _receive(self, connection: Connection, content: str | bytes) -> int | None:
        """Process a frame; returns a close code if the frame ends the connection."""
        if len(content) > MOST_FRAME_BYTES:
            return DECODE_ERROR
        if connection.over_limit(self._world.clock()):
            return RATE_LIMITED
        try:
            payload = json.loads(content)
            op, data = payload["op"], payload.get("d")
        except (ValueError, TypeError, KeyError):
            return DECODE_ERROR
        if op == HEARTBEAT:
            connection.send({"op": HEARTBEAT_ACK, "d": None})
            return None
        if op in (IDENTIFY, RESUME):
            return self._handshake(connection, op, data)
        if connection.session is None:
            return NOT_AUTHENTICATED
        if op == MEMBERS and isinstance(data, dict):
            self._chunk(connection.session, data)
            return None
        if op == PRESENCE:
            return self._set_presence(connection.session, data)
        return None if op in (VOICE, SOUNDS) else UNKNOWN_OPCODE

    def _handshake(self, connection: Connection, op: int, data: object) -> int | None:
        if connection.session is not None:
            return ALREADY
        if not isinstance(data, dict):
            return DECODE_ERROR
        self.handshakes.append({"op": op, **data})
        if self._faults.gateway.muted > 0:
            self._faults.gateway.muted -= 1
            return None
        if (code := self._faults.gateway.closing.get(_bare(data.get("token")))) is not None:
            return code
        return self._identify(connection, data) if op == IDENTIFY else self._resume(connection, data)

    def _identify(self, connection: Connection, data: Json) -> int | None:
        application = self._world.application_by_token(_bare(data.get("token")))
        if application is None:
            return REFUSED
        asked = data.get("intents")
        if not isinstance(asked, int) or asked & ~intents.KNOWN:
            return INVALID_INTENTS
        if asked & intents.PRIVILEGED & ~application.privileged_intents:
            return DISALLOWED_INTENTS
        shard = data.get("shard", [0, 1])
        if not _is_shard(shard):
            return INVALID_SHARD
        key = (application.id, shard[0] % self._world.max_concurrency)
        now = self._world.clock()
        if now - self._identified_at.get(key, -IDENTIFY_S) < self.identify_s:
            self.identified_too_soon += 1
            connection.invalidate()
            return None
        self._identified_at[key] = now
        session = Session(
            secrets.token_hex(16), application.id, application.user_id, asked, (shard[0], shard[1])
        )
        if len(guilds_of(self._world, session)) > self.servers_per_shard_max:
            return SHARDING_REQUIRED
        self.sessions[session.id] = session
        self._attach(connection, session)
        self.presences[application.id] = data.get("presence") or {"status": "online", "activities": []}
        self._push(session, "READY", ready(self._world, application, session, data))
        if asked & intents.GUILDS:
            for guild in guilds_of(self._world, session):
                self._push(session, "GUILD_CREATE", wire.guild_create(self._world, guild, session.user_id))
        return None

    def _set_presence(self, session: Session, data: object) -> int | None:
        if not isinstance(data, dict) or data.get("status") not in STATUSES:
            return DECODE_ERROR
        self.presences[session.application_id] = data
        return None

    def _resume(self, connection: Connection, data: Json) -> int | None:
        application = self._world.application_by_token(_bare(data.get("token")))
        if application is None:
            return REFUSED
        self._expire()
        session = self.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if session is None or session.application_id != application.id:
            connection.send({"op": INVALID_SESSION, "d": False})
            return None
        if not isinstance(sequence, int) or sequence > session.sequence:
            return INVALID_SEQUENCE
        missed = session.missed(sequence)
        if missed is None:
            del self.sessions[session.id]
            connection.send({"op": INVALID_SESSION, "d": False})
            return None
        for other in self.connections:
            if other.session is session:
                other.session = None
                other.close(4000)
        self._attach(connection, session)
        for frame in missed:
            connection.send(frame)
        self._push(session, "RESUMED", {"_trace": []})
        return None

    def _chunk(self, session: Session, data: Json) -> None:
        if (chunk := members_chunk(self._world, session, data)) is not None:
            self._push(session, "GUILD_MEMBERS_CHUNK", chunk)

    def _push(self, session: Session, name: str, data: Json) -> None:
        frame = session.frame(name, data)
        for connection in self.connections:
            if connection.session is session:
                connection.send(frame)

    def _attach(self, connection: Connection, session: Session) -> None:
        connection.session = session
        session.lost_at = None
        self.connections.append(connection)
        self._presence(session.application_id)

    def _lost(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        session = connection.session
        if session is None:
            return
        # A close by the client, a wrong sequence or a time-out ends the session. The client's answer to the
        # server's own close frame does not.
        ours = connection.closed_with
        if ours in (INVALID_SEQUENCE, TIMED_OUT) or (
            ours is None and connection.ws.close_code in (1000, 1001)
        ):
            self.sessions.pop(session.id, None)
        elif session.lost_at is None:
            session.lost_at = self._world.clock()
        self._presence(session.application_id)

    def _presence(self, application_id: int) -> None:
        data = {"application_id": str(application_id), "online": self.online(application_id)}
        everyone = frozenset(self._world.users)
        self._world.emit(Event("PRESENCE", data, only=everyone, bots=False))
        self._changed()

    def _expire(self) -> None:
        now = self._world.clock()
        for session in list(self.sessions.values()):
            if session.lost_at is not None and now - session.lost_at >= RESUMABLE_S:
                del self.sessions[session.id]


def _is_shard(shard: object) -> bool:
    if not isinstance(shard, list) or len(shard) != 2 or not all(type(each) is int for each in shard):
        return False
    return bool(0 <= shard[0] < shard[1])


def _bare(token: object) -> str:
    return str(token or "").removeprefix("Bot ")
