"""The step of the preparation that tells people the cost of large files in each further turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from bot.conversation.compose import Terms
from bot.conversation.message import Attachment
from bot.conversation.pricing import MTOK, dollars
from bot.conversation.tokens import PRIOR
from bot.conversation.wording import listed, named_file
from bot.store.claim import Claim
from bot.turns.claim_terms import TermsOf
from bot.turns.prepare import Prepared


@dataclass(frozen=True, slots=True)
class HeavyFiles:
    """Adds a notice about files of more than `remark_tokens` tokens each, in the turn that brings the files."""

    remark_tokens: int
    terms_of: TermsOf

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Add the notice."""
        heavy = [] if prepared.so_far else list(self._heavy(prepared))
        if not heavy:
            return prepared
        filenames = dict.fromkeys(each.filename for each, _ in heavy)
        notice = remark(list(filenames), sum(tokens for _, tokens in heavy), await self.terms_of(claim))
        return replace(prepared, notices=(*prepared.notices, notice))

    def _heavy(self, prepared: Prepared) -> Iterator[tuple[Attachment, int]]:
        for message in prepared.messages:
            for each in message.all_attachments:
                tokens = PRIOR.blocks(each.blocks)
                if tokens > self.remark_tokens:
                    yield each, tokens


def remark(filenames: Sequence[str], tokens: int, terms: Terms) -> str:
    """Say how many tokens the files add to each further turn, and the cost of these tokens."""
    one = len(filenames) == 1
    named = listed([named_file(each) for each in filenames])
    text = f"{named} {'adds' if one else 'add'} about {tokens:,} tokens to each further message"
    if terms.prices is not None:
        # The step counts for the whole request, which holds at least the file.
        rates = terms.prices.at(tokens)
        cached = terms.cache != "off"
        cost = round(Fraction(tokens * (rates.read if cached else rates.input), MTOK))
        text += f": about {dollars(cost)}" + (
            f", while {'it is' if one else 'they are'} cached" if cached else ""
        )
    return f"{text}. /context can take {'it' if one else 'them'} out."
