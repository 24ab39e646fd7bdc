"""The journal of turns: the steps that take a message from the inbox to the history; see bot/store/states.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis.asyncio import Redis

from bot.conversation.correction import reconciled, trims
from bot.conversation.timeline import Timeline
from bot.conversation.turn import Turn
from bot.conversation.usage import TurnUsage
from bot.store.claim import Claim
from bot.store.codec import Result, dump_result, dump_timeline, dump_turn, load_correction
from bot.store.connection import translated
from bot.store.key_lifetimes import DONE_RECORD_S, RESULT_S, USAGE_S
from bot.store.keys import Keys, padded
from bot.store.posted_messages import joined_ids, joined_parts
from bot.store.scripts import Commands
from bot.store.scripts.turn import Commit, EndTurn, RecordCost, Reopen
from bot.store.usage import Usage, written
from bot.store.waiting_messages import WaitingMessages

NOTHING_USED = TurnUsage()


@dataclass(frozen=True, slots=True)
class Done:
    """A turn has ended: `waiting` messages are left for the next one, an older message carries `stale_buttons`."""

    waiting: int
    stale_buttons: int | None = None


class Journal(WaitingMessages):
    """Takes turns through their states; every step raises Fenced once another worker has the lease.

    A conversation is forgotten `ttl_s` after its last message. A lease lasts `lease_s` without renewal. A turn in
    doubt is reconciled after `reconcile_s`, when no call to Discord can be under way any more. What an attempt has
    used is recorded together with its cost, and kept for `usage_s`.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        ttl_s: int,
        lease_s: float,
        reconcile_s: float,
        usage_s: int = USAGE_S,
    ) -> None:
        super().__init__(redis, keys, lease_s=lease_s, reconcile_s=reconcile_s)
        self._ttl_s = ttl_s
        self._usage = Usage(redis, keys, usage_s=usage_s)

    async def has_records(self, claim: Claim, messages: Sequence[int]) -> bool:
        """Say whether all of these messages of the conversation are in the journal."""
        keys = {self._keys.record(claim.conversation, message) for message in messages}
        with translated():
            return bool(await self._redis.exists(*keys) == len(keys))

    async def reopen(self, claim: Claim) -> None:
        """Let a turn begin again that shows nothing on Discord, with all messages that wait by then."""
        keys, conversation = self._keys, claim.conversation
        await self._scripts.run(
            Reopen(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                pending=keys.pending(conversation),
                token=claim.token,
                records=keys.record_prefix(conversation),
                done_s=DONE_RECORD_S,
            )
        )

    async def commit(
        self,
        claim: Claim,
        turn: Turn | None,
        result: Result,
        *,
        window_start: int,
        cost: int = 0,
        unpriced: int = 0,
        usage: TurnUsage = NOTHING_USED,
        timeline: Timeline = (),
        parts: Sequence[int] = (),
    ) -> None:
        """Append the turn to the history and fix what the thread is to show.

        `cost` is that of this attempt's requests in micro-dollars, as far as it is known, `usage` their usage; of
        `unpriced` the cost is not known. `timeline` is that of the turn so far, `parts` are the messages of its reply
        so far. For corrections see `reconciled`.
        """
        keys, conversation = self._keys, claim.conversation
        index, used = self._indexed(claim, usage)
        answer = await self._scripts.run(
            Commit(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                history=keys.history(conversation),
                meta=keys.meta(conversation),
                result=keys.result(conversation, claim.turn_id),
                usage=keys.usage(conversation, usage.day),
                token=claim.token,
                members=joined_ids(claim.batch.members),
                entry=dump_turn(turn) if turn else "",
                shown=dump_result(result),
                window_start=window_start,
                cost=cost,
                unpriced=unpriced,
                carries_summary=trims(turn, claim.earlier.entry),
                corrected=claim.meta.correction,
                ttl_s=self._ttl_s,
                usage_s=self._usage.usage_s,
                timeline=dump_timeline(timeline),
                parts=joined_parts(parts),
                used=used,
            ),
            before=index,
        )
        if answer[0] == "CORRECTED" and turn is not None:
            stored = str(answer[1])
            correction = load_correction(stored)
            turn, window_start = reconciled(turn, window_start, claim.past, correction)
            claim = replace(claim, meta=replace(claim.meta, corrected=correction, correction=stored))
            await self.commit(
                claim,
                turn,
                result,
                window_start=window_start,
                cost=cost,
                unpriced=unpriced,
                usage=usage,
                timeline=timeline,
                parts=parts,
            )

    async def record_cost(
        self,
        claim: Claim,
        *,
        cost: int,
        unpriced: int,
        usage: TurnUsage = NOTHING_USED,
        timeline: Timeline = (),
    ) -> None:
        """Add the cost of an attempt that commits nothing; counts once, as in `commit`, and needs no lease."""
        keys, conversation = self._keys, claim.conversation
        index, used = self._indexed(claim, usage)
        await self._scripts.run(
            RecordCost(
                record=keys.record(conversation, claim.turn_id),
                meta=keys.meta(conversation),
                usage=keys.usage(conversation, usage.day),
                token=claim.token,
                cost=cost,
                unpriced=unpriced,
                turn=padded(claim.turn_id),
                usage_s=self._usage.usage_s,
                timeline=dump_timeline(timeline),
                used=used,
            ),
            before=index,
        )

    def _indexed(self, claim: Claim, usage: TurnUsage) -> tuple[Commands, tuple[str, ...]]:
        """Return what has the index of the server name the conversation and the day, and what a script adds then."""
        if not usage.by_model:
            return (), ()
        used = written(claim.payer, claim.turn_id, usage, is_private=claim.meta.is_private)
        return self._usage.index(claim.payer, usage.day), used

    async def acknowledge(
        self,
        claim: Claim,
        *,
        reconcile: bool,
        buttons: int | None = None,
        halted: bool = False,
        timeline: Timeline = (),
        parts: Sequence[int] = (),
    ) -> Done:
        """Take the turn's messages out of the inbox; `buttons` is the message that carries those of the reply.

        `parts` are all messages of the reply. `halted`: Discord refused to show all of the reply. With `reconcile`
        the turn is compared with Discord later.
        """
        return await self._end(
            "acknowledge",
            claim,
            reconcile_ms=self._reconcile_ms if reconcile else None,
            buttons=buttons,
            halted=halted,
            timeline=timeline,
            parts=parts,
        )

    async def cancel(self, claim: Claim, *, last: bool = False) -> int:
        """End a turn that can have no answer, and return how many messages wait.

        If it would have been the `last` turn, no turn is the last one, or else the turn before stays the last one.
        """
        return (await self._end("cancel", claim, clears_last=last)).waiting

    async def _end(
        self,
        step: str,
        claim: Claim,
        *,
        reconcile_ms: int | None = None,
        buttons: int | None = None,
        halted: bool = False,
        clears_last: bool = False,
        timeline: Timeline = (),
        parts: Sequence[int] = (),
    ) -> Done:
        keys, conversation = self._keys, claim.conversation
        waiting, stale = await self._scripts.run(
            EndTurn(
                lease=keys.lease(conversation),
                record=keys.record(conversation, claim.turn_id),
                pending=keys.pending(conversation),
                unreconciled=keys.reconcile(conversation),
                result=keys.result(conversation, claim.turn_id),
                meta=keys.meta(conversation),
                steps=keys.tool_steps(conversation),
                step=step,
                token=claim.token,
                turn=padded(claim.turn_id),
                records=keys.record_prefix(conversation),
                ttl_s=self._ttl_s,
                done_s=DONE_RECORD_S,
                result_s=RESULT_S,
                reconcile_ms=reconcile_ms,
                buttons=buttons,
                halted=halted,
                clears_last=clears_last,
                timeline=dump_timeline(timeline),
                parts=joined_parts(parts),
            )
        )
        return Done(int(waiting), int(stale) if stale else None)
