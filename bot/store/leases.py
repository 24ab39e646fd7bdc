"""Leases: one worker at a time per conversation."""

from __future__ import annotations

import time

from redis.asyncio import Redis

from bot.store.claim import Claim, Held, Idle, Later, UnreadableConversation
from bot.store.connection import translated
from bot.store.keys import Keys
from bot.store.records import read_claim
from bot.store.scripts import Scripts
from bot.store.scripts.lease import ClaimTurn, Release, Renew
from bot.store.work_queue import WorkQueue

MESSAGES_PER_TURN = 50
"""A conversation has no more messages at once; further messages join the next turn."""


class Leases:
    """Takes and keeps leases; a lease lasts `lease_s` without renewal."""

    def __init__(self, redis: Redis, keys: Keys, *, lease_s: float) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self._queue = WorkQueue(redis, keys)
        self._lease_ms = round(lease_s * 1000)

    async def claim(
        self, conversation: int, owner: str
    ) -> Claim | UnreadableConversation | Held | Later | Idle:
        """Take the lease and read everything that a turn needs, in one round trip."""
        keys = self._keys
        answer = await self._scripts.run(
            ClaimTurn(
                lease=keys.lease(conversation),
                pending=keys.pending(conversation),
                history=keys.history(conversation),
                meta=keys.meta(conversation),
                unreconciled=keys.reconcile(conversation),
                owner=owner,
                lease_ms=self._lease_ms,
                records=keys.record_prefix(conversation),
                results=keys.result_prefix(conversation),
                max_messages=MESSAGES_PER_TURN,
            )
        )
        match answer[0]:
            case "IDLE":
                return Idle()
            case "LATER":
                return Later(int(answer[1]) / 1000)
            case "HELD":
                return Held(int(answer[1]) / 1000)
            case _:
                return read_claim(conversation, answer)

    async def renew(self, claim: Claim) -> bool:
        """Extend the lease; True if a person has asked to end the turn early. Raises Fenced if the lease is lost."""
        keys, conversation = self._keys, claim.conversation
        answer = await self._scripts.run(
            Renew(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                token=claim.token,
                lease_ms=self._lease_ms,
            )
        )
        return bool(answer == "STOP")

    async def release(
        self, claim: Claim | UnreadableConversation, *, blameless: bool, not_within_s: float = 0.0
    ) -> None:
        """Let the lease go, so that another worker need not wait for the lease to expire.

        A `blameless` attempt does not count: it ended for a reason outside of the turn. The conversation is `Later`
        for everybody who claims it within `not_within_s`.
        """
        keys, conversation = self._keys, claim.conversation
        pause_ms = round(not_within_s * 1000)
        if pause_ms:
            await self._queue.postpone(conversation, round(time.time() * 1000) + pause_ms)
        await self._scripts.run(
            Release(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                token=claim.token,
                blameless=blameless,
                pause_ms=pause_ms,
            )
        )

    async def revoked(self, conversation: int) -> bool:
        """Whether an edit, a deletion or a reset has ended the turn, and no worker has claimed one since."""
        with translated():
            return bool(await self._redis.hget(self._keys.lease(conversation), "owner") == "")
