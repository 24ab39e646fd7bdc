"""The journal of turns: a message's way from the inbox to the history, each step one script.

The steps are one state machine, and stand together in the order of a turn's life, longer than other files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis

from bot.conversation.correction import reconciled, trims
from bot.conversation.errors import Fenced
from bot.conversation.message import Message
from bot.conversation.turn import Turn
from bot.store.claim import (
    Claim,
    Held,
    Idle,
    Later,
    UnreadableConversation,
    read_claim,
    read_messages,
    read_replies,
)
from bot.store.codec import Result, dump_correction, dump_result, dump_turn, load_correction, load_turn, pairs
from bot.store.connection import translated
from bot.store.keys import DONE_RECORD_S, RESULT_S, Keys, padded
from bot.store.scripts import Scripts

MESSAGES_PER_TURN = 50
"""More than this in one go would not be a conversation; the rest joins the turn after."""

NEIGHBOURS = 20
"""Turns whose replies may stand where the one of another is looked for: a page of a thread holds few more."""


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a turn: the number of messages that wait, and the message that carried the buttons before."""

    waiting: int
    stale_buttons: int | None = None


class Journal:
    """Takes turns through their states; every step raises Fenced once the lease is somebody else's.

    `ttl_s` after its last message a conversation is forgotten; a lease lasts `lease_s` without renewal; a turn
    that is in doubt is settled after `settle_s`, when no call to Discord can be under way any more.
    """

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int, lease_s: float, settle_s: float) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self._ttl_s = ttl_s
        self._lease_ms = round(lease_s * 1000)
        self._settle_ms = round(settle_s * 1000)

    async def claim(
        self, conversation: int, owner: str
    ) -> Claim | UnreadableConversation | Held | Later | Idle:
        """Take the lease and everything a turn needs, in one round trip."""
        keys = self._keys
        answer = await self._run(
            "claim",
            [
                keys.lease(conversation),
                keys.pending(conversation),
                keys.history(conversation),
                keys.meta(conversation),
                keys.settling(conversation),
            ],
            [
                owner,
                self._lease_ms,
                keys.record_prefix(conversation),
                keys.result_prefix(conversation),
                MESSAGES_PER_TURN,
            ],
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
        """Keep the lease; True if somebody wishes that the turn ends with what is written."""
        answer = await self._run("renew", self._turn(claim), [claim.token, self._lease_ms])
        if answer == "FENCED":
            raise Fenced("renew")
        return bool(answer == "STOP")

    async def called_off(self, conversation: int) -> bool:
        """Whether a person has ended the turn, as by an edit, a deletion or a reset, and nobody has gone on since."""
        with translated():
            return bool(await self._redis.hget(self._keys.lease(conversation), "owner") == "")

    async def knows(self, claim: Claim, messages: Sequence[int]) -> bool:
        """Say whether all of these messages of the conversation are in the journal."""
        keys = {self._keys.record(claim.conversation, message) for message in messages}
        with translated():
            return bool(await self._redis.exists(*keys) == len(keys))

    async def release(
        self, claim: Claim | UnreadableConversation, *, blameless: bool, not_within_s: float = 0.0
    ) -> None:
        """Let the lease go, so that another worker need not wait for it to lapse.

        A `blameless` try does not count: it ended for a reason that lies outside of the turn. The conversation is
        `Later` for whoever claims it `not_within_s` from now.
        """
        pause_ms = round(not_within_s * 1000)
        if pause_ms:
            # Behind those that can be worked on.
            await self._hint(claim.conversation, round(time.time() * 1000) + pause_ms)
        await self._run("release", self._turn(claim), [claim.token, "1" if blameless else "", pause_ms])

    async def note_sign(self, claim: Claim, place: int, message: int) -> None:
        """Note the message that tells people of a turn that its answer comes later."""
        with translated():
            await self._redis.hset(
                self._keys.record(claim.conversation, claim.turn_id), "sign", f"{place}:{message}"
            )

    async def note_told(self, claim: UnreadableConversation) -> None:
        """Note that the thread knows about what cannot be read."""
        key = self._keys.record(claim.conversation, claim.turn_id)
        with translated():
            await self._redis.hset(key, "told", "1")

    async def join(self, claim: Claim) -> tuple[tuple[int, ...], tuple[Message, ...]] | None:
        """Let what waits by now join the turn; None once a part was journalled.

        Returns its members, and the messages of those that are not deleted.
        """
        keys = self._keys
        answer = await self._run(
            "join",
            [*self._turn(claim), keys.pending(claim.conversation)],
            [claim.token, keys.record_prefix(claim.conversation), MESSAGES_PER_TURN, padded(claim.turn_id)],
        )
        if answer[0] == "FENCED":
            raise Fenced("join")
        if answer[0] != "OK":
            return None
        return tuple(int(member) for member in pairs(answer[1])), read_messages(answer[1])

    async def waits(self, claim: Claim) -> bool:
        """Say whether anything waits besides the messages of the turn."""
        with translated():
            pending = await self._redis.zrange(self._keys.pending(claim.conversation), 0, -1)
        return any(int(str(message)) not in claim.batch.members for message in pending)

    async def adopt(self, claim: Claim, members: Sequence[int], parts: Sequence[int]) -> None:
        """Journal the parts of a reply found on Discord; only `members` stay in the turn, the others wait on."""
        await self._step("adopt", self._turn(claim), [claim.token, " ".join(map(padded, members)), *parts])

    async def reopen(self, claim: Claim) -> None:
        """Let a turn of which nothing stands on Discord begin anew, with all that waits by then."""
        keys = self._keys
        await self._step(
            "reopen",
            [*self._turn(claim), keys.pending(claim.conversation)],
            [claim.token, keys.record_prefix(claim.conversation), DONE_RECORD_S],
        )

    async def intend(self, claim: Claim, part: int, now_ms: int) -> None:
        """Journal that a part of the reply is about to be posted."""
        await self._step("intend", self._turn(claim), [claim.token, part, now_ms])

    async def posted(self, claim: Claim, part: int, message: int) -> None:
        """Journal the id of a part of the reply."""
        await self._step("posted", self._turn(claim), [claim.token, part, message])

    async def commit(
        self,
        claim: Claim,
        turn: Turn | None,
        result: Result,
        *,
        cut: int,
        cost: int = 0,
        unpriced: int = 0,
    ) -> None:
        """Append the turn to the history and fix what the thread is to show.

        `cost` is what the requests of this try cost in micro-dollars, as far as it is known; of `unpriced` ones not
        all is. A trim gives way to what somebody has corrected meanwhile, see `reconciled`.
        """
        keys, conversation = self._keys, claim.conversation
        kept = (keys.history(conversation), keys.meta(conversation), keys.result(conversation, claim.turn_id))
        arguments: list[str | int] = [
            claim.token,
            dump_turn(turn) if turn else "",
            dump_result(result),
            cut,
            self._ttl_s,
            turn.usage.input_total if turn else 0,
            turn.usage.output if turn else 0,
            cost,
            " ".join(map(padded, claim.batch.members)),
            unpriced,
            "1" if trims(turn, claim.earlier.entry) else "",
            dump_correction(claim.meta.corrected),
        ]
        answer = await self._run("commit", [*self._turn(claim), *kept], arguments)
        if answer[0] == "FENCED":
            raise Fenced("commit")
        if answer[0] == "CORRECTED" and turn is not None:
            correction = load_correction(answer[1])
            turn, cut = reconciled(turn, cut, claim.past, correction)
            claim = replace(claim, meta=replace(claim.meta, corrected=correction))
            await self.commit(claim, turn, result, cut=cut, cost=cost, unpriced=unpriced)

    async def spent(self, claim: Claim, *, cost: int, unpriced: int) -> None:
        """Add the cost of an attempt that commits nothing, as in `commit`; counts once and needs no lease."""
        keys = [self._keys.record(claim.conversation, claim.turn_id), self._keys.meta(claim.conversation)]
        await self._run("spent", keys, [claim.token, cost, unpriced, padded(claim.turn_id)])

    async def acknowledge(
        self, claim: Claim, *, settle: bool, buttons: int | None = None, halted: bool = False
    ) -> Done:
        """Take the turn's messages out of the inbox; `buttons` is the message that carries those of the reply.

        If it is `halted`, Discord refused to show all of the reply.
        """
        return await self._end(claim, "done", self._settle_ms if settle else None, buttons, flag=halted)

    async def cancel(self, claim: Claim, *, last: bool = False) -> int:
        """End a turn that can have no answer; it would be the `last`, so none is, or else the one before still is."""
        return (await self._end(claim, "cancelled", None, None, flag=last)).waiting

    async def noticed(self, claim: Claim, message: int | None) -> None:
        """Journal the id of the notice under the reply, None if there is none any more."""
        told = "" if message is None else f"{claim.attempt.regeneration}:{message}"
        await self._step("noticed", self._turn(claim), [claim.token, told])

    async def of_others(self, claim: Claim) -> frozenset[int]:
        """Return the messages on Discord that the journal knows as those of other turns around this one."""
        keys, conversation = self._keys, claim.conversation
        with translated():
            leads = {str(each) for each in await self._redis.zrange(keys.pending(conversation), 0, -1)}
            leads.add(str(await self._redis.hget(keys.meta(conversation), "last") or ""))
            held: list[Any] = await self._redis.lrange(keys.history(conversation), -NEIGHBOURS, -1)
            leads.update(padded(load_turn(str(text)).id) for text in held)
            leads -= {"", padded(claim.turn_id)}
            pipe = self._redis.pipeline(transaction=False)
            for lead in leads:
                pipe.hgetall(keys.record(conversation, int(lead)))
            records = await pipe.execute() if leads else []
        found: set[int] = set()
        for record in records:
            fields = {str(name): str(value) for name, value in record.items()}
            found.update(read_replies(fields).values())
        return frozenset(found)

    async def doubt(self, claim: Claim) -> None:
        """Have a turn settled by whoever holds the lease by then; needs no lease itself."""
        now_ms = round(time.time() * 1000)
        await self._hint(claim.conversation, now_ms)
        await self._run(
            "doubt",
            [self._keys.settling(claim.conversation)],
            [padded(claim.turn_id), self._settle_ms, DONE_RECORD_S],
        )
        # Whoever has the lease may have finished, found nothing more to do, and be about to say so.
        await self._hint(claim.conversation, now_ms + 1)

    async def settled(self, claim: Claim, *, shown: bool = True) -> None:
        """Note that a turn was compared with what Discord shows, and, if all of it is `shown`, that it is."""
        lease, record = self._turn(claim)
        await self._step(
            "settled",
            [lease, self._keys.settling(claim.conversation), record],
            [claim.token, padded(claim.turn_id), "1" if shown else ""],
        )

    async def _hint(self, conversation: int, when_ms: int) -> None:
        with translated():
            await self._redis.zadd(self._keys.work, {str(conversation): when_ms})

    async def _end(
        self, claim: Claim, state: str, settle_ms: int | None, buttons: int | None, *, flag: bool
    ) -> Done:
        keys, conversation = self._keys, claim.conversation
        answer = await self._run(
            "acknowledge",
            [
                *self._turn(claim),
                keys.pending(conversation),
                keys.settling(conversation),
                keys.result(conversation, claim.turn_id),
                keys.meta(conversation),
            ],
            [
                claim.token,
                keys.record_prefix(conversation),
                padded(claim.turn_id),
                DONE_RECORD_S,
                state,
                "" if settle_ms is None else settle_ms,
                RESULT_S,
                "" if buttons is None else buttons,
                self._ttl_s,
                "1" if flag else "",
            ],
        )
        if answer[0] == "FENCED":
            raise Fenced("acknowledge")
        return Done(int(answer[1]), int(answer[2]) if answer[2] else None)

    def _turn(self, claim: Claim | UnreadableConversation) -> list[str]:
        return [self._keys.lease(claim.conversation), self._keys.record(claim.conversation, claim.turn_id)]

    async def _step(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> None:
        if await self._run(name, keys, arguments) == "FENCED":
            raise Fenced(name)

    async def _run(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        with translated():
            return await self._scripts.run(name, keys, arguments)
