"""What is remembered here: a step of the preparation tells it with the first message of the turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.conversation.above import lasting
from bot.conversation.compose import Terms
from bot.conversation.memory import news
from bot.store.claim import Claim
from bot.store.memories import Memories
from bot.tools.memory import REMEMBER
from bot.tools.memory_places import MemoryPlaces
from bot.tools.tool import ToolPlace
from bot.turns.persist import persist
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Remembered:
    """Adds the facts that the request does not hold yet, behind everything that was sent before.

    Nothing notes which facts were told: the history says so. After a trim they are told anew. Where nobody may have
    anything remembered, nothing is told.
    """

    memories: Memories
    places: MemoryPlaces
    terms_of: Callable[[Claim], Awaitable[Terms]]
    now_ms: Callable[[], int]

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the facts as quotes of the first message."""
        if prepared.so_far or not prepared.messages:
            return prepared
        terms = await self.terms_of(claim)
        if all(tool.name != REMEMBER for tool in terms.parameters.tools):
            return prepared
        meta = claim.meta
        place = ToolPlace(claim.conversation, meta.parent, meta.guild, is_private=meta.is_private)
        readable = self.places.now(place).readable
        facts = await persist(lambda: self.memories.of(readable))
        if facts:
            await persist(lambda: self.memories.touch(readable, self.now_ms()))
        pinned = claim.past.preface.pinned
        quotes = news(
            facts,
            claim.turn_id,
            {message.asker for message in prepared.messages if message.asker is not None},
            (*pinned, *claim.history),
            lasting(claim.history, terms.trimming),
        )
        first, *others = prepared.messages
        return replace(prepared, messages=(replace(first, quotes=(*first.quotes, *quotes)), *others))
