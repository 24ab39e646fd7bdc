"""The place of a turn among those of its person that run at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversation.errors import PersonBusy, StoreUnavailable
from bot.store.claim import Claim
from bot.store.person_turns import PersonTurns
from bot.store.states import State
from bot.turns.services import TurnServices

RETRY_S = 2.0
"""How often a turn that waits asks for a place."""

RENEW_S = 20.0
"""How often a place is renewed; it outlasts two renewals that fail."""

LEAVE_S = 1.0
"""The end of a turn waits no longer than this; a place that is not given back ends by itself."""

SHOWN = (State.POSTING, State.POSTED, State.COMMITTED)
"""A reply that people may see already is finished at once: nothing more is asked for it, or little."""


def person_of(claim: Claim) -> int:
    """Return the person whose turn this is: the one who wrote its first message."""
    first = claim.batch.messages[0]
    return first.asker or first.author.id


async def _renew(claim: Claim, person: int, turns: PersonTurns) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        with contextlib.suppress(StoreUnavailable):
            await turns.take(person, claim.conversation, claim.turn_id)


@asynccontextmanager
async def place(claim: Claim, services: TurnServices) -> AsyncIterator[None]:
    """Hold a place while the turn runs. Raises PersonBusy where the turn has to wait for one."""
    turns = services.person_turns
    if turns is None or not claim.batch.messages:
        yield
        return
    person = person_of(claim)
    if claim.attempt.state not in SHOWN and not claim.attempt.stopped:
        taken, is_first = await turns.take(person, claim.conversation, claim.turn_id)
        if not taken:
            raise PersonBusy(RETRY_S, is_first=is_first)
    renewing = asyncio.create_task(_renew(claim, person, turns), name=f"place-{claim.conversation}")
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await turns.leave(person, claim.conversation)
