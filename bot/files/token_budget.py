"""The token budget of a turn's files: a share of the window, shared out so that the largest are cut first; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.tokens import PRIOR, pdf_tokens, picture_tokens
from bot.files.result import Converted, Limits, Pages, Picture, Transcript, Words

FILE_SHARE = 0.75
"""The share of the low-water mark for the files of one turn. A turn of more than that mark goes with the next trim;
the rest is for the system prompt and the words of the turn."""

LEAST_EDGE_PX = 200
LEAST_CHARS = 300
"""A smaller picture, or less text, is of no use."""

REMARK_CHARS = 80
"""What the remark about the part that is left out of a text takes."""

AMPLE_TOKENS = 10**9


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """The tokens for the files of a turn; `older` if its model is from before Claude 4.7."""

    tokens: int = AMPLE_TOKENS
    older: bool = False

    @classmethod
    def of(cls, low_tokens: int, *, older: bool) -> TokenBudget:
        """Return the budget of a window with this low-water mark."""
        return cls(int(low_tokens * FILE_SHARE), older)

    def size(self, made: Converted) -> int:
        """Return the tokens of a file, by the documented formulas; text is estimated."""
        match made:
            case Picture():
                return picture_tokens(made.width, made.height, older=self.older)
            case Pages():
                return pdf_tokens(made.pages, older=self.older)
            case Words() | Transcript():
                return PRIOR.of(made.text)
            case _:
                return 0

    def first_limits(self, limits: Limits) -> Limits:
        """Return the limits for the first conversion: no more pages than would fit if the file were the only one."""
        pages = max(1, self.tokens // pdf_tokens(1, older=self.older))
        return replace(limits, pdf_pages=min(limits.pdf_pages, pages))

    def narrowed(self, limits: Limits, made: Converted, most: int) -> Limits | None:
        """Return the limits under which a file takes `most` tokens at most, None if nothing of use is left."""
        match made:
            case Picture():
                edge = self._edge(made, most)
                return replace(limits, image_max_edge=edge) if edge >= LEAST_EDGE_PX else None
            case Pages():
                pages = most // pdf_tokens(1, older=self.older)
                return replace(limits, pdf_pages=pages) if pages else None
            case Words() | Transcript():
                chars = int(len(made.text) * most / self.size(made) * 0.95) - REMARK_CHARS
                return replace(limits, text_chars=chars) if chars >= LEAST_CHARS else None
            case _:
                return limits

    def _edge(self, made: Picture, most: int) -> int:
        longest = max(made.width, made.height)
        edge = int(longest * math.sqrt(most / self.size(made)))
        # A pixel more on both sides, because the converter rounds.
        while edge >= LEAST_EDGE_PX and (
            picture_tokens(
                made.width * edge // longest + 1, made.height * edge // longest + 1, older=self.older
            )
            > most
        ):
            edge -= 1
        return edge


def level(sizes: Sequence[int], room_tokens: int) -> int:
    """Return the most that each file may take, so that together they take no more than the room."""
    left = max(0, room_tokens)
    for rank, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - rank)
        if size > share:
            return share
        left -= size
    return max(sizes, default=0)
