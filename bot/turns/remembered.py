"""What is remembered here: a step of the preparation tells it with the first message of the turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.conversation.compose import Terms
from bot.conversation.memory import Fact, MemoryPlace, news, taken_back, tells_any, with_quotes
from bot.conversation.past import Past
from bot.conversation.turn import Turn
from bot.store.claim import Claim, Meta
from bot.store.memories import Memories
from bot.store.told_facts import ToldFacts
from bot.tools.memory import REMEMBER
from bot.tools.memory_places import MemoryPlaces
from bot.tools.tool import ToolPlace
from bot.turns.persist import persist
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Remembered:
    """Adds the facts that the request does not tell yet, behind everything that was sent before.

    Nothing notes which facts were told: the history says so. What a trim drops is told anew, see `Prepared.told`.
    Where nobody may have anything remembered, nothing is told. The words of a fact that holds no more, because
    somebody has forgotten it or the place has become public, go from the history before the next request.
    `may_be_on` says without a round trip whether the memory may be on.
    """

    memories: Memories
    told_facts: ToldFacts
    places: MemoryPlaces
    terms_of: Callable[[Claim], Awaitable[Terms]]
    may_be_on: Callable[[Claim], Awaitable[bool]]
    now_ms: Callable[[], int]

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the facts as quotes of the first message."""
        if not prepared.messages:
            return prepared
        continued = claim.earlier.continued
        sent = (*_sent(claim.past), *(() if continued is None else (continued,)))
        if not tells_any(sent) and (prepared.so_far or not await self.may_be_on(claim)):
            return prepared
        readable = self._place(claim.conversation, claim.meta).readable
        facts = await persist(lambda: self.memories.of(readable))
        askers = {message.asker for message in prepared.messages if message.asker is not None}
        found = news(facts, claim.turn_id, askers, sent)
        if found.gone:
            prepared = await self._taken_back(claim, prepared, found.gone)
        if prepared.so_far or not (found.quotes or found.told) or not await self._is_on(claim):
            return prepared
        if facts:
            await persist(lambda: self.memories.touch(readable, self.now_ms()))
        return replace(prepared, messages=with_quotes(prepared.messages, found.quotes), told=found.told)

    async def without_gone(self, conversation: int, meta: Meta, past: Past) -> Past:
        """Return the past of a conversation without the words of facts that hold no more, for a private answer."""
        if not tells_any(_sent(past)):
            return past
        place = self._place(conversation, meta)
        found = news(await self.memories.of(place.readable), 0, (), _sent(past))
        if not found.gone:
            return past
        dropped = await self._take_back(conversation, meta, found.gone)
        return past.without_facts(found.gone, with_summary=not dropped)

    async def _taken_back(self, claim: Claim, prepared: Prepared, gone: frozenset[str]) -> Prepared:
        dropped = await persist(lambda: self._take_back(claim.conversation, claim.meta, gone))
        return replace(
            prepared,
            so_far=tuple(taken_back(message, gone) for message in prepared.so_far),
            taken_back=gone,
            summary_dropped=dropped,
        )

    async def _take_back(self, conversation: int, meta: Meta, gone: frozenset[str]) -> bool:
        """Take facts back in the store; return whether summaries were dropped.

        A summary goes if the place has changed: its readers must not have the words of facts that were told among
        others. What somebody forgets costs no summary.
        """
        kept = await self._kept_apart(conversation, meta)
        moved = any(fact.id in gone for fact in kept)
        return await self.told_facts.take_back(conversation, gone, with_summaries=moved)

    async def _kept_apart(self, conversation: int, meta: Meta) -> Sequence[Fact]:
        """Return the facts that were learnt here while the place was private."""
        if meta.guild is None:
            return ()
        within = {conversation, meta.parent or conversation}
        return await self.memories.of([MemoryPlace(meta.guild, each) for each in within])

    def _place(self, conversation: int, meta: Meta) -> MemoryPlace:
        return self.places.now(ToolPlace(conversation, meta.parent, meta.guild, is_private=meta.is_private))

    async def _is_on(self, claim: Claim) -> bool:
        terms = await self.terms_of(claim)
        return any(tool.name == REMEMBER for tool in terms.parameters.tools)


def _sent(past: Past) -> tuple[Turn, ...]:
    return (*past.preface.pinned, *past.history)
