"""What a replay writes into the store of its bot before the turn begins, and reads from it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from bot.config import Settings
from bot.local.stand_ins import with_store
from bot.store.codec import load_turn
from bot.store.connection import connect
from bot.store.keys import Keys
from bot.store.quote_store import FetchedQuotes, dump_quotes, field_of
from bot.support.earlier_turns import EarlierTurns
from bot.support.turn_journal import journal_of
from bot.wiring.store import server_of

HELD_MS = 60_000
"""For so long at most the bot leaves the messages alone, until the replay says that they are complete."""

LOOK_S = 0.02


class ReplayedStore:
    """The store of a replayed bot, which may run meanwhile."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def remember(self, conversation: int, earlier: EarlierTurns, prefix_key: str = "") -> None:
        """Store a conversation in which nothing was said yet."""
        await self._redis.rpush(self._keys.history(conversation), *earlier.entries(prefix_key))
        fields: dict[Any, Any] = dict(earlier.fields)
        await self._redis.hset(self._keys.meta(conversation), mapping=fields)

    async def prefix_key(self, conversation: int) -> str:
        """Return the key of the latest request's beginning, "" if there was none."""
        text = await self._redis.lindex(self._keys.history(conversation), -1)
        return load_turn(str(text)).prefix_key if text else ""

    async def quote(self, conversation: int, quotes: Mapping[int, FetchedQuotes]) -> None:
        """Store quotes by message, so that the bot takes them for what it has fetched."""
        for message, fetched in quotes.items():
            await self._redis.hset(self._keys.files(conversation), field_of(message), dump_quotes(fetched))

    async def hold(self, conversation: int) -> None:
        """Have the bot begin no turn, so that all messages that come are one turn."""
        due_ms = round(time.time() * 1000) + HELD_MS
        await self._redis.hset(self._keys.lease(conversation), "due", str(due_ms))

    async def release(self, conversation: int, messages: int) -> None:
        """Let the turn begin once so many messages wait."""
        while True:
            if await self._redis.zcard(self._keys.pending(conversation)) >= messages:
                break
            await asyncio.sleep(LOOK_S)
        await self._redis.hdel(self._keys.lease(conversation), "due")
        await self._redis.publish(self._keys.wakeups, str(conversation))

    async def journal(self, turn: int) -> dict[str, Any]:
        """Return the journal of a turn as a bundle holds it, {} if the turn is unknown."""
        journal: dict[str, Any] | None = json.loads(
            json.dumps(await journal_of(self._redis, self._keys, turn))
        )
        return journal or {}


@asynccontextmanager
async def replayed_store(folder: Path) -> AsyncIterator[ReplayedStore]:
    """Connect to the store of the bot in a folder; its server is started if the bot does not run."""
    settings = Settings()
    settings = settings.model_copy(
        update={
            "redis": settings.redis.model_copy(update={"data_dir": folder / "data"}),
            "discord": settings.discord.model_copy(update={"token": SecretStr("replay")}),
        }
    )
    async with AsyncExitStack() as stack:
        settings = await with_store(settings, stack)
        redis = connect(**server_of(settings))
        stack.push_async_callback(redis.aclose)
        yield ReplayedStore(redis, Keys(settings.redis.prefix))
