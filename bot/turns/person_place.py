"""The place of a turn among those of its person that run at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.conversation.decision import Cause
from bot.conversation.errors import StoreUnavailable, TurnHeld
from bot.conversation.message import Message
from bot.store.claim import Claim
from bot.store.person_turns import PersonTurns
from bot.store.states import State
from bot.turns import decided
from bot.turns.delay_notice import DelayNotice
from bot.turns.persist import persist
from bot.turns.services import TurnServices

RETRY_S = 2.0
"""How often a turn that waits asks for a place."""

RENEW_S = 20.0
"""How often a place is renewed; it outlasts two renewals that fail."""

LEAVE_S = 1.0
"""The end of a turn waits no longer than this; a place that is not given back ends by itself."""

SHOWN = (State.POSTING, State.POSTED, State.COMMITTED)
"""A reply that people may see already is finished at once: nothing more is asked for it, or little."""


def _person(message: Message) -> int:
    return message.asker or message.author.id


def person_of(claim: Claim) -> int:
    """Return the person whose turn this is: the one who wrote its first message."""
    return _person(claim.batch.messages[0])


def own_part(claim: Claim) -> Claim:
    """Return the claim without the messages of other people than the one whose turn this is."""
    person, batch = person_of(claim), claim.batch
    others = {message.id for message in batch.messages if _person(message) != person}
    members = tuple(id_ for id_ in batch.members if id_ not in others)
    messages = tuple(message for message in batch.messages if message.id not in others)
    return replace(claim, batch=replace(batch, members=members, messages=messages))


async def _renew(claim: Claim, person: int, turns: PersonTurns) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        with contextlib.suppress(StoreUnavailable):
            await turns.take(person, claim.conversation, claim.turn_id)


@asynccontextmanager
async def place(claim: Claim, services: TurnServices, delay_notice: DelayNotice) -> AsyncIterator[None]:
    """Hold a place while the turn runs.

    Raises TurnHeld where the turn has to wait for one: the messages of the person are held back, those of others not.
    """
    turns = services.person_turns
    if turns is None or not claim.batch.messages:
        yield
        return
    person = person_of(claim)
    if claim.attempt.state not in SHOWN and not claim.attempt.stopped:
        taken, is_first = await turns.take(person, claim.conversation, claim.turn_id)
        if not taken:
            own = own_part(claim)
            await decided.note(own, Cause.WAITS_FOR_OTHERS, services)
            if is_first:
                await delay_notice.post_waiting()
            await persist(lambda: services.journal.hold_back(claim, RETRY_S, own.batch.members))
            raise TurnHeld(RETRY_S)
    renewing = asyncio.create_task(_renew(claim, person, turns), name=f"place-{claim.conversation}")
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await turns.leave(person, claim.conversation)
