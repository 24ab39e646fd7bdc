"""What is remembered here: a step of the preparation tells it with the first message of the turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.conversation.compose import Terms
from bot.conversation.memory import News, news, with_quotes
from bot.store.claim import Claim
from bot.store.memories import Memories
from bot.tools.memory import REMEMBER
from bot.tools.memory_places import MemoryPlaces
from bot.tools.tool import ToolPlace
from bot.turns.persist import persist
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Remembered:
    """Adds the facts that the request does not tell yet, behind everything that was sent before.

    Nothing notes which facts were told: the history says so. What a trim drops is told anew, see `Prepared.told`.
    Where nobody may have anything remembered, nothing is told.
    """

    memories: Memories
    places: MemoryPlaces
    terms_of: Callable[[Claim], Awaitable[Terms]]
    now_ms: Callable[[], int]

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the facts as quotes of the first message."""
        if prepared.so_far or not prepared.messages:
            return prepared
        meta = claim.meta
        place = ToolPlace(claim.conversation, meta.parent, meta.guild, is_private=meta.is_private)
        readable = self.places.now(place).readable
        facts = await persist(lambda: self.memories.of(readable))
        askers = {message.asker for message in prepared.messages if message.asker is not None}
        found = news(facts, claim.turn_id, askers, (*claim.past.preface.pinned, *claim.history))
        if found == News() or not await self._is_on(claim):
            return prepared
        if facts:
            await persist(lambda: self.memories.touch(readable, self.now_ms()))
        return replace(prepared, messages=with_quotes(prepared.messages, found.quotes), told=found.told)

    async def _is_on(self, claim: Claim) -> bool:
        terms = await self.terms_of(claim)
        return any(tool.name == REMEMBER for tool in terms.parameters.tools)
