"""What of each limit is used up: reserved before a request, settled after it.

All keys share one slot, so that one script reserves on every counter that applies. A reservation whose worker is gone
is given back when its time is over, or when the turn is attempted again. An instance remembers its open reservations
and what it has seen of the counters, and restores both if the store goes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from redis.asyncio import Redis

from bot.conversation.amount import Unit
from bot.conversation.budget import Limit, Use
from bot.store.claim import Claim
from bot.store.connection import translated
from bot.store.keys import BUDGET_GRACE_S, RESERVATION_RECORD_S, RESERVATION_S, Keys, padded
from bot.store.scripts import Scripts
from bot.store.scripts.budget import Reserve, Restore, Settle, TellPerson, TellShare

log = structlog.get_logger()

MOST_FLOORS = 20_000
"""The counters that an instance remembers. Of more, half are forgotten, those first that renew first."""

Amounts = Mapping[Unit, int]
"""How many units of each kind."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation, and what of the limits is used up with it.

    With `counted` an earlier attempt at the answer has counted as a message, so that this one reserves none.
    """

    call: Reserve
    limits: tuple[Limit, ...]
    uses: tuple[Use, ...]
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Full:
    """The full limit that renews last; `tell` if the person was not told of it yet."""

    limit: Limit
    tell: bool
    uses: tuple[Use, ...]


class Budgets:
    """Reserves and settles, for one `instance` of the bot."""

    def __init__(self, redis: Redis, keys: Keys, *, instance: str) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._calls = keys.budget_calls(instance)
        self._seen = 0
        self._open: dict[tuple[str, str], Reserve] = {}
        self._floors: dict[str, tuple[int, int]] = {}
        self._restoring = asyncio.Lock()

    async def reserve(
        self, claim: Claim, number: int, limits: Sequence[Limit], amounts: Amounts
    ) -> Reserved | Full:
        """Reserve the `amounts` for a request of a turn on all limits; `number` tells the turn's requests apart."""
        call = Reserve(
            calls=self._calls,
            open=self._keys.reservations,
            record=self._keys.reservation(claim.conversation, claim.turn_id),
            seen=self._seen,
            id=f"{claim.token}.{number}.{claim.attempt.regeneration}",
            turn=padded(claim.turn_id),
            person=claim.payer.person,
            forced=False,
            lease_ms=RESERVATION_S * 1000,
            record_s=RESERVATION_RECORD_S,
            limits=tuple(
                value
                for limit in limits
                for value in (
                    self._keys.budget(limit.counter),
                    limit.amount.most,
                    amounts[limit.amount.unit],
                    limit.lasts_s + BUDGET_GRACE_S,
                    limit.renews_s,
                    limit.amount.unit is Unit.MESSAGES,
                )
            ),
        )
        answer = await self._run(call)
        if answer[0] == "FULL":
            return Full(limits[int(answer[2])], answer[3] == "1", self._uses(limits, answer[4:]))
        self._open[call.record, call.id] = call
        return Reserved(call, tuple(limits), self._uses(limits, answer[3:]), counted=answer[2] == "1")

    async def settle(self, reserved: Reserved, amounts: Amounts) -> tuple[Use, ...]:
        """Replace a reservation by what was used; nothing gives it back. Returns what of the limits is used up."""
        call, limits = reserved.call, reserved.limits
        answer = await self._run(
            Settle(
                calls=call.calls,
                open=call.open,
                record=call.record,
                seen=self._seen,
                id=call.id,
                counted=bool(amounts[Unit.MESSAGES]),
                record_s=call.record_s,
                used=tuple(
                    value
                    for limit in limits
                    for value in (
                        self._keys.budget(limit.counter),
                        amounts[limit.amount.unit],
                        limit.lasts_s + BUDGET_GRACE_S,
                    )
                ),
            )
        )
        self._open.pop((call.record, call.id), None)
        return self._uses(limits, answer[2:])

    async def uses(self, limits: Sequence[Limit]) -> tuple[Use, ...]:
        """Return what of the limits is used up."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for limit in limits:
                pipe.hmget(self._keys.budget(limit.counter), ["settled", "reserved", "told"])
            found: list[Any] = await pipe.execute()
        return tuple(Use(*(int(value or 0) for value in values)) for values in found)

    async def tell_person(self, limit: Limit, person: int) -> None:
        """Note that a person was told of a full limit."""
        await self._scripts.run(TellPerson(counter=self._keys.budget(limit.counter), person=person))

    async def tell_share(self, limit: Limit, share: int) -> None:
        """Note that the admins were told of a share of a limit."""
        await self._scripts.run(TellShare(counter=self._keys.budget(limit.counter), share=share))

    async def _run(self, call: Reserve | Settle) -> Any:
        """Run a script, after a restoration if the store has forgotten calls of this instance."""
        while (answer := await self._scripts.run(replace(call, seen=self._seen)))[0] == "ROLLED_BACK":
            async with self._restoring:
                await self._restore()
        self._seen = max(self._seen, int(answer[1]))
        return answer

    async def _restore(self) -> None:
        log.warning("budgets_restored", reservations=len(self._open), counters=len(self._floors))
        for call in tuple(self._open.values()):
            await self._scripts.run(replace(call, forced=True))
        floors = tuple(
            value
            for counter, (settled, expires_s) in self._floors.items()
            for value in (counter, settled, expires_s)
        )
        await self._scripts.run(Restore(calls=self._calls, seen=self._seen, floors=floors))

    def _uses(self, limits: Sequence[Limit], answer: Sequence[Any]) -> tuple[Use, ...]:
        """Read what of the limits is used up, and remember what is settled."""
        uses = tuple(Use(*map(int, answer[index : index + 3])) for index in range(0, 3 * len(limits), 3))
        for limit, use in zip(limits, uses, strict=True):
            counter: str = self._keys.budget(limit.counter)
            known, _ = self._floors.get(counter, (0, 0))
            self._floors[counter] = max(known, use.settled), limit.lasts_s + BUDGET_GRACE_S
        if len(self._floors) > MOST_FLOORS:
            soonest = sorted(self._floors, key=lambda counter: self._floors[counter][1])
            for counter in soonest[: MOST_FLOORS // 2]:
                del self._floors[counter]
        return uses
