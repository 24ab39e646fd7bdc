"""The step of the preparation that says what a large file adds to each further turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from bot.conversation.compose import Terms
from bot.conversation.message import Attachment
from bot.conversation.pricing import MTOK, dollars
from bot.conversation.tokens import PRIOR
from bot.conversation.wording import named_file
from bot.store.claim import Claim
from bot.turns.claim_terms import TermsOf
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class HeavyFiles:
    """Adds a notice for each file of more than `remark_tokens`, in the turn that brings the file."""

    remark_tokens: int
    terms_of: TermsOf

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the notices."""
        heavy = [] if prepared.so_far else list(self._heavy(prepared))
        if not heavy:
            return prepared
        terms = await self.terms_of(claim)
        notices = dict.fromkeys(remark(each.filename, tokens, terms) for each, tokens in heavy)
        return replace(prepared, notices=(*prepared.notices, *notices))

    def _heavy(self, prepared: Prepared) -> Iterator[tuple[Attachment, int]]:
        for message in prepared.messages:
            for each in message.all_attachments:
                tokens = PRIOR.blocks(each.blocks)
                if tokens > self.remark_tokens:
                    yield each, tokens


def remark(filename: str, tokens: int, terms: Terms) -> str:
    """Say how many tokens a file adds to each further turn, and what that costs."""
    text = f"{named_file(filename)} adds about {tokens:,} tokens to each further message"
    if terms.prices is not None:
        # The step counts for the whole request, which holds at least the file.
        rates = terms.prices.at(tokens)
        cached = terms.cache != "off"
        cost = round(Fraction(tokens * (rates.read if cached else rates.input), MTOK))
        text += f": about {dollars(cost)}" + (", while it is cached" if cached else "")
    return f"{text}. /context can take it out."
