"""Wake-ups between the instances of one bot, by Redis' publish and subscribe.

A wake-up names a conversation to look at, or a server whose settings have changed, and no more. What is requested
stands in the store: a wake-up that is lost only means that the request is seen at the next heartbeat, and a change of
settings some seconds later. The wake-up `RESTORE` has every instance restore what it has seen of the budgets, as does
each new subscription, since a wake-up may have been missed before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.conversation.errors import StoreUnavailable
from bot.retry import Schedule, retry
from bot.store.connection import translated
from bot.store.counted import CountedRedis
from bot.store.keys import Keys

log = structlog.get_logger()

LISTEN_S = 1.0
"""One wait for a message; well within the time that any command may take on the connection."""

RECONNECT = Schedule(1.0)

RESTORE = 0
"""The wake-up after a rollback of the store; no conversation and no server has this id."""


async def _restore_nothing() -> None:
    """Restore nothing."""


class Wakeups:
    """Publishes wake-ups and listens for them."""

    def __init__(self, redis: CountedRedis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def publish(self, conversation: int) -> None:
        """Have every instance look at a conversation or at a server; never raises StoreUnavailable."""
        await self._publish(conversation)

    async def publish_restore(self) -> None:
        """Have every instance restore what it has seen of the budgets; never raises StoreUnavailable."""
        await self._publish(RESTORE)

    async def _publish(self, named: int) -> None:
        try:
            with translated():
                await self._redis.publish(self._keys.wakeups, str(named))
        except StoreUnavailable as error:
            log.info("wakeup_not_published", conversation=named, detail=str(error))

    async def listen(
        self, wake: Callable[[int], None], restore: Callable[[], Awaitable[None]] = _restore_nothing
    ) -> None:
        """Call `wake` with each conversation that a wake-up names, until cancelled.

        `restore` is called after a rollback of the store, and with each subscription.
        """

        def failed(error: StoreUnavailable, failures: int) -> None:
            # Some hosts forbid SUBSCRIBE. Then the heartbeats must do, and one log line is enough.
            if failures == 1:
                log.info("wakeup_subscription_failed", detail=str(error))

        while True:
            await retry(lambda: self._listen(wake, restore), RECONNECT, on=StoreUnavailable, on_retry=failed)

    async def _listen(self, wake: Callable[[int], None], restore: Callable[[], Awaitable[None]]) -> None:
        """Listen until a failover: a subscription hears nothing of it, and would stay with the old server."""
        failovers = self._redis.failovers.count
        with translated():
            async with await self._redis.subscription() as subscription:
                await subscription.subscribe(self._keys.wakeups)
                await restore()
                while self._redis.failovers.count == failovers:
                    message = await subscription.get_message(timeout=LISTEN_S)
                    if message is None or not (text := str(message["data"])).isdecimal():
                        continue  # what another version publishes must not end the bot
                    if (named := int(text)) == RESTORE:
                        await restore()
                    else:
                        wake(named)
            # An idle connection may lead to the old server as well, and must not become the next subscription.
            await self._redis.disconnect_idle()
