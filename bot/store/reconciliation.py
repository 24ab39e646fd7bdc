"""Reconciliation: a finished turn is compared with what Discord shows, once no late call can change that any more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from bot.store.claim import Claim, UnreadableConversation
from bot.store.codec import load_turn
from bot.store.connection import translated
from bot.store.key_lifetimes import DONE_RECORD_S
from bot.store.keys import Keys, padded
from bot.store.leases import Leases
from bot.store.records import read_replies
from bot.store.scripts.turn import TurnStep, Writes
from bot.store.states import State

NEIGHBOURS = 20
"""Turns whose replies may stand among the messages of another turn's reply: a page of a thread holds few more."""


class Reconciliation(Leases):
    """Schedules the comparison of turns with Discord, `reconcile_s` after a call may have been lost."""

    def __init__(self, redis: Redis, keys: Keys, *, lease_s: float, reconcile_s: float) -> None:
        super().__init__(redis, keys, lease_s=lease_s)
        self._reconcile_ms = round(reconcile_s * 1000)

    async def schedule_reconcile(self, claim: Claim) -> None:
        """Have a turn compared with Discord by the lease holder of that time; needs no lease."""
        now_ms = round(time.time() * 1000)
        # Before the script, so that a crash in between leaves an item too many; and after the script, because the
        # lease holder may have finished, found nothing more to do, and be about to remove the item.
        await self._queue.add(claim.conversation, now_ms)
        await self._step("schedule_reconcile", claim, reconcile=self._reconcile_ms)
        await self._queue.add(claim.conversation, now_ms)

    async def reconciled(self, claim: Claim, *, shown: bool = True) -> None:
        """Note that a turn was compared with Discord; `shown` says whether Discord shows all of the reply.

        A comparison that was scheduled since the claim stays due.
        """
        writes = Writes(delete=("halted",) if shown else ())
        await self._step("reconciled", claim, writes=writes, reconcile=f"done {claim.due}", releases=True)

    async def messages_of_other_turns(self, claim: Claim) -> frozenset[int]:
        """Return the messages on Discord that the journal knows as those of other turns around this turn."""
        keys, conversation = self._keys, claim.conversation
        with translated():
            turns = {str(each) for each in await self._redis.zrange(keys.pending(conversation), 0, -1)}
            turns.add(str(await self._redis.hget(keys.meta(conversation), "last") or ""))
            entries: list[Any] = await self._redis.lrange(keys.history(conversation), -NEIGHBOURS, -1)
            turns.update(padded(load_turn(str(text)).id) for text in entries)
            turns -= {"", padded(claim.turn_id)}
            pipe = self._redis.pipeline(transaction=False)
            for turn in turns:
                pipe.hgetall(keys.record(conversation, int(turn)))
            records = await pipe.execute() if turns else []
        found: set[int] = set()
        for record in records:
            fields = {str(name): str(value) for name, value in record.items()}
            found.update(read_replies(fields).values())
        return frozenset(found)

    async def answers_to(self, claim: Claim, messages: Sequence[int]) -> dict[int, frozenset[int]]:
        """Return the messages on Discord that answer some messages, for those that a turn has answered."""
        record, conversation = self._keys.record, claim.conversation
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for message in messages:
                pipe.hmget(record(conversation, message), "state", "turn")
            found: list[Any] = await pipe.execute()
            turns = {
                message: int(str(turn or message))
                for message, (state, turn) in zip(messages, found, strict=True)
                if state == State.DONE
            }
            pipe = self._redis.pipeline(transaction=False)
            for turn in turns.values():
                pipe.hgetall(record(conversation, turn))
            records: list[Any] = await pipe.execute() if turns else []
        return {
            message: frozenset(
                read_replies({str(name): str(value) for name, value in fields.items()}).values()
            )
            for message, fields in zip(turns, records, strict=True)
        }

    async def _step(
        self,
        step: str,
        claim: Claim | UnreadableConversation,
        *,
        writes: Writes | None = None,
        reconcile: str | int | None = None,
        releases: bool = False,
    ) -> None:
        keys, conversation = self._keys, claim.conversation
        await self._scripts.run(
            TurnStep.of(
                step,
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                unreconciled=keys.reconcile(conversation),
                turn=padded(claim.turn_id),
                token=claim.token,
                writes=writes,
                reconcile=reconcile,
                unreconciled_s=DONE_RECORD_S,
                releases=releases,
            )
        )
