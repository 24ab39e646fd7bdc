"""What of each limit is used up: reserved before a request, settled after it.

All keys share one slot, so that one script reserves on every counter that applies. A reservation whose worker is gone
is given back when its time is over, or when the turn is attempted again.

An instance remembers its open reservations and what it has seen of the counters, and restores both if the store goes
back. What a counter holds is apart for each instance and only grows, so that restoring it in any order, and more than
once, gives the sum. The instance that notices has the others restore at once; until then no reservation is made.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from redis.asyncio import Redis

from bot.conversation.amount import Unit
from bot.conversation.budget import Limit, Use
from bot.store.claim import Claim
from bot.store.connection import translated
from bot.store.key_lifetimes import BUDGET_GRACE_S, RESERVATION_RECORD_S, RESERVATION_S
from bot.store.keys import Keys, padded
from bot.store.scripts import Scripts
from bot.store.scripts.budget import Reserve, Restore, Settle, TellPerson, TellShare

log = structlog.get_logger()

RESTORE_S = 3.0
"""How long reservations wait after a rollback: by then every instance has subscribed to wake-ups again."""

INSTANCE_CHARS = 12
"""Each counter names the instances, and a process is one for each of its starts."""

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


@dataclass(frozen=True, slots=True)
class _Floor:
    """What was seen of a counter: what was settled, by instance, and when it ends, by the clock of `Budgets`."""

    parts: Mapping[str, int]
    ends_s: float


async def _wake_nobody() -> None:
    """Wake nobody."""


class Budgets:
    """Reserves and settles, for one `instance` of the bot; `wake_others` has the other instances call `restore`.

    `report` is called with the outcome of each reservation: reserved, or refused at a full limit.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        instance: str,
        wake_others: Callable[[], Awaitable[None]] = _wake_nobody,
        restore_s: float = RESTORE_S,
        now_s: Callable[[], float] = time.monotonic,
        report: Callable[[str], None] = lambda _outcome: None,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._instance = instance[:INSTANCE_CHARS]
        self._calls = keys.budget_calls(instance)
        self._wake_others = wake_others
        self._restore_ms = round(restore_s * 1000)
        self._now_s = now_s
        self._report = report
        self._seen = 0
        self._open: dict[tuple[str, str], Reserve] = {}
        self._floors: dict[str, _Floor] = {}
        self._restoring = asyncio.Lock()
        self._restored = 0

    @property
    def unsettled(self) -> int:
        """The number of reservations of this process that are not settled yet."""
        return len(self._open)

    async def reserve(
        self, claim: Claim, number: int, limits: Sequence[Limit], amounts: Amounts
    ) -> Reserved | Full:
        """Reserve the `amounts` for a request of a turn on all limits; `number` tells the turn's requests apart."""
        call = Reserve(
            calls=self._calls,
            open=self._keys.reservations,
            record=self._keys.reservation(claim.conversation, claim.turn_id),
            server=self._keys.budget_server,
            seen=self._seen,
            restore_ms=self._restore_ms,
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
        if answer[0] == "WAIT":
            await asyncio.sleep(int(answer[2]) / 1000)
            return await self.reserve(claim, number, limits, amounts)
        self._report("refused" if answer[0] == "FULL" else "reserved")
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
                server=call.server,
                seen=self._seen,
                restore_ms=call.restore_ms,
                instance=self._instance,
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
        return tuple(
            Use(int(settled or 0), int(reserved or 0), int(told or 0)) for settled, reserved, told in found
        )

    async def tell_person(self, limit: Limit, person: int) -> None:
        """Note that a person was told of a full limit."""
        await self._scripts.run(TellPerson(counter=self._keys.budget(limit.counter), person=person))

    async def tell_share(self, limit: Limit, share: int) -> None:
        """Note that the admins were told of a share of a limit."""
        await self._scripts.run(TellShare(counter=self._keys.budget(limit.counter), share=share))

    async def restore(self) -> None:
        """Restore what this instance remembers, in case that the store went back."""
        if self._open or self._floors:
            await self._restore(noticed=False)

    async def _run(self, call: Reserve | Settle) -> Any:
        """Run a script, after a restoration if the store may have lost writes."""
        restored = self._restored
        while (answer := await self._scripts.run(replace(call, seen=self._seen)))[0] == "ROLLED_BACK":
            async with self._restoring:
                if restored == self._restored:
                    await self._wake_others()
                    await self._restore(noticed=True)
                    self._restored += 1
                restored = self._restored
        self._seen = max(self._seen, int(answer[1]))
        return answer

    async def _restore(self, *, noticed: bool) -> None:
        made = 0
        for call in tuple(self._open.values()):
            answer = await self._scripts.run(replace(call, forced=True))
            made += answer[0] == "OK"
        now_s = self._now_s()
        self._floors = {counter: floor for counter, floor in self._floors.items() if floor.ends_s > now_s}
        floors = tuple(
            value
            for counter, floor in self._floors.items()
            for instance, settled in floor.parts.items()
            for value in (counter, instance, settled, math.ceil(floor.ends_s - now_s))
        )
        raised = await self._scripts.run(
            Restore(
                calls=self._calls,
                server=self._keys.budget_server,
                seen=self._seen,
                noticed=noticed,
                floors=floors,
            )
        )
        if made or raised:
            log.warning("budgets_restored", reservations=made, counters=raised)

    def _uses(self, limits: Sequence[Limit], answer: Sequence[Any]) -> tuple[Use, ...]:
        """Read what of the limits is used up, and remember what is settled."""
        uses: list[Use] = []
        now_s = self._now_s()
        for index, limit in enumerate(limits):
            settled, reserved, told = answer[3 * index : 3 * index + 3]
            counter: str = self._keys.budget(limit.counter)
            parts = dict(self._floors[counter].parts) if counter in self._floors else {}
            for instance, amount in _parts(settled).items():
                parts[instance] = max(parts.get(instance, 0), amount)
            self._floors[counter] = _Floor(parts, now_s + limit.lasts_s + BUDGET_GRACE_S)
            uses.append(Use(sum(_parts(settled).values()), int(reserved), int(told)))
        if len(self._floors) > MOST_FLOORS:
            soonest = sorted(self._floors, key=lambda counter: self._floors[counter].ends_s)
            for counter in soonest[: MOST_FLOORS // 2]:
                del self._floors[counter]
        return tuple(uses)


def _parts(settled: str) -> dict[str, int]:
    """Read what was settled of a counter, by instance; "" is that of a release that counts the sum alone."""
    parts: dict[str, int] = {}
    for part in settled.split():
        instance, _, amount = part.rpartition(":")
        parts[instance] = int(amount)
    return parts
