"""Claims for tests, made and changed by the names of their parts' fields."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from redis.asyncio import Redis

from bot.store.claim import Attempt, Batch, Claim, EarlierAnswer, Lease, Meta
from bot.store.keys import Keys
from bot.store.states import State

PARTS = {
    field.name: part
    for part, kind in (("lease", Lease), ("batch", Batch), ("attempt", Attempt), ("earlier", EarlierAnswer))
    for field in fields(kind)
}


def a_claim(turn_id: int, **changes: Any) -> Claim:
    """Return the claim of a turn at its first attempt, with these changes."""
    claim = Claim(
        lease=Lease(1, 1),
        turn_id=turn_id,
        meta=Meta(),
        batch=Batch((turn_id,), ()),
        attempt=Attempt(State.CLAIMED, 1),
    )
    return changed(claim, **changes)


def changed(claim: Claim, **changes: Any) -> Claim:
    """Return the claim with other values of fields, its own or those of its parts."""
    for name, value in changes.items():
        part = PARTS.get(name)
        new = {name: value} if part is None else {part: replace(getattr(claim, part), **{name: value})}
        claim = replace(claim, **new)
    return claim


async def lease_of(redis: Redis, keys: Keys, conversation: int) -> Lease:
    """Return the lease of a conversation as it is; a conversation that has none gets one."""
    await redis.hsetnx(keys.lease(conversation), "token", "1")
    return Lease(conversation, int(await redis.hget(keys.lease(conversation), "token") or 0))
