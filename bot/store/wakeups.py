"""The doorbell between the instances of one bot: it says that a conversation wants to be looked at, and no more.

What is wished for stands in the store; a ring that is lost only means that it is seen at the next heartbeat.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from redis.asyncio import Redis

from bot.conversation.errors import StoreUnavailable
from bot.retry import Schedule, retry
from bot.store.connection import translated
from bot.store.keys import Keys

log = structlog.get_logger()

LISTEN_S = 1.0
"""One wait for a ring; well within the time that any command may take on the connection."""

RECONNECT = Schedule(1.0)


class Wakeups:
    """Rings and listens by Redis' publish and subscribe."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def ring(self, conversation: int) -> None:
        """Have every instance look at a conversation; never raises StoreUnavailable."""
        try:
            with translated():
                await self._redis.publish(self._keys.bell, str(conversation))
        except StoreUnavailable as error:
            log.info("bell_not_rung", conversation=conversation, detail=str(error))

    async def listen(self, answer: Callable[[int], None]) -> None:
        """Call `answer` with each conversation that is rung for, until cancelled."""

        def failed(error: StoreUnavailable, failures: int) -> None:
            # Some hosts forbid SUBSCRIBE; then the heartbeats are what there is, and once is enough to say so.
            if failures == 1:
                log.info("bell_out_of_order", detail=str(error))

        await retry(lambda: self._listen(answer), RECONNECT, on=StoreUnavailable, on_retry=failed)

    async def _listen(self, answer: Callable[[int], None]) -> None:
        with translated():
            async with self._redis.pubsub(ignore_subscribe_messages=True) as ear:
                await ear.subscribe(self._keys.bell)
                while True:
                    message = await ear.get_message(timeout=LISTEN_S)
                    if message is not None:
                        answer(int(str(message["data"])))
