"""What was decided about messages that got no ordinary answer, for people who ask why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.decision import Cause, Decision
from bot.conversation.errors import StoreUnavailable
from bot.conversation.message import DISCORD_EPOCH_MS
from bot.store.connection import translated
from bot.store.key_lifetimes import DONE_RECORD_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.value import NoteDecisions

log = structlog.get_logger()

MOST_DECISIONS = 200
"""The most decisions of a channel; those about its oldest messages go first."""

FINAL = f'"reason":"{Cause.PROXIED}"'
"""The text in a decision that no later one replaces: the turn of a withdrawn original ends in its own way."""

_decisions = TypeAdapter(Decision)


class Decisions:
    """Notes decisions by channel; each is known for DONE_RECORD_S after its message was written."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys

    async def note(self, channel: int, messages: Sequence[int], decision: Decision) -> None:
        """Note a decision about messages of a channel; a later one about a message replaces an earlier one.

        No answer depends on a decision, so a failure of the store is only logged.
        """
        call = NoteDecisions(
            decisions=self._keys.decisions(channel),
            oldest=(round((time.time() - DONE_RECORD_S) * 1000) - DISCORD_EPOCH_MS) << 22,
            most=MOST_DECISIONS,
            ttl_s=DONE_RECORD_S,
            final=FINAL,
            decision=_decisions.dump_json(decision).decode(),
            messages=tuple(map(str, messages)),
        )
        try:
            await self._scripts.run(call)
        except StoreUnavailable as error:
            log.info("decision_not_noted", channel=channel, reason=decision.reason, detail=str(error))

    async def of(self, channel: int, messages: Sequence[int]) -> dict[int, Decision]:
        """Return the decisions about messages of a channel; one that another version wrote is left out."""
        if not messages:
            return {}
        with translated():
            found: list[Any] = await self._redis.hmget(
                self._keys.decisions(channel), [str(message) for message in messages]
            )
        decisions: dict[int, Decision] = {}
        for message, text in zip(messages, found, strict=True):
            try:
                if text is not None:
                    decisions[message] = _decisions.validate_json(text)
            except ValidationError:
                continue
        return decisions
