"""The store's protocol: a message's way from the inbox to the history, each step one script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Fenced
from bot.conversation.message import Message, created_ms
from bot.conversation.turn import Turn
from bot.store.claim import Claim, Held, Idle, Meta, State
from bot.store.codec import (
    Result,
    dump_message,
    dump_result,
    dump_turn,
    load_message,
    load_result,
    load_turn,
    pairs,
)
from bot.store.connection import translated
from bot.store.keys import DONE_RECORD_S, Keys, padded
from bot.store.scripts import Scripts

MESSAGES_PER_TURN = 50
"""More than this in one go would not be a conversation; the rest joins the turn after."""


class Conversations:
    """Reads and writes conversations; `ttl_s` after the last message they are forgotten."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int, lease_s: float) -> None:
        self._scripts = Scripts(redis)
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s
        self._lease_ms = round(lease_s * 1000)

    async def receive(
        self, conversation: int, message: Message, *, source: str, facts: Mapping[str, str | int]
    ) -> bool:
        """Take a message into the inbox; False if it is known already or from before the last reset."""
        keys = self._keys
        flat = [item for pair in facts.items() for item in pair]
        when_ms = created_ms(message.id)
        with translated():
            # Before the record, so that a crash in between leaves a hint too many and never one too few; and
            # after it with another score, so that whoever just found nothing to do does not take it away.
            await self._redis.zadd(keys.work, {str(conversation): when_ms})
            new = await self._scripts.run(
                "receive",
                [keys.record(conversation, message.id), keys.pending(conversation), keys.meta(conversation)],
                [padded(message.id), when_ms, dump_message(message), source, self._ttl_s, *flat],
            )
            if new == 1:
                await self._redis.zadd(keys.work, {str(conversation): when_ms + 1})
        return bool(new == 1)

    async def introduce(self, conversation: int, facts: Mapping[str, str | int]) -> None:
        """Note what is known of a conversation in which nothing has been said yet."""
        key = self._keys.meta(conversation)
        with translated():
            for name, value in facts.items():
                await self._redis.hsetnx(key, name, str(value))
            await self._redis.expire(key, self._ttl_s)

    async def claim(self, conversation: int, owner: str) -> Claim | Held | Idle:
        """Take the lease and everything a turn needs, in one round trip."""
        keys = self._keys
        with translated():
            answer = await self._scripts.run(
                "claim",
                [
                    keys.lease(conversation),
                    keys.pending(conversation),
                    keys.history(conversation),
                    keys.meta(conversation),
                ],
                [owner, self._lease_ms, keys.record_prefix(conversation), MESSAGES_PER_TURN],
            )
        match answer[0]:
            case "IDLE":
                return Idle()
            case "HELD":
                return Held(int(answer[1]) / 1000)
            case _:
                return _claim(conversation, answer)

    async def renew(self, claim: Claim) -> None:
        """Keep the lease, or raise Fenced."""
        await self._fenced("renew", [self._keys.lease(claim.conversation)], [claim.token, self._lease_ms])

    async def release(self, claim: Claim) -> None:
        """Let the lease go, so that another worker need not wait for it to lapse."""
        with translated():
            await self._scripts.run("release", [self._keys.lease(claim.conversation)], [claim.token])

    async def intend(self, claim: Claim, part: int, now_ms: int) -> None:
        """Journal that a part of the reply is about to be posted."""
        await self._fenced("intend", self._turn_keys(claim), [claim.token, part, now_ms])

    async def posted(self, claim: Claim, part: int, message: int) -> None:
        """Journal the id of a part of the reply."""
        await self._fenced("posted", self._turn_keys(claim), [claim.token, part, message])

    async def commit(self, claim: Claim, turn: Turn | None, result: Result, *, cut: int) -> None:
        """Append the turn to the history and fix what the thread is to show."""
        keys = self._keys
        await self._fenced(
            "commit",
            [*self._turn_keys(claim), keys.history(claim.conversation), keys.meta(claim.conversation)],
            [
                claim.token,
                dump_turn(turn) if turn else "",
                dump_result(result),
                cut,
                self._ttl_s,
                turn.usage.input_total if turn else 0,
                turn.usage.output if turn else 0,
            ],
        )

    async def acknowledge(self, claim: Claim) -> int:
        """Take the turn's messages out of the inbox; return how many wait for the next one."""
        return await self._end(claim, "done")

    async def cancel(self, claim: Claim) -> int:
        """End a turn that can have no answer, because what it belongs to is gone."""
        return await self._end(claim, "cancelled")

    async def reset(self, conversation: int, *, before: int) -> tuple[int, tuple[int, ...]]:
        """Forget the history and what waits; a running turn is fenced off.

        Returns how many turns were forgotten, and the ids of the messages that the running turn had posted.
        """
        keys = self._keys
        with translated():
            turns, _, record = await self._scripts.run(
                "reset",
                [
                    keys.lease(conversation),
                    keys.pending(conversation),
                    keys.history(conversation),
                    keys.meta(conversation),
                ],
                [keys.record_prefix(conversation), padded(before), DONE_RECORD_S, self._ttl_s],
            )
        return int(turns), tuple(_replies(pairs(record)).values())

    async def waits(self, conversation: int) -> bool:
        """Say whether messages wait here for their answer."""
        with translated():
            return bool(await self._redis.exists(self._keys.pending(conversation)))

    async def meta(self, conversation: int) -> Meta | None:
        """Return what is known of a conversation, None if there is none."""
        with translated():
            fields = await self._redis.hgetall(self._keys.meta(conversation))
        return _meta({str(name): str(value) for name, value in fields.items()}) if fields else None

    def _turn_keys(self, claim: Claim) -> list[str]:
        return [self._keys.lease(claim.conversation), self._keys.record(claim.conversation, claim.lead)]

    async def _end(self, claim: Claim, state: str) -> int:
        keys = self._keys
        with translated():
            answer = await self._scripts.run(
                "acknowledge",
                [*self._turn_keys(claim), keys.pending(claim.conversation)],
                [
                    claim.token,
                    keys.record_prefix(claim.conversation),
                    padded(claim.lead),
                    DONE_RECORD_S,
                    state,
                ],
            )
        if answer[0] == "FENCED":
            raise Fenced("acknowledge")
        return int(answer[1])

    async def _fenced(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> None:
        with translated():
            answer = await self._scripts.run(name, keys, arguments)
        if answer == "FENCED":
            raise Fenced(name)


def _claim(conversation: int, answer: Sequence[Any]) -> Claim:
    _, token, meta, record, messages, history, waiting = answer
    fields = pairs(record)
    payloads = pairs(messages)
    return Claim(
        conversation=conversation,
        token=int(token),
        meta=_meta(pairs(meta)),
        lead=int(next(iter(payloads), "0")),
        messages=tuple(load_message(payload) for payload in payloads.values() if payload),
        state=State(fields["state"]),
        replies=_replies(fields),
        result=load_result(fields["result"]) if "result" in fields else None,
        tries=int(fields["tries"]),
        history=tuple(load_turn(entry) for entry in history),
        waiting=int(waiting),
    )


def _replies(fields: Mapping[str, str]) -> dict[int, int]:
    found = {int(name[6:]): int(value) for name, value in fields.items() if name.startswith("reply:")}
    return dict(sorted(found.items()))


def _meta(fields: Mapping[str, str]) -> Meta:
    def number(name: str) -> int | None:
        return int(fields[name]) if name in fields else None

    return Meta(
        guild=number("guild"),
        parent=number("parent"),
        starter=number("starter"),
        joined=fields.get("joined") == "1",
        system=fields.get("system"),
        cut=number("cut") or 0,
    )
