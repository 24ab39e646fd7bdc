"""The quotes of a conversation's messages, as they were fetched for Claude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.message import Quote
from bot.store.claim import Lease
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.key_lifetimes import FILES_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.held_files import KeepPrepared

FIELD = "quotes"


@dataclass(frozen=True, slots=True)
class FetchedQuotes:
    """The quotes of a message and the notices about them; `links` are the linked messages that its text named.

    `earlier` are the messages of the same turn that the quotes only name, because the request has their text above.
    """

    quotes: tuple[Quote, ...] = ()
    notices: tuple[str, ...] = ()
    links: tuple[int, ...] = ()
    earlier: tuple[int, ...] = ()


_quotes = TypeAdapter(FetchedQuotes)


def load_quotes(text: str) -> FetchedQuotes | None:
    """Read what was fetched for a message, None if another version wrote it."""
    try:
        return _quotes.validate_json(text)
    except ValidationError:
        return None


def dump_quotes(fetched: FetchedQuotes) -> Content:
    """Write what was fetched for a message."""
    return Content(_quotes.dump_json(fetched).decode())


class QuoteStore:
    """Keeps fetched quotes for `FILES_S` in the hash of the files' contents, so that both are deleted together."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)

    async def fetched(self, conversation: int, messages: Sequence[int]) -> dict[int, FetchedQuotes]:
        """Return the quotes that were fetched for these messages, without values that another version wrote."""
        with translated():
            found: list[Any] = await self._redis.hmget(
                self._keys.files(conversation), [field_of(message) for message in messages]
            )
        quotes = {}
        for message, text in zip(messages, found, strict=True):
            if text is not None and (found_quotes := load_quotes(text)) is not None:
                quotes[message] = found_quotes  # others are fetched again
        return quotes

    async def keep(self, lease: Lease, message: int, quotes: FetchedQuotes) -> None:
        """Store the quotes that were fetched for a message; Fenced if the lease is lost."""
        await self._scripts.run(
            KeepPrepared(
                lease=self._keys.lease(lease.conversation),
                prepared=self._keys.files(lease.conversation),
                token=lease.token,
                field=field_of(message),
                value=dump_quotes(quotes),
                ttl_s=FILES_S,
            )
        )


def field_of(message: int) -> str:
    """Return where the hash of the files' contents holds the quotes of a message."""
    return f"{message}:{FIELD}"
